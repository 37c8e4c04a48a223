package plugins_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/host"
	"weir/plugins"
)

// example is the first block of YAML of a plugin's page.
func example(t *testing.T, name string) string {
	t.Helper()
	_, rest, _ := strings.Cut(string(read(t, filepath.Join(name, "README.md"))), "```yaml\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatalf("%s/README.md has no example configuration", name)
	}
	return block
}

// gateway runs a configuration, and gives the address of its API.
func gateway(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir.yaml")
	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n"+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := host.New(host.Options{Path: path, Env: func(string) (string, bool) { return "", false }, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		g.Drain(ctx)
	})
	data, _ := g.Addrs()
	return "http://" + data[0].String()
}

// post sends a body. The answer tells the target it came from; echo has the simulated model answer with the request it got.
func post(t *testing.T, url, body string, echo bool) (status int, target, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Weir-Target", "1")
	if echo {
		req.Header.Set("X-Sim-Echo", "headers")
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("X-Weir-Target"), string(text)
}

// TestPagesExamplesRun: every plugin has a page, whose example a gateway takes.
func TestPagesExamplesRun(t *testing.T) {
	t.Parallel()
	for _, name := range plugins.Names() {
		url := gateway(t, example(t, name))
		if status, _, body := post(t, url, chat("hello"), false); status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestPhrasesInAGateway(t *testing.T) {
	t.Parallel()
	url := gateway(t, strings.Replace(example(t, "phrases"), "module:", "limits: { deadline: 20s, wait: 20s }\n    module:", 1))
	if status, _, body := post(t, url, chat("For INTERNAL use only!"), false); status != http.StatusForbidden || !strings.Contains(body, forbidden) {
		t.Errorf("deny: %d %s", status, body)
	}
	for range 4 {
		if status, target, body := post(t, url, chat("a patient record"), false); status != http.StatusOK || target != "local" {
			t.Errorf("route: %d from %q: %s", status, target, body)
		}
	}
	status, _, body := post(t, url, chat("on Project Cobalt"), true)
	var echo struct{ Body struct{ Text string } }
	if err := json.Unmarshal([]byte(body), &echo); err != nil || status != http.StatusOK || echo.Body.Text != chat("on [project]") {
		t.Errorf("redact: %d %v: %s", status, err, body)
	}
}
