package host_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/host"
	"weir/host/frame"
	"weir/sdk/abi"
)

// hosting is a configuration whose tenants acme and other bring plugins, kept in dir.
func hosting(t testing.TB, dir, uploads, more string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0, token: token-of-operator-0123456789 }\n" + simulated)
	fmt.Fprintf(&b, "cache_dir: %s\nplugin_dir: %s\ntenants:\n", cacheDir(t), dir)
	for _, tenant := range []string{"acme", "other"} {
		fmt.Fprintf(&b, "  %s: { keys: [ { value: key-of-%s-0123456789 } ], uploads: { token: token-of-%s-0123456789%s } }\n", tenant, tenant, tenant, uploads)
	}
	return b.String() + more
}

// hosts runs such a gateway.
func hosts(t testing.TB) *gateway {
	t.Helper()
	return start(t, hosting(t, filepath.Join(t.TempDir(), "plugins"), "", ""))
}

// brought is a module of that manifest that says the same of everything.
func brought(manifest string, s said) []byte {
	verdicts := map[string][]byte{abi.ExportManifest: []byte(manifest)}
	for h, say := range s {
		var w frame.VerdictWriter
		say(&w)
		verdicts[h.Export()] = w.Verdict()
	}
	return saidModule(verdicts, nil, 0)
}

// ask sends a request to the admin API with somebody's token.
func (g *gateway) ask(t testing.TB, method, path, who, kind string, body io.Reader) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.admin+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token-of-"+who+"-0123456789")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	c := client(t)
	c.Timeout = 4 * time.Minute // compilation, on a busy machine
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func pluginPath(tenant, name string) string {
	return "/admin/v1/tenants/" + tenant + "/plugins/" + name
}

// bring uploads a tenant's plugin with its own token; settings may be "".
func (g *gateway) bring(t testing.TB, tenant, name string, module []byte, settings string) (int, string) {
	t.Helper()
	if settings == "" {
		return g.ask(t, http.MethodPut, pluginPath(tenant, name), tenant, "application/wasm", bytes.NewReader(module))
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for part, content := range map[string]string{"module": string(module), "settings": settings} {
		p, err := w.CreateFormFile(part, part)
		if err == nil {
			_, err = io.WriteString(p, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return g.ask(t, http.MethodPut, pluginPath(tenant, name), tenant, w.FormDataContentType(), &b)
}

// must uploads a plugin that is good.
func (g *gateway) must(t testing.TB, tenant, name string, module []byte, settings string) host.PluginStatus {
	t.Helper()
	status, body := g.bring(t, tenant, name, module, settings)
	var s host.PluginStatus
	if err := json.Unmarshal([]byte(body), &s); err != nil || status/100 != 2 || !s.InForce || s.Error != "" {
		t.Fatalf("PUT %s/%s: %d %s", tenant, name, status, body)
	}
	return s
}

// shown is what GET tells of a tenant's plugin.
func (g *gateway) shown(t testing.TB, tenant, name string) host.PluginStatus {
	t.Helper()
	status, body := g.ask(t, http.MethodGet, pluginPath(tenant, name), tenant, "", nil)
	var s host.PluginStatus
	if err := json.Unmarshal([]byte(body), &s); err != nil || status != http.StatusOK {
		t.Fatalf("GET %s/%s: %d %s", tenant, name, status, body)
	}
	return s
}

// answers polls until a tenant's request with that text is answered with a status: plugins have 2 ms for a call, and machines are busy.
func (g *gateway) answers(t testing.TB, tenant, text string, want int) {
	t.Helper()
	deadline, tick := time.Now().Add(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, text), as(tenant)...)
		if resp.StatusCode == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s, %q: %d, want %d: %s", tenant, text, resp.StatusCode, want, body)
		}
		<-tick.C
	}
}

// errorCode of an answer of the admin API, and its message.
func errorCode(body string) (code, message string) {
	var e struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal([]byte(body), &e)
	return e.Error.Code, e.Error.Message
}
