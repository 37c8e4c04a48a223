package plugins_test

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

// text is English of about that many bytes, in which no phrase of the benchmarks is.
func text(n int) string {
	const sentence = "The committee will meet again on Thursday to look at the figures of the third quarter. "
	return strings.Repeat(sentence, n/len(sentence)+1)[:n]
}

// BenchmarkPhrases is a request's whole way through a policy of this one plugin: frame, call, verdict.
func BenchmarkPhrases(b *testing.B) {
	var list []string
	for i := range 50 {
		list = append(list, quoted(fmt.Sprintf("forbidden phrase %d", i)))
	}
	config := `{"deny":[` + strings.Join(list, ",") + `],"redact":{"project cobalt":"[project]"},"stop":["internal only"],"tag":["urgent"]}`
	for _, size := range []int{1 << 10, 16 << 10} {
		for _, end := range []string{"", " about Project Cobalt", " forbidden phrase 7"} {
			name := map[string]string{"": "pass", " about Project Cobalt": "redact", " forbidden phrase 7": "deny"}[end]
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				c, run := chain(b, "phrases", config), new(policy.Run)
				s := &policy.Subject{Tenant: "acme", Model: "m", Request: parse(b, dialect.Chat, chat(text(size)+end)), Facts: facts{}}
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					run.Request(c, s)
					run.Reset()
				}
			})
		}
	}
}

// BenchmarkPhrasesDelta is one piece of an answer, as models stream them.
func BenchmarkPhrasesDelta(b *testing.B) {
	c, run := chain(b, "phrases", `{"redact":{"project cobalt":"[project]"},"stop":["internal only"]}`), new(policy.Run)
	request(b, run, c, dialect.Chat, chat("hello"))
	batch := pieceOf("The committee will meet")
	b.ReportAllocs()
	for b.Loop() {
		if r := run.Delta(0, &batch); r.Hold == 0 {
			b.Fatalf("%+v", r)
		}
	}
}

// TestPhrasesAllocateNothing: neither does the host for them.
func TestPhrasesAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	c, run := chain(t, "phrases", `{"deny":["forbidden"],"redact":{"secret":"x"},"stop":["halt"],"route":{"poem":"local"},"tag":["one"]}`), new(policy.Run)
	for _, words := range []string{"hello", "a secret", "a poem"} {
		s := &policy.Subject{Tenant: "acme", Model: "m", Request: parse(t, dialect.Chat, chat(text(1<<10)+words)), Facts: facts{}}
		batch := pieceOf(words)
		do := func() {
			run.Request(c, s)
			run.Delta(0, &batch)
			run.Reset()
		}
		do()
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%q: %v allocations", words, n)
		}
	}
}
