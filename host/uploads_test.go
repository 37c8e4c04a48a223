package host_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"weir/host"
	"weir/sdk/abi"
	wasm "weir/testdata/guests"
)

const forbids = `{"config": {"word": "forbidden"}, "on_error": "allow"}`

func TestUploads(t *testing.T) {
	t.Parallel()
	g := hosts(t)
	g.answers(t, "acme", "forbidden", 200)
	status, body := g.bring(t, "acme", "words", wasm.Bytes("deny"), forbids)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	g.answers(t, "acme", "forbidden", 403)
	g.answers(t, "acme", "allowed", 200)
	g.answers(t, "other", "forbidden", 200)
	first := g.shown(t, "acme", "words")
	if first.Mode != "enforce" || first.OnError != "allow" || !slices.Contains(first.Hooks, "request") || first.Size != int64(len(wasm.Bytes("deny"))) || !json.Valid(first.Settings) {
		t.Errorf("%+v", first)
	}

	if status, body := g.bring(t, "acme", "words", wasm.Bytes("deny"), strings.ReplaceAll(forbids, " ", "  ")); status != http.StatusOK {
		t.Errorf("the same again: %d %s", status, body)
	}
	if again := g.shown(t, "acme", "words"); !again.Uploaded.Equal(first.Uploaded) {
		t.Error("the same again is a new version")
	}
	if status, body := g.bring(t, "acme", "words", wasm.Bytes("deny"), `{"config": {"word": "secret"}, "on_error": "allow"}`); status != http.StatusOK {
		t.Errorf("other settings: %d %s", status, body)
	}
	g.answers(t, "acme", "secret", 403)
	g.answers(t, "acme", "forbidden", 200)

	g.must(t, "other", "words", wasm.Bytes("noop"), "")
	var all []host.PluginStatus
	if status, body := g.ask(t, http.MethodGet, "/admin/v1/plugins", "operator", "", nil); status != 200 || json.Unmarshal([]byte(body), &all) != nil || len(all) != 2 ||
		all[0].Tenant != "acme" || all[1].Tenant != "other" || all[0].Calls == 0 || all[0].Settings != nil {
		t.Errorf("%d %s", status, body)
	}
	if status, body := g.ask(t, http.MethodGet, "/admin/v1/tenants/acme/plugins", "acme", "", nil); status != 200 || json.Unmarshal([]byte(body), &all) != nil || len(all) != 1 {
		t.Errorf("%d %s", status, body)
	}

	if status, body := g.ask(t, http.MethodDelete, pluginPath("acme", "words"), "acme", "", nil); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	g.answers(t, "acme", "secret", 200)
	if status, _ := g.ask(t, http.MethodGet, pluginPath("acme", "words"), "acme", "", nil); status != 404 {
		t.Errorf("deleted, and shown: %d", status)
	}
	_, metrics := g.ask(t, http.MethodGet, "/metrics", "operator", "", nil)
	for _, want := range []string{`result="added"} 1`, `result="unchanged"} 1`, `result="replaced"} 1`, `result="deleted"} 1`} {
		if !strings.Contains(metrics, `weir_plugin_uploads_total{tenant="acme",`+want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if log := g.log.String(); strings.Contains(log, "token-of-") || !strings.Contains(log, "plugin uploaded") || !strings.Contains(log, "uploaded plugin deleted") {
		t.Error("log")
	}
}

// What is refused changes nothing, and its author is told why.
func TestFault25_RefusedUploads(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "plugins")
	g := start(t, hosting(t, dir, ", plugins: 2, size: 64KiB", "  listing: { keys: [ { value: key-of-listing-0123456789 } ], policy: [listed], uploads: { token: token-of-listing-0123456789 } }\n"+
		"plugins: { listed: { module: \"builtin:phrases\", tenant: listing, config: { tag: [x] } } }\n"))
	g.must(t, "acme", "words", wasm.Bytes("deny"), forbids)
	before := g.shown(t, "acme", "words")
	nonsense := []byte("nonsense")
	tests := []struct {
		what, tenant, name string
		module             []byte
		settings           string
		status             int
		code, want         string
	}{
		{"nonsense", "acme", "words", nonsense, "", 422, "plugin_refused", "words"},
		{"another version of the ABI", "acme", "words", wasm.Bytes("abi-2"), "", 422, "plugin_refused", "version 2"},
		{"no version", "acme", "words", wasm.Bytes("abi-none"), "", 422, "plugin_refused", "weir_abi_1"},
		{"an import", "acme", "words", wasm.Bytes("import-socket"), "", 422, "plugin_refused", "sock_"},
		{"a proposal", "acme", "words", wasm.Bytes("proposal-threads"), "", 422, "plugin_refused", "threads"},
		{"a loop at the start", "acme", "words", wasm.Bytes("loop-start"), `{"limits": {"start": "100ms"}}`, 422, "plugin_refused", "limits.start"},
		{"a loop in configure", "acme", "words", wasm.Bytes("loop-configure"), `{"limits": {"start": "100ms"}}`, 422, "plugin_refused", "limits.start"},
		{"a loop in the self-test", "acme", "words", wasm.Bytes("loop-request"), `{"limits": {"start": "100ms"}}`, 422, "plugin_refused", "self-test"},
		{"a trap at the start", "acme", "words", wasm.Bytes("trap-start"), "", 422, "plugin_refused", "start"},
		{"a manifest", "acme", "words", wasm.Bytes("manifest-unknown"), "", 422, "plugin_refused", "manifest"},
		{"state for all tenants", "acme", "words", brought(`{"scope":"plugin"}`, said{abi.HookRequest: nothing}), "", 422, "plugin_refused", "scope"},
		{"settings of its own", "acme", "words", wasm.Bytes("reconfigure"), `{"config": {"bad": true}}`, 422, "plugin_refused", "refuses its settings"},
		{"settings", "acme", "words", wasm.Bytes("deny"), `{"mode": "on"}`, 422, "settings_refused", "settings:1:10: mode"},
		{"limits", "acme", "words", wasm.Bytes("deny"), `{"limits": {"deadline": "1s"}}`, 422, "settings_refused", "2ms"},
		{"capabilities", "acme", "words", wasm.Bytes("deny"), `{"capabilities": ["clock"]}`, 422, "settings_refused", "unknown key"},
		{"size", "acme", "words", make([]byte, 64<<10+1), "", 413, "module_too_large", "65536"},
		{"a name of the configuration's", "listing", "listed", wasm.Bytes("noop"), "", 409, "name_taken", "choose another"},
		{"a bad name", "acme", "Words", wasm.Bytes("noop"), "", 400, "bad_name", "a-z"},
	}
	for _, test := range tests {
		status, body := g.bring(t, test.tenant, test.name, test.module, test.settings)
		if code, message := errorCode(body); status != test.status || code != test.code || !strings.Contains(message, test.want) || strings.Contains(message, dir) {
			t.Errorf("%s: %d %s", test.what, status, body)
		}
	}
	if after := g.shown(t, "acme", "words"); after.Digest != before.Digest || !after.Uploaded.Equal(before.Uploaded) || after.Error != "" {
		t.Errorf("%+v, was %+v", after, before)
	}
	g.answers(t, "acme", "forbidden", 403)

	g.must(t, "acme", "second", wasm.Bytes("noop"), "")
	status, body := g.bring(t, "acme", "third", wasm.Bytes("noop"), "")
	if code, _ := errorCode(body); status != 409 || code != "too_many_plugins" {
		t.Errorf("%d %s", status, body)
	}
	g.must(t, "acme", "second", wasm.Bytes("count"), "")
	if status, body := g.ask(t, http.MethodPut, pluginPath("other", "words"), "acme", "application/wasm", strings.NewReader("x")); status != 403 {
		t.Errorf("another tenant's: %d %s", status, body)
	}
	g.answers(t, "acme", "allowed", 200)
}

// Uploaded plugins are there after a restart and after a reload, and gone with uploads.
func TestUploadsAreKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "plugins")
	yaml := hosting(t, dir, "", "")
	g := start(t, yaml)
	g.must(t, "acme", "words", wasm.Bytes("deny"), forbids)
	first := g.shown(t, "acme", "words")
	g.stop()

	g = start(t, yaml)
	again := g.shown(t, "acme", "words")
	if !again.InForce || again.Digest != first.Digest || !again.Uploaded.Equal(first.Uploaded) || string(again.Settings) != string(first.Settings) {
		t.Errorf("%+v, was %+v", again, first)
	}
	g.answers(t, "acme", "forbidden", 403)
	loads := strings.Count(g.log.String(), `"plugin loaded"`)
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.answers(t, "acme", "forbidden", 403)
	g.must(t, "other", "words", wasm.Bytes("noop"), "")
	if n := strings.Count(g.log.String(), `"plugin loaded"`); n != loads+1 {
		t.Errorf("%d plugins loaded, not %d: what has not changed was loaded anew", n, loads+1)
	}

	without := yaml[:strings.Index(yaml, ", uploads: { token: token-of-acme")] + " }\n" + yaml[strings.Index(yaml, "  other:"):]
	if err := os.WriteFile(g.path, []byte(without), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.answers(t, "acme", "forbidden", 200)
	if status, _ := g.bring(t, "acme", "words", wasm.Bytes("noop"), ""); status != 403 {
		t.Errorf("a token that is gone: %d", status)
	}
	if err := os.WriteFile(g.path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.answers(t, "acme", "forbidden", 403)
}

// Row 32: a corrupt plugin is told, follows its fail mode, and harms nobody else; bringing it again mends it.
func TestFault32_CorruptUploads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, settings string
		status         int // of the tenant's requests while it is lost
	}{
		{".wasm", forbids, 200},
		{".wasm", strings.Replace(forbids, "allow", "deny", 1), 503},
		{".json", forbids, 503}, // nobody knows any more that it said allow
	} {
		t.Run(test.file+fmt.Sprint(test.status), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "plugins")
			yaml := hosting(t, dir, "", "")
			g := start(t, yaml)
			g.must(t, "acme", "words", wasm.Bytes("deny"), test.settings)
			g.must(t, "other", "words", wasm.Bytes("deny"), forbids)
			g.stop()
			found, err := filepath.Glob(filepath.Join(dir, "acme", "*"+test.file))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			b, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := os.WriteFile(found[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
			g = start(t, yaml)
			if !strings.Contains(g.log.String(), found[0]) {
				t.Error("nobody was told")
			}
			if s := g.shown(t, "acme", "words"); s.InForce || s.Error == "" {
				t.Errorf("%+v", s)
			}
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "forbidden"), as("acme")...)
			if resp.StatusCode != test.status {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			g.answers(t, "other", "forbidden", 403)
			g.must(t, "acme", "words", wasm.Bytes("deny"), forbids)
			g.answers(t, "acme", "forbidden", 403)
		})
	}
}

// While versions change, and the configuration is reloaded besides, no request fails, and at the end there is one version, whole.
func TestFault34_UploadsUnderLoad(t *testing.T) {
	t.Parallel()
	g := hosts(t)
	modules := [][]byte{wasm.Bytes("noop"), wasm.Bytes("tag"), wasm.Bytes("end")}
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, tenant := range []string{"acme", "other"} {
		load.Go(func() {
			c := client(t)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(true, "hello"), as(tenant)...); resp.StatusCode != 200 || !strings.Contains(body, "[DONE]") {
					t.Errorf("%d %s", resp.StatusCode, body)
					return
				}
			}
		})
	}
	var all sync.WaitGroup
	for i := range 4 { // for one plugin of each tenant two at a time, which are as many as may be
		all.Go(func() {
			for j := range 8 {
				if status, body := g.bring(t, []string{"acme", "other"}[i%2], "a", modules[(i+j)%len(modules)], `{"on_error": "allow"}`); status/100 != 2 {
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	all.Go(func() {
		for range 10 {
			if err := g.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	close(stop)
	load.Wait()
	for _, tenant := range []string{"acme", "other"} {
		if s := g.shown(t, tenant, "a"); !s.InForce || s.Error != "" {
			t.Errorf("%+v", s)
		}
	}
}
