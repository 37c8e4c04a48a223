package phrase

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// bitmap says of a window's hash whether any group has such a window. It comes in
// two sizes, so that probing shifts by constants and checks no bounds: one for
// the first-level cache, and one for thousands of phrases.
type bitmap struct {
	small *[1 << smallBits / 64]uint64
	large *[1 << largeBits / 64]uint64
}

const (
	smallBits   = 16
	largeBits   = 20
	smallFilled = 1 << smallBits / 20 // windows from which on the large one is made
)

func newBitmap(windows int) bitmap {
	if windows <= smallFilled {
		return bitmap{small: new([1 << smallBits / 64]uint64)}
	}
	return bitmap{large: new([1 << largeBits / 64]uint64)}
}

func (m bitmap) set(hash uint64) {
	if m.small != nil {
		h := hash >> (64 - smallBits)
		m.small[h/64] |= 1 << (h % 64)
		return
	}
	h := hash >> (64 - largeBits)
	m.large[h/64] |= 1 << (h % 64)
}

func (m bitmap) has(hash uint64) bool {
	if m.small != nil {
		h := hash >> (64 - smallBits)
		return m.small[h/64]>>(h%64)&1 != 0
	}
	h := hash >> (64 - largeBits)
	return m.large[h/64]>>(h%64)&1 != 0
}

func (m bitmap) bytes() int {
	if m.small != nil {
		return int(unsafe.Sizeof(*m.small))
	}
	return int(unsafe.Sizeof(*m.large))
}

// seek returns the first place from p on whose window is in the bitmap, or the
// first one with less than maxWindow bytes after it. It calls nothing, so that
// its loops live in registers.
func (t *tier) seek(text []byte, p int) int {
	if t.bitmap.small != nil {
		return seekSmall(t.bitmap.small, text, p, t.stride, t.multiplier)
	}
	return seekLarge(t.bitmap.large, text, p, t.stride, t.multiplier)
}

// word loads the 8 bytes at text[p:], which must be there: the compiler's bounds
// checks of this load are half the time of a probe.
func word(text unsafe.Pointer, p int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(text, p))[:])
}

func seekSmall(m *[1 << smallBits / 64]uint64, text []byte, p, stride int, multiplier uint64) int {
	at := unsafe.Pointer(unsafe.SliceData(text))
	last := len(text) - maxWindow
	for ; p+3*stride <= last; p += 4 * stride {
		a := (word(at, p) | foldWord) * multiplier >> (64 - smallBits)
		b := (word(at, p+stride) | foldWord) * multiplier >> (64 - smallBits)
		c := (word(at, p+2*stride) | foldWord) * multiplier >> (64 - smallBits)
		d := (word(at, p+3*stride) | foldWord) * multiplier >> (64 - smallBits)
		if (m[a/64]>>(a%64)|m[b/64]>>(b%64)|m[c/64]>>(c%64)|m[d/64]>>(d%64))&1 != 0 {
			hits := m[a/64]>>(a%64)&1 | m[b/64]>>(b%64)&1<<1 | m[c/64]>>(c%64)&1<<2 | 1<<3
			return p + bits.TrailingZeros64(hits)*stride
		}
	}
	for ; p <= last; p += stride {
		h := (word(at, p) | foldWord) * multiplier >> (64 - smallBits)
		if m[h/64]>>(h%64)&1 != 0 {
			break
		}
	}
	return p
}

func seekLarge(m *[1 << largeBits / 64]uint64, text []byte, p, stride int, multiplier uint64) int {
	at := unsafe.Pointer(unsafe.SliceData(text))
	last := len(text) - maxWindow
	for ; p+3*stride <= last; p += 4 * stride {
		a := (word(at, p) | foldWord) * multiplier >> (64 - largeBits)
		b := (word(at, p+stride) | foldWord) * multiplier >> (64 - largeBits)
		c := (word(at, p+2*stride) | foldWord) * multiplier >> (64 - largeBits)
		d := (word(at, p+3*stride) | foldWord) * multiplier >> (64 - largeBits)
		if (m[a/64]>>(a%64)|m[b/64]>>(b%64)|m[c/64]>>(c%64)|m[d/64]>>(d%64))&1 != 0 {
			hits := m[a/64]>>(a%64)&1 | m[b/64]>>(b%64)&1<<1 | m[c/64]>>(c%64)&1<<2 | 1<<3
			return p + bits.TrailingZeros64(hits)*stride
		}
	}
	for ; p <= last; p += stride {
		h := (word(at, p) | foldWord) * multiplier >> (64 - largeBits)
		if m[h/64]>>(h%64)&1 != 0 {
			break
		}
	}
	return p
}
