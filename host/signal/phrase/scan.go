package phrase

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Work is counted in steps of about a nanosecond: a window compared, a
// character compared, a match passed on. A scan whose filters let more through
// than stepsPerByte of the text starts again with the automaton, which costs about as
// much. It holds for hostile texts and lists; natural text takes a tenth of it.
const (
	stepsPerByte = 4
	freeSteps    = 2048
)

// scan sends the matches in text to k.
func (s *Set) scan(text []byte, k *sink) {
	text = text[:min(len(text), math.MaxInt32)]
	if len(s.tiers) > 0 {
		if s.filter(text, k) {
			return
		}
		k.reset()
	}
	s.automaton.scan(s, text, k)
}

// filter scans by s's tiers. It returns false when that came to cost too much.
func (s *Set) filter(text []byte, k *sink) bool {
	for i := range s.tiers {
		t, budget := &s.tiers[i], freeSteps+stepsPerByte*len(text)
		if t.teddy != nil {
			budget = s.scanVector(t, text, k, budget)
		} else {
			budget = s.scanStrided(t, text, 0, k, budget)
		}
		if budget < 0 {
			return false
		}
		if k.what == wantAny && k.found {
			return true
		}
	}
	return true
}

// stopped is the budget of a tier that finds nothing more that is wanted.
const stopped = int(^uint(0) >> 1)

// scanStrided probes t's bitmap at every place that is looked at from the one at
// p on. It returns what is left of the budget; less than 0 when it ran out.
func (s *Set) scanStrided(t *tier, text []byte, p int, k *sink, budget int) int {
	for {
		if p = t.seek(text, p); p+maxWindow > len(text) {
			break
		}
		key := (binary.LittleEndian.Uint64(text[p:]) | foldWord) & t.mask
		if budget = s.look(t, text, p, key, k, budget); budget < 0 || budget == stopped {
			return budget
		}
		p += t.stride
	}
	var padded [2 * maxWindow]byte
	rest := padded[:copy(padded[:], text[min(p, len(text)):])]
	for i := 0; i+t.size <= len(rest); i += t.stride {
		key := (binary.LittleEndian.Uint64(padded[i:]) | foldWord) & t.mask
		if budget = s.look(t, text, p+i, key, k, budget); budget < 0 || budget == stopped {
			return budget
		}
	}
	return budget
}

// scanVector lets Teddy find the places.
func (s *Set) scanVector(t *tier, text []byte, k *sink, budget int) int {
	var places [teddyPlaces]uint32
	p := 0
	for {
		n, next := t.teddy.find(text, p, &places)
		for _, place := range places[:n] {
			// find leaves 8 bytes after every place.
			key := (binary.LittleEndian.Uint64(text[place:]) | foldWord) & t.mask
			if !t.bitmap.has(key * t.multiplier) {
				continue
			}
			if budget = s.look(t, text, int(place), key, k, budget); budget < 0 || budget == stopped {
				return budget
			}
		}
		if n == 0 {
			return s.scanStrided(t, text, next, k, budget)
		}
		budget -= n
		p = next
	}
}

// look compares the groups that have key as a window with the text around p.
func (s *Set) look(t *tier, text []byte, p int, key uint64, k *sink, budget int) int {
	head := key * t.multiplier >> (t.headShift & 63)
	anchors := t.anchors[t.heads[head]:t.heads[head+1]]
	if len(anchors) == 0 {
		return budget - 1
	}
	if k.done(p - s.longest) {
		return stopped
	}
	for i := range anchors {
		a := &anchors[i]
		budget--
		if a.key != key {
			continue
		}
		start, end, steps := s.compare(a, text, p, t.stride)
		budget -= steps
		if start >= 0 {
			steps, stop := k.add(s, a.group, start, end)
			if stop {
				return stopped
			}
			budget -= steps
		}
		if budget < 0 {
			return budget
		}
	}
	return budget
}

// compare compares a's whole group with the text of which a's window is at p. It
// returns where the match is, or a start below 0. The match counts if p is within
// stride bytes of where the group's windows begin: otherwise another place finds it.
func (s *Set) compare(a *anchor, text []byte, p, stride int) (start, end, steps int) {
	canon := s.canonical(a.group)
	segment := int(s.groups[a.group].segment)
	from := p - int(a.sub)
	if from < 0 {
		return -1, 0, 1
	}
	end, steps = s.forward(canon[a.at:], text, from)
	if end < 0 {
		return -1, 0, steps
	}
	middle, more := s.backward(canon[segment:a.at], text, from)
	steps += more
	if middle < 0 || p-middle >= stride {
		return -1, 0, steps
	}
	start, more = s.backward(canon[:segment], text, middle)
	return start, end, steps + more
}

// forward returns where canon, which begins at text[i:], ends, or -1.
func (s *Set) forward(canon, text []byte, i int) (end, steps int) {
	for j := 0; j < len(canon); steps++ {
		if i == len(text) {
			return -1, steps
		}
		c, b := canon[j], text[i]
		if c|b < utf8.RuneSelf {
			if c != b && (c != b|fold8 || c-'a' >= 26) {
				return -1, steps + 1
			}
			i, j = i+1, j+1
			continue
		}
		want, n := utf8.DecodeRune(canon[j:])
		got, size := s.fold.first(text[i:])
		if got != want {
			return -1, steps + 1
		}
		i, j = i+size, j+n
	}
	return i, steps
}

// backward returns where canon, which ends at text[:i], begins, or -1.
func (s *Set) backward(canon, text []byte, i int) (start, steps int) {
	for j := len(canon); j > 0; steps++ {
		if i == 0 {
			return -1, steps
		}
		c, b := canon[j-1], text[i-1]
		if c|b < utf8.RuneSelf {
			if c != b && (c != b|fold8 || c-'a' >= 26) {
				return -1, steps + 1
			}
			i, j = i-1, j-1
			continue
		}
		want, n := utf8.DecodeLastRune(canon[:j])
		got, size := s.fold.last(text[:i])
		if got != want {
			return -1, steps + 1
		}
		i, j = i-size, j-n
	}
	return i, steps
}
