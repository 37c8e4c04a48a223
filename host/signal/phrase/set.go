package phrase

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// Limits of Compile.
const (
	MaxPhrases = 65_536
	MaxLen     = 1 << 10 // bytes of one phrase
	MaxTotal   = 2 << 20 // bytes of all phrases
	MaxLists   = 64
)

// maxFaults is how many faults one error of Compile names.
const maxFaults = 16

// Set is a compiled list of phrases. It is immutable: any number of goroutines
// may scan with it.
type Set struct {
	phrases int
	lists   int
	listOf  []uint8 // per phrase; nil for one list
	longest int

	canon   []byte  // canonical form of every group, one after the other
	groups  []group // in the order of their canonical forms, and one sentinel
	members []int32 // phrases of each group, ascending
	tallies []tally // members per list of each group
	fold    fold

	tiers     []tier
	automaton automaton
}

// group is the phrases that fold to the same characters. Where it ends in
// canon, members and tallies the next one begins.
type group struct {
	canon, member, tally uint32
	runes                uint16
	segment              uint16 // where in the canonical form the tier's windows begin
}

// tally is a number of matches of one list's phrases.
type tally struct {
	list    uint32
	matches uint32
}

// Compile compiles phrases as one list. Phrases may repeat; each is reported.
// An error names the index of every phrase at fault: one that is empty, not
// UTF-8 or longer than MaxLen; or says that there are more than MaxPhrases or
// that they have more than MaxTotal bytes. No phrases at all is a set that
// matches nothing.
func Compile(phrases []string) (*Set, error) {
	return CompileLists([][]string{phrases})
}

// CompileLists compiles several lists, at most MaxLists, into one set, so that
// Count can tell which of them a text matches. Phrases are numbered through:
// those of the second list follow those of the first.
func CompileLists(lists [][]string) (*Set, error) {
	return compile(lists, teddyRuns())
}

// compile is CompileLists; vector says whether tiers may use Teddy.
func compile(lists [][]string, vector bool) (*Set, error) {
	if err := checkLists(lists); err != nil {
		return nil, err
	}
	s := &Set{lists: len(lists)}
	type folded struct {
		canon  string
		phrase int32
		list   uint8
	}
	var all []folded
	runes := map[rune]bool{}
	for l, list := range lists {
		for _, p := range list {
			canon := make([]rune, 0, len(p))
			for _, r := range p {
				r = canonical(r)
				runes[r] = true
				canon = append(canon, r)
			}
			all = append(all, folded{string(canon), int32(len(all)), uint8(l)})
			if len(lists) > 1 {
				s.listOf = append(s.listOf, uint8(l))
			}
		}
	}
	s.phrases = len(all)
	s.fold = newFold(runes)
	slices.SortStableFunc(all, func(a, b folded) int {
		if a.canon < b.canon {
			return -1
		}
		if a.canon > b.canon {
			return 1
		}
		return 0
	})
	for i, f := range all {
		if i == 0 || f.canon != all[i-1].canon {
			s.addGroup(f.canon)
		}
		s.members = append(s.members, f.phrase)
		g := &s.groups[len(s.groups)-1]
		if n := len(s.tallies); n > int(g.tally) && s.tallies[n-1].list == uint32(f.list) {
			s.tallies[n-1].matches++
		} else {
			s.tallies = append(s.tallies, tally{list: uint32(f.list), matches: 1})
		}
	}
	s.groups = append(s.groups, group{canon: uint32(len(s.canon)), member: uint32(len(s.members)), tally: uint32(len(s.tallies))})
	s.canon, s.groups = slices.Clone(s.canon), slices.Clone(s.groups) // without append's reserve
	s.members, s.tallies = slices.Clone(s.members), slices.Clone(s.tallies)
	s.automaton = newAutomaton(s)
	s.tiers = plan(s, vector)
	return s, nil
}

func checkLists(lists [][]string) error {
	if len(lists) > MaxLists {
		return fmt.Errorf("compile phrases: %d lists exceed %d", len(lists), MaxLists)
	}
	count, total := 0, 0
	var faults []error
	fault := func(list, i int, format string, args ...any) {
		where := fmt.Sprintf("phrase %d", i)
		if len(lists) > 1 {
			where = fmt.Sprintf("list %d, phrase %d", list, i)
		}
		if len(faults) < maxFaults {
			faults = append(faults, fmt.Errorf("compile %s: "+format, append([]any{where}, args...)...))
		}
	}
	for l, list := range lists {
		count += len(list)
		for i, p := range list {
			total += len(p)
			switch {
			case p == "":
				fault(l, i, "is empty")
			case len(p) > MaxLen:
				fault(l, i, "%d bytes exceed %d", len(p), MaxLen)
			case !utf8.ValidString(p):
				fault(l, i, "is not UTF-8")
			}
		}
	}
	if count > MaxPhrases {
		return fmt.Errorf("compile phrases: %d phrases exceed %d", count, MaxPhrases)
	}
	if total > MaxTotal {
		return fmt.Errorf("compile phrases: %d bytes in all exceed %d", total, MaxTotal)
	}
	return errors.Join(faults...)
}

// addGroup begins the group of phrases that fold to canon.
func (s *Set) addGroup(canon string) {
	g := group{canon: uint32(len(s.canon)), member: uint32(len(s.members)), tally: uint32(len(s.tallies))}
	longest := 0
	for _, r := range canon {
		most := 0
		orbit(r, func(v rune) { most = max(most, utf8.RuneLen(v)) })
		g.runes++
		longest += most
	}
	s.longest = max(s.longest, longest)
	s.canon = append(s.canon, canon...)
	s.groups = append(s.groups, g)
}

// canonical returns the canonical form of group g.
func (s *Set) canonical(g uint32) []byte {
	return s.canon[s.groups[g].canon:s.groups[g+1].canon]
}

// Len returns the number of phrases.
func (s *Set) Len() int { return s.phrases }

// Lists returns the number of lists.
func (s *Set) Lists() int { return s.lists }

// List returns the list that a phrase is of. phrase is below Len.
func (s *Set) List(phrase int32) int {
	if s.listOf == nil {
		return 0
	}
	return int(s.listOf[phrase])
}

// Longest returns the most bytes that a match can span. That is more than the
// longest phrase has where a variant of a character is longer than it: `k` also
// matches the three bytes of U+212A. A reader of pieces keeps Longest()-1 bytes;
// Stream does that.
func (s *Set) Longest() int { return s.longest }

// Size returns the bytes of memory that s takes: about 30 per byte of the
// phrases, 16 to 20 for each window that its filters look for (tens a phrase, at most a million
// a tier and two tiers) and up to 300 KiB. It is below 64 per byte and 50 MiB.
func (s *Set) Size() int {
	n := int(unsafe.Sizeof(*s)) + cap(s.listOf) + cap(s.canon) + 4*cap(s.members) +
		cap(s.groups)*int(unsafe.Sizeof(group{})) + cap(s.tallies)*int(unsafe.Sizeof(tally{})) +
		cap(s.fold.pairs)*int(unsafe.Sizeof(foldPair{})) + s.automaton.size()
	for i := range s.tiers {
		n += s.tiers[i].bytes()
	}
	return n
}

// Append appends every match in text to dst, overlapping ones too, in the order
// of their start and then their phrase. A hostile list and text can have as
// many matches as bytes times MaxLen: where either is not trusted use
// AppendMost. Here and in the other methods what text has beyond 2 GiB is not looked
// at.
func (s *Set) Append(dst []Match, text []byte) []Match {
	k := sink{what: wantAll, dst: dst, base: len(dst)}
	s.scan(text, &k)
	return k.finish()
}

// AppendMost is Append that stops after the first most matches.
func (s *Set) AppendMost(dst []Match, text []byte, most int) []Match {
	if most <= 0 {
		return dst
	}
	k := sink{what: wantMost, dst: dst, base: len(dst), most: most}
	s.scan(text, &k)
	return k.finish()
}

// Contains reports whether any phrase occurs in text.
func (s *Set) Contains(text []byte) bool {
	k := sink{what: wantAny}
	s.scan(text, &k)
	return k.found
}

// Count adds to counts[l] the matches in text of the phrases of list l, for
// every l below len(counts), and returns a bitmap of the lists that match: bit l
// is list l. Counts saturate. The matches themselves are not kept, and however
// many there are the time is linear in text.
func (s *Set) Count(counts []uint32, text []byte) (lists uint64) {
	k := sink{what: wantCount}
	s.scan(text, &k)
	for hit := k.hit; hit != 0; hit &= hit - 1 {
		if l := bits.TrailingZeros64(hit); l < len(counts) {
			counts[l] = saturate(counts[l], k.counts[l])
		}
	}
	return k.hit
}
