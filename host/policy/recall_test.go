package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy/memo"
	"weir/sdk/abi"
)

// judge scores every message it is shown by its length, and remembers what it saw: "i:text" for a message, "(i:text)" for context.
type judge struct {
	*fake
	saw  []string
	memo []frame.Score
}

func newJudge(context frame.Context) *judge {
	j := new(judge)
	j.fake = hook(abi.HookRequest, func(f *frame.Frame, w *writer) *frame.Fault {
		j.saw = nil
		parts, _ := f.Parts()
		lengths := map[uint32]uint32{}
		for i := range parts.Len() {
			p := parts.At(i)
			text, ok := f.Text(p.Offset, p.Length)
			if !ok {
				return frame.Faultf(frame.Trap, "a part without text")
			}
			shown := fmt.Sprintf("%d:%s", int32(p.Message), text)
			if p.Flags&abi.PartContext != 0 {
				shown = "(" + shown + ")"
			} else if p.Message != abi.None {
				lengths[p.Message] += p.Length
			}
			j.saw = append(j.saw, shown)
		}
		for m, n := range lengths {
			w.Score(float64(n), int32(m), "length")
		}
		j.memo, _ = f.Scores(abi.SectionMemo)
		return nil
	}).with(func(m *frame.Manifest) { m.PerMessage = context })
	return j
}

func newMemo(tb testing.TB) *memo.Memo {
	tb.Helper()
	m, err := memo.New(1 << 20)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// chat is a body with these messages, roles by their first letter: "u:hello".
func chat(messages ...string) string {
	var b strings.Builder
	b.WriteString(`{"model":"m","messages":[`)
	for i, m := range messages {
		if i > 0 {
			b.WriteByte(',')
		}
		role := map[byte]string{'s': "system", 'u': "user", 'a': "assistant", 't': "tool"}[m[0]]
		fmt.Fprintf(&b, `{"role":%q,"content":%q}`, role, m[2:])
	}
	return b.String() + "]}"
}

func TestOnlyNewMessagesAreShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	for name, test := range map[string]struct {
		context frame.Context
		turns   [][]string
		saw     []string // of each turn
		memo    []int    // scores handed along
	}{
		"no context": {frame.ContextNone,
			[][]string{{"s:Be brief", "u:one"}, {"s:Be brief", "u:one", "a:two", "u:three"}, {"s:Be brief", "u:one", "a:two", "u:three"}, {"s:Be curt", "u:one", "u:two"}},
			[]string{"0:Be brief 1:one", "2:two 3:three", "", "0:Be curt 2:two"}, []int{0, 2, 4, 1}},
		"the tail": {frame.ContextTail,
			[][]string{{"u:one"}, {"u:one", "a:two"}, {"u:one", "a:two", "u:" + long}, {"u:one", "a:two", "u:" + long, "a:x", "u:y"}, {"u:ONE", "a:two"}},
			[]string{"0:one", "(0:one) 1:two", "(0:one) (1:two) 2:" + long, "(2:" + long[:512] + ") 3:x 4:y", "0:ONE 1:two"}, []int{0, 1, 2, 3, 0}},
		"the user": {frame.ContextUser,
			[][]string{{"s:S", "u:one", "a:two"}, {"s:S", "u:one", "a:two", "a:three", "t:four"}, {"s:S", "u:other", "a:two"}, {"s:S", "u:one", "a:five", "u:six", "a:seven"}},
			[]string{"0:S 1:one 2:two", "(1:one) 3:three 4:four", "1:other 2:two", "(1:one) 2:five 3:six 4:seven"}, []int{0, 3, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJudge(test.context)
			figures := new(counts)
			chain := NewChain("acme", before(j.fake), Options{Memo: newMemo(t), Observer: figures})
			for i, messages := range test.turns {
				r := new(Run)
				if _, refusal := r.Request(chain, subject(t, chat(messages...))); refusal != nil {
					t.Fatal(refusal.Err.Message)
				}
				if got := strings.Join(j.saw, " "); got != test.saw[i] {
					t.Errorf("turn %d: saw %s\nwant %s", i, got, test.saw[i])
				}
				if len(j.memo) != test.memo[i] {
					t.Errorf("turn %d: %d scores handed along, want %d", i, len(j.memo), test.memo[i])
				}
				checkLengths(t, r, messages)
			}
			if figures.hits == 0 || figures.misses == 0 {
				t.Errorf("hits %d, misses %d", figures.hits, figures.misses)
			}
		})
	}
}

// checkLengths holds the scores of a run to the messages, however they came by.
func checkLengths(tb rapid.TB, r *Run, messages []string) {
	tb.Helper()
	if len(r.Scores()) != len(messages) {
		tb.Fatalf("%d scores of %d messages", len(r.Scores()), len(messages))
	}
	for _, s := range r.Scores() {
		if want := len(messages[s.Message]) - 2; s.Value != float64(want) || string(s.Name) != "length" {
			tb.Errorf("message %d has score %v, want %d", s.Message, s.Value, want)
		}
	}
}

// TestMemoSaysWhatThePluginWould is a property: over any conversation the scores of a run are those without a memo.
func TestMemoSaysWhatThePluginWould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := newJudge(rapid.SampledFrom([]frame.Context{frame.ContextNone, frame.ContextTail, frame.ContextUser}).Draw(t, "context"))
		m, err := memo.New(1 << 16)
		if err != nil {
			t.Fatal(err)
		}
		chain := NewChain("acme", before(j.fake), Options{Memo: m})
		word := rapid.SampledFrom([]string{"u:a", "a:bb", "s:ccc", "u:" + strings.Repeat("d", 300), "a:" + strings.Repeat("ü", 300), "t:", "u:f"})
		for range rapid.IntRange(1, 6).Draw(t, "turns") {
			messages := rapid.SliceOfN(word, 1, 8).Draw(t, "messages")
			q := new(dialect.Request)
			if err := q.Parse(dialect.Chat, []byte(chat(messages...))); err != nil {
				t.Fatal(err)
			}
			r := new(Run)
			if _, refusal := r.Request(chain, &Subject{Tenant: "acme", Request: q, Facts: newKnown()}); refusal != nil {
				t.Fatal(refusal.Err.Message)
			}
			if classes(r) != "p0:none" {
				t.Fatal(classes(r))
			}
			// An empty message has no part, so the judge does not score it.
			messages = append([]string(nil), messages...)
			for _, s := range r.Scores() {
				if s.Value != float64(len(messages[s.Message])-2) {
					t.Fatalf("message %d has score %v", s.Message, s.Value)
				}
			}
			scored := map[int32]bool{}
			for _, s := range r.Scores() {
				scored[s.Message] = true
			}
			for i := range messages {
				if len(messages[i]) > 2 && !scored[int32(i)] {
					t.Fatalf("message %d has no score", i)
				}
			}
		}
	})
}

// TestNotRemembered has verdicts and calls that must not be remembered.
func TestNotRemembered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		say      func(*writer)
		fault    frame.Class
		stateful bool
		kept     bool
	}{
		"nothing said":        {say: func(*writer) {}, kept: true},
		"scores":              {say: func(w *writer) { w.Score(1, 0, "a"); w.Score(1, 1, "b") }, kept: true},
		"a score of all":      {say: func(w *writer) { w.Score(1, -1, "a") }},
		"a tag":               {say: func(w *writer) { w.Score(1, 0, "a"); w.Tag("t", "v") }},
		"a denial":            {say: func(w *writer) { w.Deny(0, "", "") }},
		"an edit":             {say: func(w *writer) { w.Edit(0, 0, 0, "") }},
		"a fault":             {say: func(*writer) {}, fault: frame.Trap},
		"a bad verdict":       {say: func(w *writer) { w.Hold(1) }},
		"a plugin with state": {say: func(*writer) {}, stateful: true},
		"too many scores": {say: func(w *writer) {
			for i := range 5 {
				w.Score(1, 0, fmt.Sprint(i))
				w.Score(1, 1, fmt.Sprint(i))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := 0
			p := hook(abi.HookRequest, func(f *frame.Frame, w *writer) *frame.Fault {
				parts, _ := f.Parts()
				shown = parts.Len()
				if test.say(w); test.fault != frame.ClassNone {
					return frame.Faultf(test.fault, "as the test wants")
				}
				return nil
			}).with(func(m *frame.Manifest) { m.PerMessage = frame.ContextNone })
			s := before(p)
			s.Before[0].Source = stateful{p, test.stateful}
			chain := NewChain("acme", s, Options{Memo: newMemo(t)})
			for range 2 {
				_, _ = new(Run).Request(chain, subject(t, chat("s:x", "u:y")))
			}
			if (shown == 0) != test.kept {
				t.Errorf("%d parts shown the second time", shown)
			}
		})
	}
}

// stateful is a plugin whose runtime says that it read state.
type stateful struct {
	*fake
	yes bool
}

func (s stateful) For(string) Plugin { return s }
func (s stateful) Call(c *frame.Call) *frame.Fault {
	fault := s.fake.Call(c)
	c.Stateful = s.yes
	return fault
}

// TestMemoIsKeyedByAll has other tenants, modules and settings find nothing.
func TestMemoIsKeyedByAll(t *testing.T) {
	t.Parallel()
	m := newMemo(t)
	first, second := newJudge(frame.ContextNone), newJudge(frame.ContextNone)
	second.digest = "another"
	ask := func(tenant string, j *judge) int {
		_, _ = new(Run).Request(NewChain(tenant, before(j.fake), Options{Memo: m}), subject(t, chat("u:x")))
		return len(j.saw)
	}
	if got := []int{ask("a", first), ask("a", first), ask("b", first), ask("a", second), ask("a", second)}; !slices.Equal(got, []int{1, 0, 1, 1, 0}) {
		t.Errorf("parts shown: %v", got)
	}
}

// TestOutsideMessages has tools remembered as one message, and TOOLS name what is shown.
func TestOutsideMessages(t *testing.T) {
	t.Parallel()
	const tools = `"tools":[{"type":"function","function":{"name":"f","description":"Does."}}]`
	var names []string
	p := hook(abi.HookRequest, func(f *frame.Frame, _ *writer) *frame.Fault {
		parts, _ := f.Parts()
		list, _ := f.Tools()
		names = nil
		for i := range list.Len() {
			tool := list.At(i)
			if tool.Name == abi.None {
				names = append(names, "-")
				continue
			}
			part := parts.At(int(tool.Name))
			text, _ := f.Text(part.Offset, part.Length)
			names = append(names, string(text))
		}
		if info, _ := f.Request(); int(info.Parts) != parts.Len() {
			return frame.Faultf(frame.Trap, "REQUEST tells of %d parts", info.Parts)
		}
		return nil
	}).with(func(m *frame.Manifest) { m.PerMessage = frame.ContextNone })
	chain := NewChain("acme", before(p), Options{Memo: newMemo(t)})
	for _, step := range []struct{ body, names string }{
		{`{"model":"m",` + tools + `,"messages":[{"role":"user","content":"x"}]}`, "f"},
		{`{"model":"m","messages":[{"role":"user","content":"y"}],` + tools + `}`, "-"},
		{`{"model":"m","messages":[{"role":"user","content":"z"}],` + strings.Replace(tools, "Does", "Hides", 1) + `}`, "f"},
	} {
		r := new(Run)
		_, _ = r.Request(chain, subject(t, step.body))
		if got := strings.Join(names, " "); got != step.names || classes(r) != "p0:none" {
			t.Errorf("%s: tools %s, want %s (%s)", step.body, got, step.names, classes(r))
		}
	}
}

// TestInsertMovesScores has scores follow their messages, those just given and those remembered.
func TestInsertMovesScores(t *testing.T) {
	t.Parallel()
	j := newJudge(frame.ContextNone)
	insert := say(func(w *writer) {
		w.Insert(1, abi.RoleSystem, "new")
		w.Score(1, 1, "own")
		w.Insert(abi.None, abi.RoleUser, "last")
	})
	chain := NewChain("acme", before(j.fake, insert), Options{Memo: newMemo(t)})
	for range 2 {
		r := new(Run)
		d, _ := r.Request(chain, subject(t, chat("s:x", "u:yy")))
		if len(d.Request.Messages) != 4 || classes(r) != "p0:none p1:none" {
			t.Fatal(classes(r))
		}
		var got []string
		for _, s := range r.Scores() {
			got = append(got, fmt.Sprintf("%s %d %v", s.Name, s.Message, s.Value))
		}
		slices.Sort(got)
		if want := "length 0 1, length 2 2, own 2 1"; strings.Join(got, ", ") != want {
			t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
		}
	}
	// Words of the system become a part of Anthropic's system prompt: no message is added.
	q := new(dialect.Request)
	if err := q.Parse(dialect.Messages, []byte(`{"model":"m","max_tokens":1,"system":"s","messages":[{"role":"user","content":"u"}]}`)); err != nil {
		t.Fatal(err)
	}
	s := subject(t, chatBody)
	s.Request = q
	r := new(Run)
	d, _ := r.Request(NewChain("acme", before(say(func(w *writer) { w.Score(1, 1, "s"); w.Insert(0, abi.RoleSystem, "new") })), Options{}), s)
	if len(d.Request.Messages) != 2 || r.Scores()[0].Message != 1 || !bytes.Contains(d.Request.Body, []byte("new")) {
		t.Errorf("%s %v", d.Request.Body, r.Scores())
	}
}

func TestRecallAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, context := range []frame.Context{frame.ContextNone, frame.ContextTail, frame.ContextUser} {
		chain, s := perMessage(t, context), subject(t, conversation(20, 700))
		var r Run
		if n := testing.AllocsPerRun(100, func() {
			r.Reset()
			_, _ = r.Request(chain, s)
		}); n != 0 {
			t.Errorf("context %d: %v allocations", context, n)
		}
	}
}

// conversation is n messages of that many bytes.
func conversation(n, size int) string {
	var messages []string
	for i := range n {
		messages = append(messages, "ua"[i%2:i%2+1]+":"+strings.Repeat(fmt.Sprintf("message %d ", i), size/10))
	}
	return chat(messages...)
}

func perMessage(tb testing.TB, context frame.Context) *Chain {
	tb.Helper()
	p := &still{room: make([]byte, 1<<20)}
	p.plain()
	p.manifest.PerMessage = context
	return NewChain("acme", Spec{Before: []*Entry{entry("p", p)}}, Options{Memo: newMemo(tb)})
}

// BenchmarkRecall is a request of a conversation of which all but the last message are known, and that message alone.
func BenchmarkRecall(b *testing.B) {
	for _, c := range []struct {
		name     string
		messages int
		context  frame.Context
	}{{"new", 1, frame.ContextNone}, {"turn20", 20, frame.ContextNone}, {"turn20/tail", 20, frame.ContextTail}, {"turn20/user", 20, frame.ContextUser}} {
		b.Run(c.name, func(b *testing.B) {
			chain := perMessage(b, c.context)
			var last [64]*Subject
			for i := range last {
				last[i] = subject(b, strings.Replace(conversation(c.messages, 700), fmt.Sprintf("message %d", c.messages-1), fmt.Sprint("other ", i), 1))
			}
			var r Run
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Reset()
				_, _ = r.Request(chain, last[i%len(last)])
			}
		})
	}
}
