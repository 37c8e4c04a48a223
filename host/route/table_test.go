package route

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	table := New([]Rule{
		{Models: []string{"gpt-*", "o3"}},
		{Paths: []string{"/v1/messages*"}},
		{Models: []string{"*"}, Paths: []string{"/v1/*"}},
	})
	for _, c := range []struct {
		path, model string
		want        int
	}{
		{"/v1/chat/completions", "gpt-4o", 0},
		{"/v1/chat/completions", "o3", 0},
		{"/v1/chat/completions", "o3-mini", 2},
		{"/v1/messages", "claude", 1},
		{"/v1/messages/count_tokens", "claude", 1},
		{"/v1/models", "", 0},
		{"/other", "llama", -1},
	} {
		if got := table.Match(c.path, c.model); got != c.want {
			t.Errorf("Match(%q, %q) = %d, want %d", c.path, c.model, got, c.want)
		}
	}
	if New(nil).Match("/v1/models", "") != -1 {
		t.Error("an empty table matched")
	}
}

// path.Match agrees on patterns of letters and stars, as its * stops at slashes
// and there are none here.
func TestGlobAgreesWithPathMatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab]{0,12}`).Draw(t, "s")
		want, err := path.Match(pattern, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := Glob(pattern, s); got != want {
			t.Fatalf("Glob(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestMatchAllocatesNothing(t *testing.T) {
	table := New([]Rule{{Models: []string{"a*", "b*"}}, {Paths: []string{"/v1/*"}}})
	if n := testing.AllocsPerRun(100, func() { table.Match("/v1/chat/completions", "llama") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGlobWorstCase(b *testing.B) {
	pattern, s := strings.Repeat("*a", 20)+"b", strings.Repeat("a", 200)
	b.ReportAllocs()
	for b.Loop() {
		Glob(pattern, s)
	}
}
