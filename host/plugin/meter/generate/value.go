package generate

import (
	"encoding/binary"
	"math"
)

// word is a number of 32 or 64 bits: a small one, one near a power of two, or any.
func word(s *source, bits int) uint64 {
	mask := uint64(math.MaxUint64) >> (64 - bits)
	switch s.n(4) {
	case 0:
		return uint64(s.byte()) & mask
	case 1:
		return -uint64(s.byte()) & mask
	case 2:
		return (uint64(1)<<s.n(bits) + uint64(s.n(3)) - 1) & mask
	default:
		return s.u64() & mask
	}
}

func wordOf(b []byte) uint64 {
	if len(b) == 4 {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

// float64Bytes is any f64, notable ones among them; NaNs have any payload.
func float64Bytes(s *source) []byte {
	notable := [...]float64{
		0, 1, -1, 0.5, 1.5, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64,
		math.SmallestNonzeroFloat64, 1 << 31, -(1 << 31), 1 << 63, -(1 << 63), 1<<32 - 1, 4294967296, 2147483647.9,
	}
	v := s.u64
	if i := s.n(2 * len(notable)); i < len(notable) {
		v = func() uint64 { return math.Float64bits(notable[i]) }
	}
	return binary.LittleEndian.AppendUint64(nil, v())
}

// float32Bytes is any f32, as float64Bytes is.
func float32Bytes(s *source) []byte {
	f := math.Float64frombits(wordOf(float64Bytes(s)))
	if s.chance(1, 4) {
		return binary.LittleEndian.AppendUint32(nil, uint32(s.u64()))
	}
	return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(f)))
}

// vectorBytes is any v128: equal lanes, or any.
func vectorBytes(s *source) []byte {
	low := word(s, 64)
	high := low
	if s.chance(1, 2) {
		high = s.u64()
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, low), high)
}

// Canonical NaNs, the bytes of constants.
var (
	nanF32   = [4]byte{0, 0, 0xc0, 0x7f}
	nanF64   = [8]byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
	nanF32x4 = [16]byte{0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f}
	nanF64x2 = [16]byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
)
