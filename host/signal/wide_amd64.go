//go:build goexperiment.simd && amd64

package signal

import (
	"simd/archsimd"
	"unsafe"
)

// Runs says which implementation Scan uses: "avx2", or "portable" with the reason
// where a build with vectors could not use them.
func Runs() string {
	if wide() {
		return "avx2"
	}
	return "portable (no AVX2)"
}

func wide() bool { return archsimd.X86.AVX2() }

// A byte is white space, or a mark, if its low four bits select it from these
// (VPSHUFB); bytes ≥ 0x80 select zero. "\\" shares its low bits with "<" and is
// compared for apart; the controls and the other bytes ≥ 0x80 are those below 0x20,
// signed, which takes in white space that the caller leaves out.
var (
	whiteOf = [32]uint8{
		0: ' ', 9: '\t', 10: '\n', 13: '\r',
		16: ' ', 25: '\t', 26: '\n', 29: '\r',
	}
	markOf = [32]uint8{
		0: '`', 1: '!', 3: '#', 5: '%', 6: '&', 10: ':', 11: '[', 12: '<', 13: ']', 14: '~', 15: 0x7F,
		16: '`', 17: '!', 19: '#', 21: '%', 22: '&', 26: ':', 27: '[', 28: '<', 29: ']', 30: '~', 31: 0x7F,
	}
)

// classifyWide is classify with AVX2. It reads the text twice, so that the
// constants of each loop stay in registers.
func classifyWide(text []byte, white, mark []uint64, n *sums) {
	text = text[:len(white)*block]
	// A slice of arrays saves the loops the bounds checks and shifts of slicing.
	blocks := unsafe.Slice((*[block]byte)(unsafe.Pointer(unsafe.SliceData(text))), len(white))
	findMasks(blocks, white, mark)
	countClasses(blocks, n)
	archsimd.ClearAVXUpperBits()
}

func findMasks(blocks [][block]byte, white, mark []uint64) {
	whites, marks := archsimd.LoadUint8x32(&whiteOf), archsimd.LoadUint8x32(&markOf)
	backslash, space := archsimd.BroadcastUint8x32('\\'), archsimd.BroadcastInt8x32(' ')
	white, mark = white[:len(blocks)], mark[:len(blocks)]
	for i := range blocks {
		p := &blocks[i]
		w, k := (*[2]uint32)(unsafe.Pointer(&white[i])), (*[2]uint32)(unsafe.Pointer(&mark[i])) // in halves
		x := archsimd.LoadUint8x32((*[32]uint8)(p[:32]))
		w[0] = x.Equal(whites.PermuteOrZeroGrouped(x.AsInt8x32())).ToBits()
		k[0] = x.Equal(marks.PermuteOrZeroGrouped(x.AsInt8x32())).Or(x.Equal(backslash)).Or(space.Greater(x.AsInt8x32())).ToBits()
		y := archsimd.LoadUint8x32((*[32]uint8)(p[32:]))
		w[1] = y.Equal(whites.PermuteOrZeroGrouped(y.AsInt8x32())).ToBits()
		k[1] = y.Equal(marks.PermuteOrZeroGrouped(y.AsInt8x32())).Or(y.Equal(backslash)).Or(space.Greater(y.AsInt8x32())).ToBits()
	}
}

func countClasses(blocks [][block]byte, n *sums) {
	lf := archsimd.BroadcastInt8x32('\n')
	// x + shift > top, signed, holds for the range only.
	lowerShift, upperShift := archsimd.BroadcastInt8x32(127-'z'), archsimd.BroadcastInt8x32(127-'Z')
	digitShift := archsimd.BroadcastInt8x32(127 - '9')
	letterTop, digitTop := archsimd.BroadcastInt8x32(127-26), archsimd.BroadcastInt8x32(127-10)
	var lowers, uppers, digits, lines archsimd.Int8x32
	for i := range blocks {
		p := &blocks[i]
		x := archsimd.LoadUint8x32((*[32]uint8)(p[:32])).AsInt8x32()
		lowers = lowers.Sub(x.Add(lowerShift).Greater(letterTop).ToInt8x32())
		uppers = uppers.Sub(x.Add(upperShift).Greater(letterTop).ToInt8x32())
		digits = digits.Sub(x.Add(digitShift).Greater(digitTop).ToInt8x32())
		lines = lines.Sub(x.Equal(lf).ToInt8x32())
		y := archsimd.LoadUint8x32((*[32]uint8)(p[32:])).AsInt8x32()
		lowers = lowers.Sub(y.Add(lowerShift).Greater(letterTop).ToInt8x32())
		uppers = uppers.Sub(y.Add(upperShift).Greater(letterTop).ToInt8x32())
		digits = digits.Sub(y.Add(digitShift).Greater(digitTop).ToInt8x32())
		lines = lines.Sub(y.Equal(lf).ToInt8x32())
	}
	n.addBytes(lowers, uppers, digits, lines)
}

// longWide is within for a whole stride: whether there are least bytes in a row
// without white space, which the caller need not look for where there are not.
func longWide(white *[stride + 1]uint64, least int) bool {
	white[stride] = ^uint64(0) // ends the last token
	bytes := (*[(stride + 1) * 8]uint8)(unsafe.Pointer(white))
	ones := archsimd.BroadcastUint8x32(0xFF).AsUint64x4()
	// Shifts by vectors: by a number they take a legacy SSE instruction, which costs
	// some hundred cycles after vectors (Go 1.26).
	one, two, four := archsimd.BroadcastUint64x4(1), archsimd.BroadcastUint64x4(2), archsimd.BroadcastUint64x4(4)
	last := archsimd.BroadcastUint64x4(uint64(least - short))
	var any archsimd.Uint64x4
	for i := 0; i < stride*8; i += 32 {
		// Words as they are, then from bit 48 of each to bit 47 of the next, which
		// has the runs of up to 16 that words divide.
		x := archsimd.LoadUint8x32((*[32]uint8)(bytes[i:])).AsUint64x4().Xor(ones)
		y := archsimd.LoadUint8x32((*[32]uint8)(bytes[i+6:])).AsUint64x4().Xor(ones)
		x = x.And(x.ShiftRight(one))
		y = y.And(y.ShiftRight(one))
		x = x.And(x.ShiftRight(two))
		y = y.And(y.ShiftRight(two))
		x = x.And(x.ShiftRight(four))
		y = y.And(y.ShiftRight(four))
		x = x.And(x.ShiftRight(last))
		y = y.And(y.ShiftRight(last))
		any = any.Or(x).Or(y)
	}
	is := !any.IsZero()
	archsimd.ClearAVXUpperBits()
	return is
}

// addBytes adds the 32 bytes of each, which are at most 2·stride.
func (n *sums) addBytes(lowers, uppers, digits, lines archsimd.Int8x32) {
	var zero archsimd.Uint8x32
	all := lowers.AsUint8x32().SumAbsDiff(zero).AsUint64x4()
	all = all.Or(uppers.AsUint8x32().SumAbsDiff(zero).AsUint64x4().ShiftLeft(archsimd.BroadcastUint64x4(16)))
	all = all.Or(digits.AsUint8x32().SumAbsDiff(zero).AsUint64x4().ShiftLeft(archsimd.BroadcastUint64x4(32)))
	all = all.Or(lines.AsUint8x32().SumAbsDiff(zero).AsUint64x4().ShiftLeft(archsimd.BroadcastUint64x4(48)))
	half := all.GetLo().Add(all.GetHi())
	sum := half.GetElem(0) + half.GetElem(1) // four fields of 16 bits
	n.lower += sum & 0xFFFF
	n.upper += sum >> 16 & 0xFFFF
	n.digits += sum >> 32 & 0xFFFF
	n.lines += sum >> 48
}
