package meter

// constant reads a constant expression of WebAssembly 2.0: one instruction and end.
func (m *module) constant(r *reader) {
	at := r.pos
	switch op := r.byte(); op {
	case 0x41:
		r.signed(32)
	case 0x42:
		r.signed(64)
	case 0x43:
		r.bytes(4)
	case 0x44:
		r.bytes(8)
	case 0x23:
		// Only imported globals may be named, so no expression can read an injected one.
		if i := index(r, "global", m.importedGlob); r.err == nil && m.globals[i].mutable {
			r.fail("a constant expression reads mutable global %d", i)
		}
	case 0xd0:
		r.refType()
	case 0xd2:
		if f := m.functionIndex(r); r.err == nil {
			m.take(f)
		}
	case 0xfd:
		if sub := r.u32(); r.err == nil && sub != 12 {
			r.fail("vector operation %d in a constant expression", sub)
		}
		r.bytes(16)
	case 0xfb:
		r.refuse(unsupportedf(at, "garbage collection", "a constant expression"))
	default:
		r.pos = at
		m.badConstant(r, op)
	}
	m.endConstant(r)
}

func (m *module) badConstant(r *reader, op byte) {
	if r.err == nil {
		r.fail("operation %#x in a constant expression", op)
	}
}

func (m *module) endConstant(r *reader) {
	at := r.pos
	op := r.byte()
	switch {
	case r.err != nil || op == 0x0b:
	case op == 0x23 || op >= 0x41 && op <= 0x44 || op == 0x6a || op == 0x6b || op == 0x6c || op == 0x7c || op == 0x7d || op == 0x7e:
		r.refuse(unsupportedf(at, "extended constant expressions", "an initialiser"))
	default:
		m.badConstant(r, op)
	}
}

// decodeElements reads element segments of all eight kinds.
func (m *module) decodeElements(r *reader) {
	for range r.count("element segments", m.opt.MaxItems) {
		flags := r.u32()
		if r.err == nil && flags > 7 {
			r.fail("element segment of kind %d is unknown", flags)
		}
		if flags&1 == 0 { // active
			t := uint32(0)
			if flags&2 != 0 {
				t = r.u32()
			}
			if r.err == nil && int64(t) >= int64(len(m.tables)) {
				r.fail("table %d where there are %d", t, len(m.tables))
			}
			m.constant(r)
		}
		elem := byte(typeFuncref)
		switch {
		case flags&3 == 0: // table 0, functions
		case flags&4 != 0:
			elem = r.refType()
		default:
			if kind := r.byte(); r.err == nil && kind != 0 {
				r.fail("element kind %d is unknown", kind)
			}
		}
		n := r.count("elements", m.opt.MaxItems-m.report.Elements)
		for range n {
			if flags&4 != 0 {
				m.constant(r)
			} else if f := m.functionIndex(r); r.err == nil {
				m.take(f)
			}
			if r.err != nil {
				return
			}
		}
		m.report.Elements += n
		m.segments = append(m.segments, elem)
	}
}

func (m *module) decodeData(r *reader) {
	for range r.count("data segments", m.opt.MaxItems) {
		flags := r.u32()
		switch {
		case r.err != nil:
			return
		case flags > 2:
			r.fail("data segment of kind %d is unknown", flags)
		case flags == 2:
			if i := r.u32(); r.err == nil && i != 0 {
				r.refuse(unsupportedf(r.pos, "multi-memory", "a data segment"))
			}
		}
		if flags != 1 {
			if r.err == nil && m.memory == nil {
				r.fail("an active data segment and no memory")
			}
			m.constant(r)
		}
		n := r.u32()
		r.bytes(int(n))
		if r.err != nil {
			return
		}
		m.data = append(m.data, n)
		m.report.DataBytes += int(n)
	}
	m.report.Data = len(m.data)
}

func (m *module) decodeCode(r *reader) {
	n := r.count("bodies", m.opt.MaxFunctions)
	for i := range n {
		size := int(r.u32())
		switch {
		case r.err != nil:
			return
		case size > m.opt.MaxBody:
			r.refuse(limitf("function %d has a body of %d bytes, more than %d", m.imported+i, size, m.opt.MaxBody))
			return
		case size > r.end-r.pos:
			r.fail("a body of %d bytes where %d are left", size, r.end-r.pos)
			return
		case m.imported+i >= len(m.functions):
			r.fail("more bodies than functions")
			return
		}
		body := &reader{buf: r.buf, pos: r.pos, end: r.pos + size}
		c := m.decodeLocals(body, i)
		if body.err != nil {
			r.refuse(body.err)
			return
		}
		m.codes = append(m.codes, c)
		m.report.CodeBytes += size
		m.report.LargestBody = max(m.report.LargestBody, size)
		r.pos = c.end
	}
}

// decodeLocals counts locals without listing them: a group of ten thousand takes four bytes.
func (m *module) decodeLocals(r *reader, i int) code {
	params := m.typeOf(uint32(m.imported + i)).params
	c := code{locals: len(params), groups: r.pos, end: r.end}
	for _, t := range params {
		c.note(t)
	}
	for range r.count("groups of locals", m.opt.MaxLocals) {
		n := r.u32()
		t := r.valueType()
		if r.err != nil {
			return c
		}
		if int64(n)+int64(c.locals) > int64(m.opt.MaxLocals) {
			r.refuse(limitf("function %d has more than %d locals", m.imported+i, m.opt.MaxLocals))
			return c
		}
		c.locals += int(n)
		c.note(t)
	}
	c.start = r.pos
	return c
}

// note remembers what kinds of registers a local's type needs.
func (c *code) note(t byte) {
	c.vector = c.vector || t == typeV128
	c.float = c.float || t == typeF32 || t == typeF64
}
