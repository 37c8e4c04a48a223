package generate

import "encoding/binary"

// Sections of the binary format, in the order of their numbers; dataCount stands before code.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

// Opcodes that more than one place emits.
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
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32LtS       = 0x48
	opI32GeU       = 0x4f
	opF32Eq        = 0x5b
	opF64Eq        = 0x61
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32And       = 0x71
	opI32Or        = 0x72
	opI64Add       = 0x7c
	opI64Mul       = 0x7e
	opI64Or        = 0x84
	opI64ExtendU   = 0xad
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	prefixMisc     = 0xfc
	prefixVector   = 0xfd
	vecConst       = 12
	vecBitselect   = 82
	vecF32x4Ne     = 66
	vecF64x2Ne     = 72

	empty = 0x40 // the type of a block without parameters and results
)

// Instructions behind prefixMisc.
const (
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// code is WebAssembly in the making.
type code []byte

func (c *code) put(b ...byte) { *c = append(*c, b...) }

// u appends an unsigned LEB128.
func (c *code) u(v int) { *c = binary.AppendUvarint(*c, uint64(v)) }

// s appends a signed LEB128.
func (c *code) s(v int64) {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			c.put(b)
			return
		}
		c.put(b | 0x80)
	}
}

func (c *code) name(s string) {
	c.u(len(s))
	*c = append(*c, s...)
}

// sized appends b behind its length.
func (c *code) sized(b []byte) {
	c.u(len(b))
	*c = append(*c, b...)
}

func (c *code) section(id byte, payload []byte) {
	c.put(id)
	c.sized(payload)
}

func (c *code) i32(v int32) {
	c.put(opI32Const)
	c.s(int64(v))
}

func (c *code) i64(v int64) {
	c.put(opI64Const)
	c.s(v)
}

// vector appends an instruction behind the vector prefix.
func (c *code) vector(op int) {
	c.put(prefixVector)
	c.u(op)
}

// limits appends the limits of a memory or table; most below 0 is none.
func (c *code) limits(least, most int) {
	if most < 0 {
		c.put(0)
		c.u(least)
		return
	}
	c.put(1)
	c.u(least)
	c.u(most)
}

// types appends the value types of a signature.
func (c *code) types(letters string) {
	c.u(len(letters))
	for i := range len(letters) {
		c.put(typeOf(letters[i]))
	}
}
