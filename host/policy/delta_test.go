package policy

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

func batch(texts ...string) *Batch {
	b := new(Batch)
	for i, s := range texts {
		b.Items = append(b.Items, frame.Delta{Index: uint32(i), Offset: uint32(len(b.Text)), Length: uint32(len(s))})
		b.Text = append(b.Text, s...)
	}
	return b
}

// watched is a run whose request went through, with one watcher.
func watched(tb testing.TB, say func(*frame.Frame, *writer) *frame.Fault, change func(*Entry)) (*Run, *fake) {
	tb.Helper()
	p := hook(abi.HookDelta, say)
	s := before(p)
	if change != nil {
		change(s.Before[0])
	}
	r, _, refusal := run(tb, s)
	if refusal != nil || r.Watchers() != 1 {
		tb.Fatalf("%d watchers, %v", r.Watchers(), refusal)
	}
	return r, p
}

func TestDelta(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		say   func(*writer)
		flags uint32
		want  string // edits, hold, stop; or "!" and the fault
	}{
		{"nothing", func(*writer) {}, 0, ""},
		{"edits in order", func(w *writer) { w.DeltaEdit(1, 2, 1, "b"); w.DeltaEdit(1, 0, 1, "a"); w.DeltaEdit(0, 5, 0, "!") }, 0, "0:5+0=! 1:0+1=a 1:2+1=b"},
		{"insertions at one place", func(w *writer) { w.DeltaEdit(0, 0, 0, "a"); w.DeltaEdit(0, 0, 0, "b") }, 0, "0:0+0=a 0:0+0=b"},
		{"hold", func(w *writer) { w.Hold(3); w.Hold(2) }, 0, "hold 3"},
		{"hold at the end", func(w *writer) { w.Hold(3) }, abi.DeltaFinal, ""},
		{"stop", func(w *writer) { w.Stop("too_much", "No\nmore.") }, 0, "stop 403 too_much No more."},
		{"stop without words", func(w *writer) { w.Stop("", "") }, 0, "stop 403 policy_stopped a policy of this gateway stopped the answer"},
		{"no entry", func(w *writer) { w.DeltaEdit(2, 0, 0, "") }, 0, "!verdict"},
		{"outside the entry", func(w *writer) { w.DeltaEdit(0, 4, 2, "") }, 0, "!verdict"},
		{"wraps", func(w *writer) { w.DeltaEdit(0, 0xffffffff, 2, "") }, 0, "!verdict"},
		{"delete", func(w *writer) { w.DeltaEdit(1, 1, 1, "") }, 0, "1:1+1="},
		{"cuts a wide character", func(w *writer) { w.DeltaEdit(1, 4, 1, "") }, 0, "!verdict"},
		{"overlap", func(w *writer) { w.DeltaEdit(0, 0, 3, ""); w.DeltaEdit(0, 2, 1, "") }, 0, "!verdict"},
		{"deny", func(w *writer) { w.Deny(0, "", "") }, 0, "!verdict"},
		{"want text", func(w *writer) { w.WantText() }, 0, "!verdict"},
		{"half a verdict", func(w *writer) { w.Stop("", ""); w.DeltaEdit(9, 0, 0, "") }, 0, "!verdict"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, p := watched(t, func(_ *frame.Frame, w *writer) *frame.Fault { test.say(w); return nil }, nil)
			b := batch("hello", "abc ü")
			b.Flags = test.flags
			reply := r.Delta(0, b)
			var got []string
			for _, e := range reply.Edits {
				got = append(got, fmt.Sprintf("%d:%d+%d=%s", e.Item, e.Offset, e.Length, e.Text))
			}
			if reply.Hold > 0 {
				got = append(got, fmt.Sprint("hold ", reply.Hold))
			}
			if reply.Stop != nil {
				got = append(got, fmt.Sprintf("stop %d %s %s", reply.Stop.Status, reply.Stop.Err.Code, reply.Stop.Err.Message))
			}
			if reply.Out {
				got = append(got, "!"+r.Verdicts()[0].Fault.String())
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("got %s, want %s", s, test.want)
			}
			text, _ := p.last.Section(abi.SectionText)
			info, entries, _ := p.last.Deltas()
			if string(text) != "helloabc ü" || entries.Len() != 2 || info.Flags != test.flags {
				t.Errorf("shown %q", text)
			}
			if reply.Out {
				if again := r.Delta(0, b); !again.Out || len(p.seen()) != 1 {
					t.Error("it is called although it is out")
				}
			}
		})
	}
}

// TestDeltaFailModes has watchers that fail in mid-answer, and one that observes.
func TestDeltaFailModes(t *testing.T) {
	t.Parallel()
	trap := func(*frame.Frame, *writer) *frame.Fault { return frame.Faultf(frame.Trap, "unreachable") }
	r, _ := watched(t, trap, func(e *Entry) { e.Guard = true })
	if reply := r.Delta(0, batch("x")); reply.Stop == nil || reply.Stop.Err.Code != CodeUnavailable || !reply.Stop.Fault || reply.Out {
		t.Errorf("%+v", reply)
	}
	r, _ = watched(t, trap, nil)
	if reply := r.Delta(0, batch("x")); reply.Stop != nil || !reply.Out {
		t.Errorf("%+v", reply)
	}
	r, _ = watched(t, trap, func(e *Entry) { e.Guard, e.Mode = true, Observe })
	if reply := r.Delta(0, batch("x")); reply.Stop != nil || !reply.Out {
		t.Errorf("%+v", reply)
	}
	all := func(_ *frame.Frame, w *writer) *frame.Fault {
		w.Stop("", "")
		w.Hold(1)
		w.DeltaEdit(0, 0, 0, "x")
		w.Score(1, -1, "s")
		return nil
	}
	r, p := watched(t, all, func(e *Entry) { e.Mode = Observe })
	reply := r.Delta(0, batch("x"))
	if reply.Stop != nil || reply.Out || reply.Hold != 1 || reply.Edits != nil {
		t.Errorf("an observer has its way: %+v", reply)
	}
	if v := r.Verdicts()[0]; v.Action != abi.ActionStop || !v.Observe || v.Denied || p.last.Flags()&abi.FrameObserve == 0 {
		t.Errorf("%+v", v)
	}
	if r.Fail(0, frame.Faultf(frame.BadVerdict, "later")) != nil || r.Verdicts()[0].Fault != frame.BadVerdict || !r.Delta(0, batch("x")).Out {
		t.Error("a fault that shows later")
	}
	r, _ = watched(t, all, func(e *Entry) { e.OnError = frame.OnErrorDeny })
	if refusal := r.Fail(0, frame.Faultf(frame.BadVerdict, "later")); refusal == nil || !refusal.Fault {
		t.Error("a fault that shows later, of a guard")
	}
}

// TestFault23_WatcherThatIsLeftAlone refuses the request when its answer would have to be stopped.
func TestFault23_WatcherThatIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := hook(abi.HookDelta, func(*frame.Frame, *writer) *frame.Fault { return frame.Faultf(frame.Trap, "unreachable") })
	for _, guard := range []bool{true, false} {
		s := before(p)
		s.Before[0].Guard = guard
		chain := NewChain("acme", s, Options{})
		for range breakerFaults {
			r := new(Run)
			_, _ = r.Request(chain, subject(t, chatBody))
			r.Delta(0, batch("x"))
		}
		r := new(Run)
		_, refusal := r.Request(chain, subject(t, chatBody))
		if (refusal != nil) != guard {
			t.Fatalf("guard %v: refusal %v", guard, refusal)
		}
		if guard && (r.Verdicts()[0].Fault != frame.Open || !refusal.Fault) {
			t.Errorf("%+v", r.Verdicts())
		}
		if !guard {
			if reply := r.Delta(0, batch("x")); !reply.Out || r.Verdicts()[0].Fault != frame.Open {
				t.Errorf("%+v", reply)
			}
		}
	}
}

// TestStreamState has what a plugin leaves handed back at its next call, in on_end too, and batches summed up to one verdict.
func TestStreamState(t *testing.T) {
	t.Parallel()
	var end string
	p := hook(abi.HookDelta, func(f *frame.Frame, w *writer) *frame.Fault {
		state, _ := f.Section(abi.SectionStreamState)
		text, _ := f.Section(abi.SectionText)
		w.State(append(append([]byte(nil), state...), text...))
		w.Score(float64(len(state)), -1, "seen")
		w.Tag("seen", string(state))
		return nil
	}).also(abi.HookEnd, func(f *frame.Frame, _ *writer) *frame.Fault {
		state, _ := f.Section(abi.SectionStreamState)
		end = string(state)
		return nil
	}).also(abi.HookRequest, func(_ *frame.Frame, w *writer) *frame.Fault {
		w.State([]byte("<"))
		return nil
	})
	r, _, _ := run(t, before(p))
	for _, text := range []string{"a", "bc", "d"} {
		if reply := r.Delta(0, batch(text)); reply.Out || reply.Stop != nil {
			t.Fatalf("%+v", reply)
		}
	}
	r.End(&End{})
	if end != "<abcd" {
		t.Errorf("the state at the end is %q", end)
	}
	v := r.Verdicts()
	if len(v) != 3 || v[1].Hook != abi.HookDelta || v[1].Calls != 3 || v[1].Fuel != 21 || v[1].Took != 3000 || v[1].Score != 4 || v[1].Action != abi.ActionScore {
		t.Errorf("%+v", v)
	}
	if len(r.Scores()) != 1 || len(r.Tags()) != 1 || string(r.Tags()[0].Value) != "<abc" {
		t.Errorf("%v %v", r.Scores(), r.Tags())
	}
	r.Reset()
	if _, refusal := r.Request(NewChain("acme", before(hook(abi.HookDelta, func(f *frame.Frame, _ *writer) *frame.Fault {
		if state, _ := f.Section(abi.SectionStreamState); len(state) > 0 {
			t.Errorf("another request's state: %q", state)
		}
		return nil
	})), Options{}), subject(t, chatBody)); refusal != nil {
		t.Fatal("refused")
	}
	r.Delta(0, batch("x"))
}

func TestWatchers(t *testing.T) {
	t.Parallel()
	p := hook(abi.HookDelta, quiet).with(func(m *frame.Manifest) { m.DeltaBytes, m.DeltaEvery = 7, 9 })
	q := hook(abi.HookDelta, quiet).also(abi.HookRequest, func(*frame.Frame, *writer) *frame.Fault { return frame.Faultf(frame.Trap, "x") })
	s := own(p, say(nil), q)
	s.Tenant[2].Mode = Observe
	r, _, _ := run(t, s)
	if r.Watchers() != 2 || r.Watcher(0) != (Watcher{Name: "acme/p0", Bytes: 7, Every: 9}) || r.Watcher(1) != (Watcher{Name: "acme/p2", Observe: true}) {
		t.Errorf("%d: %+v %+v", r.Watchers(), r.Watcher(0), r.Watcher(1))
	}
}

func TestDeltaAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := &still{room: make([]byte, 1<<20)}
	p.on = map[abi.Hook]func(*frame.Frame, *writer) *frame.Fault{abi.HookDelta: quiet}
	p.manifest = frame.DefaultManifest(p.Has)
	chain, s, b := NewChain("acme", Spec{Before: []*Entry{entry("p", p)}}, Options{}), subject(t, chatBody), batch("hello", "you")
	var r Run
	if _, refusal := r.Request(chain, s); refusal != nil {
		t.Fatal(refusal.Err.Message)
	}
	if n := testing.AllocsPerRun(200, func() { r.Delta(0, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestWhatHooksAreAbout has a plugin name nothing that its hooks are about: frames hold it all the same.
func TestWhatHooksAreAbout(t *testing.T) {
	t.Parallel()
	p := hook(abi.HookDelta, quiet).also(abi.HookEnd, quiet).with(func(m *frame.Manifest) {
		m.Sections = [abi.Hooks]abi.Set{abi.HookDelta: 1 << abi.SectionText}
	})
	r, _, refusal := run(t, before(p))
	if refusal != nil {
		t.Fatal(refusal)
	}
	r.Delta(0, batch("one", "two"))
	if _, deltas, ok := p.last.Deltas(); !ok || deltas.Len() != 2 {
		t.Error("on_delta is not shown DELTA")
	}
	r.End(new(End))
	if p.last.Hook() != abi.HookEnd || !p.last.Sections().Has(abi.SectionUsage) {
		t.Error("on_end is not shown USAGE")
	}
}
