package meter

// frame estimates, from above, the bytes of stack that a function's compiled code needs.
//
// wazero's compiler (1.12, amd64 and arm64) gives every value that it ever has to put aside a slot of its own, and never uses a
// slot for another value. So the number of locals says little: what counts is how many different values are at some time held while a function is
// called or while registers are short. Values are the results of instructions on the operand stack, what is assigned to locals, and one for every
// local that differs between the ways into a block. frame counts each value once, the first time it may have to be put aside.
type frame struct {
	locals  int
	vector  bool // some value may be a v128: all slots count double
	float   bool // some value is an f32 or f64
	helpers bool // it calls helpers
	called  bool // something is called

	now    int64   // instructions since the scanner was made, so that stamps need no clearing
	start  int64   // now when the function began
	mark   int64   // when all values were last counted
	stamps []int64 // by local: when it was last assigned
	fresh  int     // locals assigned since mark
	kept   int     // operands, from the bottom, that have been counted
	height int

	slots   int // values counted
	joins   int // values that differ between ways into a block
	results int // of joins: results of blocks
	sets    int // assignments
	outside int // largest number of parameters and results of a callee
}

// Figures of the calibration; TestFrameEstimate holds them to the compiler's real frames.
const (
	registers   = 6   // locals and operands beyond these may have to be put aside without any call
	turnover    = 6   // operands that are surely in registers, and assignments between two looks at all operands
	callSlots   = 2   // of a call: the callee and what leads to it
	bulkSlots   = 4   // of a bulk operation
	bulkOutside = 20  // the largest call that a bulk operation is compiled to
	frameBase   = 192 // return address, frame pointer, check, and all registers that calls preserve, 16 bytes each
	floatBase   = 128 // those for floats
	vectorBase  = 256 // those for vectors
)

func (f *frame) reset(c *code) {
	if len(f.stamps) < c.locals {
		f.stamps = make([]int64, c.locals)
	}
	f.now++
	*f = frame{
		locals: c.locals, vector: c.vector, float: c.float,
		now: f.now, start: f.now, mark: f.now - 1, stamps: f.stamps, fresh: c.locals,
	}
}

func (f *frame) pop(height int) {
	f.height = height
	f.kept = min(f.kept, height)
}

func (f *frame) push(height int) { f.height = height }

// set enters an assignment to a local.
func (f *frame) set(local int) {
	if f.stamps[local] < f.start {
		f.stamps[local] = f.start
	}
	if f.stamps[local] <= f.mark {
		f.fresh++
	}
	f.stamps[local] = f.now
	f.sets++
	if f.sets%turnover == 0 && f.pressed() {
		f.aside()
	}
}

// step ends an instruction. Where registers are short what is assigned may be put aside at any time, and so may operands that others cover; those on
// top are used before the allocator would choose them.
func (f *frame) step(height int) {
	f.height = height
	if f.pressed() {
		f.slots += f.fresh
		f.fresh, f.mark = 0, f.now
		f.keep(height - turnover)
	}
	f.now++
}

func (f *frame) pressed() bool { return f.locals+f.height > registers }

// keep counts the operands up to a height.
func (f *frame) keep(height int) {
	if height > f.kept {
		f.slots += height - f.kept
		f.kept = height
	}
}

// aside counts all values at hand that have not been counted.
func (f *frame) aside() {
	f.slots += f.fresh
	f.fresh, f.mark = 0, f.now
	f.keep(f.height)
}

// bulk enters a bulk operation, which is compiled to calls and loops of its own.
func (f *frame) bulk(height int) {
	f.call(height, funcType{})
	f.slots += bulkSlots
	f.outside = max(f.outside, bulkOutside)
}

// kind notes what kinds of registers an instruction uses.
func (f *frame) kind(op uint16) {
	switch {
	case op >= 0xfd00:
		f.vector = true
	case op == 0x2a || op == 0x2b || op == 0x38 || op == 0x39 || op == 0x43 || op == 0x44 || op >= 0x5b && op <= 0x66 ||
		op >= 0x8b && op <= 0xa6 || op >= 0xa8 && op <= 0xbf || op >= 0xfc00 && op <= 0xfc07:
		f.float = true
	}
}

// block enters the beginning of one.
func (f *frame) block() {
	if f.pressed() {
		f.aside()
	}
}

// call enters a call of a function; its arguments have been taken.
func (f *frame) call(height int, t funcType) {
	f.height = height
	f.aside()
	f.called = true
	f.slots += callSlots
	f.outside = max(f.outside, len(t.params)+len(t.results))
}

// join enters the meeting of several ways, between which n assignments and some results may differ. The count of locals is only a first
// one; liveness makes a better one.
func (f *frame) join(n, results int) {
	f.joins += min(n, f.locals) + results
	f.results += results
}

func (f *frame) bytes() int {
	slots := f.slots + f.outside
	if f.called || f.slots > 0 {
		slots += f.joins
	}
	base, width := frameBase, 8
	switch {
	case f.vector:
		base, width = base+vectorBase, 16
	case f.float:
		base += floatBase
	}
	return base + slots*width
}
