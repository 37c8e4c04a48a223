package stream

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/dialect"
	"weir/host/policy"
)

func TestNothingEdited(t *testing.T) {
	t.Parallel()
	events := []string{": hello\r\n\r\n", said("Hi"), "id: 4\n" + said(" the\u00e9re"), chosen(1, "content", "You"), data(`{"choices":[],"usage":{"prompt_tokens":1}}`), finished, done}
	for _, plugins := range [][]*plugin{nil, {{delta: quiet}}, {holder(3), holder(100)}, {{delta: quiet, watcher: policy.Watcher{Bytes: 1000}}}} {
		s := open(t, dialect.Chat, plugins...)
		var out string
		for i, ev := range events {
			feed(t, s, ev)
			out += flush(t, s, int64(i+1)*tick, false)
		}
		if out += flush(t, s, 100*tick, true); out != strings.Join(events, "") {
			t.Errorf("%d plugins: %q", len(plugins), out)
		}
		if s.Edited() {
			t.Error("edited")
		}
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	p := holder(4)
	s := open(t, dialect.Chat, p)
	for i, step := range []struct{ ev, want string }{
		{said("ab"), ""}, {said("cdé"), said("ab")}, {said("f"), ""}, {data(`{"choices":[]}`), ""},
		{finished, said("cdé") + said("f") + data(`{"choices":[]}`) + finished}, {done, done},
	} {
		feed(t, s, step.ev)
		if got := flush(t, s, int64(i+1)*tick, false); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
	want := []string{"0.0 text ab", "0.0 text abcdé", "0.0 text cdéf", "0.0 text déf final"}
	if !slices.Equal(p.batches, want) { // é has two bytes
		t.Errorf("batches %q", p.batches)
	}
}

// TestHoldCutsNoCharacter: a character is held whole.
func TestHoldCutsNoCharacter(t *testing.T) {
	t.Parallel()
	p := holder(1)
	s := open(t, dialect.Chat, p)
	feed(t, s, said("a😀"))
	flush(t, s, 1, false)
	feed(t, s, said("b"))
	flush(t, s, 2, false)
	flush(t, s, 3, true)
	if want := []string{"0.0 text a😀", "0.0 text 😀b", "0.0 text b final"}; !slices.Equal(p.batches, want) {
		t.Errorf("batches %q, want %q", p.batches, want)
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, word, by string
		events, want   []string
	}{
		{"inside one", "secret", "[x]", []string{said("a secret b"), done}, []string{said("a [x] b"), done}},
		{"over three", "secret", "[x]", []string{said("a sec"), said("re"), said("t b"), said("c"), done}, []string{said("a [x]"), said(""), said(" b"), said("c"), done}},
		{"twice", "ab", "x", []string{said("aba"), said("bab"), finished}, []string{said("xx"), said("x"), finished}},
		{"to nothing", "ab", "", []string{said("a"), said("b"), finished}, []string{said(""), said(""), finished}},
		{"with the finish", "ab", "x", []string{said("a"), data(`{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]}`)}, []string{said("x"), data(`{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}`)}},
	} {
		for split := range 2 { // all at once, or one by one
			s := open(t, dialect.Chat, replacer(c.word, c.by))
			var out string
			for i, ev := range c.events {
				feed(t, s, ev)
				if split == 1 {
					out += flush(t, s, int64(i+1)*tick, false)
				}
			}
			out += flush(t, s, 100*tick, true)
			if want := strings.Join(c.want, ""); out != want {
				t.Errorf("%s, %d:\n got %q\nwant %q", c.name, split, out, want)
			}
			if !s.Edited() {
				t.Errorf("%s: not edited", c.name)
			}
		}
	}
}

// TestChain: later plugins see what earlier ones made of the text, and let go of.
func TestChain(t *testing.T) {
	t.Parallel()
	first, second := replacer("one", "two"), replacer("two", "three")
	s := open(t, dialect.Chat, first, second)
	var out string
	for i, ev := range []string{said("on"), said("e tw"), said("o"), finished, done} {
		feed(t, s, ev)
		out += flush(t, s, int64(i+1)*tick, false)
	}
	if got := text(t, dialect.Chat, out); got != "three three" {
		t.Errorf("%q", got)
	}
	if want := []string{"0.0 text two ", "0.0 text e t", "0.0 text  two final"}; !slices.Equal(second.batches, want) {
		t.Errorf("the second saw %q", second.batches)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	refusal := &policy.Refusal{Plugin: "p"}
	p := &plugin{delta: func(b *policy.Batch) policy.Reply {
		if strings.Contains(entry(b, 0), "bad") {
			return policy.Reply{Stop: refusal}
		}
		return policy.Reply{Hold: 2}
	}}
	s := open(t, dialect.Chat, p)
	feed(t, s, said("good "), said("words "), said("b"))
	if got := flush(t, s, 1, false); got != said("good ") {
		t.Errorf("%q", got)
	}
	feed(t, s, said("ad"), finished)
	out, got := s.Flush([]byte("before"), 2, false)
	if string(out) != "before" || got != refusal {
		t.Errorf("%q, %+v", out, got)
	}
	feed(t, s, said("more"), done)
	if out, got := s.Flush(nil, 3, true); len(out) > 0 || got != nil || s.Waiting() != 0 {
		t.Errorf("after the end: %q, %+v", out, got)
	}
}

// TestOut: what a plugin held that failed and may is let go.
func TestOut(t *testing.T) {
	t.Parallel()
	calls := 0
	failing := &plugin{delta: func(*policy.Batch) policy.Reply {
		calls++
		return policy.Reply{Hold: 100, Out: calls == 2}
	}}
	last := &plugin{delta: quiet}
	s := open(t, dialect.Chat, failing, last)
	feed(t, s, said("a"))
	if got := flush(t, s, 1, false); got != "" {
		t.Errorf("%q", got)
	}
	feed(t, s, said("b"))
	if got := flush(t, s, 2, false); got != said("a")+said("b") {
		t.Errorf("%q", got)
	}
	feed(t, s, said("c"), done)
	if got := flush(t, s, 3, false); got != said("c")+done {
		t.Errorf("%q", got)
	}
	if want := []string{"0.0 text ab", "0.0 text c final"}; calls != 2 || !slices.Equal(last.batches, want) {
		t.Errorf("%d calls; the next saw %q", calls, last.batches)
	}
}

// TestObserver: it sees what it would see if it enforced, and delays nothing.
func TestObserver(t *testing.T) {
	t.Parallel()
	events := []string{said("ab"), said("cd"), said("ef"), finished, done}
	run := func(observe bool) ([]string, []string) {
		p := holder(3)
		p.watcher.Observe = observe
		s := open(t, dialect.Chat, p)
		var out []string
		for i, ev := range events {
			feed(t, s, ev)
			out = append(out, flush(t, s, int64(i+1)*tick, false))
		}
		if s.q != nil {
			t.Error("something waits")
		}
		return p.batches, out
	}
	enforced, _ := run(false)
	observed, out := run(true)
	if !slices.Equal(enforced, observed) || len(observed) != 4 {
		t.Errorf("enforcing sees %q, observing %q", enforced, observed)
	}
	if !slices.Equal(out, events) {
		t.Errorf("delayed: %q", out)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	p := &plugin{delta: quiet, watcher: policy.Watcher{Bytes: 4, Every: 10 * time.Millisecond}}
	s := open(t, dialect.Chat, p)
	for _, step := range []struct {
		now      int64
		ev, want string
		due      int64
	}{
		{1 * tick, said("a"), "", 11 * tick},
		{2 * tick, said("bc"), "", 11 * tick},
		{3 * tick, said("d"), said("a") + said("bc") + said("d"), 0},
		{4 * tick, said("e"), "", 14 * tick},
		{13 * tick, "", "", 14 * tick},
		{14 * tick, "", said("e"), 0},
		{15 * tick, said("f") + "", "", 25 * tick},
		{16 * tick, finished, said("f") + finished, 0},
	} {
		if step.ev != "" {
			feed(t, s, step.ev)
		}
		if got := flush(t, s, step.now, false); got != step.want || s.Due() != step.due {
			t.Errorf("at %d: %q, due %d, want %q, %d", step.now/tick, got, s.Due(), step.want, step.due)
		}
	}
	if want := []string{"0.0 text abcd", "0.0 text e", "0.0 text f final"}; !slices.Equal(p.batches, want) {
		t.Errorf("batches %q", p.batches)
	}
}

// TestStrings: which text is one string, and when it is complete.
func TestStrings(t *testing.T) {
	t.Parallel()
	blockStop := typed(`{"type":"content_block_stop","index":0}`)
	for _, c := range []struct {
		name     string
		endpoint dialect.Endpoint
		events   []string
		want     []string
	}{
		{"one batch a flush", dialect.Chat, []string{said("a") + said("b") + chosen(1, "content", "c")}, []string{"0.0 text ab | 1.0 text c", "0.0 text ab | 1.0 text c final"}},
		{"reasoning ends where text begins", dialect.Chat, []string{reasoned("ab"), said("c"), done}, []string{"0.0 reasoning ab", "0.0 reasoning ab final", "0.0 text c", "0.0 text c final"}},
		{"calls are apart", dialect.Chat, []string{called(0, "{}"), called(1, "[]"), done}, []string{"0.0 tool {}", "0.0 tool {} final", "0.1 tool []", "0.1 tool [] final"}},
		{"choices end apart", dialect.Chat, []string{said("a") + chosen(1, "content", "b"), finished, chosen(1, "content", "c"), done},
			[]string{"0.0 text a | 1.0 text b", "0.0 text a final", "1.0 text bc", "1.0 text bc final"}},
		{"blocks go on", dialect.Messages, []string{anthropic("a"), blockStop, anthropicAt(1, "b"), typed(`{"type":"message_stop"}`)}, []string{"0.0 text a", "0.0 text ab", "0.0 text ab final"}},
		{"the end of blocks", dialect.Messages, []string{anthropic("a"), blockStop, typed(`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`)}, []string{"0.0 text a", "0.0 text a final"}},
	} {
		p := holder(10)
		s := open(t, c.endpoint, p)
		for i, ev := range c.events {
			for _, one := range cutEvents(t, ev) {
				feed(t, s, one)
			}
			flush(t, s, int64(i+1)*tick, false)
		}
		flush(t, s, 100*tick, true)
		if !slices.Equal(p.batches, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, p.batches, c.want)
		}
	}
}

// TestLinger: text behind whose block nothing comes is let go.
func TestLinger(t *testing.T) {
	t.Parallel()
	p := holder(10)
	s := open(t, dialect.Messages, p)
	stop := typed(`{"type":"content_block_stop","index":0}`)
	feed(t, s, anthropic("a"), stop)
	if got := flush(t, s, 5*tick, false); got != "" {
		t.Errorf("%q", got)
	}
	due := s.Due()
	if due != 5*tick+int64(Linger) {
		t.Fatalf("due at %d", due)
	}
	if got := flush(t, s, due-1, false); got != "" {
		t.Errorf("%q", got)
	}
	if got := flush(t, s, due, false); got != anthropic("a")+stop || s.Due() != 0 {
		t.Errorf("%q, due %d", got, s.Due())
	}
}

// TestOverrun: who keeps more waiting than may has failed.
func TestOverrun(t *testing.T) {
	t.Parallel()
	for _, deny := range []bool{false, true} {
		greedy, batching := holder(1<<20), &plugin{delta: quiet, watcher: policy.Watcher{Bytes: 1 << 20}}
		greedy.deny = deny
		s := new(Stream)
		s.Begin(chain{batching, greedy}, Options{Endpoint: dialect.Chat, Pending: 1000})
		var in, out string
		var refusal *policy.Refusal
		for i := 0; i < 100 && refusal == nil; i++ {
			ev := said("abc")
			in += ev
			feed(t, s, ev)
			var p []byte
			p, refusal = s.Flush(nil, int64(i+1)*tick, false)
			out += string(p)
			if s.Waiting() > 1000 {
				t.Fatalf("%d bytes wait", s.Waiting())
			}
		}
		if len(greedy.faults) != 1 || !strings.Contains(greedy.faults[0], "holds back") || len(batching.faults) > 0 || (refusal != nil) != deny {
			t.Errorf("faults %q, %q, refusal %+v", greedy.faults, batching.faults, refusal)
		}
		if !deny && out+flush(t, s, 1000*tick, true) != in {
			t.Error("something was lost")
		}
		s.Close()
	}
}

func TestGarbage(t *testing.T) {
	t.Parallel()
	s := open(t, dialect.Chat, &plugin{delta: quiet})
	if s.Event([]byte("data: [\n\n")) == nil {
		t.Error("no error")
	}
	feed(t, s, done)
	if got := flush(t, s, 1, true); got != done {
		t.Errorf("%q", got)
	}
}
