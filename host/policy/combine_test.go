package policy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"weir/host/frame"
	"weir/sdk/abi"
)

// step is one plugin of a random chain.
type step struct {
	own, observe, deny, fault bool
	failDeny                  bool
	routes, excludes          []string
	score                     float64
}

// combine is the rule of combination, said plainly: what the chain is held to.
func combine(steps []step) (refused int, target string, excluded []string, ran int) {
	for i, s := range steps {
		ran++
		switch {
		case s.observe:
		case s.fault && s.failDeny:
			return i, "", nil, ran
		case s.fault:
		case s.deny:
			return i, "", nil, ran
		default:
			for _, name := range s.routes {
				if !s.own || name == "a" || name == "b" {
					target = name
				}
			}
			for _, name := range s.excludes {
				if !slices.Contains(excluded, name) {
					excluded = append(excluded, name)
				}
			}
		}
	}
	return -1, target, excluded, ran
}

func (s step) source() *fake {
	return hook(abi.HookRequest, func(_ *frame.Frame, w *writer) *frame.Fault {
		if s.fault {
			w.Exclude(abi.ByName, "nobody")
			w.Hold(1) // is no action of this hook
		}
		for _, name := range s.routes {
			w.Route(abi.ByName, name)
		}
		for _, name := range s.excludes {
			w.Exclude(abi.ByName, name)
		}
		if w.Score(s.score, -1, "s"); s.deny {
			w.Deny(0, "", "")
		}
		return nil
	}).with(func(m *frame.Manifest) { m.Sections[abi.HookRequest] = abi.Set(0).With(abi.SectionScores) })
}

// TestCombination holds random chains to the plain rule.
func TestCombination(t *testing.T) {
	t.Parallel()
	sub := subject(t, chatBody)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "far"})
		var steps []step
		var s Spec
		for place := range 3 {
			for range rapid.IntRange(0, 3).Draw(t, "plugins") {
				st := step{
					own: place == 1, observe: rapid.IntRange(0, 4).Draw(t, "observe") == 0, deny: rapid.IntRange(0, 7).Draw(t, "deny") == 0,
					fault: rapid.IntRange(0, 5).Draw(t, "fault") == 0, failDeny: rapid.Bool().Draw(t, "on_error"),
					routes: rapid.SliceOfN(name, 0, 2).Draw(t, "routes"), excludes: rapid.SliceOfN(name, 0, 2).Draw(t, "excludes"),
					score: rapid.Float64Range(0, 1).Draw(t, "score"),
				}
				e := entry(fmt.Sprintf("p%d", len(steps)), st.source())
				if st.observe {
					e.Mode = Observe
				}
				if e.OnError = frame.OnErrorAllow; st.failDeny {
					e.OnError = frame.OnErrorDeny
				}
				steps = append(steps, st)
				switch place {
				case 0:
					s.Before = append(s.Before, e)
				case 1:
					s.Tenant = append(s.Tenant, e)
				default:
					s.After = append(s.After, e)
				}
			}
		}
		refused, target, excluded, ran := combine(steps)
		r := new(Run)
		d, refusal := r.Request(NewChain("acme", s, Options{}), sub)
		if len(r.Verdicts()) != ran || (refusal != nil) != (refused >= 0) || (d == nil) != (refusal != nil) {
			t.Fatalf("%d ran, want %d; refusal %v, want %d", len(r.Verdicts()), ran, refusal, refused)
		}
		if refusal != nil {
			if !r.Verdicts()[refused].Denied || refusal.Fault != steps[refused].fault {
				t.Fatalf("refused by %s, %+v", refusal.Plugin, steps[refused])
			}
			return
		}
		var names []string
		for _, e := range d.Exclude {
			names = append(names, string(e.Name))
		}
		if string(d.Target) != target || !slices.Equal(names, excluded) {
			t.Fatalf("target %s, want %s; excluded %v, want %v", d.Target, target, names, excluded)
		}
		for i, v := range r.Verdicts() {
			if (v.Fault == frame.BadVerdict) != steps[i].fault {
				t.Fatalf("plugin %d: %+v", i, v)
			}
		}
	})
}
