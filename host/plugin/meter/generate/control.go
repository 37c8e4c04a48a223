package generate

// block emits a block, loop or if, and what is in it.
func (g *body) block() {
	if len(g.frames) > maxNesting {
		g.drop()
		return
	}
	kind := byte(opBlock + g.s.n(3))
	params := ""
	if g.s.chance(1, 3) {
		params = g.s.pick(3)
		if here := g.here(); g.s.chance(1, 2) {
			params = here[len(here)-min(len(here), g.s.n(3)):]
		}
	}
	results := g.s.pick(2)
	if g.s.chance(1, 3) {
		results = params
	}
	counter := -1
	if kind == opLoop && g.s.chance(3, 4) {
		counter = g.counter()
	}
	if kind == opIf {
		g.need(params + "i")
	} else {
		g.need(params)
	}
	g.code.put(kind)
	g.blockType(params, results)
	g.frames = append(g.frames, frame{loop: kind == opLoop, params: params, results: results, base: len(g.stack)})
	g.pushed(params)
	if kind == opLoop {
		turn := g.spend()
		g.inside()
		g.settled(turn, 1)
	} else {
		g.inside()
	}
	if counter >= 0 {
		g.again(counter)
	}
	g.settle()
	if kind == opIf && (params != results || g.s.chance(1, 2)) {
		g.code.put(opElse)
		f := g.top()
		f.dead = false
		g.stack = append(g.stack[:f.base], params...)
		g.inside()
		g.settle()
	}
	g.close()
}

// close ends the innermost block.
func (g *body) close() {
	f := g.top()
	g.code.put(opEnd)
	g.stack = append(g.stack[:f.base], f.results...)
	g.frames = g.frames[:len(g.frames)-1]
}

// inside emits some instructions.
func (g *body) inside() {
	for n := 1 + g.s.n(10); n > 0 && g.left > 0 && !g.s.empty(); n-- {
		g.instruction()
	}
}

// counter emits a local's start and gives the local.
func (g *body) counter() int {
	g.code.i32(int32(1 + g.s.n(20)))
	local := g.scratchLocal(letterI32) + len(g.frames) - 1
	g.code.put(opLocalSet)
	g.code.u(local)
	return local
}

// again emits the end of a loop that counts down. Branches to its beginning come before that: the budget ends it in any
// case.
func (g *body) again(counter int) {
	params := g.top().params
	g.need(params)
	g.pushed(params)
	g.code.put(opLocalGet)
	g.code.u(counter)
	g.code.i32(1)
	g.code.put(opI32Sub, opLocalTee)
	g.code.u(counter)
	g.code.put(opBrIf, 0)
}

// blockType emits the type of a block in one of its forms.
func (g *body) blockType(params, results string) {
	switch {
	case params == "" && results == "" && !g.s.chance(1, 4):
		g.code.put(empty)
	case params == "" && len(results) == 1 && !g.s.chance(1, 4):
		g.code.put(typeOf(results[0]))
	default:
		g.code.s(int64(g.typeIndex(params, results)))
	}
}

// branch emits a branch, return or unreachable, or ends in one.
func (g *body) branch() {
	depth := g.s.n(len(g.frames))
	label := g.frames[len(g.frames)-1-depth].label()
	switch g.s.n(16) {
	default:
		g.need(label + "i")
		g.code.put(opBrIf)
		g.code.u(depth)
		g.pushed(label)
	case 10, 11:
		g.branchTable(label)
	case 12:
		g.need(label)
		g.code.put(opBr)
		g.code.u(depth)
		g.dead()
	case 13:
		g.need(g.results)
		g.code.put(opReturn)
		g.dead()
	case 14:
		g.need("i")
		g.code.i32(31)
		g.code.put(opI32And, opI32Eqz, opIf, empty, opUnreachable, opEnd)
	case 15:
		g.code.put(opNop)
	}
}

// branchTable emits br_table among the frames whose label takes the same.
func (g *body) branchTable(label string) {
	depths := g.labels(label)
	g.need(label + "i")
	g.code.put(opBrTable)
	n := g.s.n(6)
	if g.s.chance(1, 16) {
		n = 40
	}
	g.code.u(n)
	for range n + 1 {
		g.code.u(depths[g.s.n(len(depths))])
	}
	g.dead()
}

// call emits a call, direct or indirect.
func (g *body) call() {
	if g.s.chance(1, 2) && g.callIndirect() {
		return
	}
	f := g.s.n(len(g.funcs))
	t := g.types[g.funcs[f]]
	g.need(t.params)
	g.code.put(opCall)
	g.code.u(f)
	g.pushed(t.results)
}

// callIndirect emits a call of an element that a segment put there, mostly; false when no table holds functions.
func (g *body) callIndirect() bool {
	if len(g.tables) == 0 {
		return false
	}
	index := g.s.n(len(g.tables))
	t := g.tables[index]
	if t.letter != letterFunc || t.least == 0 {
		return false
	}
	element := g.s.n(t.least)
	kind := g.s.n(len(g.types))
	if f := t.funcs[element]; f >= 0 {
		kind = g.funcs[f]
	} else if !g.s.chance(1, 4) {
		return false // traps
	}
	g.need(g.types[kind].params)
	if g.s.chance(1, 16) {
		g.value(letterI32)
		g.popped(1)
	} else {
		g.code.i32(int32(element))
	}
	g.code.put(opCallIndirect)
	g.code.u(kind)
	g.code.u(index)
	g.pushed(g.types[kind].results)
	return true
}
