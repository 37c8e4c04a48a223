package phrase

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// naive is the reference that every implementation is held to: at every offset
// it compares every phrase character by character.
func naive(lists [][]string, text []byte) []Match {
	var phrases []string
	for _, l := range lists {
		phrases = append(phrases, l...)
	}
	var out []Match
	for start := range text {
		for i, p := range phrases {
			if end, ok := naiveAt(p, text, start); ok {
				out = append(out, Match{Phrase: int32(i), Start: int32(start), End: int32(end)})
			}
		}
	}
	return out
}

func naiveAt(phrase string, text []byte, at int) (end int, ok bool) {
	for _, want := range phrase {
		r, size := utf8.DecodeRune(text[at:])
		if size == 0 || r == utf8.RuneError && size == 1 || !folds(r, want) {
			return 0, false
		}
		at += size
	}
	return at, true
}

func folds(a, b rune) bool {
	for f := unicode.SimpleFold(a); ; f = unicode.SimpleFold(f) {
		if f == b || a == b {
			return true
		}
		if f == a {
			return false
		}
	}
}

// failer is a *testing.T, a *testing.B or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// hold compares every method of s with the reference.
func hold(t failer, s *Set, lists [][]string, text []byte) {
	t.Helper()
	want := naive(lists, text)
	if got := s.Append(nil, text); !slices.Equal(got, want) {
		t.Fatalf("lists %q\ntext %q\ngot  %v\nwant %v", lists, text, brief(got), brief(want))
	}
	if got := s.Contains(text); got != (len(want) > 0) {
		t.Fatalf("lists %q text %q: Contains %v, want %v", lists, text, got, len(want) > 0)
	}
	before := Match{Phrase: -1}
	for _, most := range []int{0, 1, 2, 3, 7, len(want), len(want) + 1} {
		got := s.AppendMost([]Match{before}, text, most)
		if got[0] != before || !slices.Equal(got[1:], want[:min(most, len(want))]) {
			t.Fatalf("lists %q text %q most %d:\ngot  %v\nwant %v", lists, text, most, brief(got[1:]), brief(want[:min(most, len(want))]))
		}
	}
	wantCounts, wantHit := make([]uint32, len(lists)), uint64(0)
	for _, m := range want {
		wantCounts[s.List(m.Phrase)]++
		wantHit |= 1 << s.List(m.Phrase)
	}
	counts := make([]uint32, len(lists))
	if hit := s.Count(counts, text); hit != wantHit || !slices.Equal(counts, wantCounts) {
		t.Fatalf("lists %q text %q: Count %v %b, want %v %b", lists, text, counts, hit, wantCounts, wantHit)
	}
	if len(want) > 0 {
		if l := want[0].End - want[0].Start; int(l) > s.Longest() {
			t.Fatalf("lists %q text %q: a match of %d bytes, Longest is %d", lists, text, l, s.Longest())
		}
	}
}

func brief(m []Match) []Match { return m[:min(len(m), 20)] }
