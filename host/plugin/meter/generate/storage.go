package generate

// access emits a load or store. Most addresses are bent into the first page.
func (g *body) access() {
	if !g.memory.there {
		g.drop()
		return
	}
	a := g.accesses[g.s.n(len(g.accesses))]
	if stored := a.params[1:]; stored == "" {
		g.need("i")
		g.bend(0x7fff)
	} else {
		g.address()
		g.value(stored[0])
		g.popped(1)
	}
	if a.vector {
		g.code.vector(a.op)
	} else {
		g.code.put(byte(a.op))
	}
	g.code.u(g.s.n(a.align + 1))
	switch g.s.n(16) {
	case 15:
		g.code.u(int(g.s.u64() & 0xffffffff)) // traps
	case 14:
		g.code.u(g.s.n(65536))
	default:
		g.code.u(g.s.n(64))
	}
	if a.lanes > 0 {
		g.code.put(byte(g.s.n(a.lanes)))
	}
	g.pushed(a.result)
}

// address emits an operand that is an address, mostly one within the first page, and leaves it unnoted.
func (g *body) address() { g.bent(0x7fff) }

// bent emits a new i32 operand with bits of mask alone, mostly, and leaves it unnoted: what follows takes it.
func (g *body) bent(mask int32) {
	g.value(letterI32)
	g.popped(1)
	g.bend(mask)
}

// bend takes all bits but those of mask from the i32 on top, mostly.
func (g *body) bend(mask int32) {
	if g.s.n(32) != 31 {
		g.code.i32(mask)
		g.code.put(opI32And)
	}
}

// bulk emits an instruction on the whole memory or on parts of it.
func (g *body) bulk() {
	if !g.memory.there {
		g.drop()
		return
	}
	length := int32(0xfff)
	g.weight += 16
	if g.memory.least > 16 && g.s.chance(1, 4) {
		length = 0x1fffff
		g.weight += 400
	}
	segment := g.s.n(len(g.datas))
	switch n := g.s.n(7); {
	case n == 1:
		g.code.put(opMemorySize, 0)
		g.pushed("i")
	case n == 2:
		g.bent(1)
		g.code.put(opMemoryGrow, 0)
		g.pushed("i")
	case n == 3:
		g.address()
		g.address()
		g.bent(length)
		g.code.put(prefixMisc, miscMemoryCopy, 0, 0)
	case n == 4 && len(g.datas) > 0:
		g.address()
		g.bent(7)
		g.bent(15)
		g.code.put(prefixMisc, miscMemoryInit)
		g.code.u(segment)
		g.code.put(0)
	case n == 5 && len(g.datas) > 0:
		g.code.put(prefixMisc, miscDataDrop)
		g.code.u(segment)
	default:
		g.address()
		g.value(letterI32)
		g.popped(1)
		g.bent(length)
		g.code.put(prefixMisc, miscMemoryFill, 0)
	}
}

// tableOp emits an instruction on a table.
func (g *body) tableOp() {
	if len(g.tables) == 0 {
		g.reference()
		return
	}
	i := g.s.n(len(g.tables))
	t := g.tables[i]
	if t.least == 0 {
		g.reference()
		return
	}
	mask := int32(0)
	for int(mask)*2+1 < t.least {
		mask = mask*2 + 1
	}
	misc := func(op int) {
		g.code.put(prefixMisc)
		g.code.u(op)
	}
	fresh := func(letter byte) {
		g.value(letter)
		g.popped(1)
	}
	switch n := g.s.n(8); {
	case n == 1:
		g.bent(mask)
		g.code.put(opTableGet)
		g.code.u(i)
		g.pushed(string(t.letter))
	case n == 2:
		g.bent(mask)
		fresh(t.letter)
		g.code.put(opTableSet)
		g.code.u(i)
	case n == 3 && t.most >= 0:
		fresh(t.letter)
		g.bent(7)
		misc(miscTableGrow)
		g.code.u(i)
		g.pushed("i")
	case n == 4:
		g.bent(mask)
		fresh(t.letter)
		g.bent(3)
		misc(miscTableFill)
		g.code.u(i)
	case n == 5:
		g.tableCopy(i, mask)
	case n == 6:
		g.tableInit(i, mask)
	case n == 7:
		misc(miscElemDrop)
		g.code.u(g.s.n(len(g.elems)))
	default:
		misc(miscTableSize)
		g.code.u(i)
		g.pushed("i")
	}
}

// tableCopy copies from a table of the same type, which may be the same.
func (g *body) tableCopy(to int, mask int32) {
	from := g.s.n(len(g.tables))
	if g.tables[from].letter != g.tables[to].letter {
		from = to
	}
	g.bent(mask)
	g.bent(1)
	g.bent(3)
	g.code.put(prefixMisc, miscTableCopy)
	g.code.u(to)
	g.code.u(from)
}

// tableInit copies from a segment of the table's type, if there is one.
func (g *body) tableInit(to int, mask int32) {
	first := g.s.n(len(g.elems))
	for k := range g.elems {
		segment := (first + k) % len(g.elems)
		if g.elems[segment].letter != g.tables[to].letter {
			continue
		}
		g.bent(mask)
		g.bent(1)
		g.bent(3)
		g.code.put(prefixMisc, miscTableInit)
		g.code.u(segment)
		g.code.u(to)
		return
	}
	g.drop()
}
