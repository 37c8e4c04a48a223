package meter

// branch writes a branch of any sort and notes that nothing falls past it.
func (e *emitter) branch(i *instr) {
	switch i.op {
	case opBr:
		e.out = appendU32(append(e.out, opBr), e.relative(e.label(i.a).level))
		e.dead = true
	case opBrIf:
		e.out = appendU32(append(e.out, opBrIf), e.relative(e.label(i.a).level))
	case opBrTable:
		n := e.s.tables[i.a-1]
		e.out = appendU32(append(e.out, opBrTable), n-1)
		for _, target := range e.s.tables[i.a : i.a+n] {
			e.out = appendU32(e.out, e.relative(e.label(target).level))
		}
		e.dead = true
	case opReturn:
		if e.wrap {
			e.out = appendU32(append(e.out, opBr), e.relative(1))
		} else {
			e.out = append(e.out, opReturn)
		}
		e.dead = true
	case opUnreachable:
		e.out = append(e.out, opUnreachable)
		e.dead = true
	}
}

func (e *emitter) label(l uint32) *label { return &e.open[len(e.open)-1-int(l)] }

// relative is the label of a level.
func (e *emitter) relative(level int) uint32 { return uint32(e.nest - level) }
