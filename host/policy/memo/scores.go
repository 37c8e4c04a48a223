package memo

import (
	"encoding/binary"
	"math"
)

const (
	// MaxScores is how many scores a message may have to be remembered.
	MaxScores = 4
	// MaxNames is how many bytes their names may have together.
	MaxNames = 8*scoreWords - 1 - MaxScores

	scoreWords = 9 // of Scores.packed
)

// Scores are what a plugin said of one message. The zero value is a message that was judged and got none.
type Scores struct {
	values [MaxScores]float64
	packed [8 * scoreWords]byte // their number, where each name ends, the names
}

const namesAt = 1 + MaxScores

// Add adds a score; false when there is no room: scores that do not fit are not to be remembered at all.
func (s *Scores) Add(name []byte, value float64) bool {
	n := s.Len()
	if n == MaxScores {
		return false
	}
	start := s.start(n)
	if len(name) > len(s.packed)-start {
		return false
	}
	s.values[n] = value
	s.packed[1+n] = uint8(start + copy(s.packed[start:], name))
	s.packed[0]++
	return true
}

// Len is how many there are.
func (s *Scores) Len() int { return int(s.packed[0]) }

// At is score i. The name is a slice of s.
func (s *Scores) At(i int) (name []byte, value float64) {
	end := s.packed[1+i]
	return s.packed[s.start(i):end:end], s.values[i]
}

// start is where name i begins in packed.
func (s *Scores) start(i int) int {
	if i == 0 {
		return namesAt
	}
	return int(s.packed[i]) // the end of the one before
}

// store writes s to the words of an entry.
func (s *Scores) store(e *entry) {
	for i := range (s.start(s.Len()) + 7) / 8 {
		e.packed[i].Store(binary.LittleEndian.Uint64(s.packed[8*i:]))
	}
	for i := range s.Len() {
		e.values[i].Store(math.Float64bits(s.values[i]))
	}
}

// load reads the words of an entry that may be written meanwhile: what it reads may be nonsense, and stays within s.
func (s *Scores) load(e *entry) {
	binary.LittleEndian.PutUint64(s.packed[:], e.packed[0].Load())
	n := min(s.Len(), MaxScores)
	words := (min(s.start(n), len(s.packed)) + 7) / 8
	for i := 1; i < words; i++ {
		binary.LittleEndian.PutUint64(s.packed[8*i:], e.packed[i].Load())
	}
	for i := range n {
		s.values[i] = math.Float64frombits(e.values[i].Load())
	}
}
