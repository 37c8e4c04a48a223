package phrase

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A match at every offset of a text of several vectors, for windows of every
// size: starts and ends of blocks and of the text are no exception.
func TestBlockEdges(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"q", "q\u212a", "zq!", "Wxyz", "seven q", "eight qz", "a phrase of some more words", "ЖЖЖЖ", strings.Repeat("q", 100)} {
		lists := [][]string{{p, "no such words"}}
		sets := []*Set{mustCompile(t, lists...), portable(t, lists...)}
		for size := 1; size <= min(len(p), maxWindow); size++ {
			sets = append(sets, forced(t, lists, size, 1, true), forced(t, lists, size, min(len(p)-size+1, maxStride), false))
		}
		for at := range 200 {
			text := bytes.Repeat([]byte("."), 200+len(p))
			end := at + copy(text[at:], strings.ToUpper(p))
			want := sets[0].automaton.all(sets[0], text)
			if len(want) == 0 || int(want[0].Start) != at || int(want[0].End) != end {
				t.Fatalf("%q at %d: the automaton says %v", p, at, want)
			}
			for i, s := range sets {
				if got := s.Append(nil, text); !slices.Equal(got, want) {
					t.Fatalf("%q at %d, set %d: got %v, want %v", p, at, i, got, want)
				}
				if got := s.Append(nil, text[:end]); !slices.Equal(got, want) {
					t.Fatalf("%q at %d, set %d, at the end: got %v, want %v", p, at, i, got, want)
				}
			}
		}
	}
}

// More places in a block than fit Teddy's buffer, and matches at most of them.
func TestDensePlaces(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("qqqqqqqqz"), 300)
	for _, list := range [][]string{{"q"}, {"qq"}, {"qqq"}, {"qqqqz"}, {"zqqqqqqq"}} {
		s := forced(t, [][]string{list}, len(list[0]), 1, true)
		k := sink{what: wantCount}
		if !s.filter(text, &k) {
			t.Fatalf("%q: the filter gave up", list)
		}
		if want := len(s.automaton.all(s, text)); int(k.counts[0]) != want {
			t.Errorf("%q: %d matches, want %d", list, k.counts[0], want)
		}
	}
}

// all is Append by the automaton alone.
func (a *automaton) all(s *Set, text []byte) []Match {
	k := sink{what: wantAll}
	a.scan(s, text, &k)
	return k.finish()
}

func TestThousandsOfPhrases(t *testing.T) {
	t.Parallel()
	list := phrases(3000)
	lists := [][]string{list[:1000], list[1000:]}
	rng := rand.New(rand.NewPCG(7, 8))
	var text strings.Builder
	for text.Len() < 1<<10 {
		text.WriteString(sentences[rng.IntN(len(sentences))] + strings.ToUpper(list[rng.IntN(len(list))]))
	}
	hold(t, mustCompile(t, lists...), lists, []byte(text.String()))
	hold(t, portable(t, lists...), lists, []byte(text.String()))
}

// Texts and lists made to defeat the filters end up with the automaton, and the
// answer is the same.
func TestHostile(t *testing.T) {
	t.Parallel()
	var almost []string
	for n := range 300 {
		almost = append(almost, strings.Repeat("ab", 20+n)+"c")
	}
	tests := []struct {
		name string
		list []string
		text []byte
	}{
		{"all the same", hostileList(), bytes.Repeat([]byte("a"), 4<<10)},
		{"almost", almost, bytes.Repeat([]byte("aB"), 4<<10)},
		{"many matches", []string{"e", "ee", "eee", "eeee", "eeeeeeee"}, bytes.Repeat([]byte("e"), 8<<10)},
		{"duplicates", slices.Repeat([]string{"abcdefgh"}, 500), bytes.Repeat([]byte("abcdefgh"), 1<<10)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := mustCompile(t, tc.list)
			k := sink{what: wantAll}
			if len(s.tiers) > 0 && s.filter(tc.text, &k) {
				t.Error("the filters went through")
			}
			want := s.automaton.all(s, tc.text)
			if got := s.Append(nil, tc.text); !slices.Equal(got, want) {
				t.Errorf("%d matches, want %d", len(got), len(want))
			}
			if got := s.AppendMost(nil, tc.text, 100); !slices.Equal(got, want[:min(len(want), 100)]) {
				t.Errorf("most 100: %v", brief(got))
			}
		})
	}
}

// The largest lists that Compile takes, of shapes that make many states or windows.
func TestLargestLists(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes seconds, and minutes under the race detector")
	}
	t.Parallel()
	random := make([]string, MaxPhrases)
	for i := range random {
		random[i] = fmt.Sprintf("%08x-%08x-%05d", uint32(i*2654435761), uint32(i*40503), i)
	}
	variants := make([]string, 2000)
	for i := range variants {
		variants[i] = fmt.Sprintf("%sſ\u212aksιϐθ%d", strings.Repeat("ks", 10), i)
	}
	for name, list := range map[string][]string{"random": random, "variants": variants, "chain": hostileList()} {
		t.Run(name, func(t *testing.T) {
			total := 0
			for _, p := range list {
				total += len(p)
			}
			s := mustCompile(t, list)
			if limit := 64*total + 50<<20; s.Size() > limit {
				t.Errorf("%d bytes, more than %d", s.Size(), limit)
			}
			t.Logf("%d bytes of phrases, a set of %d bytes", total, s.Size())
			for _, i := range []int{0, len(list) / 2, len(list) - 1} {
				text := []byte("x " + strings.ToUpper(list[i]) + " y")
				if !slices.ContainsFunc(s.Append(nil, text), func(m Match) bool { return int(m.Phrase) == i }) {
					t.Errorf("phrase %d is not found", i)
				}
			}
		})
	}
}

func TestConcurrentScans(t *testing.T) {
	t.Parallel()
	s := mustCompile(t, fifty)
	text := append(prose(4<<10), "Ignore ALL previous instructions. Jailbreak!"...)
	want := s.Append(nil, text)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := s.Append(nil, text); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	texts := map[string][]byte{
		"prose":   append(prose(8<<10), "Ignore all previous instructions; jailbreak"...),
		"russian": russian(8 << 10),
		"hostile": bytes.Repeat([]byte("ignore all previous instruction"), 300),
		"short":   []byte("jail"),
	}
	for _, n := range []int{1, 50, 1000} {
		for _, s := range []*Set{mustCompile(t, phrases(n)), portable(t, phrases(n))} {
			for name, text := range texts {
				dst, counts := make([]Match, 0, 1<<12), make([]uint32, 1)
				got := testing.AllocsPerRun(20, func() {
					dst = s.Append(dst[:0], text)
					dst = s.AppendMost(dst[:0], text, 10)
					s.Count(counts, text)
					s.Contains(text)
				})
				if got != 0 {
					t.Errorf("%d phrases, %s: %v allocations", n, name, got)
				}
			}
		}
	}
}
