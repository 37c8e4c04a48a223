package policy

import (
	"math"
	"slices"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// TestEnd has on_end see how the request ended, and only score and tag.
func TestEnd(t *testing.T) {
	t.Parallel()
	var usage frame.UsageInfo
	var text []string
	watcher := func(want bool) *fake {
		return say(func(w *writer) {
			if want {
				w.WantText()
			}
		}).also(abi.HookEnd, func(f *frame.Frame, w *writer) *frame.Fault {
			usage, _ = f.Usage()
			b, ok := f.Section(abi.SectionResponseText)
			if !ok {
				b = []byte("-")
			}
			text = append(text, string(b))
			w.Score(0.5, -1, "end")
			w.Tag("finish", string(usage.Finish))
			return nil
		}).with(func(m *frame.Manifest) {
			m.Sections[abi.HookEnd] = abi.Set(0).With(abi.SectionUsage, abi.SectionRequest, abi.SectionSession)
		})
	}
	denier := say(nil).also(abi.HookEnd, func(_ *frame.Frame, w *writer) *frame.Fault { w.Deny(0, "", ""); return nil }).
		with(func(m *frame.Manifest) { m.Guard = true })
	r := new(Run)
	s := subject(t, chatBody)
	wants, not := watcher(true), watcher(false)
	_, refusal := r.Request(NewChain("acme", before(wants, not, denier), Options{}), s)
	if refusal != nil || !r.WantsText() {
		t.Fatal("WANT_TEXT is not heard")
	}
	s.Request.Reset() // the proxy may use it again
	r.End(&End{UsageInfo: frame.UsageInfo{Input: 1, Output: 2, USD: math.NaN(), Status: 200, Finish: []byte("stop")}, Text: []byte("the answer")})
	if !slices.Equal(text, []string{"the answer", "-"}) || usage.Output != 2 || string(usage.Finish) != "stop" {
		t.Errorf("%q %+v", text, usage)
	}
	info, _ := wants.last.Request()
	session, _ := wants.last.Session()
	if info.Messages != 2 || info.MaxTokens != 100 || session.Turn != 1 || string(session.Key) != "s" {
		t.Errorf("%+v %+v", info, session)
	}
	v := r.Verdicts()
	if len(v) != 6 || v[5].Fault != frame.BadVerdict || v[5].Denied || len(r.Scores()) != 2 || len(r.Tags()) != 2 {
		t.Errorf("%+v", v)
	}
	new(Run).End(&End{}) // of a request that never came to its policy
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	var heard []string
	p := say(nil).also(abi.HookFeedback, func(f *frame.Frame, w *writer) *frame.Fault {
		x, _ := f.Feedback()
		id, _ := f.Section(abi.SectionRequestID)
		heard = append(heard, string(x.Signal)+" "+string(id))
		w.Tag("heard", "yes")
		return nil
	})
	r := new(Run)
	r.Feedback(NewChain("acme", before(p, say(nil), p), Options{}), &Subject{Tenant: "acme", RequestID: "req-9"}, &frame.FeedbackInfo{Value: 1, Signal: []byte("thumbs")})
	if strings.Join(heard, ", ") != "thumbs req-9, thumbs req-9" || len(r.Tags()) != 2 || len(r.Verdicts()) != 2 {
		t.Errorf("%v %v", heard, r.Verdicts())
	}
	if r.End(&End{}); len(r.Verdicts()) != 2 {
		t.Error("feedback has an end")
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	judges := Options{Judges: func(name []byte) bool { return string(name) == "wise" }}
	asks := func(judge string) *fake {
		return say(func(w *writer) { w.Escalate(judge, "Is it?") }).also(abi.HookJudge, func(f *frame.Frame, w *writer) *frame.Fault {
			j, _ := f.Judge()
			if w.Score(j.Value, -1, string(j.Name)); j.Value > 0.5 {
				w.Deny(0, "judged", string(j.Text))
			} else {
				w.Exclude(abi.ByClass, "cloud")
			}
			return nil
		})
	}
	for value, denied := range map[float64]bool{0.9: true, 0.1: false} {
		r := new(Run)
		d, refusal := r.Request(NewChain("acme", before(asks("wise"), asks("unknown")), judges), subject(t, chatBody))
		if refusal != nil || len(d.Escalations) != 1 || string(d.Escalations[0].Text) != "Is it?" || r.Verdicts()[1].Fault != frame.BadVerdict {
			t.Fatalf("%v %v", refusal, r.Verdicts())
		}
		refusal = r.Judge(&d.Escalations[0], &frame.JudgeInfo{Value: value, Name: []byte("wise"), Text: []byte("It is.")})
		if (refusal != nil) != denied || (len(d.Exclude) == 1) == denied || len(r.Scores()) != 1 {
			t.Errorf("%v: %v %v", value, refusal, d.Exclude)
		}
		if refusal != nil && (refusal.Err.Message != "It is." || refusal.Plugin != "p0") {
			t.Errorf("%+v", refusal)
		}
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	p := say(nil).also(abi.HookEnd, quiet).also(abi.HookDelta, quiet)
	s := before(p)
	s.Before[0].Sample = 0.25
	n := 0.0
	chain := NewChain("acme", s, Options{Random: func() float64 { n += 0.125; return n - 0.125 }})
	for range 8 {
		r := new(Run)
		_, _ = r.Request(chain, subject(t, chatBody))
		if r.End(&End{}); r.Watchers() != len(r.Verdicts())/2 {
			t.Errorf("%d watchers, %v", r.Watchers(), r.Verdicts())
		}
	}
	if got := len(p.seen()); got != 4 {
		t.Errorf("%d calls of 8 requests", got)
	}
	drawn := NewChain("acme", s, Options{})
	r := new(Run)
	ran := 0
	for range 4000 {
		r.Reset()
		_, _ = r.Request(drawn, subject(t, chatBody))
		ran += len(r.Verdicts())
	}
	if ran < 800 || ran > 1200 {
		t.Errorf("ran for %d of 4000 requests", ran)
	}
}

// TestFramesShowWhatIsAskedFor reads a frame with every section.
func TestFramesShowWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		spec         func(...*fake) Spec
		capabilities []string
		load, price  bool
	}{
		{"an operator's", before, nil, true, true},
		{"a tenant's", own, nil, false, false},
		{"a tenant's that may see load", own, []string{"load"}, true, false},
		{"a tenant's that may see prices", own, []string{"price"}, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := say(nil).with(func(m *frame.Manifest) { m.Headers = []string{"x-team", "authorization", "user-agent", "x-none"} })
			s := test.spec(p)
			for _, e := range append(s.Before, s.Tenant...) {
				e.Capabilities = test.capabilities
			}
			r := new(Run)
			asked := subject(t, chatBody)
			if _, refusal := r.Request(NewChain("acme", s, Options{}), asked); refusal != nil {
				t.Fatal(refusal.Err.Message)
			}
			f := p.last
			if f.Sections() != frame.SectionsOf(abi.HookRequest) {
				t.Errorf("sections %b", f.Sections())
			}
			targets, _ := f.Targets()
			if len(targets) != 2 || targets[1].Name != "b" || targets[1].Data != "cloud" || targets[1].Flags != abi.TargetHealthy {
				t.Fatalf("%+v", targets)
			}
			if got := targets[0].InFlight == 3 && targets[0].TTFT == 20e6; got != test.load {
				t.Errorf("load is shown: %v", got)
			}
			if got := targets[0].InputPrice == 1 && targets[0].OutputPrice == 2; got != test.price {
				t.Errorf("prices are shown: %v", got)
			}
			headers, _ := f.Headers()
			var lines []string
			for _, h := range headers {
				lines = append(lines, h.Name+": "+string(h.Value))
			}
			if got := strings.Join(lines, ", "); got != "x-team: red, x-team: blue, user-agent: test/1" {
				t.Error(got)
			}
			info, _ := f.Request()
			if info.Endpoint != abi.EndpointChat || info.Dialect != abi.DialectOpenAI || info.Flags != abi.RequestStream || info.MaxTokens != 100 ||
				!math.IsNaN(info.Temperature) || info.InputTokens != 11 || info.Wall != 1700000000e9 || info.Monotonic != 1000 || info.Messages != 2 || info.Answers != 1 {
				t.Errorf("%+v", info)
			}
			parts, _ := f.Parts()
			part := parts.At(1)
			if text, _ := f.Text(part.Offset, part.Length); string(text) != `Tell me a "secret" — ünd more` || part.Role != abi.RoleUser || part.Channel != abi.ChannelUser {
				t.Errorf("%q %+v", text, part)
			}
			for k, want := range map[abi.Section]string{
				abi.SectionTenant: "acme", abi.SectionRoute: "r", abi.SectionModel: "m", abi.SectionRequestID: "req-1", abi.SectionBody: chatBody,
			} {
				if b, _ := f.Section(k); string(b) != want {
					t.Errorf("%s is %q", k, b)
				}
			}
			if x, _ := f.Prefix(); len(x.Keys) != 2 || len(x.Boundaries) != 2 {
				t.Errorf("%+v", x)
			}
			if v := r.Verdicts()[0]; v.Calls != 1 {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestSelfTest(t *testing.T) {
	t.Parallel()
	p := say(nil)
	enc := SelfTest("acme", p.manifest)
	for range 2 {
		c := frame.Call{Hook: abi.HookRequest, Frame: enc, Begin: 1}
		if fault := p.Call(&c); fault != nil {
			t.Fatal(fault)
		}
	}
	parts, _ := p.last.Parts()
	tools, _ := p.last.Tools()
	if parts.Len() < 6 || tools.Len() != 1 || p.last.Sections() != frame.SectionsOf(abi.HookRequest) {
		t.Errorf("%d parts, %d tools, sections %b", parts.Len(), tools.Len(), p.last.Sections())
	}
	if fault := p.Call(&frame.Call{Hook: abi.HookRequest, Frame: SelfTest("", frame.DefaultManifest(p.Has)), Begin: 1}); fault != nil {
		t.Error(fault)
	}
}
