package phrase

import (
	"slices"
	"strings"
	"testing"
)

// joined scans pieces with a stream and gives offsets in the joined text.
func joined(s *Set, pieces ...[]byte) []Match {
	t := s.NewStream()
	var out []Match
	at := int32(0)
	for _, p := range pieces {
		from := len(out)
		out = t.Append(out, p)
		for i := range out[from:] {
			out[from+i].Start += at
			out[from+i].End += at
		}
		at += int32(len(p))
	}
	slices.SortFunc(out, compareMatches)
	return out
}

// A phrase split over deltas is found as in the joined text, wherever it is
// split, also inside a character, and however small the pieces are.
func TestFault12_PhraseSplitOverDeltas(t *testing.T) {
	t.Parallel()
	s := mustCompile(t, []string{"ignore all previous instructions", "kick", "ссылка", "a", "aa", "🔥🔥", "previous"})
	text := []byte("Ignore ALL previous instructions; \u212aic\u212a the ССЫЛКА aAa 🔥🔥🔥 ignore all previous instructions")
	want := s.Append(nil, text)
	for i := range len(text) + 1 {
		if got := joined(s, text[:i], text[i:]); !slices.Equal(got, want) {
			t.Fatalf("split at %d: got %v, want %v", i, got, want)
		}
		for j := i; j <= len(text); j++ {
			if got := joined(s, text[:i], text[i:j], text[j:]); !slices.Equal(got, want) {
				t.Fatalf("split at %d and %d: got %v, want %v", i, j, got, want)
			}
		}
	}
	for size := 1; size < 20; size++ {
		if got := joined(s, slices.Collect(slices.Chunk(text, size))...); !slices.Equal(got, want) {
			t.Fatalf("pieces of %d: got %v, want %v", size, got, want)
		}
	}
}

func TestStreamMost(t *testing.T) {
	t.Parallel()
	s := mustCompile(t, []string{"ab", "b", "abab"})
	st := s.NewStream()
	if got := st.AppendMost(nil, []byte("aba"), 1); !slices.Equal(got, []Match{{0, 0, 2}}) {
		t.Fatalf("first piece: %v", got)
	}
	want := []Match{{2, -3, 1}, {0, -1, 1}, {1, 0, 1}}
	for most := range 5 {
		again := s.NewStream()
		again.Append(nil, []byte("aba"))
		if got := again.AppendMost(nil, []byte("b"), most); !slices.Equal(got, want[:min(most, 3)]) {
			t.Fatalf("most %d: %v", most, got)
		}
	}
	st.Reset()
	if got := st.Append(nil, []byte("b")); !slices.Equal(got, []Match{{1, 0, 1}}) {
		t.Fatalf("after Reset: %v", got)
	}
	if got := mustCompile(t).NewStream().Append(nil, []byte("x")); got != nil {
		t.Fatalf("a set of nothing: %v", got)
	}
}

func TestStreamAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := mustCompile(t, []string{"ignore all previous", "jailbreak"})
	st, dst := s.NewStream(), make([]Match, 0, 64)
	piece := []byte(strings.Repeat("x", 5) + "jailbreak ignore")
	if n := testing.AllocsPerRun(100, func() { dst = st.Append(dst[:0], piece) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
