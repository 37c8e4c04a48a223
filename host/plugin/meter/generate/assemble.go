package generate

import "strings"

// encode writes the module and fills in m what calls and exports there are.
func (b *builder) encode(m *Module, probes []int) []byte {
	out := code{0, 'a', 's', 'm', 1, 0, 0, 0}
	b.custom(&out, "before")
	out.section(secType, b.encodeTypes())
	if imports := b.encodeImports(); imports != nil {
		out.section(secImport, imports)
	}
	var c code
	c.u(len(b.bodies))
	for _, t := range b.funcs[len(b.hosts):] {
		c.u(t)
	}
	out.section(secFunction, c)
	if len(b.tables) > 0 {
		out.section(secTable, b.encodeTables())
	}
	if b.memory.there {
		c = code{1}
		c.limits(b.memory.least, b.memory.most)
		out.section(secMemory, c)
	}
	b.custom(&out, "middle")
	out.section(secGlobal, b.encodeGlobals())
	out.section(secExport, b.encodeExports(m, probes))
	if b.start >= 0 {
		c = nil
		c.u(b.start)
		out.section(secStart, c)
	}
	out.section(secElement, b.encodeElems())
	if len(b.datas) > 0 {
		c = nil
		c.u(len(b.datas))
		out.section(secDataCount, c)
	}
	c = nil
	c.u(len(b.bodies))
	for _, body := range b.bodies {
		c.sized(body)
	}
	out.section(secCode, c)
	if len(b.datas) > 0 {
		out.section(secData, b.encodeDatas())
	}
	if b.s.chance(1, 2) {
		out.section(secCustom, b.names())
	}
	b.custom(&out, "after")
	return out
}

// custom appends a custom section, sometimes.
func (b *builder) custom(out *code, name string) {
	if !b.s.chance(1, 8) {
		return
	}
	var c code
	c.name(name)
	for range 1 + b.s.n(8) { // wazero refuses an empty one at a module's end
		c.put(b.s.byte())
	}
	out.section(secCustom, c)
}

func (b *builder) encodeTypes() (c code) {
	c.u(len(b.types))
	for _, t := range b.types {
		c.put(0x60)
		c.types(t.params)
		c.types(t.results)
	}
	return c
}

// encodeImports puts globals among functions: each kind counts for itself.
func (b *builder) encodeImports() (c code) {
	if len(b.hosts)+len(b.lib) == 0 {
		return nil
	}
	c.u(len(b.hosts) + len(b.lib))
	for i := range max(len(b.hosts), len(b.lib)) {
		if i < len(b.lib) {
			c.name(libModule)
			c.name(b.lib[i : i+1])
			c.put(3, typeOf(b.lib[i]), 0)
		}
		if i < len(b.hosts) {
			c.name(hostModule)
			c.name(hostFunctions[b.hosts[i]].name)
			c.put(0)
			c.u(b.funcs[i])
		}
	}
	return c
}

func (b *builder) encodeTables() (c code) {
	c.u(len(b.tables))
	for _, t := range b.tables {
		c.put(typeOf(t.letter))
		c.limits(t.least, t.most)
	}
	return c
}

func (b *builder) encodeGlobals() (c code) {
	own := b.globals[len(b.lib):]
	c.u(len(own))
	for _, g := range own {
		c.put(typeOf(g.letter), 0)
		if g.mutable {
			c[len(c)-1] = 1
		}
		c = append(c, g.value...)
		c.put(opEnd)
	}
	return c
}

// encodeExports exports most functions, the first one always, and says what is to be called.
func (b *builder) encodeExports(m *Module, probes []int) (c code) {
	n := 0
	export := func(name string, kind byte, index int) {
		c.name(name)
		c.put(kind)
		c.u(index)
		n++
	}
	own := len(b.funcs) - len(probes)
	for i := len(b.hosts); i < own; i++ {
		if i > len(b.hosts) && b.s.chance(1, 4) {
			continue
		}
		export(exportName(i), 0, i)
		t := b.types[b.funcs[i]]
		for range 2 {
			m.Calls = append(m.Calls, Call{exportName(i), typesOf(t.results), arguments(b.s, t.params)})
		}
	}
	for _, i := range probes {
		export(exportName(i), 0, i)
		m.Calls = append(m.Calls, Call{exportName(i), typesOf(b.types[b.funcs[i]].results), nil})
	}
	if len(b.hosts) > 0 && b.s.chance(1, 4) {
		export("host", 0, 0) // an import, exported again
	}
	if b.memory.there {
		export(ExportMemory, 2, 0)
	}
	for i, t := range b.tables {
		if b.s.chance(1, 2) {
			export("table"+string('0'+rune(i))+string(t.letter), 1, i)
		}
	}
	for i, g := range b.globals {
		switch name := "global" + string('0'+rune(i/10)) + string('0'+rune(i%10)); {
		case i == b.budget:
			export(ExportBudget, 3, i)
		case strings.IndexByte(numbers, g.letter) >= 0:
			export(name, 3, i)
			m.Globals = append(m.Globals, name)
		}
	}
	var count code
	count.u(n)
	return append(count, c...)
}

// names is a name section: of the module, functions and locals.
func (b *builder) names() (c code) {
	c.name("name")
	var sub code
	sub.name("generated")
	c.section(0, sub)
	sub = nil
	sub.u(len(b.funcs))
	for i := range b.funcs {
		sub.u(i)
		sub.name("n" + exportName(i))
	}
	c.section(1, sub)
	sub = nil
	sub.u(1)
	sub.u(len(b.hosts)) // locals of the first own function: one name
	sub.u(1)
	sub.u(0)
	sub.name("first")
	c.section(2, sub)
	return c
}
