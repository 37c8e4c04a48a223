package policy

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

type writer = frame.VerdictWriter

// words are slices of bytes as strings.
func words(list [][]byte) []string {
	var out []string
	for _, b := range list {
		out = append(out, string(b))
	}
	return out
}

// TestAuthority has one verdict by an operator's plugin and by a tenant's own.
func TestAuthority(t *testing.T) {
	t.Parallel()
	show := func(d *Decision) string {
		var parts []string
		add := func(name string, v any) {
			if !reflect.ValueOf(v).IsZero() && fmt.Sprint(v) != "[]" {
				parts = append(parts, fmt.Sprintf("%s=%q", name, fmt.Sprint(v)))
			}
		}
		add("target", string(d.Target))
		add("model", string(d.Model))
		add("prefer", string(d.Prefer))
		add("shadow", string(d.Shadow))
		add("variant", string(d.Variant))
		for _, e := range d.Exclude {
			add(fmt.Sprint("exclude", e.What), string(e.Name))
		}
		add("classes", words(d.Classes))
		if d.Cost != -1 {
			add("cost", d.Cost)
		}
		add("flow", string(d.Operator.Flow))
		add("weight", d.Operator.Weight)
		add("lane", string(d.Operator.Lane))
		add("own flow", string(d.Own.Flow))
		add("own weight", d.Own.Weight)
		add("own lane", string(d.Own.Lane))
		for _, c := range d.Charges {
			add("charge", fmt.Sprintf("%s %d %v", c.Name, c.Amount, c.Own))
		}
		for _, h := range d.Headers {
			add("header", fmt.Sprintf("%s: %s", h.Name, h.Value))
		}
		if d.Edited {
			add("max_tokens", d.Request.MaxTokens)
		}
		return strings.Join(parts, " ")
	}
	for _, test := range []struct {
		name              string
		say               func(*writer)
		operator, tenants string // decision; or "!" and what the fault's class is
		ignored           int32  // of the tenant's
	}{
		{"route to a candidate", func(w *writer) { w.Route(abi.ByName, "a") }, `target="a"`, `target="a"`, 0},
		{"last route", func(w *writer) { w.Route(abi.ByName, "a"); w.Route(abi.ByName, "b") }, `target="b"`, `target="b"`, 0},
		{"route elsewhere", func(w *writer) { w.Route(abi.ByName, "far") }, `target="far"`, ``, 1},
		{"route beyond leaves the one within", func(w *writer) { w.Route(abi.ByName, "a"); w.Route(abi.ByName, "far") }, `target="far"`, `target="a"`, 1},
		{"route to nothing", func(w *writer) { w.Route(abi.ByName, "gone") }, `!verdict`, ``, 1},
		{"model", func(w *writer) { w.Route(abi.ByModel, "small") }, `model="small"`, `model="small"`, 0},
		{"model elsewhere", func(w *writer) { w.Route(abi.ByModel, "large") }, `model="large"`, ``, 1},
		{"prefer", func(w *writer) { w.Prefer("b"); w.Prefer("far") }, `prefer="far"`, `prefer="b"`, 1},
		{"shadow", func(w *writer) { w.Shadow("far") }, `shadow="far"`, ``, 1},
		{"shadow nothing", func(w *writer) { w.Shadow("gone") }, `!verdict`, ``, 1},
		{"exclude", func(w *writer) {
			w.Exclude(abi.ByName, "a")
			w.Exclude(abi.ByClass, "cloud")
			w.Exclude(abi.ByName, "a")
		},
			`exclude0="a" exclude2="cloud"`, `exclude0="a" exclude2="cloud"`, 0},
		{"class", func(w *writer) { w.Class("local"); w.Class("eu") }, `classes="[eu]"`, `classes="[local eu]"`, 0},
		{"cost below the estimate", func(w *writer) { w.Cost(1) }, `cost="1"`, `cost="11"`, 1},
		{"cost", func(w *writer) { w.Cost(1000) }, `cost="1000"`, `cost="1000"`, 0},
		{"share", func(w *writer) { w.Weight(2); w.Flow("f"); w.Lane("l") },
			`flow="f" weight="2" lane="l"`, "own flow=\"acme\\x00f\" own weight=\"2\" own lane=\"l\"", 0},
		{"budget", func(w *writer) { w.Budget("gpu", 5) }, `charge="gpu 5 false"`, "charge=\"acme\\x00gpu 5 true\"", 0},
		{"header", func(w *writer) { w.SetHeader("X-Team", "red"); w.SetHeader("x-team", "blue") }, `header="x-team: blue"`, `header="x-team: blue"`, 0},
		{"header that is not announced", func(w *writer) { w.SetHeader("x-other", "1") }, `!verdict`, `!verdict`, 0},
		{"header that is reserved", func(w *writer) { w.SetHeader("Authorization", "1") }, `!verdict`, `!verdict`, 0},
		{"variant", func(w *writer) { w.Variant("v2") }, `variant="v2"`, `variant="v2"`, 0},
		{"param", func(w *writer) { w.Param(abi.ParamMaxTokens, 7) }, `max_tokens="7"`, `max_tokens="7"`, 0},
		{"escalate without a judge", func(w *writer) { w.Escalate("j", "?") }, `!verdict`, `!verdict`, 0},
		{"hold", func(w *writer) { w.Hold(3) }, `!verdict`, `!verdict`, 0},
		{"stop", func(w *writer) { w.Stop("", "no") }, `!verdict`, `!verdict`, 0},
		{"delta edit", func(w *writer) { w.DeltaEdit(0, 0, 0, "x") }, `!verdict`, `!verdict`, 0},
		{"a bad action spoils the good", func(w *writer) { w.Exclude(abi.ByName, "a"); w.Hold(1) }, `!verdict`, `!verdict`, 0},
		{"score of a message that is not there", func(w *writer) { w.Score(1, 2, "s") }, `!verdict`, `!verdict`, 0},
		{"no action of the ABI", func(w *writer) { w.Action(99, nil) }, `!verdict`, `!verdict`, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, side := range []struct {
				spec func(...*fake) Spec
				want string
			}{{before, test.operator}, {own, test.tenants}} {
				p := say(test.say).with(func(m *frame.Manifest) { m.SetHeaders = []string{"x-team", "authorization"} })
				r, d, refusal := run(t, side.spec(p))
				if refusal != nil {
					t.Fatal(refusal.Err.Message)
				}
				v := r.Verdicts()[0]
				got := show(d)
				if v.Fault != frame.ClassNone {
					got = "!" + v.Fault.String() + got
				}
				if got != side.want {
					t.Errorf("%s: got %s, want %s", v.Plugin, got, side.want)
				}
				if v.Plugin == "acme/p0" && v.Ignored != test.ignored {
					t.Errorf("%d ignored, want %d", v.Ignored, test.ignored)
				}
			}
		})
	}
}

// TestTenantCannotUndo has an operator's plugin speak first and a tenant's after it.
func TestTenantCannotUndo(t *testing.T) {
	t.Parallel()
	announce := func(m *frame.Manifest) { m.SetHeaders = []string{"x-team"} }
	first := say(func(w *writer) {
		w.Cost(500)
		w.Variant("operator")
		w.SetHeader("x-team", "operator")
		w.Class("local")
		w.Param(abi.ParamMaxTokens, 50)
		w.Param(abi.ParamTemperature, 0)
		w.Flow("of")
		w.Exclude(abi.ByName, "a")
	}).with(announce)
	second := say(func(w *writer) {
		w.Cost(100)
		w.Variant("tenant")
		w.SetHeader("X-Team", "tenant")
		w.Class("cloud")
		w.Param(abi.ParamTemperature, 1)
		w.Param(abi.ParamMaxTokens, 60)
		w.Flow("tf")
	}).with(announce)
	third := say(func(w *writer) {
		w.Variant("after")
		w.SetHeader("x-team", "after")
		w.Class("eu")
	}).with(announce)
	s := before(first)
	s.Tenant = []*Entry{entry("mine", second)}
	r, d, refusal := run(t, s)
	if refusal != nil {
		t.Fatal(refusal.Err.Message)
	}
	if d.Cost != 500 || string(d.Variant) != "operator" || string(d.Headers[0].Value) != "operator" || len(d.Headers) != 1 ||
		!slices.Equal(words(d.Classes), []string{"local", "cloud"}) || d.Request.MaxTokens != 50 || d.Request.Temperature != 0 ||
		string(d.Operator.Flow) != "of" || string(d.Own.Flow) != "acme\x00tf" {
		t.Errorf("%+v; %v %v", d, d.Request.MaxTokens, d.Request.Temperature)
	}
	if v := r.Verdicts()[1]; v.Ignored != 5 {
		t.Errorf("%d actions ignored, want 5", v.Ignored)
	}

	s.After = []*Entry{entry("last", third)}
	_, d, _ = run(t, s)
	if string(d.Variant) != "after" || string(d.Headers[0].Value) != "after" || !slices.Equal(words(d.Classes), []string{"eu", "cloud"}) {
		t.Errorf("the operator's last word: %s %s %s", d.Variant, d.Headers[0].Value, words(d.Classes))
	}
	s.Tenant = []*Entry{entry("mine", say(func(w *writer) { w.Param(abi.ParamMaxTokens, 40) }))}
	if _, d, _ = run(t, s); d.Request.MaxTokens != 40 {
		t.Errorf("max_tokens is %d: a tenant may ask for less", d.Request.MaxTokens)
	}
}

func TestOrderAndDeny(t *testing.T) {
	t.Parallel()
	var order []string
	note := func(name string, deny bool) *fake {
		return hook(abi.HookRequest, func(_ *frame.Frame, w *frame.VerdictWriter) *frame.Fault {
			order = append(order, name)
			if w.Score(0.5, -1, name); deny {
				w.Deny(0, "too_rude", "mind\x1b your \u202ewords")
				w.Deny(404, "", "second")
				w.Exclude(abi.ByName, "a")
			}
			return nil
		}).also(abi.HookEnd, quiet)
	}
	early, late := note("tenant", true), note("after", false)
	logger := hook(abi.HookEnd, quiet)
	r, d, refusal := run(t, Spec{
		Before: []*Entry{entry("before", note("before", false)), entry("logger", logger)},
		Tenant: []*Entry{entry("own", early)}, After: []*Entry{entry("after", late)},
	})
	if d != nil || refusal == nil {
		t.Fatal("not refused")
	}
	if got := strings.Join(order, " "); got != "before tenant" {
		t.Errorf("ran %s", got)
	}
	if refusal.Status != 403 || refusal.Err.Kind.Status() != 403 || refusal.Err.Code != "too_rude" || refusal.Err.Message != "mind  your words" ||
		refusal.Plugin != "acme/own" || refusal.Fault || !refusal.Err.NoRetry {
		t.Errorf("%+v", refusal)
	}
	r.End(&End{})
	r.End(&End{})
	if n := len(late.seen()); n != 0 {
		t.Errorf("the plugin after the DENY was called %d times", n)
	}
	for _, p := range []*fake{early, logger} {
		if n := len(slices.DeleteFunc(slices.Clone(p.seen()), func(h abi.Hook) bool { return h != abi.HookEnd })); n != 1 {
			t.Errorf("on_end ran %d times", n)
		}
	}
	if len(r.Scores()) != 2 || r.Verdicts()[1].Action != abi.ActionDeny || !r.Verdicts()[1].Denied {
		t.Errorf("%v %v", r.Scores(), r.Verdicts())
	}
}

func TestDenyStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[uint16]struct {
		kind  int
		retry bool
	}{0: {403, false}, 400: {400, false}, 401: {401, false}, 403: {403, false}, 404: {404, false}, 408: {408, false}, 409: {400, false},
		413: {413, false}, 415: {415, false}, 422: {400, false}, 429: {429, true}, 451: {403, false}, 503: {503, true}} {
		_, _, refusal := run(t, before(say(func(w *writer) { w.Deny(status, "", "") })))
		shown := int(status)
		if status == 0 {
			shown = 403
		}
		if refusal.Status != shown || refusal.Err.Kind.Status() != want.kind || refusal.Err.NoRetry == want.retry ||
			refusal.Err.Code != CodeDenied || refusal.Err.Message == "" {
			t.Errorf("%d: %+v", status, refusal)
		}
	}
	r, d, _ := run(t, before(say(func(w *writer) { w.Deny(200, "", "") })))
	if d == nil || classes(r) != "p0:verdict" {
		t.Errorf("a DENY with status 200 is taken: %s", classes(r))
	}
}

func TestScoresAndTagsAreShownToLaterPlugins(t *testing.T) {
	t.Parallel()
	var scores []frame.Score
	var tags []frame.Tag
	first := say(func(w *writer) {
		w.Score(0.25, -1, "risk")
		w.Score(0.75, -1, "risk")
		w.Score(0.5, 1, "risk")
		w.Tag("lang", "en")
		w.Tag("lang", "de")
	})
	hidden := say(func(w *writer) { w.Score(9, -1, "hidden"); w.Tag("hidden", "1"); w.Deny(0, "", "") })
	last := hook(abi.HookRequest, func(f *frame.Frame, _ *frame.VerdictWriter) *frame.Fault {
		scores, _ = f.Scores(abi.SectionScores)
		tags, _ = f.Tags()
		return nil
	})
	s := own(first)
	observed := entry("watching", hidden)
	observed.Mode = Observe
	s.After = []*Entry{observed, entry("last", last)}
	r, d, refusal := run(t, s)
	if refusal != nil || d == nil {
		t.Fatal("refused by a plugin that only observes")
	}
	if len(scores) != 2 || scores[0].Value != 0.75 || scores[0].Message != -1 || scores[0].Plugin != "acme/p0" || scores[1].Message != 1 {
		t.Errorf("scores %v", scores)
	}
	if len(tags) != 1 || string(tags[0].Value) != "de" || tags[0].Plugin != "acme/p0" {
		t.Errorf("tags %v", tags)
	}
	seenScores, seenTags := r.Observed()
	if len(seenScores) != 1 || len(seenTags) != 1 || len(r.Scores()) != 2 || len(r.Tags()) != 1 {
		t.Errorf("observed %v %v", seenScores, seenTags)
	}
	v := r.Verdicts()
	if v[0].Score != 0.75 || v[0].Action != abi.ActionScore || v[0].Digest != "0123456789ab" || v[0].Fuel != 7 || v[0].Took != 1000 {
		t.Errorf("%+v", v[0])
	}
	if !v[1].Observe || v[1].Denied || v[1].Action != abi.ActionDeny {
		t.Errorf("%+v", v[1])
	}
	if !math.IsNaN(v[2].Score) || v[2].Action != abi.ActionNone {
		t.Errorf("%+v", v[2])
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	many := func(n int, do func(w *writer, i int)) func(*writer) {
		return func(w *writer) {
			for i := range n {
				do(w, i)
			}
		}
	}
	var announced []string
	for i := range maxHeaders + 1 {
		announced = append(announced, fmt.Sprintf("x-h-%d", i))
	}
	for name, test := range map[string]struct {
		most int
		do   func(*writer, int)
	}{
		"scores":  {maxScores, func(w *writer, i int) { w.Score(1, -1, fmt.Sprint(i)) }},
		"tags":    {maxTags, func(w *writer, i int) { w.Tag(fmt.Sprint(i), "v") }},
		"headers": {maxHeaders, func(w *writer, i int) { w.SetHeader(announced[i], "v") }},
		"edits":   {maxEdits, func(w *writer, i int) { w.Edit(0, 0, 0, "x") }},
		"exclude": {maxExclusions, func(w *writer, i int) { w.Exclude(abi.ByName, fmt.Sprint(i)) }},
		"classes": {maxClasses, func(w *writer, i int) { w.Class(fmt.Sprint(i)) }},
		"budget":  {maxCharges, func(w *writer, i int) { w.Budget(fmt.Sprint(i), 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			announce := func(m *frame.Manifest) { m.SetHeaders = announced }
			first, second := say(many(test.most-1, test.do)).with(announce), say(many(1, func(w *writer, _ int) { test.do(w, test.most-1) })).with(announce)
			third := say(many(1, func(w *writer, _ int) { test.do(w, test.most) })).with(announce)
			r, _, refusal := run(t, own(first, second, third))
			if refusal != nil {
				t.Fatal(refusal.Err.Message)
			}
			if got := classes(r); got != "acme/p0:none acme/p1:none acme/p2:verdict" {
				t.Errorf("%s", got)
			}
		})
	}
	r, _, _ := run(t, before(say(many(200, func(w *writer, i int) { w.Score(float64(i), -1, "same") }))))
	if classes(r) != "p0:none" || len(r.Scores()) != 1 || r.Scores()[0].Value != 199 {
		t.Errorf("one score said again and again: %s %v", classes(r), r.Scores())
	}
}
