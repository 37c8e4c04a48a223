package host_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// What a plugin floods its host with is cut at a quota; the log, the metrics and the state stay within their bounds, and other tenants
// are served.
func TestFault22_Floods(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"flood-log", "flood-log-long", "flood-metric", "flood-metric-names", "flood-state", "flood-counters"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := beside(t, guest(t, name, "tenant: bad, on_error: allow, limits: { deadline: 20s, fuel: 20G, wait: 20s, start: 60s }"))
			c := client(t)
			for range 3 {
				for _, who := range []string{"bad", "good"} {
					if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), as(who)...); resp.StatusCode != 200 {
						t.Errorf("%s: %d %s", who, resp.StatusCode, body)
					}
				}
			}
			var exposition strings.Builder
			g.WriteMetrics(&exposition)
			if n := len(g.log.String()); n > 256<<10 {
				t.Errorf("%d bytes of log", n)
			}
			if n := strings.Count(exposition.String(), "\n"); n > 5000 {
				t.Errorf("%d lines of metrics", n)
			}
			if faults := metric(t, g, "weir_plugin_faults_total", "class"); len(faults) > 0 {
				t.Errorf("the flood was not run to its end: %v", faults)
			}
			t.Logf("refused %v, %d bytes of log", metric(t, g, "weir_plugin_refusals_total", "function"), len(g.log.String()))
		})
	}
}

// Verdicts that may not be are found when the plugin is tried, and where that cannot be, at the first request: the plugin has failed.
func TestFault21_LyingVerdicts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"verdict-outside", "verdict-wrap", "verdict-length", "verdict-crlf", "verdict-header-framing", "verdict-unknown", "verdict-utf8", "verdict-truncated",
		"verdict-edit-wrap", "verdict-edit-part", "verdict-edit-overlap", "verdict-header-reserved", "verdict-delta-edit", "verdict-hold", "alloc-outside", "alloc-wrap"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			yaml := simulated + policed(t, "bad", guest(t, name, "on_error: deny, on_load_error: deny"))
			g := start(t, yaml)
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(true, "Hello there, this is a text."))
			if strings.HasPrefix(name, "verdict-delta") || name == "verdict-hold" {
				if !strings.Contains(body, "policy_unavailable") && name == "verdict-delta-edit" {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
				return
			}
			if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "policy_unavailable") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
}

// A plugin that traps on every call is left alone, with one alert; its fail mode stays in force, a reload changes nothing about that, and it
// is tried again later.
func TestFault23_BreakerStaysOverReloads(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	yaml := simulated + records + policed(t, "worse", turning(t, abi.HookRequest, traps, "on_error: deny, "+roomy))
	g := start(t, yaml)
	c := client(t)
	for i := range 40 {
		if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, badText())); resp.StatusCode != 503 || resp.Header.Get("retry-after") != "1" {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		if i%10 == 9 {
			g.rewrite(t, yaml+fmt.Sprintf("limits: { body: %dKiB }\n", 512+i))
			if err := g.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := strings.Count(g.log.String(), "left alone for a while"); n != 1 {
		t.Errorf("%d alerts", n)
	}
	wantMetric(t, g, `weir_plugin_breaker{plugin="worse",hook="request"} 1`)
	// When its time is over one request is let through, and one that goes well puts the plugin back to work.
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "good"))
		if resp.StatusCode == 200 {
			tick.Stop()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	wantMetric(t, g, `weir_plugin_breaker{plugin="worse",hook="request"} 0`)
	g.stop()
	faults := map[string]int{}
	for _, r := range readRuled(t, path) {
		faults[r.Verdicts[0].Fault]++
	}
	if faults["trap"] < 5 || faults["trap"] > 12 || faults["open"] < 20 {
		t.Errorf("%v", faults)
	}
}

// The settings of plugins may be secrets, which variables bring in: nothing tells them.
func TestFault39_PluginSettings(t *testing.T) {
	const secret, canary = "canary-7f3a9c51e0", "\"${WEIR_TEST_CANARY}\""
	t.Setenv("WEIR_TEST_CANARY", secret)
	records, path := recorded(t)
	records = strings.Replace(records, ", content: text", "", 1)
	tells := said{abi.HookRequest: func(w *frame.VerdictWriter) { w.Score(1, -1, "x") }}
	entry := saying(t, `{"sections":["text"]}`, tells, "config: { word: "+canary+", deep: { list: ["+canary+"] } }")
	yaml := simulated + records + policed(t, "said", entry, "deny", guest(t, "deny", "config: { word: "+canary+" }"),
		"worse", turning(t, abi.HookRequest, traps, roomy+", on_error: allow, config: { key: "+canary+" }"))
	g := start(t, yaml)
	var told strings.Builder
	for _, text := range []string{"Hello", badText()} {
		for _, stream := range []bool{false, true} {
			_, body := post(t, client(t), g.url+"/v1/chat/completions", chat(stream, text))
			told.WriteString(body)
		}
	}
	if _, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "my "+secret)); !strings.Contains(body, "not allowed") {
		t.Errorf("the plugin was not given the secret: %s", body)
	}
	g.rewrite(t, yaml+"limits: { body: 1MiB }\n")
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		strings.Replace(yaml, "deep: {", "deep: { bad: [ 0x1, "+canary+" ], ", 1),
		strings.Replace(yaml, "config: { key:", "config: { key: "+canary+", key:", 1),
		strings.Replace(yaml, "{ word: "+canary+" }", "{ words: "+canary+" }", 1),
	} {
		g.rewrite(t, bad)
		err := g.Reload(t.Context())
		if err == nil {
			t.Errorf("reloaded %s", bad)
			continue
		}
		told.WriteString(err.Error())
	}
	cfg, err := g.Config()
	if err != nil {
		t.Fatal(err)
	}
	told.Write(cfg)
	_, _ = fmt.Fprintf(&told, "%+v", g.Status())
	g.WriteMetrics(&told)
	g.stop()
	told.WriteString(g.log.String())
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	told.Write(b)
	if at := strings.Index(told.String(), secret); at >= 0 {
		t.Errorf("told: %s", told.String()[max(0, at-300):at+40])
	}
	if !strings.Contains(string(cfg), "said") {
		t.Errorf("the configuration does not name the plugin: %s", cfg)
	}
}
