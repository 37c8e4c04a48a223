package policy

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/sdk/abi"
)

// fake is a plugin and its source in one. It reads the frame it is given as a guest would.
type fake struct {
	manifest *frame.Manifest
	digest   string

	on   map[abi.Hook]func(*frame.Frame, *frame.VerdictWriter) *frame.Fault
	took time.Duration // of each call

	mu     sync.Mutex
	calls  []abi.Hook
	last   *frame.Frame
	budget time.Duration // of the last call
}

func (f *fake) Manifest() *frame.Manifest { return f.manifest }
func (f *fake) Digest() string            { return f.digest }
func (f *fake) Config() string            { return "c" }
func (f *fake) For(string) Plugin         { return f }
func (f *fake) Has(h abi.Hook) bool       { _, ok := f.on[h]; return ok }

func (f *fake) Call(c *frame.Call) *frame.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := make([]byte, c.Frame.Size())
	for i := range b {
		b[i] = 0xa5
	}
	c.Frame.Encode(b)
	in, err := frame.Read(b)
	if err != nil {
		panic(err)
	}
	if in.Hook() != c.Hook {
		panic("the frame is another hook's")
	}
	f.calls, f.last, f.budget = append(f.calls, c.Hook), in, c.Budget
	var w frame.VerdictWriter
	fault := f.on[c.Hook](in, &w)
	c.End, c.Fuel, c.Size = c.Begin+int64(f.took), 7, len(b)
	c.Keep(w.Verdict())
	return fault
}

// seen are the hooks the plugin was called for.
func (f *fake) seen() []abi.Hook {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// say is a plugin that answers on_request so.
func say(verdict func(*frame.VerdictWriter)) *fake {
	return hook(abi.HookRequest, func(_ *frame.Frame, w *frame.VerdictWriter) *frame.Fault {
		if verdict != nil {
			verdict(w)
		}
		return nil
	})
}

// broken is a plugin whose on_request fails so.
func broken(class frame.Class) *fake {
	return hook(abi.HookRequest, func(*frame.Frame, *frame.VerdictWriter) *frame.Fault { return frame.Faultf(class, "as the test wants") })
}

// hook is a plugin with one hook, which is shown all it may be.
func hook(h abi.Hook, do func(*frame.Frame, *frame.VerdictWriter) *frame.Fault) *fake {
	f := &fake{
		manifest: &frame.Manifest{}, digest: "0123456789abcdef0123456789abcdef",
		on: map[abi.Hook]func(*frame.Frame, *frame.VerdictWriter) *frame.Fault{}, took: time.Microsecond,
	}
	return f.also(h, do)
}

func (f *fake) also(h abi.Hook, do func(*frame.Frame, *frame.VerdictWriter) *frame.Fault) *fake {
	f.on[h] = do
	f.manifest.Sections[h] = frame.SectionsOf(h)
	return f
}

// with changes the manifest.
func (f *fake) with(change func(*frame.Manifest)) *fake {
	change(f.manifest)
	return f
}

func quiet(*frame.Frame, *frame.VerdictWriter) *frame.Fault { return nil }

// entry is an entry of that name in mode enforce.
func entry(name string, s Source) *Entry { return &Entry{Name: name, Source: s} }

// known are facts about a request with the candidates a and b.
type known struct {
	signals signal.Vector
	chain   prefix.Chain
	targets []frame.Target
	headers map[string][]string
	asked   []string
}

func newKnown() *known {
	return &known{
		targets: []frame.Target{
			{Name: "a", Kind: "vllm", Data: "local", Weight: 1, Flags: abi.TargetHealthy, InFlight: 3, TTFT: 20e6, InputPrice: 1, OutputPrice: 2},
			{Name: "b", Kind: "openai", Data: "cloud", Weight: 1, Flags: abi.TargetHealthy, InFlight: 4, TTFT: 30e6, InputPrice: 3, OutputPrice: 4},
		},
		headers: map[string][]string{"user-agent": {"test/1"}, "x-team": {"red", "blue"}, "authorization": {"Bearer secret"}},
	}
}

func (k *known) Signals(q *dialect.Request) *signal.Vector {
	k.asked = append(k.asked, "signals")
	signal.Scan(&k.signals, q.Arena)
	return &k.signals
}

func (k *known) Keys(q *dialect.Request) *prefix.Chain {
	k.asked = append(k.asked, "keys")
	k.chain.Reset(1)
	for i := range q.Messages {
		m := &q.Messages[i]
		for p := m.Part; p < m.Part+m.Parts; p++ {
			k.chain.Text(q.Text(int(p)))
		}
		k.chain.Boundary(byte(m.Role))
	}
	return &k.chain
}

func (k *known) Targets() []frame.Target { return k.targets }

func (k *known) Header(name string, n int) ([]byte, bool) {
	if v := k.headers[name]; n < len(v) {
		return []byte(v[n]), true
	}
	return nil, false
}

func (k *known) Reach(what uint32, name []byte) Reach {
	switch s := string(name); {
	case what == abi.ByName && (s == "a" || s == "b"), what == abi.ByModel && strings.HasPrefix(s, "small"):
		return Candidate
	case s == "far" || s == "large":
		return Elsewhere
	}
	return Unknown
}

const chatBody = `{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Tell me a \"secret\" — ünd more"}],"stream":true,"max_tokens":100}`

// subject is a chat of that body.
func subject(tb testing.TB, body string) *Subject {
	tb.Helper()
	q := new(dialect.Request)
	if err := q.Parse(dialect.Chat, []byte(body)); err != nil {
		tb.Fatal(err)
	}
	return &Subject{
		Tenant: "acme", Route: "r", Model: "m", RequestID: "req-1", Session: []byte("s"), Request: q, Facts: newKnown(),
		Wall: time.Unix(1700000000, 0), Now: 1000,
	}
}

// run takes a chat through a chain of these entries.
func run(tb testing.TB, s Spec) (*Run, *Decision, *Refusal) {
	tb.Helper()
	r := new(Run)
	d, refusal := r.Request(NewChain("acme", s, Options{}), subject(tb, chatBody))
	return r, d, refusal
}

func before(plugins ...*fake) Spec {
	var s Spec
	for i, p := range plugins {
		s.Before = append(s.Before, entry(fmt.Sprintf("p%d", i), p))
	}
	return s
}

func own(plugins ...*fake) Spec {
	s := before(plugins...)
	s.Tenant, s.Before = s.Before, nil
	return s
}

// classes are the plugins and faults of a run's verdicts, in order.
func classes(r *Run) string {
	var all []string
	for _, v := range r.Verdicts() {
		all = append(all, v.Plugin+":"+v.Fault.String())
	}
	return strings.Join(all, " ")
}
