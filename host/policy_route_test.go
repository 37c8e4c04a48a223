package host_test

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// Where a request goes is what plugins leave of its route: the target or model they name, without what they rule out.
func TestPolicyRoutes(t *testing.T) {
	t.Parallel()
	spies := map[string]*spy{}
	targets := "targets:\n"
	for name, data := range map[string]string{"a": "cloud", "b": "local", "c": "cloud", "far": "local"} {
		spies[name] = newSpy(t, answerOf(200, "", completion))
		targets += fmt.Sprintf("  %s: { kind: openai, url: %q, data: %s, models: { other: other-at-%s } }\n", name, spies[name].url, data, name)
	}
	targets += "routes: [ { match: { models: [other] }, targets: [far] }, { targets: [a, b, c] } ]\n"
	type say = func(w *frame.VerdictWriter)
	for name, c := range map[string]struct {
		say          say
		target, code string // who is asked, or what the client is told
		model        string
	}{
		"nothing":                 {func(*frame.VerdictWriter) {}, "a", "", "m"},
		"a target":                {func(w *frame.VerdictWriter) { w.Route(abi.ByName, "c") }, "c", "", "m"},
		"a target of another":     {func(w *frame.VerdictWriter) { w.Route(abi.ByName, "far") }, "far", "", "m"},
		"a model":                 {func(w *frame.VerdictWriter) { w.Route(abi.ByModel, "other") }, "far", "", "other-at-far"},
		"a model of this route":   {func(w *frame.VerdictWriter) { w.Route(abi.ByModel, "new \"name\"") }, "a", "", `new \"name\"`},
		"a model at a target":     {func(w *frame.VerdictWriter) { w.Route(abi.ByModel, "other"); w.Route(abi.ByName, "b") }, "b", "", "other-at-b"},
		"without one":             {func(w *frame.VerdictWriter) { w.Exclude(abi.ByName, "a") }, "b", "", "m"},
		"without a class":         {func(w *frame.VerdictWriter) { w.Exclude(abi.ByClass, "cloud") }, "b", "", "m"},
		"of a class":              {func(w *frame.VerdictWriter) { w.Class("local") }, "b", "", "m"},
		"the preferred":           {func(w *frame.VerdictWriter) { w.Prefer("c") }, "c", "", "m"},
		"the preferred ruled out": {func(w *frame.VerdictWriter) { w.Prefer("c"); w.Exclude(abi.ByName, "c") }, "a", "", "m"},
		"none is left":            {func(w *frame.VerdictWriter) { w.Class("secret") }, "", "no_target_allowed", ""},
		"none in two words":       {func(w *frame.VerdictWriter) { w.Route(abi.ByName, "a"); w.Exclude(abi.ByClass, "cloud") }, "", "no_target_allowed", ""},
		"nobody knows it":         {func(w *frame.VerdictWriter) { w.Route(abi.ByName, "nowhere") }, "", "policy_unavailable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			records, path := recorded(t)
			g := start(t, targets+records+policed(t, "said", saying(t, `{"sections":["targets"]}`, said{abi.HookRequest: c.say}, "")))
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}]}`)
			g.stop()
			r := readRuled(t, path)[0]
			if c.code != "" {
				if resp.StatusCode < 403 || !strings.Contains(body, c.code) || r.Target != "" {
					t.Errorf("%d %s, %s", resp.StatusCode, body, r.Outcome)
				}
				return
			}
			if resp.StatusCode != 200 || r.Target != c.target {
				t.Fatalf("%d %s, from %q", resp.StatusCode, body, r.Target)
			}
			if got := (<-spies[c.target].asks).body; !strings.Contains(got, `"model":"`+c.model+`"`) {
				t.Errorf("%s", got)
			}
		})
	}
}

// What is ruled out stays out when the target that is left fails: the request is not sent where it may not go.
func TestPolicyExclusionHoldsForRetries(t *testing.T) {
	t.Parallel()
	cloud, local := newSpy(t, answerOf(200, "", completion)), newSpy(t, answerOf(503, "", `{}`))
	g := start(t, fmt.Sprintf("targets: { cloud: { kind: openai, url: %q, data: cloud }, local: { kind: openai, url: %q, data: local } }\nroutes: [ { targets: [cloud, local] } ]\n", cloud.url, local.url)+
		policed(t, "said", saying(t, `{"sections":[]}`, said{abi.HookRequest: func(w *frame.VerdictWriter) { w.Class("local") }}, "")))
	resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"))
	if resp.StatusCode != 503 || len(cloud.asks) != 0 || len(local.asks) == 0 {
		t.Errorf("%d %s; the cloud was asked %d times", resp.StatusCode, body, len(cloud.asks))
	}
}

// What a plugin is shown of a request's answer is never another's, even when there is none; nor is what is recorded.
func TestPolicyEndShowsNoOthersAnswer(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	up := newSpy(t, answerOf(200, "", completion))
	g := start(t, targetAt(up.url)+records+policed(t,
		"end", guest(t, "end", ""),
		"no", saying(t, `{"sections":["model"]}`, said{abi.HookRequest: func(w *frame.VerdictWriter) { w.Exclude(abi.ByClass, "cloud") }}, "sample: 0.5")))
	c := client(t)
	for range 40 { // about every second is refused
		post(t, c, g.url+"/v1/chat/completions", chat(false, "Hello there"))
	}
	g.stop()
	refused := 0
	for _, r := range readRuled(t, path) {
		ok := r.Status == 200
		if !ok {
			refused++
		}
		if text := r.Tags["text"]; (text == "1") != ok || (r.Tags["bytes"] == "1") != ok {
			t.Errorf("%d: the plugin was shown %s bytes of text, of %s", r.Status, text, r.Tags["bytes"])
		}
		if r.Text != nil && (r.Text.Answer != "") != ok {
			t.Errorf("%d: recorded answer %q", r.Status, r.Text.Answer)
		}
	}
	if refused == 0 || refused == 40 {
		t.Errorf("%d of 40 refused", refused)
	}
}
