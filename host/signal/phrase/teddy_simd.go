//go:build goexperiment.simd && amd64

package phrase

import (
	"math/bits"
	"simd/archsimd"
	"unsafe"
)

// teddyRuns reports whether this build and CPU have Teddy.
func teddyRuns() bool { return archsimd.X86.AVX2() }

// find looks for places from the byte at from on. It returns how many it put in
// places, and where to go on; 0 when the text has none up to next and is too
// short for vectors after it. At least 8 bytes of text follow each place.
//
// Go's own code uses SSE instructions, which wait for a state transition while
// upper halves of vectors are in use: so they are cleared at the end, and the shift takes
// its count from a vector, as one from a register is moved there by SSE.
func (t *teddy) find(text []byte, from int, places *[teddyPlaces]uint32) (n, next int) {
	low0, high0 := archsimd.LoadUint8x32(&t.low[0]), archsimd.LoadUint8x32(&t.high[0])
	low1, high1 := archsimd.LoadUint8x32(&t.low[1]), archsimd.LoadUint8x32(&t.high[1])
	low2, high2 := archsimd.LoadUint8x32(&t.low[2]), archsimd.LoadUint8x32(&t.high[2])
	low3, high3 := archsimd.LoadUint8x32(&t.low[3]), archsimd.LoadUint8x32(&t.high[3])
	half, four := archsimd.BroadcastUint8x32(15), archsimd.BroadcastUint32x8(4)
	var zero archsimd.Uint8x32
	at := unsafe.Pointer(unsafe.SliceData(text))
	p, count := from, uint(0)
	for last := len(text) - 64 - 8; p <= last && count <= teddyPlaces-64; p += 64 {
		var m uint64
		for i := 0; i < 64; i += 32 {
			block := (*[40]byte)(unsafe.Add(at, p+i))
			v := archsimd.LoadUint8x32((*[32]uint8)(block[0:]))
			r := low0.PermuteOrZeroGrouped(v.And(half).AsInt8x32()).
				And(high0.PermuteOrZeroGrouped(v.AsUint32x8().ShiftRight(four).AsUint8x32().And(half).AsInt8x32()))
			v = archsimd.LoadUint8x32((*[32]uint8)(block[1:]))
			r = r.And(low1.PermuteOrZeroGrouped(v.And(half).AsInt8x32())).
				And(high1.PermuteOrZeroGrouped(v.AsUint32x8().ShiftRight(four).AsUint8x32().And(half).AsInt8x32()))
			v = archsimd.LoadUint8x32((*[32]uint8)(block[2:]))
			r = r.And(low2.PermuteOrZeroGrouped(v.And(half).AsInt8x32())).
				And(high2.PermuteOrZeroGrouped(v.AsUint32x8().ShiftRight(four).AsUint8x32().And(half).AsInt8x32()))
			v = archsimd.LoadUint8x32((*[32]uint8)(block[3:]))
			r = r.And(low3.PermuteOrZeroGrouped(v.And(half).AsInt8x32())).
				And(high3.PermuteOrZeroGrouped(v.AsUint32x8().ShiftRight(four).AsUint8x32().And(half).AsInt8x32()))
			m = m>>32 | uint64(^r.Equal(zero).ToBits())<<32
		}
		// One place in a block is common enough to be mispredicted: it is put in
		// without a branch, and counted if it is there.
		places[count%teddyPlaces] = uint32(p + bits.TrailingZeros64(m))
		count += uint((m | -m) >> 63)
		for m &= m - 1; m != 0; m &= m - 1 {
			places[count%teddyPlaces] = uint32(p + bits.TrailingZeros64(m))
			count++
		}
	}
	archsimd.ClearAVXUpperBits()
	return int(count), p
}
