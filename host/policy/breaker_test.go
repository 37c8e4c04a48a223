package policy

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// TestFault23_TrapsOnEveryCall follows a plugin through its breaker: closed, open, probes with growing waits, closed. Its fail mode is in force
// all the time, and there is one alert when it opens and one line when it closes.
func TestFault23_TrapsOnEveryCall(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	broken := true
	calls := 0
	p := hook(abi.HookRequest, func(*frame.Frame, *writer) *frame.Fault {
		calls++
		if broken {
			return frame.Faultf(frame.Trap, "unreachable")
		}
		return nil
	}).with(func(m *frame.Manifest) {
		m.Guard = true
		m.Sections[abi.HookRequest] = abi.Set(0).With(abi.SectionText) // facts would be found out by the real clock
	})
	figures := new(counts)
	healthy := say(nil)
	chain := NewChain("acme", before(p), Options{Observer: figures, Log: slog.New(slog.NewTextHandler(&log, nil))})
	other := NewChain("other", before(healthy), Options{Observer: figures})
	ask := func(at time.Duration) frame.Class {
		t.Helper()
		s := subject(t, chatBody)
		s.Now = 1 + int64(at)
		var r Run
		_, refusal := r.Request(chain, s)
		class := r.Verdicts()[0].Fault
		if (refusal == nil) != (class == frame.ClassNone) {
			t.Errorf("at %s: fault %s and refusal %v", at, class, refusal)
		}
		if _, refusal := new(Run).Request(other, s); refusal != nil {
			t.Error("the other tenant is refused")
		}
		return class
	}
	at := time.Duration(0)
	for i := range breakerFaults {
		if got := ask(at); got != frame.Trap {
			t.Fatalf("call %d: %s", i, got)
		}
		at += time.Millisecond
	}
	for wait := breakerFirst; wait <= 2*breakerLast; wait *= 2 {
		was := calls
		if got := ask(at + min(wait, breakerLast) - 2*time.Millisecond); got != frame.Open || calls != was {
			t.Fatalf("before %s were over: %s", wait, got)
		}
		at += min(wait, breakerLast)
		if got := ask(at); got != frame.Trap || calls != was+1 {
			t.Fatalf("the probe after %s: %s", wait, got)
		}
		if got := ask(at); got != frame.Open {
			t.Fatalf("beside the probe after %s: %s", wait, got)
		}
		at += time.Millisecond
	}
	broken = false
	at += breakerLast
	if got := ask(at); got != frame.ClassNone {
		t.Fatalf("mended: %s", got)
	}
	for range breakerFaults - 1 {
		broken = true
		ask(at)
	}
	broken = false
	if got := ask(at); got != frame.ClassNone {
		t.Errorf("fewer faults than open it: %s", got)
	}
	if got := figures.opened; len(got) != 2 || !got[0] || got[1] {
		t.Errorf("the breaker told %v", got)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d alerts:\n%s", n, log.String())
	}
	if n := strings.Count(log.String(), "works again"); n != 1 {
		t.Errorf("%d lines of its end", n)
	}
	if n := strings.Count(log.String(), "level=WARN"); n > 15 {
		t.Errorf("%d warnings for %d faults", n, calls)
	}
}

func TestBreakerIsInherited(t *testing.T) {
	t.Parallel()
	figures := new(counts)
	p, q := broken(frame.Trap), broken(frame.Trap)
	o := Options{Observer: figures}
	old := NewChain("acme", before(p), o)
	for range breakerFaults {
		new(Run).Request(old, subject(t, chatBody))
	}
	same, changed := NewChain("acme", before(p), o), NewChain("acme", before(q), o)
	q.digest = "another"
	same.Inherit(old)
	changed.Inherit(old)
	stranger := NewChain("other", before(p), o)
	stranger.Inherit(old)
	stranger.Inherit(nil)
	for chain, want := range map[*Chain]frame.Class{same: frame.Open, changed: frame.Trap, stranger: frame.Trap} {
		var r Run
		_, _ = r.Request(chain, subject(t, chatBody))
		if got := r.Verdicts()[0].Fault; got != want {
			t.Errorf("%s: %s, want %s", chain, got, want)
		}
	}
	if len(figures.opened) != 1 {
		t.Errorf("alerts: %v", figures.opened)
	}
}

func TestBreakerUnderContention(t *testing.T) {
	t.Parallel()
	b := new(breaker)
	for range breakerFaults {
		b.failed(1, 2)
	}
	if b.refuses(3) != true || b.allow(3) {
		t.Fatal("it is not open")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	probes := 0
	now := 2 + int64(breakerFirst)
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if b.allow(now) {
					mu.Lock()
					probes++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if probes != 1 {
		t.Errorf("%d probes at once", probes)
	}
	if b.succeeded(1) != same {
		t.Error("a call from before it opened closed it")
	}
	if b.succeeded(now) != closed || b.refuses(now) {
		t.Error("the probe did not close it")
	}
}

// TestFault23_OneHookOfTwo has a plugin whose on_request works and whose on_delta traps every time: successes of the one do not hide
// the faults of the other, and a guard's requests are refused before they cost anything.
func TestFault23_OneHookOfTwo(t *testing.T) {
	t.Parallel()
	trap := func(*frame.Frame, *writer) *frame.Fault { return frame.Faultf(frame.Trap, "unreachable") }
	for _, guard := range []bool{true, false} {
		p := say(nil).also(abi.HookDelta, trap).also(abi.HookEnd, trap)
		s := before(p)
		s.Before[0].Guard = guard
		figures := new(counts)
		chain := NewChain("acme", s, Options{Observer: figures})
		for range breakerFaults {
			r := new(Run)
			_, _ = r.Request(chain, subject(t, chatBody))
			r.Delta(0, batch("x"))
			r.End(&End{})
		}
		r := new(Run)
		_, refusal := r.Request(chain, subject(t, chatBody))
		if (refusal != nil) != guard || len(figures.opened) != 2 {
			t.Errorf("guard %v: %v; breakers %v", guard, refusal, figures.opened)
		}
		if got, want := classes(r), map[bool]string{true: "p0:none p0:open", false: "p0:none"}[guard]; got != want {
			t.Errorf("guard %v: %s", guard, got)
		}
	}
}
