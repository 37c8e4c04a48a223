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
// signed, less white space.
var (
	whiteOf = [32]uint8{
		0: ' ', 9: '\t', 10: '\n', 13: '\r',
		16: ' ', 25: '\t', 26: '\n', 29: '\r',
	}
	markOf = [32]uint8{
		0: '`', 1: '!', 3: '#', 5: '%', 6: '&', 10: ':', 11: '[', 12: '<', 13: ']', 14: '~', 15: 0x7F,
		16: '`', 17: '!', 19: '#', 21: '%', 22: '&', 26: ':', 27: '[', 28: '<', 29: ']', 30: '~', 31: 0x7F,
	}
	notableMarkOf = [32]uint8{
		3: '#', 10: ':', 11: '[', 12: '<', 13: ']', 15: 0x7F,
		19: '#', 26: ':', 27: '[', 28: '<', 29: ']', 31: 0x7F,
	}
)

// classifyWide is classify with AVX2. It reads the text twice, so that the
// constants of each loop stay in registers.
func classifyWide(text []byte, white, mark []uint64, n *sums) {
	text = text[:len(white)*block]
	// A slice of arrays saves the loops the bounds checks and shifts of slicing.
	blocks := unsafe.Slice((*[block]byte)(unsafe.Pointer(unsafe.SliceData(text))), len(white))
	findMasks(blocks, white, mark, n)
	countClasses(blocks, n)
	archsimd.ClearAVXUpperBits()
}

func findMasks(blocks [][block]byte, white, mark []uint64, n *sums) {
	whites, marks := archsimd.LoadUint8x32(&whiteOf), archsimd.LoadUint8x32(&markOf)
	backslash, space := archsimd.BroadcastUint8x32('\\'), archsimd.BroadcastInt8x32(' ')
	var count archsimd.Int8x32
	white, mark = white[:len(blocks)], mark[:len(blocks)]
	for i := range blocks {
		p := &blocks[i]
		w, k := (*[2]uint32)(unsafe.Pointer(&white[i])), (*[2]uint32)(unsafe.Pointer(&mark[i])) // in halves
		x := archsimd.LoadUint8x32((*[32]uint8)(p[:32]))
		is := x.Equal(whites.PermuteOrZeroGrouped(x.AsInt8x32()))
		count = count.Sub(is.ToInt8x32())
		w[0] = is.ToBits()
		k[0] = x.Equal(marks.PermuteOrZeroGrouped(x.AsInt8x32())).Or(x.Equal(backslash)).Or(space.Greater(x.AsInt8x32())).ToBits() &^ w[0]
		y := archsimd.LoadUint8x32((*[32]uint8)(p[32:]))
		is = y.Equal(whites.PermuteOrZeroGrouped(y.AsInt8x32()))
		count = count.Sub(is.ToInt8x32())
		w[1] = is.ToBits()
		k[1] = y.Equal(marks.PermuteOrZeroGrouped(y.AsInt8x32())).Or(y.Equal(backslash)).Or(space.Greater(y.AsInt8x32())).ToBits() &^ w[1]
	}
	half := count.AsUint8x32().SumAbsDiff(archsimd.Uint8x32{}).AsUint64x4()
	both := half.GetLo().Add(half.GetHi())
	n.white += both.GetElem(0) + both.GetElem(1)
}

// classifyNotableWide is classifyNotable with AVX2.
func classifyNotableWide(text []byte, gap, mark []uint64) {
	text = text[:len(gap)*block]
	blocks := unsafe.Slice((*[block]byte)(unsafe.Pointer(unsafe.SliceData(text))), len(gap))
	whites, marks := archsimd.LoadUint8x32(&whiteOf), archsimd.LoadUint8x32(&notableMarkOf)
	space, star := archsimd.BroadcastInt8x32(' '), archsimd.BroadcastInt8x32('+'-1)
	gap, mark = gap[:len(blocks)], mark[:len(blocks)]
	for i := range blocks {
		p := &blocks[i]
		g, k := (*[2]uint32)(unsafe.Pointer(&gap[i])), (*[2]uint32)(unsafe.Pointer(&mark[i])) // in halves
		x := archsimd.LoadUint8x32((*[32]uint8)(p[:32]))
		m := x.Equal(marks.PermuteOrZeroGrouped(x.AsInt8x32())).Or(space.Greater(x.AsInt8x32())).ToBits()
		g[0] = m | ^x.AsInt8x32().Greater(star).ToBits()
		k[0] = m &^ x.Equal(whites.PermuteOrZeroGrouped(x.AsInt8x32())).ToBits()
		y := archsimd.LoadUint8x32((*[32]uint8)(p[32:]))
		m = y.Equal(marks.PermuteOrZeroGrouped(y.AsInt8x32())).Or(space.Greater(y.AsInt8x32())).ToBits()
		g[1] = m | ^y.AsInt8x32().Greater(star).ToBits()
		k[1] = m &^ y.Equal(whites.PermuteOrZeroGrouped(y.AsInt8x32())).ToBits()
	}
	archsimd.ClearAVXUpperBits()
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

// surveyWide is within for a whole stride: in which blocks least bytes in a row
// without a gap begin, which may end in the next; and survey.
func surveyWide(m *masks, least int) (long, some uint32) {
	m.gap[stride] = ^uint64(0) // ends the last token
	gaps, marks := (*[(stride + 1) * 8]uint8)(unsafe.Pointer(&m.gap)), (*[(stride + 1) * 8]uint8)(unsafe.Pointer(&m.mark))
	ones := archsimd.BroadcastUint8x32(0xFF).AsUint64x4()
	// Shifts by vectors: by a number they take a legacy SSE instruction, which costs
	// some hundred cycles after vectors (Go 1.26).
	one, two, four := archsimd.BroadcastUint64x4(1), archsimd.BroadcastUint64x4(2), archsimd.BroadcastUint64x4(4)
	half := (least - short + 1) / 2
	fifth, last := archsimd.BroadcastUint64x4(uint64(half)), archsimd.BroadcastUint64x4(uint64(least-short-half))
	var zero archsimd.Uint64x4
	brief, none := uint32(0), uint32(0)
	for i := 0; i < stride*8; i += 32 {
		// Words as they are, then from bit 40 of each to bit 39 of the next, which
		// has the runs of up to minRun that words divide.
		x := archsimd.LoadUint8x32((*[32]uint8)(gaps[i:])).AsUint64x4().Xor(ones)
		y := archsimd.LoadUint8x32((*[32]uint8)(gaps[i+5:])).AsUint64x4().Xor(ones)
		x = x.And(x.ShiftRight(one))
		y = y.And(y.ShiftRight(one))
		x = x.And(x.ShiftRight(two))
		y = y.And(y.ShiftRight(two))
		x = x.And(x.ShiftRight(four))
		y = y.And(y.ShiftRight(four))
		x = x.And(x.ShiftRight(fifth))
		y = y.And(y.ShiftRight(fifth))
		x = x.And(x.ShiftRight(last))
		y = y.And(y.ShiftRight(last))
		brief |= uint32(x.Or(y).Equal(zero).ToBits()) << (i / 8 & 31)
		k := archsimd.LoadUint8x32((*[32]uint8)(marks[i:])).AsUint64x4()
		none |= uint32(k.Equal(zero).ToBits()) << (i / 8 & 31)
	}
	archsimd.ClearAVXUpperBits()
	return ^brief, ^none
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
