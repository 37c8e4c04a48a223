package prefix_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"weir/host/prefix"
)

func TestSeen(t *testing.T) {
	t.Parallel()
	text := randomBytes(1, 2000)
	system := message{1, text[:700]}
	question := message{2, text[700:1000]}
	s := prefix.NewSeen(0)
	for _, step := range []struct {
		name     string
		root     uint64
		messages []message
		want     int32
	}{
		{"nothing yet", 1, []message{system, question}, 0},
		{"the same again", 1, []message{system, question}, 1000},
		{"the next turn", 1, []message{system, question, {3, text[1000:1500]}, {2, text[1500:]}}, 1000},
		{"the turn after", 1, []message{system, question, {3, text[1000:1500]}, {2, text[1500:]}, {3, []byte("bye")}}, 2000},
		{"another question", 1, []message{system, {2, text[701:1000]}}, 700},
		{"other words after the second block", 1, []message{{1, text[:600]}}, 512},
		{"another tenant", 2, []message{system, question}, 0},
		{"an empty prompt", 1, nil, 0},
		{"an empty message", 1, []message{{1, nil}}, 0},
		{"an empty message again", 1, []message{{1, nil}}, 0},
		{"words after an empty message", 1, []message{{1, nil}, {2, []byte("words")}}, 0},
		{"first turn again", 1, []message{system, question}, 1000},
	} {
		if got := s.Observe(chainOf(step.root, step.messages...)); got != step.want {
			t.Errorf("%s: %d bytes seen, want %d", step.name, got, step.want)
		}
	}
}

// While all fits, Seen agrees with a map.
func TestSeenIsASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := prefix.NewSeen(1 << 14)
		known := map[uint64]bool{}
		alphabet := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) message {
			return message{rapid.ByteRange(0, 2).Draw(t, "role"), randomBytes(rapid.Uint64Range(0, 2).Draw(t, "text"), rapid.IntRange(0, 1000).Draw(t, "length"))}
		}), 2, 2).Draw(t, "alphabet")
		for range rapid.IntRange(1, 20).Draw(t, "prompts") {
			c := chainOf(rapid.Uint64Range(0, 1).Draw(t, "root"), rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 4).Draw(t, "messages")...)
			var want int32
			for i, key := range c.Keys {
				if known[key] {
					want = c.Ends[i]
				}
				known[key] = true
			}
			if got := s.Observe(c); got != want {
				t.Fatalf("%d bytes seen, want %d", got, want)
			}
		}
	})
}

// prompts are n prompts of some keys each, with nothing in common.
func prompts(seed uint64, n, keys int) []prefix.Chain {
	random := rand.New(rand.NewPCG(seed, 0))
	chains := make([]prefix.Chain, n)
	for i := range chains {
		for k := range keys {
			chains[i].Keys = append(chains[i].Keys, random.Uint64())
			chains[i].Ends = append(chains[i].Ends, int32((k+1)*prefix.Block))
		}
	}
	return chains
}

// replay observes every prompt and gives the share of their bytes that were seen.
func replay(s *prefix.Seen, chains []prefix.Chain) float64 {
	var seen, all float64
	for i := range chains {
		seen += float64(s.Observe(&chains[i]))
		all += float64(chains[i].Ends[len(chains[i].Ends)-1])
	}
	return seen / all
}

func TestSeenFindsAWorkingSetOfHalfItsSize(t *testing.T) {
	t.Parallel()
	for _, entries := range []int{1 << 10, 1 << 12, 1 << 14} {
		for _, keys := range []int{1, 3, 200} { // of a prompt; with one key each lost one counts
			for _, flood := range []int{0, 1, 3} { // sizes of the set in prompts that never return: the set is full of them before
				t.Run(fmt.Sprintf("%d entries, prompts of %d, %d floods", entries, keys, flood), func(t *testing.T) {
					t.Parallel()
					s := prefix.NewSeen(entries)
					replay(s, prompts(1, flood*entries/keys, keys))
					working := prompts(2, entries/2/keys, keys)
					if share := replay(s, working); share != 0 {
						t.Errorf("%.4f of new prompts was seen", share)
					}
					for round := range 3 {
						if share := replay(s, working); share < 0.995 {
							t.Errorf("round %d: %.4f found", round, share)
						}
					}
				})
			}
		}
	}
}

// Prompts in steady use stay although many times the set's size passes by.
func TestSeenKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	const entries = 1 << 12
	s := prefix.NewSeen(entries)
	working := prompts(1, entries/4/20, 20)
	passing := prompts(2, 20*entries/20, 20)
	replay(s, working)
	for round := range 80 {
		n := len(passing) / 80
		if share := replay(s, passing[round*n:][:n]); share != 0 {
			t.Fatalf("round %d: %.4f of new prompts was seen", round, share)
		}
		if share := replay(s, working); share < 0.99 {
			t.Fatalf("round %d: %.4f found", round, share)
		}
	}
}

// What is larger than the set is forgotten, and nothing breaks.
func TestSeenForgets(t *testing.T) {
	t.Parallel()
	s := prefix.NewSeen(1 << 10)
	first := prompts(1, 10, 20)
	replay(s, first)
	replay(s, prompts(2, 10<<10, 1))
	if share := replay(s, first); share > 0.05 {
		t.Errorf("%.4f is still known after ten times the set's size", share)
	}
	long := prompts(3, 1, 5000) // one prompt of five times the set's size, which pushes itself out
	replay(s, long)
	last := prompts(4, 20, 20)
	replay(s, last)
	if share := replay(s, last); share < 0.99 {
		t.Errorf("%.4f of what came last is known", share)
	}
}

func TestSeenInventsNothing(t *testing.T) {
	t.Parallel()
	s := prefix.NewSeen(1 << 12)
	replay(s, prompts(1, 1<<13/100, 100))
	unknown := prompts(2, 2000, 100)
	for i := range unknown {
		if got := s.Observe(&unknown[i]); got != 0 {
			t.Fatalf("prompt %d: %d bytes of what nobody sent", i, got)
		}
	}
}

// Many goroutines share prompts, and each also sends ones of its own, which are unknown until it has sent them.
func TestSeenConcurrently(t *testing.T) {
	t.Parallel()
	s := prefix.NewSeen(1 << 12)
	shared := prompts(1, 40, 30)
	replay(s, shared)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			own := prompts(uint64(100+g), 200, 10)
			for i := range own {
				if got := s.Observe(&own[i]); got != 0 {
					t.Errorf("goroutine %d, prompt %d: %d bytes of what nobody sent", g, i, got)
					return
				}
				c := &shared[(i+g)%len(shared)]
				if got := s.Observe(c); got > c.Ends[len(c.Ends)-1] || got%prefix.Block != 0 {
					t.Errorf("goroutine %d: %d is no end of the prompt", g, got)
					return
				}
			}
		})
	}
	wg.Wait()
	if share := replay(s, shared); share < 0.9 {
		t.Errorf("%.4f of the shared prompts is known", share)
	}
}

func TestSeenAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under the race detector")
	}
	s := prefix.NewSeen(0)
	known, fresh := prompts(1, 1, 200), prompts(2, 200, 200)
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		s.Observe(&known[0])
		s.Observe(&fresh[i])
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Thinned out, a prompt's beginning is found to that many blocks, and ends of
// messages exactly.
func TestSeenEvery(t *testing.T) {
	t.Parallel()
	s := prefix.NewSeen(1 << 10)
	s.Every = 4
	long := strings.Repeat("0123456789abcdef", 16*10) // ten blocks
	for _, step := range []struct {
		messages []string
		want     int32
	}{
		{[]string{long}, 0},
		{[]string{long}, 2560},
		{[]string{long, "more"}, 2560},
		{[]string{long[:6*256] + "other words"}, 4 * 256},
		{[]string{long[:3*256] + "other words"}, 0},
		{[]string{long, "more", "and more"}, 2564},
	} {
		var ms []message
		for _, text := range step.messages {
			ms = append(ms, message{1, []byte(text)})
		}
		if got := s.Observe(chainOf(1, ms...)); got != step.want {
			t.Errorf("%d messages, the first of %d bytes: %d, want %d", len(step.messages), len(step.messages[0]), got, step.want)
		}
	}
}
