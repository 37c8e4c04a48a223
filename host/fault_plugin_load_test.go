package host_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
	wasm "weir/testdata/guests"
)

// rewrite puts other bytes in the place of a gateway's configuration.
func (g *gateway) rewrite(t testing.TB, yaml string) {
	t.Helper()
	if err := os.WriteFile(g.path, []byte(listen+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
}

func version(v string) said {
	return said{abi.HookRequest: func(w *frame.VerdictWriter) { w.Tag("version", v) }}
}

// What is wrong with a new version of a plugin is told by the reload, and the old version serves on; the plugins beside it stay as they
// were too: there is never half a chain.
func TestFault25_BadVersionsLeaveTheOldOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := dir + "/" + name + ".wasm"
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := wasm.Bytes("deny")
	sum := sha256.Sum256(good)
	records, path := recorded(t)
	config := func(module, digest string, tag string) string {
		return simulated + records + policed(t, "a-tag", saying(t, `{"sections":[]}`, version(tag), ""),
			"guard", "{ module: "+module+", sha256: "+digest+", "+roomy+", "+word+" }")
	}
	g := start(t, config(file("good", good), hex.EncodeToString(sum[:]), "one"))
	for name, want := range map[string]string{
		"digest": "sha256", "abi-2": "version 2", "abi-none": "weir_abi_1", "import-env": "env", "import-unknown": "weir1", "import-socket": "sock_",
		"memory-huge": "more than 128", "proposal-threads": "threads", "reserved-prefix": "", "hook-signature": "weir_on_request", "trap-start": "start", "table-huge": "",
	} {
		module := good
		if name != "digest" {
			module = wasm.Bytes(name)
		}
		digest := sha256.Sum256(module)
		if name == "digest" {
			digest[0]++
		}
		g.rewrite(t, config(file(name, module), hex.EncodeToString(digest[:]), "two"))
		err := g.Reload(t.Context())
		if err == nil || !strings.Contains(err.Error(), "plugins.guard") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %v", name, err)
		if resp, _ := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "forbidden")); resp.StatusCode != 403 {
			t.Errorf("%s: the guard is gone: %d", name, resp.StatusCode)
		}
	}
	// The file of the module in force is replaced by nonsense.
	file("good", []byte("nonsense"))
	if err := g.Reload(t.Context()); err == nil {
		t.Error("reloaded")
	}
	wantServing(t, g)
	if st, _ := g.Status().(status); st.LastLoad == nil || !strings.Contains(st.LastLoad.Error, "plugins.guard") {
		t.Errorf("%+v", st.LastLoad)
	}
	g.stop()
	for _, r := range readRuled(t, path) {
		if r.Tags["version"] != "one" || len(r.Verdicts) < 2 {
			t.Errorf("half a chain: %s, %v", r.of(), r.Tags)
		}
	}
}

// A bomb for the compiler costs its own process alone; the old version serves meanwhile.
func TestFault20_CompileBomb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := dir + "/guard.wasm"
	if err := os.WriteFile(path, wasm.Bytes("deny"), 0o600); err != nil {
		t.Fatal(err)
	}
	yaml := simulated + "compile: { wall: 2s, cpu: 1s, memory: 64MiB }\n" + policed(t, "guard", "{ module: "+path+", "+roomy+", "+word+" }")
	g := start(t, yaml)
	if err := os.WriteFile(path, wasm.CompileBomb(300), 0o600); err != nil {
		t.Fatal(err)
	}
	reloaded := make(chan error, 1)
	go func() { reloaded <- g.Reload(t.Context()) }()
	for n := 0; ; n++ {
		if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(n%2 == 0, "forbidden")); resp.StatusCode != 403 {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		select {
		case err := <-reloaded:
			if err == nil || !strings.Contains(err.Error(), "plugins.guard") {
				t.Errorf("%v", err)
			}
			t.Logf("%d requests meanwhile: %v", n, err)
			wantServing(t, g)
			return
		default:
		}
	}
}

// Two versions of a plugin take turns while requests run: each request meets one of them whole, and none fails.
func TestFault34_PluginReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	versions := []string{}
	for _, v := range []string{"one", "two"} {
		versions = append(versions, policed(t, "b-said", saying(t, `{"sections":["text"]}`, version(v), ""),
			"edit", guest(t, "edit", `config: { word: "x", by: "`+v+`" }`), "z-said", saying(t, `{"sections":["text"]}`, version("z-"+v), "")))
	}
	g := start(t, simulated+records+versions[0])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var served atomic.Int64
	for i := range 3 {
		wg.Go(func() {
			c := client(t)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i%2 == 0, "x")); resp.StatusCode != 200 || i%2 == 0 && !strings.HasSuffix(body, "data: [DONE]\n\n") {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
				served.Add(1)
			}
		})
	}
	reloads := 200
	if testing.Short() {
		reloads = 20
	}
	for i := range reloads {
		g.rewrite(t, simulated+records+versions[(i+1)%2])
		if err := g.Reload(t.Context()); err != nil {
			t.Fatalf("reload %d: %v", i, err)
		}
	}
	close(stop)
	wg.Wait()
	if n := metric(t, g, "weir_plugin_instances", "plugin")["edit"]; n < 1 || n > 8 {
		t.Errorf("%d instances are left", n)
	}
	g.stop()
	seen := map[string]int{}
	for _, r := range readRuled(t, path) {
		seen[r.Text.Messages[0].Text]++
		if len(r.Verdicts) < 3 || slices.ContainsFunc(r.Verdicts, func(v ruling) bool { return v.Fault != "" }) {
			t.Errorf("%s", r.of())
		}
		if r.Tags["version"] != r.Text.Messages[0].Text {
			t.Errorf("half a chain: %v, %v", r.Tags, r.Text.Messages)
		}
	}
	t.Logf("%d requests during %d reloads: %v", served.Load(), reloads, seen)
	if served.Load() == 0 || len(seen) != 2 {
		t.Error("no load")
	}
}
