package meter

// A body is scanned twice: once to learn which functions are so small that their callers pay for them, once to rewrite it.
const (
	mergeCost    = 24      // a conditional piece of code up to this cost is paid where it is certain to be decided
	mergeTotal   = 96      // and so are several, up to this sum
	uncheckedMax = 2000    // units of straight-line code without a look at the fuel
	leafCost     = 32      // of a function whose callers pay for it
	quietCost    = 200     // a function that calls nothing and costs no more looks at the fuel only in its loops
	leafFrame    = 512     // and its stack, in bytes
	freeFrame    = 1 << 10 // a function that calls nothing and needs no more is not charged for stack
	wrapFrame    = 8 << 10 // above this a function gets a wrapper that checks the stack before the frame is made
)

// point is a place where fuel is charged: before instruction at. Its code runs once for every time the point is passed, or not at all.
type point struct {
	at     int
	cost   int64
	merged int64 // of cost: what is not certain to run
	check  bool  // look at the fuel here too
}

// loop is a loop instruction.
type loop struct {
	back int // branches to its label
	sets int // assignments to locals within
}

// control is an open block.
type control struct {
	op          uint16
	params      int
	results     int
	height      int   // of the operand stack beneath its parameters
	unreachable bool  // in the sense of validation: operands may be of any number
	dead        bool  // it was opened in code that is never reached
	lost        bool  // code at hand follows a block that is never left
	loop        int   // ordinal of a loop
	point       int   // where code before the block is charged
	branches    int   // to its label, from code that is reached
	since       int64 // units since the last check, the most of all branches to its label
	before      int64 // since, at an if
	sets        int   // of locals, when it was opened
}

// label is how many operands a branch to the block carries.
func (c *control) label() int {
	if c.op == opLoop {
		return c.params
	}
	return c.results
}

// summary is what is known of a function before others are rewritten.
type summary struct {
	leaf  bool  // callers pay for it
	cost  int64 // of a leaf
	calls bool  // it calls functions of the module, which need stack
	loops bool  // it has a loop that goes round
	quiet bool  // it does not look at the fuel on entry
	frame int   // estimated bytes of stack
}

// scanner holds what scanning a body needs; its slices are used again for the next.
type scanner struct {
	decoder
	leaves   []summary // by function without imports; nil on the first scan
	keep     bool      // instructions are wanted
	live     liveness
	instrs   []instr  // those of the body, when they are
	count    int      // how many there were
	last     instr    // the one before the one at hand
	tables   []uint32 // targets of all br_tables, each preceded by their number
	points   []point
	loops    []loop
	blocks   []control
	height   int
	current  int   // the point that pays for code at hand
	begin    int   // where the open piece of code begins
	cost     int64 // of it so far
	beneath  int64 // of the functions it calls that do not look at the fuel
	certain  bool  // it runs whenever the current point was passed
	since    int64 // units that may have run since the last check
	frame    frame
	sum      summary
	straight int64 // of the whole body, once
}

// inlineBulk is the longest bulk operation, in bytes, that is left as it is when its length is a constant.
const inlineBulk = 4096

// body scans function i (without imports). Afterwards instrs, points, loops and sum describe it.
func (s *scanner) body(i int) error {
	c := &s.m.codes[i]
	results := len(s.m.typeOf(uint32(s.m.imported + i)).results)
	s.r = &reader{buf: s.m.raw, pos: c.start, end: c.end}
	s.instrs, s.tables, s.count, s.last = s.instrs[:0], s.tables[:0], 0, instr{}
	s.points = append(s.points[:0], point{})
	s.loops, s.blocks = s.loops[:0], s.blocks[:0]
	s.height, s.current, s.begin, s.cost, s.beneath = 0, 0, 0, 0, 0
	s.certain, s.since, s.straight = true, 0, 0
	s.sum = summary{}
	s.frame.reset(c)
	s.keep = s.leaves != nil || c.end-c.start <= liveBody
	s.blocks = append(s.blocks, control{op: opBlock, results: results})
	for len(s.blocks) > 0 {
		at, op := s.next()
		if s.r.err != nil {
			return s.r.err
		}
		s.count++
		s.step(&at, op)
		if s.r.err != nil {
			return s.r.err
		}
		if s.keep {
			s.instrs = append(s.instrs, at)
		}
		s.last = at
	}
	if s.r.pos != c.end {
		return malformedf(s.r.pos, "function %d goes on after its end", s.m.imported+i)
	}
	if s.leaves == nil {
		if len(s.instrs) > 0 && s.frame.joins > 0 {
			s.frame.joins = s.live.joins(s)
		}
		s.sum.frame = s.frame.bytes()
	} else {
		s.sum.frame = s.leaves[i].frame
	}
	s.sum.cost = s.straight
	s.sum.leaf = !s.sum.calls && len(s.loops) == 0 && !s.frame.helpers && s.straight <= leafCost &&
		s.sum.frame <= leafFrame && !s.m.isTaken(uint32(s.m.imported+i))
	for _, l := range s.loops {
		s.sum.loops = s.sum.loops || l.back > 0
	}
	s.sum.quiet = !s.sum.calls && s.straight <= quietCost
	return nil
}

func (s *scanner) top() *control { return &s.blocks[len(s.blocks)-1] }

// reached tells whether the code at hand can run.
func (s *scanner) reached() bool {
	t := s.top()
	return !t.unreachable && !t.dead && !t.lost
}

func (s *scanner) pop(n int) {
	t := s.top()
	if s.height -= n; s.height < t.height {
		if !t.unreachable {
			s.r.fail("the operand stack is %d short", t.height-s.height)
		}
		s.height = t.height
	}
	s.frame.pop(s.height)
}

func (s *scanner) push(n int) {
	s.height += n
	s.frame.push(s.height)
}

func (s *scanner) stop() {
	t := s.top()
	s.height = t.height
	t.unreachable = true
	s.frame.pop(s.height)
}

// step checks one instruction's operands and enters it into the books.
func (s *scanner) step(i *instr, op operation) {
	s.charge(int64(op.cost))
	s.pop(int(op.pops))
	switch i.op {
	case opBlock, opLoop, opIf:
		s.open(i)
	case opElse:
		s.orElse()
	case opEnd:
		s.end(i)
	case opBr, opBrIf:
		s.branch(i)
	case opBrTable:
		s.brTable(i)
	case opReturn:
		s.pop(s.blocks[0].results)
		s.settle(false)
		s.stop()
	case opUnreachable:
		s.settle(false)
		s.stop()
	case opCall, opCallIndirect:
		s.call(i)
	case opLocalGet, opLocalSet, opLocalTee:
		s.local(i)
	case opRefFunc:
		if len(s.m.declared) == 0 || !s.m.declared[i.a] {
			s.r.fail("ref.func of function %d, which nothing declares", i.a)
		}
	default:
		s.bulk(i)
	}
	s.frame.kind(i.op)
	s.push(int(op.pushes))
	s.frame.step(s.height)
	if s.cost+s.beneath > uncheckedMax/2 && len(s.blocks) > 0 {
		s.settle(true)
	}
}

func (s *scanner) charge(units int64) {
	if s.reached() {
		s.cost += units
	}
}

func (s *scanner) local(i *instr) {
	if int64(i.a) >= int64(s.frame.locals) {
		s.r.fail("local %d where there are %d", i.a, s.frame.locals)
		return
	}
	if i.op != opLocalGet && s.reached() {
		s.frame.set(int(i.a))
	}
}

func (s *scanner) call(i *instr) {
	var t funcType
	switch {
	case i.op == opCallIndirect:
		t = s.m.types[i.a]
		s.sum.calls = true
		s.beneath += quietCost
	case int(i.a) < s.m.imported:
		t = s.m.typeOf(i.a)
		s.charge(costImported)
	default:
		t = s.m.typeOf(i.a)
		if s.isLeaf(i.a) {
			s.charge(s.leaves[int(i.a)-s.m.imported].cost)
		} else {
			s.sum.calls = true
			if len(s.leaves) > 0 && s.leaves[int(i.a)-s.m.imported].quiet {
				s.beneath += s.leaves[int(i.a)-s.m.imported].cost
			}
		}
	}
	s.pop(len(t.params))
	s.frame.call(s.height, t)
	s.push(len(t.results))
}

// isLeaf tells whether callers pay for a function.
func (s *scanner) isLeaf(function uint32) bool {
	i := int(function) - s.m.imported
	return i >= 0 && s.leaves != nil && s.leaves[i].leaf
}

// bulk enters what is charged by length. A short constant length is charged here; everything else goes through a helper, which charges
// by itself.
func (s *scanner) bulk(i *instr) {
	switch i.op {
	case opMemoryInit, opMemoryCopy, opMemoryFill:
		if s.last.op == opI32Const && s.last.a <= inlineBulk {
			i.b = 1
			s.charge(int64(s.last.a) / bytesPerUnit)
		} else {
			s.frame.helpers = true
		}
		s.frame.bulk(s.height)
	case opTableInit, opTableCopy, opTableFill, opTableGrow, opMemoryGrow:
		if i.op == opTableGrow {
			s.m.tables[i.a].grows = true
		}
		s.frame.helpers = true
		s.frame.call(s.height, funcType{})
	}
}
