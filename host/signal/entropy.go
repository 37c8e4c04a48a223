package signal

import "math"

// samples is how many bytes of a text the entropy is taken from.
const samples = 64

// growth[c] is what a byte value seen for the (c+1)th time adds to the sum of
// n·log2 n over the byte values, in 1/1024 of a millibit.
var growth = func() (t [samples]uint32) {
	before := uint32(0)
	for c := range t {
		n := float64(c + 1)
		after := uint32(math.Round(n * math.Log2(n) * 1000 * 1024))
		t[c], before = after-before, after
	}
	return t
}()

// entropy is the Shannon entropy in millibits a byte of the 64 bytes at offsets
// i·len/64, or 0 for texts under 64 bytes, which are too short to tell.
func entropy(text []byte) uint32 {
	if len(text) < samples {
		return 0
	}
	var seen [256]uint8
	var sum uint32
	for i := range samples {
		// 64 bits also where int has 32.
		b := text[uint64(i)*uint64(len(text))/samples]
		sum += growth[seen[b]&(samples-1)]
		seen[b]++
	}
	// H = log2 N − (Σ n·log2 n)/N
	return (samples*6*1000*1024 - sum) / (samples * 1024)
}
