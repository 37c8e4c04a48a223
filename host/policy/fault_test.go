package policy

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// counts are a test's figures.
type counts struct {
	mu     sync.Mutex
	calls  []Verdict
	opened []bool
	hits   int
	misses int
	names  []string
}

func (c *counts) Series(plugin, tenant string) Series {
	c.names = append(c.names, plugin+"@"+tenant)
	return c
}

func (c *counts) Called(v *Verdict, _ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, *v)
}

func (c *counts) Breaker(_ abi.Hook, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = append(c.opened, open)
}

func (c *counts) Memo(hits, misses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hits, c.misses = c.hits+hits, c.misses+misses
}

func TestFailModes(t *testing.T) {
	t.Parallel()
	guard := func(m *frame.Manifest) { m.Guard = true }
	says := func(mode frame.OnError) func(*frame.Manifest) {
		return func(m *frame.Manifest) { m.OnError = mode }
	}
	none := func(*frame.Manifest) {}
	for _, test := range []struct {
		name     string
		manifest func(*frame.Manifest)
		entry    func(*Entry)
		class    frame.Class
		deny     bool
	}{
		{"nobody says", none, nil, frame.Trap, false},
		{"a guard", guard, nil, frame.Trap, true},
		{"a guard by its entry", none, func(e *Entry) { e.Guard = true }, frame.Fuel, true},
		{"the manifest", says(frame.OnErrorDeny), nil, frame.Deadline, true},
		{"the manifest of a guard", func(m *frame.Manifest) { m.Guard, m.OnError = true, frame.OnErrorAllow }, nil, frame.Trap, false},
		{"the entry beats the manifest", says(frame.OnErrorAllow), func(e *Entry) { e.OnError = frame.OnErrorDeny }, frame.Trap, true},
		{"the class beats the entry", none, func(e *Entry) { e.OnError, e.OnClass[frame.Busy] = frame.OnErrorDeny, frame.OnErrorAllow }, frame.Busy, false},
		{"another class", none, func(e *Entry) { e.OnError, e.OnClass[frame.Busy] = frame.OnErrorDeny, frame.OnErrorAllow }, frame.Trap, true},
		{"observe", guard, func(e *Entry) { e.OnError, e.Mode = frame.OnErrorDeny, Observe }, frame.Trap, false},
		{"a verdict", guard, nil, frame.BadVerdict, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := broken(test.class).with(test.manifest)
			if test.class == frame.BadVerdict {
				p = say(func(w *writer) { w.Hold(1) }).with(test.manifest)
			}
			e := entry("p", p)
			if test.entry != nil {
				test.entry(e)
			}
			next := say(nil)
			r, d, refusal := run(t, Spec{Before: []*Entry{e, entry("next", next)}})
			if (refusal != nil) != test.deny || (d == nil) != test.deny || (len(next.seen()) == 0) != test.deny {
				t.Fatalf("refused: %v", refusal)
			}
			if v := r.Verdicts()[0]; v.Fault != test.class || v.Denied != test.deny {
				t.Errorf("%+v", v)
			}
			if refusal == nil {
				return
			}
			if refusal.Status != 503 || refusal.Err.Kind != dialect.Unavailable || refusal.Err.Code != CodeUnavailable || !refusal.Fault ||
				refusal.Err.NoRetry || refusal.Err.RetryAfter != time.Second || strings.Contains(refusal.Err.Message, "as the test wants") ||
				!strings.Contains(refusal.Err.Message, `"p"`) {
				t.Errorf("%+v", refusal)
			}
		})
	}
}

func TestFault25_PluginThatWasNotLoaded(t *testing.T) {
	t.Parallel()
	for mode, deny := range map[frame.OnError]bool{frame.OnErrorUnset: true, frame.OnErrorDeny: true, frame.OnErrorAllow: false} {
		e := &Entry{Name: "gone", OnLoadError: mode, LoadError: "the digest is another"}
		r, d, refusal := run(t, Spec{Before: []*Entry{e}})
		if (refusal != nil) != deny || r.Verdicts()[0].Fault != frame.Load || r.Verdicts()[0].Calls != 0 {
			t.Errorf("%v: %v %v", mode, refusal, r.Verdicts())
		}
		if d != nil && r.Watchers() != 0 {
			t.Error("a plugin that does not exist watches the answer")
		}
		r.End(&End{})
	}
	off := &Entry{Name: "gone", Mode: Off}
	if c := NewChain("acme", Spec{Before: []*Entry{off}}, Options{}); !c.Empty() {
		t.Error("a plugin that is off is in the chain")
	}
}

// TestFault21_VerdictThatLies has verdicts whose lengths and counts cannot be: a typed fault, and nothing of them is taken.
func TestFault21_VerdictThatLies(t *testing.T) {
	t.Parallel()
	var w writer
	w.Exclude(abi.ByName, "a")
	w.Tag("t", "v")
	whole := w.Verdict()
	lies := [][]byte{whole[:len(whole)-1], append(bytes.Clone(whole), 1), append(bytes.Clone(whole), make([]byte, 8)...)}
	for _, at := range []int{4, 5, 6, 7, 12, 15} { // lengths of the first action and of its name
		b := bytes.Clone(whole)
		b[at] ^= 0x80
		lies = append(lies, b)
	}
	for i, b := range lies {
		r := new(Run)
		d, refusal := r.Request(NewChain("acme", Spec{After: []*Entry{entry("liar", verbatim(b, "1"))}}, Options{}), subject(t, chatBody))
		if refusal != nil || len(d.Exclude)+len(r.Tags()) > 0 || classes(r) != "liar:verdict" {
			t.Errorf("lie %d: %s %v", i, classes(r), d)
		}
	}
}

// TestFault22_HeadersThatAreNotForPlugins has plugins set what is reserved, announced or not, and what would be two lines.
func TestFault22_HeadersThatAreNotForPlugins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"authorization", "X-Api-Key", "api-key", "Cookie", "host", "Content-Length", "content-type", "Transfer-Encoding", "connection",
		"keep-alive", "te", "Upgrade", "x-weir-tenant", "X-Weir-Session", "anthropic-version", "Proxy-Authorization", "x_team", "X-Team\r\n",
	} {
		p := say(func(w *writer) { w.SetHeader(name, "v") }).
			with(func(m *frame.Manifest) { m.SetHeaders = []string{strings.ToLower(name), "x-team"} })
		if r, d, _ := run(t, before(p)); classes(r) != "p0:verdict" || len(d.Headers) > 0 {
			t.Errorf("%s was set: %s", name, classes(r))
		}
	}
	for _, value := range []string{"a\r\nx-weir-tenant: b", "a\nb", "\x00", " a"} {
		p := say(func(w *writer) { w.SetHeader("x-team", value) }).with(func(m *frame.Manifest) { m.SetHeaders = []string{"x-team"} })
		if r, d, _ := run(t, before(p)); classes(r) != "p0:verdict" || len(d.Headers) > 0 {
			t.Errorf("%q was set: %s", value, classes(r))
		}
	}
}

// TestBusyIsNobodysFault has faults that do not speak against the plugin.
func TestBusyIsNobodysFault(t *testing.T) {
	t.Parallel()
	p := broken(frame.Busy).also(abi.HookEnd, quiet)
	chain := NewChain("acme", before(p), Options{})
	for range 3 * breakerFaults {
		var r Run
		_, _ = r.Request(chain, subject(t, chatBody))
		if v := r.Verdicts()[0]; v.Fault != frame.Busy || v.Calls != 0 {
			t.Fatalf("%+v", v)
		}
		if r.End(&End{}); len(r.Verdicts()) != 1 {
			t.Fatal("on_end runs although on_request did not")
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	slow := func() *fake { f := say(nil); f.took = 2 * time.Millisecond; return f }
	first, watching, second, third, fourth := slow(), slow(), slow(), slow(), slow()
	s := before(first, watching, second, third, fourth)
	s.Budget, s.Name = 5*time.Millisecond, "default"
	s.Before[1].Mode = Observe
	s.Before[0].Deadline = time.Millisecond // the plugin itself sees to that
	chain := NewChain("acme", s, Options{})
	for range 2 * breakerFaults { // an exhausted budget opens no breaker
		r := new(Run)
		if _, refusal := r.Request(chain, subject(t, chatBody)); refusal != nil {
			t.Fatal(refusal.Err.Message)
		}
		if got := classes(r); got != "p0:none p1:none p2:none p3:none p4:deadline" {
			t.Fatal(got)
		}
	}
	for i, want := range []time.Duration{5 * time.Millisecond, 3 * time.Millisecond, 3 * time.Millisecond, time.Millisecond} {
		if got := []*fake{first, watching, second, third}[i].budget; got != want {
			t.Errorf("plugin %d may take %s", i, got)
		}
	}
	if !strings.Contains(chain.exhausted.Detail, "policies.default.budget") {
		t.Error(chain.exhausted.Detail)
	}
	s.Before[4].OnError = frame.OnErrorDeny
	if _, _, refusal := run(t, s); refusal == nil || !refusal.Fault {
		t.Error("the fail mode does not hold")
	}
}

// TestShortTimeIsExcused has a plugin run out of what the others left of the budget: its breaker stays closed.
func TestShortTimeIsExcused(t *testing.T) {
	t.Parallel()
	slow := say(nil)
	slow.took = 4 * time.Millisecond
	s := before(slow, broken(frame.Deadline))
	s.Budget = 5 * time.Millisecond
	s.Before[1].Deadline = 2 * time.Millisecond
	chain := NewChain("acme", s, Options{})
	for range 2 * breakerFaults {
		r := new(Run)
		if _, _ = r.Request(chain, subject(t, chatBody)); classes(r) != "p0:none p1:deadline" {
			t.Fatal(classes(r))
		}
	}
}

// TestOwnDeadlineIsBlamed has a plugin that is not the first run out of its own time, and the budget of others is no excuse.
func TestOwnDeadlineIsBlamed(t *testing.T) {
	t.Parallel()
	s := before(say(nil), broken(frame.Deadline))
	s.Budget = time.Minute
	s.Before[1].Deadline = 2 * time.Millisecond
	chain := NewChain("acme", s, Options{})
	for i := range 2 * breakerFaults {
		r := new(Run)
		_, _ = r.Request(chain, subject(t, chatBody))
		if want := "p0:none p1:deadline"; i < breakerFaults && classes(r) != want {
			t.Fatal(classes(r))
		} else if want = "p0:none p1:open"; i >= breakerFaults && classes(r) != want {
			t.Fatalf("call %d: %s", i, classes(r))
		}
	}
}

func TestUninspected(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}]}`
	for mode, deny := range map[frame.OnError]bool{frame.OnErrorUnset: false, frame.OnErrorAllow: false, frame.OnErrorDeny: true} {
		p := say(nil).also(abi.HookEnd, quiet)
		s := before(p)
		s.OnUninspected = mode
		r := new(Run)
		_, refusal := r.Request(NewChain("acme", s, Options{}), subject(t, body))
		if (refusal != nil) != deny || (len(p.seen()) == 0) != deny {
			t.Fatalf("%v: %v", mode, refusal)
		}
		if refusal != nil && (refusal.Status != 403 || refusal.Err.Code != CodeUninspected || !strings.HasSuffix(refusal.Err.Message, "images")) {
			t.Errorf("%+v", refusal)
		}
		if _, refusal := new(Run).Request(NewChain("acme", s, Options{}), subject(t, chatBody)); refusal != nil {
			t.Error("refused though everything can be read")
		}
	}
	if NewChain("acme", Spec{OnUninspected: frame.OnErrorDeny}, Options{}).Empty() || !NewChain("acme", Spec{}, Options{}).Empty() {
		t.Error("Empty is wrong")
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	figures := new(counts)
	s := before(say(func(w *writer) { w.Deny(0, "", "") }))
	s.Tenant = own(say(nil)).Tenant
	r := new(Run)
	_, _ = r.Request(NewChain("acme", s, Options{Observer: figures}), subject(t, chatBody))
	if strings.Join(figures.names, " ") != "p0@acme acme/p0@acme" || len(figures.calls) != 1 || !figures.calls[0].Denied {
		t.Errorf("%v %v", figures.names, figures.calls)
	}
}
