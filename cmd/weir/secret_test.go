package main_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// canaries are secrets that must not come out anywhere.
type canaries map[string]string

func newCanaries() canaries {
	c := canaries{}
	for _, name := range []string{
		"target key from the environment", "target key from a file", "target header", "proxy password", "tenant key in the configuration",
		"tenant key from a file", "admin token", "wrong bearer", "wrong x-api-key", "wrong api-key", "cookie", "wrong admin token",
		"key in a faulty file", "environment variable nobody names", "text of a message", "text of a refused message", "password in a refused URL",
	} {
		c[name] = fmt.Sprintf("canary%02dQ7rXz", len(c))
	}
	return c
}

// find looks for every canary, in the forms in which one may be written.
func (c canaries) find(t *testing.T, where, text string) {
	t.Helper()
	for name, secret := range c {
		for _, form := range []string{
			secret, hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte("user:" + secret)),
		} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s: the %s, in %q", where, name, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	}
}

// witness is a target that notes the credentials it is sent.
type witness struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]bool
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{seen: map[string]bool{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen[r.Header.Get("Authorization")], w.seen[r.Header.Get("X-Api-Key")], w.seen[r.Header.Get("X-Team")] = true, true, true
		w.mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		out.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(out, `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`)
	}))
	t.Cleanup(w.Close)
	return w
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

const secretive = `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, token_file: token }
log: { level: debug }
limits: { drain: 1s }
targets:
  good: { kind: openai, url: %[1]s, key: "${TARGET_KEY}", headers: { x-team: %[3]s } }
  claude: { kind: anthropic, url: %[1]s, key_file: key }
  dead: { kind: openai, url: "http://%[2]s", key: "${TARGET_KEY}" }
  proxied: { kind: openai, url: "https://models.example", key: "${TARGET_KEY}", proxy: "http://user:%[4]s@%[2]s" }
routes:
  - { match: { models: [dead] }, targets: [dead] }
  - { match: { models: [proxied] }, targets: [proxied], retries: 0 }
  - { targets: [good, claude] }
tenants:
  acme: { keys: [ { value: %[5]s }, { file: acme } ] }
records: { file: records.jsonl }
`

// Everything that the process prints, writes, or serves on either listener is
// searched for the secrets it was given, whatever went wrong.
func TestFault39_NoSecretAnywhere(t *testing.T) {
	t.Parallel()
	c, w, dir := newCanaries(), newWitness(t), t.TempDir()
	file(t, dir, "token", c["admin token"]+"\n")
	file(t, dir, "key", c["target key from a file"])
	file(t, dir, "acme", c["tenant key from a file"]+"\n")
	config := fmt.Sprintf(secretive, w.URL, closedPort(t), c["target header"], c["proxy password"], c["tenant key in the configuration"])
	path := file(t, dir, "weir.yaml", config)
	p := serveEnv(t, []string{"TARGET_KEY=" + c["target key from the environment"], "OTHER=" + c["environment variable nobody names"]}, "--config", path)
	var heard strings.Builder
	talk(t, &heard, p, c)
	replace(t, path, config+"bogus: "+c["key in a faulty file"]+"\ntls: [ "+c["key in a faulty file"]+" ]\n")
	p.logged(t, 0, "configuration not reloaded")
	replace(t, path, strings.Replace(config, "http://user:", "http://["+c["password in a refused URL"]+":", 1))
	p.logged(t, 1, "configuration not reloaded")
	inspect(t, &heard, p, c)
	_, checked, _ := run(t, "check", "--config", path)
	heard.WriteString(checked)
	wantJSONLines(t, p.err.String())
	p.signal(t, syscall.SIGQUIT) // a dump of all goroutines
	p.wait(t)
	if !strings.Contains(p.err.String(), "SIGQUIT") {
		t.Error("no dump to search")
	}

	c.find(t, "standard error", p.err.String())
	c.find(t, "standard output", p.out.String())
	c.find(t, "answers and admin pages", heard.String())
	records, err := os.ReadFile(filepath.Join(dir, "records.jsonl"))
	if err != nil || wantJSONLines(t, string(records)) < 8 {
		t.Errorf("records %s, %v", records, err)
	}
	c.find(t, "records", string(records))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, want := range []string{"Bearer " + c["target key from the environment"], c["target key from a file"], c["target header"]} {
		if !w.seen[want] {
			t.Errorf("the target was not sent %q", want)
		}
	}
}

// talk sends what a client may send, right and wrong.
func talk(t *testing.T, heard *strings.Builder, p *process, c canaries) {
	t.Helper()
	say := func(model, text string) string {
		return `{"model":"` + model + `","max_tokens":9,"messages":[{"role":"user","content":"` + text + `"}]}`
	}
	right, fine := "Bearer "+c["tenant key in the configuration"], say("m", c["text of a message"])
	for _, r := range []struct {
		want   int
		path   string
		body   string
		header []string
	}{
		{200, chatPath, fine, []string{"Authorization", right, "Cookie", "s=" + c["cookie"]}},
		{200, "/v1/messages", fine, []string{"x-api-key", c["tenant key from a file"]}},
		{502, chatPath, say("dead", c["text of a message"]), []string{"Authorization", right}},
		{502, chatPath, say("proxied", c["text of a message"]), []string{"Authorization", right}},
		{401, chatPath, fine, []string{"Authorization", "Bearer " + c["wrong bearer"]}},
		{401, "/v1/messages", fine, []string{"x-api-key", c["wrong x-api-key"]}},
		{401, chatPath, fine, []string{"api-key", c["wrong api-key"]}},
		{401, chatPath, fine, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+c["wrong bearer"]))}},
		{200, chatPath, fine, []string{"Authorization", right, "x-weir-tenant", "other"}}, // ignored: no act_for
		{400, chatPath, `{"model":"m","messages":[{"role":"user","content":"` + c["text of a refused message"] + `","content":1}]}`, []string{"Authorization", right}},
		{415, chatPath, fine, []string{"Authorization", right, "Content-Type", "text/plain"}},
		{400, chatPath + "/..", fine, []string{"Authorization", right}},
		{404, "/v1/nothing", fine, []string{"Authorization", right}},
	} {
		resp, err := send(t, p.data[0], r.path, r.body, r.header...)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != r.want {
			t.Errorf("%s %v: %d %s, %v; want %d", r.path, r.header, resp.StatusCode, body, err, r.want)
		}
		_, _ = fmt.Fprintln(heard, resp.Header, string(body))
	}
	garble(t, heard, p, c)
}

// garble sends heads that are refused before anything of them is understood.
func garble(t *testing.T, heard *strings.Builder, p *process, c canaries) {
	t.Helper()
	for _, head := range []string{
		"POST " + chatPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + c["wrong bearer"] + "\r\n folded\r\n\r\n",
		"POST " + chatPath + " HTTP/1.1\r\nHost: x\r\nX Y: " + c["wrong bearer"] + "\r\n\r\n",
		"POST " + chatPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + c["wrong bearer"] + "\r\n\r\n",
		c["wrong bearer"] + "\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", p.data[0])
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, head)
		answer, err := io.ReadAll(conn)
		_ = conn.Close()
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("%q: %q, %v", head, answer, err)
		}
		heard.Write(answer)
	}
}

// inspect reads every page of the admin listener, with the token and without.
func inspect(t *testing.T, heard *strings.Builder, p *process, c canaries) {
	t.Helper()
	for path, want := range map[string]int{
		"/metrics": 200, "/livez": 200, "/readyz": 200, "/admin/v1/status?pretty": 200, "/admin/v1/config": 200, "/admin/v1/tenants": 200,
		"/debug/pprof/goroutine?debug=2": 200, "/debug/pprof/heap?debug=1": 200, "/debug/pprof/cmdline": 0, "/admin/v1/none": 404,
	} {
		status, body := ask(t, p.admin, path, "", "Authorization", "Bearer "+c["admin token"])
		if want != 0 && status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
		heard.WriteString(body)
		_, body = ask(t, p.admin, path, "", "Authorization", "Bearer "+c["wrong admin token"])
		heard.WriteString(body)
	}
	status, body := ask(t, p.admin, "/admin/v1/reload", "{}", "Authorization", "Bearer "+c["admin token"])
	if status != 422 {
		t.Errorf("reload of a faulty file: %d %s", status, body)
	}
	heard.WriteString(body)
}
