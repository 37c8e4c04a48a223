package proxy

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"weir/host/frame"
	"weir/host/policy"
	"weir/host/tenant"
	"weir/sdk/abi"
)

// fake is a plugin in native code that panics in one hook, and keeps a list of its calls.
type fake struct {
	panics abi.Hook

	mu    sync.Mutex
	calls []abi.Hook
}

func (f *fake) Manifest() *frame.Manifest { return frame.DefaultManifest(f.Has) }
func (*fake) Digest() string              { return "0123456789abcdef" }
func (*fake) Config() string              { return "" }
func (f *fake) For(string) policy.Plugin  { return f }
func (*fake) Has(h abi.Hook) bool {
	return h == abi.HookRequest || h == abi.HookDelta || h == abi.HookEnd
}

func (f *fake) Call(c *frame.Call) *frame.Fault {
	f.mu.Lock()
	f.calls = append(f.calls, c.Hook)
	f.mu.Unlock()
	c.Frame.Encode(make([]byte, c.Frame.Size()))
	if c.Hook == f.panics {
		panic("trap: " + c.Hook.String())
	}
	c.End = frame.Nanotime()
	return nil
}

func (f *fake) forget() {
	f.mu.Lock()
	f.calls = nil
	f.mu.Unlock()
}

// took are the calls so far, without repetitions in a row.
func (f *fake) took() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, h := range slices.Compact(slices.Clone(f.calls)) {
		b.WriteString(h.String() + " ")
	}
	return strings.TrimSpace(b.String())
}

// A panic in what runs plugins costs the request at most, never the process; on_end of the plugins beside it runs once all the same.
func TestFault36_PanicInAPolicy(t *testing.T) {
	t.Parallel()
	sse := whole("text/event-stream", event+"data: [DONE]\n\n")
	for _, c := range []struct {
		panics         abi.Hook
		status, stream int
		beside         string // calls of the plugin before it
	}{
		{abi.HookRequest, 500, 500, "request end"},
		{abi.HookDelta, 500, 0, "request delta end"}, // of a stream nothing has left by then,
		{abi.HookEnd, 200, 200, "request delta end"},
	} {
		for body, answer := range map[string]string{chatBody: whole("application/json", answerBody), streamBody: sse} {
			first, second := new(fake), &fake{panics: c.panics}
			chain := policy.NewChain("default", policy.Spec{Before: []*policy.Entry{{Name: "first", Source: first}, {Name: "second", Source: second}}}, policy.Options{})
			st := state(t, answeringTarget(t, answer))
			st.Routes[0].Chain = func(tenant.Identity) *policy.Chain { return chain }
			s := run(t, st, "")
			want := c.status
			if body == streamBody {
				want = c.stream
			}
			for range 3 {
				first.forget()
				status, got, err := ask(t, s.url, "/v1/chat/completions", body)
				clean := err == nil && (strings.HasSuffix(got, "[DONE]\n\n") || got == answerBody)
				if status != want || clean != (c.panics == abi.HookEnd) {
					t.Errorf("%s: %d %q %v, want %d", c.panics, status, got, err, want)
				}
				s.settle(t)
				if got := first.took(); got != c.beside {
					t.Errorf("%s: the plugin beside it: %s, want %s", c.panics, got, c.beside)
				}
			}
			if n := strings.Count(s.log.String(), "trap: "+c.panics.String()); n != 3 {
				t.Errorf("%s: the log tells it %d times: %s", c.panics, n, s.log)
			}
		}
	}
}
