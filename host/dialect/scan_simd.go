//go:build goexperiment.simd && amd64

package dialect

import (
	"math/bits"
	"simd/archsimd"
)

// The vectors of one byte each to compare with. They are never written. The upper halves of the registers are cleared
// behind every use: instructions of the older kind, which the compiler uses elsewhere, would wait for them.
var (
	quotes32      = fill32('"')
	backslashes32 = fill32('\\')
	blanks32      = fill32(' ')
	controls32    = fill32(' ' - 1)
)

func fill32(c byte) (b [32]byte) {
	for i := range b {
		b[i] = c
	}
	return b
}

// plain gives the index of the first byte at or after i that is a quote, a backslash, a control character or not ASCII,
// len(d) if there is none. It searches 32 bytes at a time where the processor can (AVX2).
func plain(d []byte, i int) int {
	if !archsimd.X86.AVX2() || i < 0 {
		return plainWords(d, i)
	}
	quote := archsimd.LoadUint8x32(&quotes32).AsInt8x32()
	backslash := archsimd.LoadUint8x32(&backslashes32).AsInt8x32()
	blank := archsimd.LoadUint8x32(&blanks32).AsInt8x32()
	for ; i <= len(d)-32; i += 32 {
		x := archsimd.LoadUint8x32Slice(d[i : i+32]).AsInt8x32()
		// As signed numbers, bytes that are not ASCII are below the control characters.
		if stops := blank.Greater(x).Or(x.Equal(quote)).Or(x.Equal(backslash)).ToBits(); stops != 0 {
			archsimd.ClearAVXUpperBits()
			return i + bits.TrailingZeros32(stops)
		}
	}
	archsimd.ClearAVXUpperBits()
	return plainWords(d, i)
}

// appendPlain appends what plain passes to dst and gives the index where it stops. It copies while it searches: whole
// vectors, of which what is too much is overwritten by what comes next.
func appendPlain(dst, d []byte, i int) ([]byte, int) {
	if !archsimd.X86.AVX2() || i < 0 {
		return appendWords(dst, d, i)
	}
	quote := archsimd.LoadUint8x32(&quotes32).AsInt8x32()
	backslash := archsimd.LoadUint8x32(&backslashes32).AsInt8x32()
	blank := archsimd.LoadUint8x32(&blanks32).AsInt8x32()
	n, room := len(dst), dst[:cap(dst)]
	for i <= len(d)-32 && n <= len(room)-32 {
		v := archsimd.LoadUint8x32Slice(d[i : i+32])
		v.StoreSlice(room[n : n+32])
		x := v.AsInt8x32()
		if stops := blank.Greater(x).Or(x.Equal(quote)).Or(x.Equal(backslash)).ToBits(); stops != 0 {
			archsimd.ClearAVXUpperBits()
			k := bits.TrailingZeros32(stops)
			return room[:n+k], i + k
		}
		i += 32
		n += 32
	}
	archsimd.ClearAVXUpperBits()
	return appendWords(room[:n], d, i)
}

// skipPlain gives the index of the first byte at or after i that is a quote, a backslash or a control character, len(p)
// if there is none.
func skipPlain(p []byte, i int) int {
	if !archsimd.X86.AVX2() || i < 0 {
		return skipWords(p, i)
	}
	quote := archsimd.LoadUint8x32(&quotes32)
	backslash := archsimd.LoadUint8x32(&backslashes32)
	control := archsimd.LoadUint8x32(&controls32)
	for ; i <= len(p)-32; i += 32 {
		x := archsimd.LoadUint8x32Slice(p[i : i+32])
		if stops := x.Min(control).Equal(x).Or(x.Equal(quote)).Or(x.Equal(backslash)).ToBits(); stops != 0 {
			archsimd.ClearAVXUpperBits()
			return i + bits.TrailingZeros32(stops)
		}
	}
	archsimd.ClearAVXUpperBits()
	return skipWords(p, i)
}
