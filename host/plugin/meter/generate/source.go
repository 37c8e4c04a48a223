package generate

import "math/rand/v2"

// Seed is number i of an endless row of byte strings to make modules of, up to 4 KiB long; the same in every run.
func Seed(i int) []byte {
	r := rand.New(rand.NewPCG(0x57454952, uint64(i)))
	b := make([]byte, r.IntN(4096))
	for k := range b {
		b[k] = byte(r.Uint32())
	}
	return b
}

// source turns bytes into choices. Behind its end it is all zeros, and a choice of 0 is the simplest there is, so
// that modules shrink with their bytes.
type source struct {
	data []byte
}

func (s *source) empty() bool { return len(s.data) == 0 }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

// n is a number below limit, which is at most 65,536.
func (s *source) n(limit int) int {
	if limit <= 1 {
		return 0
	}
	if limit <= 256 {
		return int(s.byte()) * limit >> 8
	}
	return (int(s.byte()) | int(s.byte())<<8) * limit >> 16
}

// chance is true n times out of of, and never behind the end.
func (s *source) chance(n, of int) bool { return s.n(of) >= of-n }

func (s *source) u64() (v uint64) {
	for i := range 8 {
		v |= uint64(s.byte()) << (8 * i)
	}
	return v
}

// split takes the first of n equal shares of what is left.
func (s *source) split(n int) *source {
	k := len(s.data) / n
	first := &source{s.data[:k]}
	s.data = s.data[k:]
	return first
}
