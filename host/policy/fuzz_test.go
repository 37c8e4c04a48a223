package policy

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// bodies are what random verdicts are tried on.
var bodies = []struct {
	endpoint dialect.Endpoint
	body     string
}{
	{dialect.Chat, chatBody},
	{dialect.Chat, `{"messages":[{"role":"user","content":[{"type":"text","text":"a\u00fc\ud83d\ude42"},{"type":"odd","x":["y"]}]},` +
		`{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"\\u0062\"}"}}]}],"model":"m"}`},
	{dialect.Messages, `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"hi"}]}`},
	{dialect.Responses, `{"model":"m","input":"hello","instructions":"be"}`},
	{dialect.Completions, `{"model":"m","prompt":["a","b"],"suffix":"c"}`},
}

func seeds(f *testing.F) {
	f.Helper()
	for which := range bodies {
		for _, say := range []func(*writer){
			func(*writer) {},
			func(w *writer) { w.Edit(0, 0, 1, "\"x\n"); w.Edit(1, 0, 0, "é") },
			func(w *writer) {
				w.Insert(0, abi.RoleSystem, "s")
				w.Insert(abi.None, abi.RoleUser, "u")
				w.Param(abi.ParamMaxTokens, 3)
			},
			func(w *writer) { w.Param(abi.ParamTemperature, 0.5); w.Cost(3); w.Weight(2); w.Flow("f"); w.Lane("l") },
			func(w *writer) { w.Deny(429, "slow", "down"); w.Score(1, 0, "s"); w.Tag("t", "v") },
			func(w *writer) {
				w.Route(abi.ByName, "a")
				w.Exclude(abi.ByClass, "cloud")
				w.SetHeader("x-team", "v")
				w.Class("c")
				w.Budget("b", 1)
			},
			func(w *writer) { w.Hold(3); w.DeltaEdit(0, 1, 2, "x"); w.State([]byte{1}); w.WantText() },
			func(w *writer) { w.Stop("x", "y"); w.Shadow("a"); w.Prefer("b"); w.Variant("v"); w.Escalate("j", "t") },
		} {
			var w writer
			say(&w)
			f.Add(uint8(which), w.Verdict(), w.Verdict())
		}
	}
}

// verbatim is a plugin that answers every hook with these bytes.
func verbatim(b []byte, digest string) *fakeBytes {
	return &fakeBytes{b: b, digest: digest}
}

type fakeBytes struct {
	b      []byte
	digest string
}

func (f *fakeBytes) Manifest() *frame.Manifest {
	m := &frame.Manifest{SetHeaders: []string{"x-team"}}
	for h := range abi.Hooks {
		m.Sections[h] = frame.SectionsOf(h)
	}
	return m
}
func (f *fakeBytes) Digest() string    { return f.digest }
func (f *fakeBytes) Config() string    { return "" }
func (f *fakeBytes) Has(abi.Hook) bool { return true }
func (f *fakeBytes) For(string) Plugin { return f }
func (f *fakeBytes) Call(c *frame.Call) *frame.Fault {
	b := make([]byte, c.Frame.Size())
	c.Frame.Encode(b)
	if _, err := frame.Read(b); err != nil {
		panic(err)
	}
	c.Keep(f.b)
	c.End = c.Begin + 1
	return nil
}

// FuzzVerdicts gives a request and its answer to an operator's and a tenant's plugin that answer with random bytes.
func FuzzVerdicts(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, which uint8, first, second []byte) {
		in := bodies[int(which)%len(bodies)]
		q := new(dialect.Request)
		if err := q.Parse(in.endpoint, []byte(in.body)); err != nil {
			t.Fatal(err)
		}
		chain := NewChain("acme", Spec{
			Before: []*Entry{entry("first", verbatim(first, "1"))}, Tenant: []*Entry{entry("second", verbatim(second, "2"))},
		}, Options{Judges: func([]byte) bool { return true }})
		r := new(Run)
		d, refusal := r.Request(chain, &Subject{Tenant: "acme", Request: q, Facts: newKnown()})
		if string(q.Body) != in.body {
			t.Fatal("the body as it came was changed")
		}
		if (d == nil) != (refusal != nil) {
			t.Fatal("neither or both of decision and refusal")
		}
		if refusal != nil {
			if refusal.Status < 400 || refusal.Status > 503 || refusal.Err.Message == "" {
				t.Fatalf("%+v", refusal)
			}
		} else {
			checkDecision(t, in.endpoint, q, d, first, second)
			checkAnswer(t, r)
			for i := range d.Escalations {
				r.Judge(&d.Escalations[i], &frame.JudgeInfo{})
			}
		}
		r.End(&End{})
		if len(r.Scores()) > maxScores || len(r.Tags()) > maxTags {
			t.Fatalf("%d scores, %d tags", len(r.Scores()), len(r.Tags()))
		}
	})
}

func checkDecision(t *testing.T, endpoint dialect.Endpoint, q *dialect.Request, d *Decision, verdicts ...[]byte) {
	t.Helper()
	again := new(dialect.Request)
	if err := again.Parse(endpoint, d.Request.Body); err != nil {
		t.Fatalf("the body after edits: %v\n%s", err, d.Request.Body)
	}
	if !bytes.Equal(again.Model, q.Model) || again.Stream != q.Stream || !bytes.Equal(again.Arena, d.Request.Arena) ||
		!slices.Equal(again.Parts, d.Request.Parts) || d.Edited == bytes.Equal(d.Request.Body, q.Body) && len(d.Request.Body) != len(q.Body) {
		t.Fatalf("the decision's request is not its body's\n%s", d.Request.Body)
	}
	if only(abi.ActionEdit, verdicts...) {
		checkEdited(t, q, d.Request, verdicts...)
	}
	for _, h := range d.Headers {
		if reserved(string(h.Name)) || bytes.ContainsAny(h.Value, "\r\n") {
			t.Fatalf("header %s: %q", h.Name, h.Value)
		}
	}
	for _, w := range []float64{d.Operator.Weight, d.Own.Weight} {
		if w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
			t.Fatalf("weight %v", w)
		}
	}
	if len(d.Own.Flow) > 0 && !bytes.HasPrefix(d.Own.Flow, []byte("acme\x00")) || d.Cost < -1 {
		t.Fatalf("%+v", d)
	}
}

// only tells whether verdicts hold no action that changes the body but of that kind.
func only(kind abi.Action, verdicts ...[]byte) bool {
	for _, b := range verdicts {
		v := frame.ReadVerdict(b)
		for a, ok := v.Next(); ok; a, ok = v.Next() {
			if a.Kind != kind && (a.Kind == abi.ActionInsert || a.Kind == abi.ActionParam || a.Kind == abi.ActionEdit) {
				return false
			}
		}
	}
	return true
}

// checkEdited holds the parts that no EDIT names to what they were, and the body's structure with them.
func checkEdited(t *testing.T, was, is *dialect.Request, verdicts ...[]byte) {
	t.Helper()
	named := map[uint32]bool{}
	for _, b := range verdicts {
		v := frame.ReadVerdict(b)
		for a, ok := v.Next(); ok; a, ok = v.Next() {
			if a.Kind == abi.ActionEdit {
				named[a.Index], named[a.Index+1] = true, true // what follows may be the same, decoded a second time
			}
		}
	}
	if len(was.Messages) != len(is.Messages) {
		t.Fatalf("edits made %d messages of %d\n%s", len(is.Messages), len(was.Messages), is.Body)
	}
	if len(was.Parts) != len(is.Parts) {
		if was.Decoded > 0 || is.Decoded > 0 { // arguments that became JSON, or no longer are
			return
		}
		t.Fatalf("edits made %d parts of %d\n%s", len(is.Parts), len(was.Parts), is.Body)
	}
	for i := range was.Parts {
		if !named[uint32(i)] && !bytes.Equal(was.Text(i), is.Text(i)) {
			t.Fatalf("part %d was %q and is %q", i, was.Text(i), is.Text(i))
		}
	}
}

// checkAnswer shows watchers a batch and holds their replies to it.
func checkAnswer(t *testing.T, r *Run) {
	t.Helper()
	b := batch("hello", "wörld", "")
	for i := range r.Watchers() {
		for range 2 {
			reply := r.Delta(i, b)
			at := uint32(0)
			for j, e := range reply.Edits {
				item := b.Items[e.Item]
				if j == 0 || reply.Edits[j-1].Item != e.Item {
					at = 0
				}
				if e.Offset < at || e.Offset+e.Length > item.Length || cut(b.Text[item.Offset:][:item.Length], e.Offset, e.Length) != "" {
					t.Fatalf("edit %+v", e)
				}
				at = e.Offset + e.Length
			}
			if reply.Hold < 0 || reply.Out && (reply.Stop != nil || reply.Edits != nil) {
				t.Fatalf("%+v", reply)
			}
		}
	}
}
