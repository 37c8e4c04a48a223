package signal

import (
	"math"
	"math/bits"
)

// A Vector holds one counter per [Kind], saturating at math.MaxUint32. It is
// what plugins get, as an array of little-endian u32 in the order of the kinds.
type Vector [Kinds]uint32

// Merge makes v the vector of the two texts that v and w were scanned from: sums,
// but the maximum of LongestToken and the byte-weighted mean of Entropy, rounded
// down. It treats the texts as apart: what spans their border is not seen.
func (v *Vector) Merge(w *Vector) {
	longest := max(v[LongestToken], w[LongestToken])
	entropy := mean(v[Entropy], v[Bytes], w[Entropy], w[Bytes])
	for k := range v {
		v[k] = add(v[k], w[k])
	}
	v[LongestToken], v[Entropy] = longest, entropy
}

// add adds and saturates.
func add(a, b uint32) uint32 {
	sum, carry := bits.Add32(a, b, 0)
	if carry != 0 {
		return math.MaxUint32
	}
	return sum
}

// mean is the mean of a and b, weighted with m and n.
func mean(a, m, b, n uint32) uint32 {
	weight := uint64(m) + uint64(n)
	if weight == 0 {
		return 0
	}
	// The products stay under 2^63 while a and b are below 2^31: entropy is at most 8,000.
	return uint32((uint64(a)*uint64(m) + uint64(b)*uint64(n)) / weight)
}
