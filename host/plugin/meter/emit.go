package meter

// label is an open block of the body being written. Levels count labels from the body's own, which is 0.
type label struct {
	level int
	loop  *instr // one that goes round
}

// emitter writes metered bodies.
//
// Functions that have loops keep their fuel in a local and write it back around calls and at the end: a local is a register, a global is
// a load and a store. A loop that goes round becomes
//
//	block $after
//	  loop $outer
//	    loop $inner
//	      block $again
//	        fuel -= cost
//	        …                ;; what the guest wrote; its branches to the loop go to $again
//	        br $after
//	      end
//	      (if (i64.ge_s fuel 0) (then (br $inner)))
//	    end
//	    tick
//	    br $outer
//	  end
//	end
//
// so that the call of tick is outside the loop that runs: within it, values that live across a call would be stored in every round. The outer
// loop meets its way in before its way back, so wazero's allocator lets the way back, behind the call, restore the registers. An if is fused with its
// comparison where a br_if back to a loop is not.
type emitter struct {
	m     *module
	s     *scanner
	add   *additions
	out   []byte
	fuel  uint32 // the fuel's local
	local bool   // the function keeps its fuel in a local
	wrap  bool   // the body is in a block that all ways out lead through
	nest  int    // open labels without the body's own
	open  []label
	dead  bool // code at hand is not reached and left out
	depth int  // blocks opened in it
}

// body appends the metered body of function i (without imports) and its size.
func (e *emitter) body(dst []byte, i int, frame int) []byte {
	c, sum := &e.m.codes[i], &e.s.sum
	e.local = sum.loops
	e.wrap = e.local || frame > 0
	e.fuel = uint32(c.locals)
	e.nest, e.open, e.dead, e.depth = 0, e.open[:0], false, 0
	e.locals(c)
	if !e.s.leaves[i].leaf {
		e.prologue(frame)
	}
	if e.wrap {
		e.out = append(e.out, opBlock)
		e.out = e.add.leaving(e.out, e.m.functions[e.m.imported+i])
		e.nest++
	}
	e.open = append(e.open, label{level: e.nest})
	points := e.s.points[1:]
	if e.s.leaves[i].leaf {
		points = nil
	}
	for k := range e.s.instrs {
		for len(points) > 0 && points[0].at == k {
			if !e.dead {
				e.charge(&points[0])
			}
			points = points[1:]
		}
		if e.unreached(&e.s.instrs[k]) {
			continue
		}
		e.instr(&e.s.instrs[k], frame)
	}
	dst = appendU32(dst, uint32(len(e.out)))
	return append(dst, e.out...)
}

func (e *emitter) locals(c *code) {
	r := reader{buf: e.m.raw, pos: c.groups, end: c.end}
	n := r.u32()
	groups := e.m.raw[r.pos:c.start]
	if !e.local {
		e.out = append(appendU32(e.out[:0], n), groups...)
		return
	}
	e.out = append(appendU32(e.out[:0], n+1), groups...)
	e.out = append(e.out, 1, typeI64)
}

// prologue charges for the stack and for the code that follows.
func (e *emitter) prologue(frame int) {
	if frame > 0 {
		e.out = e.add.enter(e.out, frame)
	}
	e.load()
	e.charge(&point{cost: e.s.points[0].cost, check: !e.s.sum.quiet})
}

// set appends an instruction on the fuel's local.
func (e *emitter) set(op byte) { e.out = appendU32(append(e.out, op), e.fuel) }

// enough leaves on the stack whether the fuel is not below zero.
func (e *emitter) enough() {
	if e.local {
		e.set(opLocalGet)
	} else {
		e.out = e.add.get(e.out, e.add.fuel)
	}
	e.out = append(e.out, opI64Const, 0, 0x59)
}

// check calls tick when the fuel is below zero. The way past the call comes first: wazero's allocator takes the registers after the
// meeting of two ways from the way that it met first, and that must not be the one with the call.
func (e *emitter) check() {
	e.enough()
	e.out = append(e.out, opIf, typeEmpty, opElse)
	e.tick()
	e.out = append(e.out, opEnd)
}

// save and load bring the local to the global and back.
func (e *emitter) save() {
	if e.local {
		e.set(opLocalGet)
		e.out = e.add.set(e.out, e.add.fuel)
	}
}

func (e *emitter) load() {
	if e.local {
		e.out = e.add.get(e.out, e.add.fuel)
		e.set(opLocalSet)
	}
}

// charge takes a point's cost off the fuel, before the code it pays for.
func (e *emitter) charge(p *point) {
	if p.cost > 0 {
		if e.local {
			e.set(opLocalGet)
		} else {
			e.out = e.add.get(e.out, e.add.fuel)
		}
		e.out = appendS64(append(e.out, opI64Const), p.cost)
		e.out = append(e.out, 0x7d) // i64.sub
		if e.local {
			e.set(opLocalSet)
		} else {
			e.out = e.add.set(e.out, e.add.fuel)
		}
	}
	if p.check {
		e.check()
	}
}

// unreached keeps the books of code after a branch that always branches, up to the end of its block.
func (e *emitter) unreached(i *instr) bool {
	if !e.dead {
		return false
	}
	switch {
	case i.op == opBlock || i.op == opLoop || i.op == opIf:
		e.depth++
	case i.op == opEnd && e.depth > 0:
		e.depth--
	case e.depth == 0 && (i.op == opEnd || i.op == opElse):
		e.dead = false
	}
	return e.dead
}

func (e *emitter) instr(i *instr, frame int) {
	switch i.op {
	case opBlock, opIf:
		e.raw(i)
		e.nest++
		e.open = append(e.open, label{level: e.nest})
	case opLoop:
		e.loop(i)
	case opEnd:
		e.end(frame)
	case opBr, opBrIf, opBrTable, opReturn, opUnreachable:
		e.branch(i)
	case opCall:
		e.call(i)
	case opCallIndirect:
		e.save()
		e.raw(i)
		e.load()
	case opRefFunc:
		e.out = appendU32(append(e.out, opRefFunc), e.m.renumber(i.a))
	case opMemoryInit, opMemoryCopy, opMemoryFill, opTableInit, opTableCopy, opTableFill, opTableGrow, opMemoryGrow:
		e.bulk(i)
	default:
		e.raw(i)
	}
}

func (e *emitter) raw(i *instr) { e.out = append(e.out, e.m.raw[i.start:i.end]...) }

// loop opens what a loop that goes round becomes, with the labels after, outer, inner and again.
func (e *emitter) loop(i *instr) {
	if e.s.loops[i.b].back == 0 {
		e.raw(i)
		e.nest++
		e.open = append(e.open, label{level: e.nest})
		return
	}
	e.out = append(e.out, opBlock)
	e.typeOf(i)
	e.raw(i)
	e.out = e.add.through(append(e.out, opLoop), i)
	e.out = e.add.through(append(e.out, opBlock), i)
	e.nest += 4
	e.open = append(e.open, label{level: e.nest, loop: i})
}

// typeOf appends a block's type as the guest has it.
func (e *emitter) typeOf(i *instr) { e.out = append(e.out, e.m.raw[i.start+1:i.end]...) }

func (e *emitter) end(frame int) {
	l := e.open[len(e.open)-1]
	e.open = e.open[:len(e.open)-1]
	if l.loop != nil {
		e.around(l.loop)
	}
	e.out = append(e.out, opEnd)
	e.nest--
	if len(e.open) > 0 || !e.wrap {
		return
	}
	e.save()
	if frame > 0 {
		e.out = e.add.leave(e.out, frame)
	}
	e.out = append(e.out, opEnd)
}

// around closes a loop down to its label after.
func (e *emitter) around(loop *instr) {
	e.out = append(e.out, opBr, 3, opEnd)
	e.enough()
	e.out = e.add.through(append(e.out, opIf), loop)
	e.out = append(e.out, opBr, 1, opEnd, opEnd)
	e.tick()
	e.out = append(e.out, opBr, 0, opEnd)
	e.nest -= 3
}

func (e *emitter) tick() {
	e.save()
	e.out = appendU32(append(e.out, opCall), e.add.tick)
	e.load()
}

func (e *emitter) call(i *instr) {
	if e.s.isLeaf(i.a) {
		e.out = appendU32(append(e.out, opCall), e.m.renumber(i.a))
		return
	}
	e.save()
	e.out = appendU32(append(e.out, opCall), e.m.renumber(i.a))
	e.load()
}

func (e *emitter) bulk(i *instr) {
	if i.b == 1 && (i.op == opMemoryInit || i.op == opMemoryCopy || i.op == opMemoryFill) {
		e.raw(i)
		return
	}
	helper := e.add.helper(i)
	e.save()
	e.out = appendU32(append(e.out, opCall), helper)
	e.load()
}
