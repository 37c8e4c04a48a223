package meter

// imm is what follows an opcode.
type imm uint8

const (
	immNone imm = iota
	immBlock
	immLabel
	immTable // br_table: a vector of labels and a default
	immFunction
	immIndirect // type and table
	immTypes    // vector of value types, of a typed select
	immLocal
	immGlobal
	immTableIndex
	immMemarg
	immMemargLane
	immMemory // the byte 0
	immI32
	immI64
	immF32
	immF64
	immRef
	immV128
	immShuffle
	immLane
	immMemoryInit
	immDataDrop
	immMemoryCopy
	immTableInit
	immElemDrop
	immTableCopy
	immUnknown
)

// operation is what the meter knows of an opcode: what it takes from and leaves on the operand stack where that is fixed, and
// what it costs in units. A unit is about what one simple instruction takes, a fifth of a nanosecond on a server core of 2024; costs were set
// from wazero's code and are not exact, only the same everywhere.
type operation struct {
	imm    imm
	pops   uint8
	pushes uint8
	cost   uint16
}

// Opcodes that are treated apart. Those behind the prefixes 0xfc and 0xfd are written prefix<<8 | sub-opcode.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opRefFunc      = 0xd2
	opMemoryInit   = 0xfc08
	opMemoryCopy   = 0xfc0a
	opMemoryFill   = 0xfc0b
	opTableInit    = 0xfc0c
	opTableCopy    = 0xfc0e
	opTableGrow    = 0xfc0f
	opTableFill    = 0xfc11
)

// Costs of what is charged by length, and of calls.
const (
	costCall       = 10
	costImported   = 200  // a call of the host
	costGrowMemory = 1000 // and costPage for every page
	costPage       = PageSize / bytesPerUnit
	bytesPerUnit   = 8 // of bulk operations
	costBulk       = 20
)

// Tables by opcode. They are built once per Rewrite or Inspect: the package keeps no state.
type operations struct {
	plain  [256]operation
	misc   [18]operation  // prefix 0xfc
	vector [256]operation // prefix 0xfd
}

func newOperations() *operations {
	t := &operations{}
	for i := range t.plain {
		t.plain[i].imm = immUnknown
	}
	for i := range t.vector {
		t.vector[i].imm = immUnknown
	}
	t.control()
	t.memory()
	t.numeric()
	t.bulk()
	t.simd()
	return t
}

// set fills a range of a table with one operation.
func set(t []operation, from, to int, op operation) {
	for i := from; i <= to; i++ {
		t[i] = op
	}
}

func (t *operations) control() {
	p := t.plain[:]
	p[opUnreachable] = operation{cost: 1}
	p[opNop] = operation{}
	set(p, opBlock, opLoop, operation{imm: immBlock})
	p[opIf] = operation{imm: immBlock, pops: 1, cost: 1}
	set(p, opElse, opElse, operation{})
	p[opEnd] = operation{}
	p[opBr] = operation{imm: immLabel, cost: 1}
	p[opBrIf] = operation{imm: immLabel, pops: 1, cost: 1}
	p[opBrTable] = operation{imm: immTable, pops: 1, cost: 4}
	p[opReturn] = operation{cost: 1}
	p[opCall] = operation{imm: immFunction, cost: costCall}
	p[opCallIndirect] = operation{imm: immIndirect, pops: 1, cost: 2 * costCall}
	p[0x1a] = operation{pops: 1, cost: 1}                           // drop
	p[0x1b] = operation{pops: 3, pushes: 1, cost: 2}                // select
	p[0x1c] = operation{imm: immTypes, pops: 3, pushes: 1, cost: 2} // select of a type
	p[opLocalGet] = operation{imm: immLocal, pushes: 1, cost: 1}
	p[opLocalSet] = operation{imm: immLocal, pops: 1, cost: 1}
	p[opLocalTee] = operation{imm: immLocal, pops: 1, pushes: 1, cost: 1}
	p[opGlobalGet] = operation{imm: immGlobal, pushes: 1, cost: 2}
	p[opGlobalSet] = operation{imm: immGlobal, pops: 1, cost: 2}
	p[0x25] = operation{imm: immTableIndex, pops: 1, pushes: 1, cost: 4} // table.get
	p[0x26] = operation{imm: immTableIndex, pops: 2, cost: 4}            // table.set
	p[0xd0] = operation{imm: immRef, pushes: 1, cost: 1}                 // ref.null
	p[0xd1] = operation{pops: 1, pushes: 1, cost: 1}                     // ref.is_null
	p[opRefFunc] = operation{imm: immFunction, pushes: 1, cost: costImported}
}

func (t *operations) memory() {
	p := t.plain[:]
	set(p, 0x28, 0x35, operation{imm: immMemarg, pops: 1, pushes: 1, cost: 2}) // loads
	set(p, 0x36, 0x3e, operation{imm: immMemarg, pops: 2, cost: 2})            // stores
	p[0x3f] = operation{imm: immMemory, pushes: 1, cost: 2}                    // memory.size
	p[opMemoryGrow] = operation{imm: immMemory, pops: 1, pushes: 1, cost: costGrowMemory}
}

func (t *operations) numeric() {
	p := t.plain[:]
	unary := operation{pops: 1, pushes: 1, cost: 1}
	binary := operation{pops: 2, pushes: 1, cost: 1}
	cost := func(op operation, units uint16) operation { op.cost = units; return op }

	p[opI32Const] = operation{imm: immI32, pushes: 1, cost: 1}
	p[opI64Const] = operation{imm: immI64, pushes: 1, cost: 1}
	p[0x43] = operation{imm: immF32, pushes: 1, cost: 1}
	p[0x44] = operation{imm: immF64, pushes: 1, cost: 1}
	p[0x45] = unary // i32.eqz
	set(p, 0x46, 0x4f, binary)
	p[0x50] = unary // i64.eqz
	set(p, 0x51, 0x66, binary)
	for _, first := range []int{0x67, 0x79} { // i32 and i64: clz ctz popcnt, then arithmetic
		set(p, first, first+1, unary)
		p[first+2] = cost(unary, 2)
		set(p, first+3, first+17, binary)
		p[first+5] = cost(binary, 2)               // mul
		set(p, first+6, first+9, cost(binary, 24)) // div, rem
	}
	for _, first := range []int{0x8b, 0x99} { // f32 and f64: abs neg ceil floor trunc nearest sqrt, then arithmetic
		set(p, first, first+1, cost(unary, 2))
		set(p, first+2, first+5, cost(unary, 5))
		p[first+6] = cost(unary, 16) // sqrt
		set(p, first+7, first+9, cost(binary, 2))
		p[first+10] = cost(binary, 12)              // div
		set(p, first+11, first+12, cost(binary, 8)) // min, max: NaN takes branches
		p[first+13] = cost(binary, 3)               // copysign
	}
	set(p, 0xa7, 0xbf, unary)
	set(p, 0xa8, 0xab, cost(unary, 10)) // i32.trunc
	set(p, 0xae, 0xb1, cost(unary, 10)) // i64.trunc
	set(p, 0xb2, 0xba, cost(unary, 4))  // conversions
	set(p, 0xc0, 0xc4, unary)           // sign extension
}

func (t *operations) bulk() {
	set(t.misc[:], 0, 7, operation{pops: 1, pushes: 1, cost: 10}) // saturating truncation
	t.misc[8] = operation{imm: immMemoryInit, pops: 3, cost: costBulk}
	t.misc[9] = operation{imm: immDataDrop, cost: 4}
	t.misc[10] = operation{imm: immMemoryCopy, pops: 3, cost: costBulk}
	t.misc[11] = operation{imm: immMemory, pops: 3, cost: costBulk}
	t.misc[12] = operation{imm: immTableInit, pops: 3, cost: costBulk}
	t.misc[13] = operation{imm: immElemDrop, cost: 4}
	t.misc[14] = operation{imm: immTableCopy, pops: 3, cost: costBulk}
	t.misc[15] = operation{imm: immTableIndex, pops: 2, pushes: 1, cost: costImported}
	t.misc[16] = operation{imm: immTableIndex, pushes: 1, cost: 2} // table.size
	t.misc[17] = operation{imm: immTableIndex, pops: 3, cost: costBulk}
}

func (t *operations) simd() {
	v := t.vector[:]
	unary := operation{pops: 1, pushes: 1, cost: 3}
	binary := operation{pops: 2, pushes: 1, cost: 2}

	set(v, 0, 10, operation{imm: immMemarg, pops: 1, pushes: 1, cost: 3})
	v[11] = operation{imm: immMemarg, pops: 2, cost: 2}
	v[12] = operation{imm: immV128, pushes: 1, cost: 2}
	v[13] = operation{imm: immShuffle, pops: 2, pushes: 1, cost: 8}
	v[14] = operation{pops: 2, pushes: 1, cost: 4} // swizzle
	set(v, 15, 20, unary)                          // splat
	extract := operation{imm: immLane, pops: 1, pushes: 1, cost: 2}
	set(v, 21, 34, extract)
	for _, replace := range []int{23, 26, 28, 30, 32, 34} {
		v[replace] = operation{imm: immLane, pops: 2, pushes: 1, cost: 2}
	}
	set(v, 35, 76, binary) // comparisons
	v[77] = unary          // not
	set(v, 78, 81, binary)
	v[82] = operation{pops: 3, pushes: 1, cost: 4} // bitselect
	v[83] = unary                                  // any_true
	set(v, 84, 87, operation{imm: immMemargLane, pops: 2, pushes: 1, cost: 3})
	set(v, 88, 91, operation{imm: immMemargLane, pops: 2, cost: 3})
	set(v, 92, 93, operation{imm: immMemarg, pops: 1, pushes: 1, cost: 3})
	set(v, 94, 100, unary)
	set(v, 101, 102, binary) // narrow
	set(v, 103, 106, unary)
	set(v, 107, 109, operation{pops: 2, pushes: 1, cost: 8}) // shifts of bytes take several instructions
	set(v, 110, 115, binary)
	set(v, 116, 117, unary)
	set(v, 118, 121, binary)
	v[122] = unary
	v[123] = binary
	set(v, 124, 129, unary)
	v[130] = binary
	set(v, 131, 132, unary)
	set(v, 133, 134, binary)
	set(v, 135, 138, unary)
	set(v, 139, 147, binary)
	v[148] = unary
	set(v, 149, 153, binary)
	set(v, 155, 159, binary)
	t.simdWide(unary, binary)
}

// simdWide fills the operations from i32x4.abs on; the gaps between them belong to relaxed SIMD's drafts or to nobody.
func (t *operations) simdWide(unary, binary operation) {
	v := t.vector[:]
	slow := operation{pops: 2, pushes: 1, cost: 8}
	for _, r := range [][2]int{{160, 161}, {163, 164}, {167, 170}, {192, 193}, {195, 196}, {199, 202}} {
		set(v, r[0], r[1], unary)
	}
	for _, r := range [][2]int{
		{171, 174}, {177, 177}, {181, 186}, {188, 191}, {203, 206}, {209, 209}, {213, 223},
	} {
		set(v, r[0], r[1], binary)
	}
	v[204], v[213] = slow, slow             // i64x2.shr_s, i64x2.mul
	for _, first := range []int{224, 236} { // f32x4, f64x2
		set(v, first, first+1, unary)
		v[first+3] = operation{pops: 1, pushes: 1, cost: 24} // sqrt
		set(v, first+4, first+6, binary)
		v[first+7] = operation{pops: 2, pushes: 1, cost: 16} // div
		set(v, first+8, first+11, slow)
	}
	set(v, 248, 255, operation{pops: 1, pushes: 1, cost: 8})
}
