package meter

// builder writes modules for tests, section by section.
type builder struct{ out []byte }

func (b *builder) section(id byte, payload ...byte) *builder {
	if b.out == nil {
		b.out = append(b.out, header...)
	}
	b.out = append(appendU32(append(b.out, id), uint32(len(payload))), payload...)
	return b
}

// custom adds a custom section.
func (b *builder) custom(name string, data ...byte) *builder {
	return b.section(secCustom, append(appendName(nil, name), data...)...)
}

// code adds the code section: bodies with their locals.
func (b *builder) code(bodies ...[]byte) *builder {
	payload := appendU32(nil, uint32(len(bodies)))
	for _, body := range bodies {
		payload = append(appendU32(payload, uint32(len(body))), body...)
	}
	return b.section(secCode, payload...)
}

func (b *builder) bytes() []byte {
	if b.out == nil {
		return append([]byte{}, header...)
	}
	return b.out
}

// one is a module with a function of type () → () and that body, a memory, a table of functions and a mutable global.
func one(body ...byte) []byte {
	b := &builder{}
	b.section(secType, 1, 0x60, 0, 0).section(secFunction, 1, 0).section(secTable, 1, typeFuncref, 0, 1)
	b.section(secMemory, 1, 0, 1).section(secGlobal, 1, typeI32, 1, opI32Const, 0, opEnd)
	return b.code(append(append([]byte{0}, body...), opEnd)).bytes()
}
