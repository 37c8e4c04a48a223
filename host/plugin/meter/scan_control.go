package meter

// settle ends the open piece of code: it is paid for by the current point, or by a new one at its beginning. The next piece begins after the
// instruction at hand.
func (s *scanner) settle(certain bool) {
	begin, cost, runs := s.begin, s.cost, s.cost+s.beneath
	s.begin, s.cost, s.beneath = s.count, 0, 0
	wasCertain := s.certain
	s.certain = certain
	if cost == 0 {
		return
	}
	s.straight += cost
	s.since += runs
	p := &s.points[s.current]
	check := s.since > uncheckedMax
	switch {
	case check || !wasCertain && (s.m.opt.exact || cost > mergeCost || p.merged+cost > mergeTotal):
		if check {
			s.since = runs
		}
		s.current = len(s.points)
		s.points = append(s.points, point{at: begin, cost: cost, check: check})
	default:
		p.cost += cost
		if !wasCertain {
			p.merged += cost
		}
	}
}

func (s *scanner) open(i *instr) {
	if len(s.blocks) > s.m.opt.MaxNesting {
		s.r.refuse(limitf("blocks nested deeper than %d", s.m.opt.MaxNesting))
		return
	}
	params, results := s.m.arity(i)
	dead := !s.reached()
	s.pop(params)
	c := control{op: i.op, params: params, results: results, height: s.height, dead: dead, sets: s.frame.sets}
	if !dead && i.op != opBlock {
		s.settle(false)
	}
	c.point, c.before = s.current, s.since
	if i.op == opLoop {
		c.loop = len(s.loops)
		s.loops = append(s.loops, loop{})
		i.b = uint32(c.loop)
		if !dead {
			s.current = len(s.points)
			s.points = append(s.points, point{at: s.count})
			s.certain = true
		}
	}
	s.blocks = append(s.blocks, c)
	s.push(params)
	s.frame.block()
}

// close checks what a block leaves and takes it off.
func (s *scanner) close() control {
	t := *s.top()
	s.pop(t.results)
	if s.height != t.height {
		s.r.fail("a block leaves %d operands too many", s.height-t.height)
	}
	return t
}

func (s *scanner) orElse() {
	t := s.top()
	if t.op != opIf {
		s.r.fail("else without if")
		return
	}
	if s.reached() {
		s.settle(false)
		t.since = max(t.since, s.since)
		t.branches++
	}
	s.close()
	t.op, t.unreachable, t.lost = opElse, false, false
	s.begin, s.cost, s.beneath, s.certain = s.count, 0, 0, false
	s.current, s.since = t.point, t.before
	s.push(t.params)
}

func (s *scanner) end(i *instr) {
	reached := s.reached()
	if t := s.top(); reached && (t.op != opBlock || t.branches > 0 || len(s.blocks) == 1) {
		s.settle(false)
	}
	t := s.close()
	if t.op == opLoop {
		i.a = uint32(t.loop) + 1
	}
	if t.op == opIf {
		if t.params != t.results {
			s.r.fail("an if without else takes %d operands and leaves %d", t.params, t.results)
		}
		t.branches++ // the missing else
		t.since = max(t.since, t.before)
	}
	s.blocks = s.blocks[:len(s.blocks)-1]
	if len(s.blocks) == 0 {
		return
	}
	joins := t.branches
	if reached {
		joins++
	}
	switch {
	case t.dead:
	case t.op == opLoop:
		if s.loops[t.loop].back > 0 {
			s.loops[t.loop].sets = s.frame.sets - t.sets
			s.frame.join(s.frame.sets-t.sets, t.params)
		}
		s.resume(&t, reached, reached)
	case t.branches > 0 || !reached:
		if joins > 1 {
			i.b = uint32(s.frame.sets - t.sets)
			s.frame.join(s.frame.sets-t.sets, t.results)
		}
		s.resume(&t, reached, reached || t.branches > 0)
	}
	s.push(t.results)
}

// resume goes on after a block: what follows is paid for where the block was opened. It may be reached by falling out of the block, by
// branches, or not at all.
func (s *scanner) resume(t *control, falls, reached bool) {
	s.begin, s.cost, s.beneath, s.certain = s.count, 0, 0, false
	if !reached {
		s.top().lost = true
		return
	}
	if falls {
		s.since = max(s.since, t.since)
	} else {
		s.since = t.since
	}
	s.current = t.point
}

// target finds the block a label names and counts the branch.
func (s *scanner) target(label uint32) *control {
	if int64(label) >= int64(len(s.blocks)) {
		s.r.fail("label %d of %d", label, len(s.blocks))
		return s.top()
	}
	t := &s.blocks[len(s.blocks)-1-int(label)]
	if s.reached() {
		if t.op == opLoop {
			s.loops[t.loop].back++
		} else {
			t.branches++
			t.since = max(t.since, s.since+s.cost+s.beneath)
		}
	}
	return t
}

func (s *scanner) branch(i *instr) {
	t := s.target(i.a)
	n := t.label()
	s.pop(n)
	s.settle(false)
	if i.op == opBr {
		s.stop()
		return
	}
	s.push(n)
}

func (s *scanner) brTable(i *instr) {
	s.tables = append(s.tables, uint32(len(s.targets)))
	i.a = uint32(len(s.tables))
	n := s.target(s.targets[len(s.targets)-1]).label()
	for _, label := range s.targets {
		if t := s.target(label); s.r.err == nil && t.label() != n {
			s.r.fail("br_table to labels of %d and %d operands", n, t.label())
		}
		s.tables = append(s.tables, label)
	}
	s.pop(n)
	s.settle(false)
	s.stop()
}
