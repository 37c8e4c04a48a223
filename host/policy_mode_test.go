package host_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/host"
	"weir/host/frame"
	"weir/host/sim"
	"weir/sdk/abi"
)

// denies refuses everything; its answer to on_delta stops.
var denies = said{
	abi.HookRequest: func(w *frame.VerdictWriter) { w.Score(0.9, -1, "risk"); w.Tag("seen", "yes"); w.Deny(0, "", "") },
	abi.HookDelta:   func(w *frame.VerdictWriter) { w.Stop("", "") },
}

// In mode observe a plugin changes nothing and is recorded; in mode off, or at sample 0, it is not there.
func TestPolicyModes(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		status   int
		verdicts string
	}{
		"mode: enforce": {403, "said/request=deny"},
		"mode: observe": {200, "said/request=deny said/delta=stop"},
		"mode: off":     {200, ""},
		"sample: 0":     {200, ""},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			up := newScripted(t)
			records, path := recorded(t)
			g := start(t, targetAt(up.url)+records+policed(t, "said", saying(t, `{"sections":[]}`, denies, mode)))
			s := surfaces[0]
			events := s.events([]string{"a", "b"})
			if c.status == 200 {
				up.pieces <- script(events)
			}
			resp, body := post(t, client(t), g.url+s.path, s.body)
			if resp.StatusCode != c.status || c.status == 200 && body != strings.Join(events, "") {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			g.stop()
			r := readRuled(t, path)[0]
			if r.of() != c.verdicts {
				t.Errorf("verdicts %q, want %q", r.of(), c.verdicts)
			}
			for _, v := range r.Verdicts {
				if v.Observe != (mode == "mode: observe") {
					t.Errorf("%+v", v)
				}
			}
			if observe := mode == "mode: observe"; observe && (r.Action != "" || r.Outcome != "ok") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// An operator's plugin that cannot be loaded is a fault of the configuration, unless on_load_error says what becomes of requests.
func TestPolicyOnLoadError(t *testing.T) {
	t.Parallel()
	bad := "{ module: " + guestFile(t, "import-env") + ", " + roomy
	yaml := simulated + policed(t, "bad", bad+" }")
	if err := startFails(t, yaml); err == nil || !strings.Contains(err.Error(), "plugins.bad") || !strings.Contains(err.Error(), "env") {
		t.Errorf("without on_load_error: %v", err)
	}
	for mode, status := range map[string]int{"allow": 200, "deny": 503} {
		records, path := recorded(t)
		g := start(t, simulated+records+policed(t, "bad", bad+", on_load_error: "+mode+" }", "tag", guest(t, "tag", "")))
		for _, stream := range []bool{false, true} {
			if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(stream, "x")); resp.StatusCode != status || status == 503 && strings.Contains(body, "env") {
				t.Errorf("%s: %d %s", mode, resp.StatusCode, body)
			}
		}
		if !strings.Contains(g.log.String(), `"plugin":"bad"`) {
			t.Errorf("%s: the log does not say it", mode)
		}
		g.stop()
		if r := readRuled(t, path)[0]; len(r.Verdicts) == 0 || r.Verdicts[0].Fault != "load" {
			t.Errorf("%s: %+v", mode, r)
		}
	}
}

// startFails is why a gateway of that configuration does not start.
func startFails(t testing.TB, yaml string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir.yaml")
	if err := os.WriteFile(path, []byte(listen+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	gw, err := host.New(host.Options{Path: path, Env: os.LookupEnv, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return gw.Start()
}

// A policy that denies what nobody can read does so without a plugin as well.
func TestPolicyOnUninspected(t *testing.T) {
	t.Parallel()
	image := `{"model":"sim","messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aaaa"}}]}]}`
	for name, plugins := range map[string]string{"alone": "", "with a plugin": "before: [tag], "} {
		yaml := simulated + "cache_dir: " + cacheDir(t) + "\nplugins: { tag: " + guest(t, "tag", "") + " }\npolicies: { default: { " + plugins + "on_uninspected: deny } }\n"
		g := start(t, yaml)
		resp, body := post(t, client(t), g.url+"/v1/chat/completions", image)
		if resp.StatusCode != 403 || !strings.Contains(body, "uninspected") || !strings.Contains(body, "images") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
}

// What the plugins before used up is missing to those that are left.
func TestPolicyBudget(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	yaml := simulated + records + "cache_dir: " + cacheDir(t) + "\nplugins:\n" +
		"  slow: " + turning(t, abi.HookRequest, loops, "on_error: allow, limits: { deadline: 1s, fuel: 100G, wait: 10s }") + "\n" +
		"  guard: " + guest(t, "deny", word) + "\n  tag: " + guest(t, "tag", "on_error: allow") + "\n" +
		"policies: { default: { before: [slow, tag, guard], budget: 100ms } }\n"
	g := start(t, yaml)
	if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, badText())); resp.StatusCode != 503 || !strings.Contains(body, `guard`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	g.stop()
	if r := readRuled(t, path)[0]; r.of() != "slow/request=none!deadline tag/request=none!deadline guard/request=none!deadline" {
		t.Errorf("%s", r.of())
	}
}

// Settings that a plugin does not take are a fault of the configuration, told in its words.
func TestPolicySettingsRefused(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	err := startFails(t, m.config("")+policed(t, "deny", guest(t, "deny", "")))
	if err == nil || !strings.Contains(err.Error(), "word: a string that is not empty is needed") || !strings.Contains(err.Error(), "plugins.deny") {
		t.Errorf("%v", err)
	}
}
