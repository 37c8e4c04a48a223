package host_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"weir/host/sim"
)

// A plugin that loops where nothing can be refused any more costs its deadline, until it is left alone; the answers are not harmed.
func TestFault18_LoopAtTheEnd(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	g := start(t, simulated+records+policed(t, "loop", guest(t, "loop-end", "on_error: deny, limits: { deadline: 2ms, wait: 20s }"), "end", guest(t, "end", "")))
	c := client(t)
	for i := range 30 {
		if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i%2 == 0, "x")); resp.StatusCode != 200 || i%2 == 0 && !strings.HasSuffix(body, "[DONE]\n\n") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	wantMetric(t, g, `weir_plugin_breaker{plugin="loop",hook="end"} 1`)
	g.stop()
	for _, r := range readRuled(t, path) {
		if r.Outcome != "ok" || r.Tags["status"] != "200" {
			t.Errorf("%+v", r)
		}
	}
}

// When a plugin that has to see answers is left alone, requests are refused before they cost anything.
func TestFault23_BreakerOfAnswersRefusesRequests(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+policed(t, "trap", guest(t, "trap-delta", "on_error: deny")))
	c := client(t)
	refused := 0
	for i := range 20 {
		resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i%2 == 0, "x"))
		if !strings.Contains(body, "policy_unavailable") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		if resp.StatusCode == http.StatusServiceUnavailable && i > 5 {
			refused++
		}
	}
	if n := m.Stats().Requests; n < 5 || n > 8 {
		t.Errorf("%d requests reached the target of the first plugin's five faults", n)
	}
	if refused < 12 {
		t.Errorf("%d requests were refused", refused)
	}
}

// A tenant's own plugin that cannot be loaded is that tenant's trouble: the reload goes through, a version in force stays in force, and where
// there is none the plugin's fail mode holds.
func TestFault25_TenantsBadPlugin(t *testing.T) {
	t.Parallel()
	config := func(own string) string {
		return simulated + policedTenants(t, nil, []string{"tag", guest(t, "tag", "")}, own, "")
	}
	ask := func(g *gateway, who, text string) int {
		resp, _ := post(t, client(t), g.url+"/v1/chat/completions", chat(false, text), as(who)...)
		return resp.StatusCode
	}
	bad := guest(t, "import-env", "on_error: deny")
	g := start(t, config(guest(t, "deny", word)))
	g.rewrite(t, config(bad))
	if err := g.Reload(t.Context()); err != nil {
		t.Errorf("the reload: %v", err)
	}
	if got := [3]int{ask(g, "acme", "x"), ask(g, "acme", "forbidden"), ask(g, "other", "forbidden")}; got != [3]int{200, 403, 200} {
		t.Errorf("after the reload: %v", got)
	}
	if !strings.Contains(g.log.String(), `"in_force":true`) {
		t.Error("the log does not say which version is in force")
	}
	fresh := start(t, config(bad))
	if got := [2]int{ask(fresh, "acme", "x"), ask(fresh, "other", "x")}; got != [2]int{503, 200} {
		t.Errorf("from the start: %v", got)
	}
	fresh.rewrite(t, config(guest(t, "deny", word)))
	if err := fresh.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if got := [2]int{ask(fresh, "acme", "x"), ask(fresh, "acme", "forbidden")}; got != [2]int{200, 403} {
		t.Errorf("when it can be loaded: %v", got)
	}
}

// A compressed request is shown, and edited, as what it holds.
func TestPolicyEditsCompressedRequests(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", completion))
	g := start(t, targetAt(up.url)+policed(t, "edit", guest(t, "edit", `config: { word: "secret", by: "[x]" }`)))
	for _, c := range []struct{ sent, want string }{
		{`{"model":"m","messages":[{"role":"user","content":"a secret"}]}`, `{"model":"m","messages":[{"role":"user","content":"a [x]"}]}`},
		{`{"model":"m","messages":[{"role":"user","content":"nothing"}]}`, `{"model":"m","messages":[{"role":"user","content":"nothing"}]}`},
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(c.sent))
		_ = z.Close()
		if resp, body := post(t, client(t), g.url+"/v1/chat/completions", b.String(), "Content-Encoding", "gzip"); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
		if got := <-up.asks; got.body != c.want || got.head.Get("Content-Encoding") != "" {
			t.Errorf("%q %v", got.body, got.head)
		}
	}
}

// A plugin that edits a request beyond limits.body has failed.
func TestPolicyEditsWithinLimits(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+"limits: { body: 64KiB }\n"+policed(t, "edit", guest(t, "edit", `config: { word: "ab", by: "`+strings.Repeat("long ", 25)+`" }`)))
	for text, status := range map[string]int{"ab": 200, strings.Repeat("ab ", 60): 200, strings.Repeat("a", 60<<10) + strings.Repeat(" ab", 50): 503} {
		if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, text)); resp.StatusCode != status {
			t.Errorf("%.20s: %d %.300s", text, resp.StatusCode, body)
		}
	}
}
