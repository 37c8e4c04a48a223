package phrase

import (
	"cmp"
	"math"
	"slices"
)

// Match is one occurrence of a phrase.
type Match struct {
	Phrase     int32 // index in Compile's list
	Start, End int32 // byte offsets in the text, End exclusive
}

func compareMatches(a, b Match) int {
	if c := cmp.Compare(a.Start, b.Start); c != 0 {
		return c
	}
	return cmp.Compare(a.Phrase, b.Phrase)
}

// sink receives the matches of one scan in the order in which an engine finds
// them. It lives on the scanning function's stack.
type sink struct {
	what  want
	dst   []Match
	base  int // dst[base:] is this scan's
	most  int
	full  bool // dst[base:] is a max-heap of most matches
	found bool

	// across, unless 0, is an offset: only matches that begin before and end after
	// it are wanted.
	across int

	hit    uint64           // lists
	counts [MaxLists]uint32 // matches of each
}

// want is what a scan is asked for.
type want uint8

const (
	wantAny   want = iota // is there a match
	wantAll               // every match
	wantMost              // the first most matches
	wantCount             // matches per list
)

// reset forgets what was received, for a scan that starts again.
func (k *sink) reset() {
	k.dst, k.full, k.found, k.hit = k.dst[:k.base], false, false, 0
	clear(k.counts[:])
}

// add receives a match of every phrase of group g. It returns how much work
// that was, and whether the scan is to stop.
func (k *sink) add(s *Set, g uint32, start, end int) (work int, stop bool) {
	if k.across > 0 && (start >= k.across || end <= k.across) {
		return 1, false
	}
	k.found = true
	switch k.what {
	case wantAny:
		return 1, true
	case wantCount:
		tallies := s.tallies[s.groups[g].tally:s.groups[g+1].tally]
		k.count(tallies)
		return len(tallies), false
	case wantAll:
		members := s.members[s.groups[g].member:s.groups[g+1].member]
		for _, phrase := range members {
			k.dst = append(k.dst, Match{Phrase: phrase, Start: int32(start), End: int32(end)})
		}
		return len(members), false
	}
	for _, phrase := range s.members[s.groups[g].member:s.groups[g+1].member] {
		work += 8 // a heap's
		// Members ascend: once one comes too late, so do those after it.
		if !k.offer(Match{Phrase: phrase, Start: int32(start), End: int32(end)}) {
			break
		}
	}
	return work, false
}

// count adds tallies, saturating.
func (k *sink) count(tallies []tally) {
	for _, t := range tallies {
		k.hit |= 1 << t.list
		k.counts[t.list] = saturate(k.counts[t.list], t.matches)
	}
}

// saturate adds without wrapping around.
func saturate(a, b uint32) uint32 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxUint32
}

// offer keeps m if it is among the first most matches seen so far.
func (k *sink) offer(m Match) bool {
	own := k.dst[k.base:]
	if !k.full {
		k.dst = append(k.dst, m)
		if own = k.dst[k.base:]; len(own) == k.most {
			// In descending order the slice is a max-heap.
			slices.SortFunc(own, func(a, b Match) int { return compareMatches(b, a) })
			k.full = true
		}
		return true
	}
	if compareMatches(m, own[0]) >= 0 {
		return false
	}
	own[0] = m
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(own) {
			return true
		}
		if child+1 < len(own) && compareMatches(own[child+1], own[child]) > 0 {
			child++
		}
		if compareMatches(own[i], own[child]) >= 0 {
			return true
		}
		own[i], own[child] = own[child], own[i]
		i = child
	}
}

// done reports whether no match that starts at start or later can be wanted.
func (k *sink) done(start int) bool {
	return k.full && start > int(k.dst[k.base].Start)
}

// finish puts the matches in order.
func (k *sink) finish() []Match {
	if own := k.dst[k.base:]; !slices.IsSortedFunc(own, compareMatches) {
		slices.SortFunc(own, compareMatches)
	}
	return k.dst
}
