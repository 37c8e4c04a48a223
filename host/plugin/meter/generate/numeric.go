package generate

import "strings"

// scratchLocal is the index of the scratch local of a type.
func (g *body) scratchLocal(letter byte) int {
	return len(g.locals) + strings.IndexByte(g.scratch, letter)
}

// operation emits one of a list: one that fits what is on the stack, if a few tries find one.
func (g *body) operation(prefix byte, list []operation) {
	var o operation
	here := g.here()
	for range 4 {
		o = list[g.s.n(len(list))]
		if strings.HasSuffix(here, o.params) {
			break
		}
	}
	if o.kind == converts && !g.s.chance(1, 4) {
		o = list[0] // they trap too often
	}
	g.need(o.params)
	if o.kind == divides && g.s.n(8) != 7 {
		g.oddDivisor(o.result[0])
	}
	if prefix == 0 {
		g.code.put(byte(o.op))
	} else {
		g.code.put(prefix)
		g.code.u(o.op)
	}
	switch o.kind {
	case lane16, lane8, lane4, lane2:
		g.code.put(byte(g.s.n(16 >> (o.kind - lane16))))
	case shuffles:
		for range 16 {
			g.code.put(byte(g.s.n(32)))
		}
	case nan, nan32, nan64:
		g.canonical(o)
	}
	g.pushed(o.result)
}

// oddDivisor makes the operand on top odd, so that it is not zero; a quotient may still overflow.
func (g *body) oddDivisor(letter byte) {
	if letter == letterI32 {
		g.code.i32(1)
		g.code.put(opI32Or)
		return
	}
	g.code.i64(1)
	g.code.put(opI64Or)
}

// canonical replaces NaNs in the operand on top by the canonical one.
func (g *body) canonical(o operation) {
	local := g.scratchLocal(o.result[0])
	get := func(op byte) {
		g.code.put(op)
		g.code.u(local)
	}
	get(opLocalSet)
	switch {
	case o.kind != nan:
		constant, ne := nanF32x4, vecF32x4Ne
		if o.kind == nan64 {
			constant, ne = nanF64x2, vecF64x2Ne
		}
		g.code.vector(vecConst)
		g.code = append(g.code, constant[:]...)
		get(opLocalGet)
		get(opLocalGet)
		get(opLocalGet)
		g.code.vector(ne)
		g.code.vector(vecBitselect)
		return
	case o.result == "f":
		get(opLocalGet)
		g.code.put(opF32Const)
		g.code = append(g.code, nanF32[:]...)
		get(opLocalGet)
		get(opLocalGet)
		g.code.put(opF32Eq)
	default:
		get(opLocalGet)
		g.code.put(opF64Const)
		g.code = append(g.code, nanF64[:]...)
		get(opLocalGet)
		get(opLocalGet)
		g.code.put(opF64Eq)
	}
	g.code.put(opSelect)
}
