package policy

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// TestEditsAreSplices edits, inserts and sets parameters: what is not touched stays byte for byte, and the next plugin sees what
// the one before made.
func TestEditsAreSplices(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m",  "messages":[{"role":"user","content":"Tell me a \"s\u0065cret\" — \u00fcnd more"}], "x":1}`
	for _, test := range []struct {
		name string
		say  func(*writer)
		want string // body; "" when the verdict is a fault
	}{
		{"replace", func(w *writer) { w.Edit(0, 11, 6, "[\"]\n") },
			`{"model":"m",  "messages":[{"role":"user","content":"Tell me a \"[\"]\n\" — \u00fcnd more"}], "x":1}`},
		{"in any order", func(w *writer) { w.Edit(0, 10, 0, "<"); w.Edit(0, 0, 4, "Show") },
			`{"model":"m",  "messages":[{"role":"user","content":"Show me a <\"s\u0065cret\" — \u00fcnd more"}], "x":1}`},
		{"delete all", func(w *writer) { w.Edit(0, 0, 32, "") }, `{"model":"m",  "messages":[{"role":"user","content":""}], "x":1}`},
		{"insert", func(w *writer) { w.Insert(0, abi.RoleSystem, "Be kind.") },
			`{"model":"m",  "messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Tell me a \"s\u0065cret\" — \u00fcnd more"}], "x":1}`},
		{"param", func(w *writer) { w.Param(abi.ParamMaxTokens, 5) },
			`{"max_completion_tokens":5,"model":"m",  "messages":[{"role":"user","content":"Tell me a \"s\u0065cret\" — \u00fcnd more"}], "x":1}`},
		{"overlap", func(w *writer) { w.Edit(0, 0, 4, "a"); w.Edit(0, 3, 2, "b") }, ""},
		{"cut character", func(w *writer) { w.Edit(0, 20, 1, "a") }, ""},
		{"beyond the part", func(w *writer) { w.Edit(0, 30, 3, "a") }, ""},
		{"length wraps", func(w *writer) { w.Edit(0, 1, 0xffffffff, "a") }, ""},
		{"no such part", func(w *writer) { w.Edit(7, 0, 0, "a") }, ""},
		{"no such message", func(w *writer) { w.Insert(3, abi.RoleUser, "a") }, ""},
		{"param twice", func(w *writer) { w.Param(abi.ParamMaxTokens, 5); w.Param(abi.ParamMaxTokens, 6) }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var shown string
			first, second := say(test.say), hook(abi.HookRequest, func(f *frame.Frame, _ *writer) *frame.Fault {
				text, _ := f.Section(abi.SectionText)
				raw, _ := f.Section(abi.SectionBody)
				shown = string(raw)
				if info, _ := f.Request(); int(info.TextBytes) != len(text) || int(info.BodyBytes) != len(raw) {
					t.Error("REQUEST is of the body before the edit")
				}
				return nil
			})
			s := subject(t, body)
			r := new(Run)
			d, refusal := r.Request(NewChain("acme", before(first, second), Options{}), s)
			if refusal != nil {
				t.Fatal(refusal.Err.Message)
			}
			if test.want == "" {
				if r.Verdicts()[0].Fault != frame.BadVerdict || d.Edited || string(d.Request.Body) != body || shown != body {
					t.Errorf("taken: %s %s", classes(r), d.Request.Body)
				}
				return
			}
			if got := string(d.Request.Body); got != test.want || shown != test.want || !d.Edited {
				t.Errorf("got  %s\nwant %s\nshown %s", got, test.want, shown)
			}
			if string(s.Request.Body) != body {
				t.Error("the body as it came was changed")
			}
		})
	}
}

// TestManyEditsOfOnePart takes the way of edits that are put together, and holds it to the plain one.
func TestManyEditsOfOnePart(t *testing.T) {
	t.Parallel()
	const n = 3000
	line := strings.Repeat("x", 500) + "é"
	body := fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"%s"}]}`, strings.Repeat(line, n))
	p := say(func(w *writer) {
		for i := range uint32(n) {
			w.Edit(0, i*uint32(len(line)), 1, `"y"`)
		}
	})
	s := subject(t, body)
	r := new(Run)
	d, _ := r.Request(NewChain("acme", before(p), Options{}), s)
	if classes(r) != "p0:none" {
		t.Fatal(classes(r))
	}
	if got, want := string(d.Request.Text(0)), strings.Repeat(`"y"`+line[1:], n); got != want {
		t.Errorf("%.600s", got)
	}
}

// TestGuardsRunAgain has a tenant's plugin smuggle in what the operator's guard refuses.
func TestGuardsRunAgain(t *testing.T) {
	t.Parallel()
	guard := hook(abi.HookRequest, func(f *frame.Frame, w *writer) *frame.Fault {
		text, _ := f.Section(abi.SectionText)
		if strings.Contains(string(text), "poison") {
			w.Deny(0, "guard", "")
		}
		w.Score(float64(len(text)), -1, "seen")
		return nil
	}).with(func(m *frame.Manifest) { m.Guard = true })
	bystander := say(nil)
	smuggler := say(func(w *writer) { w.Edit(1, 0, 0, "poison ") })
	later := say(func(w *writer) { w.Insert(abi.None, abi.RoleUser, "harmless") })
	for name, test := range map[string]struct {
		tenant []*fake
		after  bool
		guards int
		denied bool
	}{
		"an edit": {[]*fake{smuggler}, true, 2, true}, "an edit, and nothing after": {[]*fake{smuggler, later}, false, 2, true},
		"a harmless message": {[]*fake{later, later}, true, 2, false}, "no edit": {[]*fake{say(nil)}, true, 1, false},
		"a parameter": {[]*fake{say(func(w *writer) { w.Param(abi.ParamMaxTokens, 1) })}, true, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := before(guard, bystander)
			s.Tenant = own(test.tenant...).Tenant
			if test.after {
				s.After = []*Entry{entry("last", say(nil))}
			}
			was, stood := len(guard.seen()), len(bystander.seen())
			r, _, refusal := run(t, s)
			if (refusal != nil) != test.denied || len(guard.seen())-was != test.guards || len(bystander.seen())-stood != 1 {
				t.Errorf("denied %v; the guard ran %d times, the other %d", refusal != nil, len(guard.seen())-was, len(bystander.seen())-stood)
			}
			if refusal != nil && refusal.Plugin != "p0" {
				t.Errorf("refused by %s", refusal.Plugin)
			}
			if len(r.Scores()) != 1 || refusal == nil && r.Scores()[0].Value < 41 {
				t.Errorf("scores %v", r.Scores())
			}
		})
	}
}

// TestFactsAreFoundOutOnce asks for signals and keys twice, edits, and asks again.
func TestFactsAreFoundOutOnce(t *testing.T) {
	t.Parallel()
	var bytes []uint32
	reader := func() *fake {
		return hook(abi.HookRequest, func(f *frame.Frame, _ *writer) *frame.Fault {
			v, _ := f.Signals()
			bytes = append(bytes, v[0])
			return nil
		})
	}
	s := subject(t, chatBody)
	facts := s.Facts.(*known)
	chain := NewChain("acme", before(reader(), reader(), say(func(w *writer) { w.Edit(0, 0, 2, "Always be") }), reader()), Options{})
	if _, refusal := new(Run).Request(chain, s); refusal != nil {
		t.Fatal(refusal.Err.Message)
	}
	if got := strings.Join(facts.asked, " "); got != "signals keys signals keys" {
		t.Errorf("asked for %s", got)
	}
	if len(bytes) != 3 || bytes[0] != bytes[1] || bytes[2] != bytes[0]+7 {
		t.Errorf("bytes counted: %v", bytes)
	}

	s = subject(t, chatBody)
	plain := say(nil).with(func(m *frame.Manifest) {
		m.Sections[abi.HookRequest] = abi.Set(0).With(abi.SectionRequest, abi.SectionText)
	})
	chain = NewChain("acme", before(plain), Options{})
	if _, refusal := new(Run).Request(chain, s); refusal != nil {
		t.Fatal(refusal.Err.Message)
	}
	if got := s.Facts.(*known).asked; got != nil || plain.last.Sections() != abi.Set(0).With(abi.SectionRequest, abi.SectionText) {
		t.Errorf("asked for %v; encoded %b", got, plain.last.Sections())
	}
	if w := chain.Wants(); w.Signals || w.Keys || w.Targets || w.Answer || w.End || !w.Request {
		t.Errorf("%+v", w)
	}
}

func TestEditedBodyIsBounded(t *testing.T) {
	t.Parallel()
	s := subject(t, chatBody)
	s.MaxBody = len(chatBody) + 10
	r := new(Run)
	d, _ := r.Request(NewChain("acme", before(
		say(func(w *writer) { w.Edit(0, 0, 0, "0123456789") }), say(func(w *writer) { w.Edit(0, 0, 0, "!") }),
		say(func(w *writer) { w.Edit(0, 0, 10, "") })), Options{}), s)
	if classes(r) != "p0:none p1:verdict p2:none" || string(d.Request.Body) != chatBody {
		t.Errorf("%s %s", classes(r), d.Request.Body)
	}
}

// TestFailedEditRestores has a second edit whose body is not adopted; the first one stays in force.
func TestFailedEditRestores(t *testing.T) {
	t.Parallel()
	r := new(Run)
	s := subject(t, chatBody)
	r.begin(NewChain("acme", before(say(nil)), Options{}), s)
	r.draft.bodies[1] = []byte(strings.Replace(chatBody, "brief", "quick", 1))
	if fault := r.adopt(1); fault != nil {
		t.Fatal(fault)
	}
	for _, b := range []string{`{"model":"m"`, strings.Replace(chatBody, `"m"`, `"n"`, 1), strings.Replace(chatBody, "true", "false", 1)} {
		r.draft.bodies[0] = []byte(b)
		if fault := r.adopt(0); fault == nil || fault.Class != frame.BadVerdict {
			t.Errorf("adopted %s", b)
		}
		if got := string(r.request.Text(0)); got != "Be quick." || r.draft.at != 1 || string(r.request.Model) != "m" {
			t.Errorf("the request is now %q", got)
		}
	}
}

func TestUneditableParts(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"b\"}"}}]}],` +
		`"tools":[{"type":"function","function":{"name":"f","parameters":{"a":["b"]}}}]}`
	s := subject(t, body)
	for i := range s.Request.Parts {
		r := new(Run)
		if _, refusal := r.Request(NewChain("acme", before(say(func(w *writer) { w.Edit(uint32(i), 0, 0, "z") })), Options{}), s); refusal != nil {
			t.Fatal(refusal.Err.Message)
		}
		if got, want := r.Verdicts()[0].Fault == frame.ClassNone, s.Request.Parts[i].Kind == dialect.PartString; got != want {
			t.Errorf("part %d of kind %d: edited: %v", i, s.Request.Parts[i].Kind, got)
		}
	}
}
