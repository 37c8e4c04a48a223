package stream

import (
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/sdk/abi"
)

// native is a plugin in Go behind the frames and verdicts of the ABI: it replaces a word, holds back its beginning, counts its calls in
// STREAM_STATE, and stops the answer at another word.
type native struct{ word, by, stop string }

var nativeManifest = frame.Manifest{
	Name: "native", Sections: [abi.Hooks]abi.Set{abi.HookDelta: abi.Set(0).With(abi.SectionDelta, abi.SectionText, abi.SectionStreamState)},
}

func (*native) Manifest() *frame.Manifest  { return &nativeManifest }
func (*native) Digest() string             { return strings.Repeat("0", 64) }
func (*native) Config() string             { return "" }
func (*native) Has(h abi.Hook) bool        { return h == abi.HookDelta }
func (n *native) For(string) policy.Plugin { return n }
func (n *native) Call(c *frame.Call) *frame.Fault {
	b := make([]byte, c.Frame.Size())
	c.Frame.Encode(b)
	f, err := frame.Read(b)
	if err != nil {
		return frame.Faultf(frame.Trap, "%v", err)
	}
	c.End = c.Begin + 1000
	state, _ := f.Section(abi.SectionStreamState)
	_, deltas, ok := f.Deltas()
	if !ok {
		return frame.Faultf(frame.Trap, "no deltas")
	}
	var w frame.VerdictWriter
	w.State(append([]byte(nil), append(state, 'x')...))
	if len(state) > 100 {
		return frame.Faultf(frame.Fuel, "too many calls")
	}
	for i := range deltas.Len() {
		d := deltas.At(i)
		text, ok := f.Text(d.Offset, d.Length)
		if !ok {
			return frame.Faultf(frame.Trap, "no text")
		}
		if n.stop != "" && strings.Contains(string(text), n.stop) {
			w.Stop("found", "a word that must not be said")
		}
		if k := strings.Index(string(text), n.word); k >= 0 {
			w.DeltaEdit(uint32(i), uint32(k), uint32(len(n.word)), n.by)
		}
	}
	w.Hold(uint32(len(n.word) - 1))
	c.Verdict = w.Verdict()
	return nil
}

// runOf is a run whose request went through a chain of plugins.
func runOf(t *testing.T, entries ...*policy.Entry) *policy.Run {
	t.Helper()
	r := new(policy.Run)
	q := new(dialect.Request)
	if err := q.Parse(dialect.Chat, []byte(`{"model":"m","messages":[]}`)); err != nil {
		t.Fatal(err)
	}
	_, refusal := r.Request(policy.NewChain("t", policy.Spec{Before: entries}, policy.Options{}), &policy.Subject{Tenant: "t", Request: q})
	if refusal != nil || r.Watchers() != len(entries) {
		t.Fatalf("%d watchers, %+v", r.Watchers(), refusal)
	}
	return r
}

// TestRun drives streams through policy.Run, frames and verdicts.
func TestRun(t *testing.T) {
	t.Parallel()
	first, second := &native{word: "secret", by: "one"}, &native{word: "one", by: "[2]", stop: "halt"}
	run := runOf(t, &policy.Entry{Name: "a", Source: first}, &policy.Entry{Name: "b", Source: second}, &policy.Entry{Name: "c", Source: second, Mode: policy.Observe})
	s := new(Stream)
	s.Begin(run, Options{Endpoint: dialect.Chat})
	defer s.Close()
	var out string
	for _, p := range []string{"a sec", "ret b o", "ne c"} {
		feed(t, s, said(p))
		out += flush(t, s, frame.Nanotime(), false)
	}
	feed(t, s, finished, done)
	out += flush(t, s, frame.Nanotime(), true)
	if want := said("a [2]") + said(" b [2]") + said(" c") + finished + done; out != want {
		t.Errorf("\n got %q\nwant %q", out, want)
	}
	for i, v := range run.Verdicts() {
		if v.Fault != frame.ClassNone || v.Calls < 3 || v.Hook != abi.HookDelta {
			t.Errorf("verdict %d: %+v", i, v)
		}
	}
	feed(t, s, done)
}

// TestRunStops: a STOP and a fault that is fatal end the answer with the run's refusal.
func TestRunStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plugin *native
		onerr  frame.OnError
		want   string
	}{
		{&native{word: "x", stop: "halt"}, frame.OnErrorAllow, "found"},
		{&native{word: strings.Repeat("x", abi.MaxHold+2)}, frame.OnErrorDeny, policy.CodeUnavailable},
	} {
		s := new(Stream)
		s.Begin(runOf(t, &policy.Entry{Name: "a", Source: c.plugin, OnError: c.onerr}), Options{Endpoint: dialect.Chat})
		feed(t, s, said("go on"))
		out, refusal := s.Flush(nil, frame.Nanotime(), false)
		if refusal == nil {
			feed(t, s, said(", halt"))
			out, refusal = s.Flush(out, frame.Nanotime(), false)
		}
		if refusal == nil || refusal.Err.Code != c.want || strings.Contains(string(out), "halt") {
			t.Errorf("%q, %+v", out, refusal)
		}
		s.Close()
	}
}

// TestRunFails: a plugin that holds back more than may wait has failed, and its fail mode counts.
func TestRunFails(t *testing.T) {
	t.Parallel()
	for _, mode := range []frame.OnError{frame.OnErrorDeny, frame.OnErrorAllow} {
		run := runOf(t, &policy.Entry{Name: "a", Source: &native{word: strings.Repeat("x", 500)}, OnError: mode})
		s := new(Stream)
		s.Begin(run, Options{Endpoint: dialect.Chat, Pending: 300})
		var refusal *policy.Refusal
		for range 20 {
			feed(t, s, said("text"))
			if _, refusal = s.Flush(nil, frame.Nanotime(), false); refusal != nil {
				break
			}
		}
		v := run.Verdicts()
		if (refusal != nil) != (mode == frame.OnErrorDeny) || len(v) != 1 || v[0].Fault != frame.BadVerdict {
			t.Errorf("%d: %+v, verdicts %+v", mode, refusal, v)
		}
		s.Close()
	}
}
