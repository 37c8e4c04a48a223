package generate

import (
	"slices"
	"strings"
)

// Bounds of a function.
const (
	maxInstructions = 300 // chosen; each emits a few
	maxNesting      = 7
	maxHeight       = 24 // of the operand stack, beyond which it is cut down
	entryPrice      = 4  // of Budget, for each call of a function: bounds recursion
)

// body generates a function.
type body struct {
	*builder
	s    *source
	code code

	signature
	locals  string // parameters first
	stack   []byte // types of operands, of all frames
	frames  []frame
	left    int    // instructions that may follow
	weight  int    // of the instructions so far: 1 each, more for those that take long
	scratch string // types of the locals behind all others: floats for a moment, counters of nested loops
}

// frame is a block that is open; the outermost is the function's.
type frame struct {
	loop            bool
	params, results string
	base            int  // height of the stack below the parameters
	dead            bool // what follows is unreachable
}

// label is what a branch to the frame takes.
func (f *frame) label() string {
	if f.loop {
		return f.params
	}
	return f.results
}

func newBody(b *builder, s *source, index int) *body {
	g := &body{builder: b, s: s, signature: b.types[b.funcs[index]], left: maxInstructions}
	g.locals = g.params + s.pick(8)
	if s.chance(1, 32) {
		g.locals += strings.Repeat(letters[s.n(len(letters)):][:1], 100+s.n(300))
	}
	g.scratch = "fdv" + strings.Repeat("i", maxNesting+1)
	return g
}

// build is the function as the code section has it: locals, then instructions.
func (g *body) build() []byte {
	g.frames = []frame{{results: g.results}}
	entry := g.spend()
	if g.s.chance(1, 128) {
		g.straight()
	}
	for !g.s.empty() && g.left > 0 {
		g.instruction()
	}
	g.settled(entry, entryPrice+len(g.locals)/64*8) // large frames, less recursion
	g.settle()
	g.code.put(opEnd)

	var c code
	own := g.locals[len(g.params):] + g.scratch
	var groups code
	n := 0
	for len(own) > 0 {
		run := len(own) - len(strings.TrimLeft(own, own[:1]))
		if run > 1 && g.s.chance(1, 4) {
			run = 1 // one type may be said twice in a row
		}
		groups.u(run)
		groups.put(typeOf(own[0]))
		own = own[run:]
		n++
	}
	c.u(n)
	return append(append(c, groups...), g.code...)
}

// straight emits some ten thousand instructions in a row without a branch.
func (g *body) straight() {
	g.weight += 400
	scratch := g.scratchLocal(letterI32)
	for i := range 3000 {
		g.code.put(opLocalGet)
		g.code.u(scratch)
		g.code.i32(int32(i))
		g.code.put(opI32Add, opLocalSet)
		g.code.u(scratch)
	}
	g.code.put(opLocalGet)
	g.code.u(scratch)
	g.pushed("i")
}

// charge is where the price of a function or loop stands in its code, once what is in it is known.
type charge struct {
	at     [2]int
	weight int // of the function, before what is paid for
}

// spend takes the price of what follows from the budget, or leaves the function when the budget is too small.
func (g *body) spend() (c charge) {
	price := func(i int) {
		g.code.put(opGlobalGet)
		g.code.u(g.budget)
		g.code.put(opI32Const)
		c.at[i] = len(g.code)
		g.code.put(0x80, 0x80, 0x80, 0x80, 0)
	}
	price(0)
	g.code.put(opI32LtS, opIf, empty)
	for i := range len(g.results) {
		g.zero(g.results[i])
	}
	g.code.put(opReturn, opEnd)
	price(1)
	g.code.put(opI32Sub, opGlobalSet)
	g.code.u(g.budget)
	c.weight = g.weight
	return c
}

// settled writes the price: a fixed part, and a unit for every four of weight since.
func (g *body) settled(c charge, fixed int) {
	price := fixed + (g.weight-c.weight)/4
	for _, at := range c.at {
		for i := range 4 { // a LEB128 of five bytes, however small
			g.code[at+i] = byte(price>>(7*i))&0x7f | 0x80
		}
	}
}

// zero emits a constant that needs no choice.
func (g *body) zero(letter byte) { g.constant(&source{}, &g.code, letter) }

func (g *body) top() *frame { return &g.frames[len(g.frames)-1] }

// here are the operands of the innermost frame.
func (g *body) here() string { return string(g.stack[g.top().base:]) }

// pushed notes operands that an instruction left.
func (g *body) pushed(types string) { g.stack = append(g.stack, types...) }

// popped notes operands that an instruction took; in unreachable code there may be fewer.
func (g *body) popped(n int) {
	n = min(n, len(g.stack)-g.top().base)
	g.stack = g.stack[:len(g.stack)-n]
}

// need puts operands of these types on top of the stack and notes that they are taken: those that are there, or new ones, or in unreachable code
// none.
func (g *body) need(types string) {
	here := g.here()
	switch {
	case strings.HasSuffix(here, types) && g.s.n(4) != 0:
	case g.top().dead && here == "" && g.s.chance(1, 2):
		return
	default:
		for i := range len(types) {
			g.value(types[i])
		}
	}
	g.popped(len(types))
}

// value emits an operand.
func (g *body) value(letter byte) {
	defer g.pushed(string(letter))
	if local, ok := g.local(letter, g.s.n(4)); ok {
		g.code.put(opLocalGet)
		g.code.u(local)
		return
	}
	if list := g.globalsOf(letter, false); len(list) > 0 && g.s.chance(1, 2) {
		g.code.put(opGlobalGet)
		g.code.u(list[g.s.n(len(list))])
		return
	}
	g.constant(g.s, &g.code, letter)
}

// local is one of the locals of a type, the which-th if there are so many; 0 and those beyond are none.
func (g *body) local(letter byte, which int) (index int, ok bool) {
	for i := range len(g.locals) {
		if g.locals[i] != letter {
			continue
		}
		if which--; which == 0 {
			return i, true
		}
	}
	return 0, false
}

// settle makes the operands of the innermost frame its results.
func (g *body) settle() {
	f := g.top()
	if g.here() == f.results && !(f.dead && g.s.chance(1, 2)) {
		return
	}
	for range len(g.stack) - f.base {
		g.code.put(opDrop)
	}
	g.stack = g.stack[:f.base]
	if f.dead && g.s.chance(1, 2) {
		return // unreachable: they are there
	}
	for i := range len(f.results) {
		g.value(f.results[i])
	}
}

// dead notes that what follows is unreachable.
func (g *body) dead() {
	f := g.top()
	f.dead = true
	g.stack = g.stack[:f.base]
}

// instruction emits one instruction, with what it needs.
func (g *body) instruction() {
	g.left--
	g.weight++
	if len(g.stack)-g.top().base > maxHeight {
		for range maxHeight / 2 {
			g.drop()
		}
	}
	switch n := g.s.n(64); {
	case n < 18:
		g.operation(prefixOf(n), g.listOf(n))
	case n < 30:
		g.operation(prefixVector, g.vectors)
	case n < 36:
		g.access()
	case n < 39:
		g.bulk()
	case n < 43:
		g.tableOp()
	case n < 48:
		g.variable()
	case n < 50:
		g.drop()
	case n < 52:
		g.choice()
	case n < 57:
		g.block()
	case n < 60:
		g.call()
	case n < 63:
		g.branch()
	default:
		g.reference()
	}
}

func prefixOf(n int) byte {
	if n == 17 {
		return prefixMisc
	}
	return 0
}

func (g *body) listOf(n int) []operation {
	if n == 17 {
		return g.saturating
	}
	return g.scalars
}

// drop takes an operand off the stack, if there is one.
func (g *body) drop() {
	if n := len(g.stack) - g.top().base; n > 0 {
		g.code.put(opDrop)
		g.popped(1)
	}
}

// variable sets a local or global, or reads one.
func (g *body) variable() {
	letter := letters[g.s.n(len(letters))]
	if here := g.here(); here != "" && g.s.chance(3, 4) {
		letter = here[len(here)-1]
	}
	if list := g.globalsOf(letter, true); len(list) > 0 && g.s.chance(1, 3) {
		g.need(string(letter))
		g.code.put(opGlobalSet)
		g.code.u(list[g.s.n(len(list))])
		return
	}
	local, ok := g.local(letter, 1+g.s.n(3))
	switch {
	case !ok:
		g.value(letter)
	case g.s.chance(1, 2):
		g.need(string(letter))
		g.code.put(opLocalTee)
		g.code.u(local)
		g.pushed(string(letter))
	default:
		g.need(string(letter))
		g.code.put(opLocalSet)
		g.code.u(local)
	}
}

// choice emits select, of one type said or not.
func (g *body) choice() {
	letter := letters[g.s.n(len(letters))]
	if here := g.here(); here != "" && g.s.chance(1, 2) {
		letter = here[len(here)-1]
	}
	g.need(string([]byte{letter, letter, letterI32}))
	if isReference(letter) || g.s.chance(1, 2) {
		g.code.put(opSelectTyped, 1, typeOf(letter))
	} else {
		g.code.put(opSelect)
	}
	g.pushed(string(letter))
}

// reference emits an instruction on references.
func (g *body) reference() {
	letter := "re"[g.s.n(2)]
	switch g.s.n(3) {
	case 0:
		g.need(string(letter))
		g.code.put(opRefIsNull)
		g.pushed("i")
	case 1:
		g.code.put(opRefFunc)
		g.code.u(g.s.n(len(g.funcs)))
		g.pushed("r")
	default:
		g.code.put(opRefNull, typeOf(letter))
		g.pushed(string(letter))
	}
}

// labels are the depths of frames whose label takes these types.
func (g *body) labels(types string) (depths []int) {
	for depth := range len(g.frames) {
		if g.frames[len(g.frames)-1-depth].label() == types {
			depths = append(depths, depth)
		}
	}
	return slices.Clip(depths)
}
