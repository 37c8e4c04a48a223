//go:build goexperiment.simd && amd64

package dialect

import (
	"encoding/binary"
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

// blockReach is how many bytes appendEasy may read and write from the start of a block on: the block, and another behind
// a character that begins at its end.
const blockReach = 64 + 8 + 64

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

// appendEasy appends the value of the string text that begins at i, as far as it is easy, and gives the index where it stops: at
// the latest at what leads does not know. It copies while it searches, whole vectors, of which what is too much is overwritten by
// what comes next. Where the next vector is does not depend on what this one holds, or the processor could not read ahead.
func appendEasy(dst, d []byte, i int) ([]byte, int) {
	if !archsimd.X86.AVX2() || i < 0 {
		return appendEasyWords(dst, d, i)
	}
	quote := archsimd.LoadUint8x32(&quotes32).AsInt8x32()
	backslash := archsimd.LoadUint8x32(&backslashes32).AsInt8x32()
	blank := archsimd.LoadUint8x32(&blanks32).AsInt8x32()
	n, room := len(dst), dst[:cap(dst)]
	for i <= len(d)-blockReach && n <= len(room)-blockReach {
		from, to := (*[blockReach]byte)(d[i:i+blockReach]), (*[64]byte)(room[n:n+64])
		v, w := archsimd.LoadUint8x32Slice(from[:32]), archsimd.LoadUint8x32Slice(from[32:64])
		v.StoreSlice(to[:32])
		w.StoreSlice(to[32:])
		x, y := v.AsInt8x32(), w.AsInt8x32()
		xs := blank.Greater(x).Or(x.Equal(quote)).Or(x.Equal(backslash))
		ys := blank.Greater(y).Or(y.Equal(quote)).Or(y.Equal(backslash))
		stops := uint64(xs.ToBits()) | uint64(ys.ToBits())<<32
		next := 64
		// One way for all kinds of stops: which comes next nobody can predict, and a branch taken wrongly costs as much as a block.
		for stops != 0 {
			k := bits.TrailingZeros64(stops) & 63
			word := binary.LittleEndian.Uint64(from[k : k+8])
			l := &leads[byte(word)]
			c := uint64(easyEscapes[byte(word>>8)])
			if word&l.mask^l.want|(c-1)>>63&l.escape != 0 {
				archsimd.ClearAVXUpperBits()
				return room[:n+k], i + k
			}
			binary.LittleEndian.PutUint64(room[n+k:n+k+8], word&^l.escape|c&l.escape)
			n -= int(l.drop) // now perhaps below 0, but n+k is not
			k += int(l.size & 7)
			to := (*[64]byte)(room[n+k : n+k+64])
			v, w := archsimd.LoadUint8x32Slice(from[k:k+32]), archsimd.LoadUint8x32Slice(from[k+32:k+64])
			v.StoreSlice(to[:32])
			w.StoreSlice(to[32:])
			if stops &= ^uint64(0) << k; k > 64 { // a character that goes on in the next block
				next = k
				break
			}
		}
		i += next
		n += next
	}
	for i <= len(d)-32 && n <= len(room)-32 { // near the end: what is plain
		v := archsimd.LoadUint8x32Slice(d[i : i+32])
		v.StoreSlice(room[n : n+32])
		x := v.AsInt8x32()
		if stops := blank.Greater(x).Or(x.Equal(quote)).Or(x.Equal(backslash)).ToBits(); stops != 0 {
			k := bits.TrailingZeros32(stops)
			i += k
			n += k
			break
		}
		i += 32
		n += 32
	}
	archsimd.ClearAVXUpperBits()
	return room[:n], i
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
