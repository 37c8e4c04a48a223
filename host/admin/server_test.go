package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, &gateway{})
	tests := []struct {
		method, path string
		status       int
		contentType  string
		body         string
	}{
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "weir_up 1\n"},
		{"HEAD", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", ""},
		{"GET", "/livez", 200, "application/json", `{"ok":true}` + "\n"},
		{"GET", "/readyz", 200, "application/json", `{"ok":true}` + "\n"},
		{"GET", "/admin/v1/status", 200, "application/json", `{"targets":["\u003ca\u003e"],"version":"1"}` + "\n"},
		{"GET", "/admin/v1/status?pretty", 200, "application/json", "{\n  \"targets\": [\n    \"\\u003ca\\u003e\"\n  ],\n  \"version\": \"1\"\n}\n"},
		{"GET", "/admin/v1/tenants", 200, "application/json", `["acme"]` + "\n"},
		{"GET", "/admin/v1/config", 200, "application/yaml; charset=utf-8", "listen: x\n"},
		{"GET", "/admin/v1/plugins", 200, "application/json", `["of "]` + "\n"},
		{"PUT", "/admin/v1/plugins", 405, "application/json", `{"error":{"code":"method_not_allowed","message":"this path takes GET, HEAD"}}` + "\n"},
		{"GET", "/admin/v1/tenants/acme/plugins", 200, "application/json", `["of acme"]` + "\n"},
		{"GET", "/admin/v1/tenants/acme/plugins/words", 200, "application/json", `"acme/words"` + "\n"},
		{"DELETE", "/admin/v1/tenants/acme/plugins/words", 200, "application/json", `{"ok":true}` + "\n"},
		{"POST", "/admin/v1/reload", 200, "application/json", `{"ok":true}` + "\n"},
		{"GET", "/admin/v1/reload", 405, "application/json", `{"error":{"code":"method_not_allowed","message":"this path takes POST"}}` + "\n"},
		{"POST", "/admin/v1/status", 405, "application/json", `{"error":{"code":"method_not_allowed","message":"this path takes GET, HEAD"}}` + "\n"},
		{"GET", "/admin/v1/nothing", 404, "application/json", `{"error":{"code":"not_found","message":"no such path"}}` + "\n"},
		{"GET", "/admin/v1/status/", 404, "application/json", `{"error":{"code":"not_found","message":"no such path"}}` + "\n"},
	}
	for _, test := range tests {
		resp, body := s.ask(test.method, test.path)
		if resp.StatusCode != test.status || resp.Header.Get("Content-Type") != test.contentType || body != test.body {
			t.Errorf("%s %s: %d %s %q", test.method, test.path, resp.StatusCode, resp.Header.Get("Content-Type"), body)
		}
		if h := resp.Header; h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "'none'") {
			t.Errorf("%s %s: %v", test.method, test.path, h)
		}
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	s := serve(t, g)
	g.reason.Store("draining")
	if resp, body := s.ask("GET", "/readyz"); resp.StatusCode != http.StatusServiceUnavailable || body != `{"ok":false,"reason":"draining"}`+"\n" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp, _ := s.ask("GET", "/livez"); resp.StatusCode != http.StatusOK {
		t.Errorf("not ready is not dead: %d", resp.StatusCode)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	g := &gateway{config: errors.New("gone"), reload: func(context.Context) error { return errors.New("weir.yaml:3:1: unknown key") }}
	g.status = func() any { return map[string]any{"f": func() {}} }
	s := serve(t, g)
	for path, want := range map[string]string{"/admin/v1/config": "gone", "/admin/v1/status": "cannot be written as JSON"} {
		if resp, body := s.ask("GET", path); resp.StatusCode != http.StatusInternalServerError || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	if resp, body := s.ask("POST", "/admin/v1/reload"); resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "weir.yaml:3:1: unknown key") {
		t.Errorf("reload: %d %s", resp.StatusCode, body)
	}
}

func TestFault36_Panic(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	g.status = func() any { panic("boom") }
	s := serve(t, g)
	if resp, body := s.ask("GET", "/admin/v1/status"); resp.StatusCode != http.StatusInternalServerError || strings.Contains(body, "boom") || !json.Valid([]byte(body)) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if log := s.log.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "main_test.go") {
		t.Errorf("log: %s", log)
	}
	if resp, _ := s.ask("GET", "/livez"); resp.StatusCode != http.StatusOK {
		t.Error("dead")
	}
}

// A caller that leaves does not stop a reload half-way.
func TestReloadGoesThrough(t *testing.T) {
	t.Parallel()
	entered, left, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	g := &gateway{reload: func(ctx context.Context) error {
		close(entered)
		<-left
		ended <- ctx.Err()
		return nil
	}}
	s := serve(t, g)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addr+"/admin/v1/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	go func() {
		<-entered
		cancel()
	}()
	if resp, err := s.client.Do(r); err == nil {
		resp.Body.Close()
		t.Error("answered")
	}
	close(left)
	if err := <-ended; err != nil {
		t.Errorf("the reload was cancelled: %v", err)
	}
}

func TestFault05_BodyAndHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, &gateway{})
	auth := "Host: localhost\r\nAuthorization: Bearer " + token + "\r\nConnection: close\r\n"
	tests := []struct{ name, send, want string }{
		{"body at the cap", "POST /admin/v1/reload HTTP/1.1\r\n" + auth + "Content-Length: 4096\r\n\r\n" + strings.Repeat("x", 4096), "HTTP/1.1 200"},
		{"body beyond it", "POST /admin/v1/reload HTTP/1.1\r\n" + auth + "Content-Length: 4097\r\n\r\n" + strings.Repeat("x", 4097), "HTTP/1.1 413"},
		{"chunked body beyond it", "POST /admin/v1/reload HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + strings.Repeat("x", 5000) + "\r\n0\r\n\r\n", "HTTP/1.1 413"},
		{"broken chunk", "POST /admin/v1/reload HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
		{"header beyond the limit", "GET /livez HTTP/1.1\r\n" + auth + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		{"no Host", "GET /admin/v1/status HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403"},
	}
	for _, test := range tests {
		answer, _ := s.raw(test.send, 10*time.Second)
		if !strings.HasPrefix(answer, test.want) {
			t.Errorf("%s: %.200q", test.name, answer)
		}
	}
	if n := s.g.calls.Load(); n != 1 {
		t.Errorf("%d reloads, want the one at the cap", n)
	}
}

// Clients that dribble are closed at the budget while others are served.
func TestFault05_SlowClients(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(g, func() string { return token }, nil, nil)
	s.http.ReadHeaderTimeout, s.http.ReadTimeout = 100*time.Millisecond, 200*time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	c := &served{t: t, addr: ln.Addr().String(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	for _, begun := range []string{
		"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /admin/v1/reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 100\r\n\r\nx",
	} {
		if answer, err := c.raw(begun, 10*time.Second); err != nil || strings.HasPrefix(answer, "HTTP/1.1 200") {
			t.Errorf("%.20q…: %v %.100q", begun, err, answer)
		}
	}
	if resp, _ := c.ask("GET", "/livez"); resp.StatusCode != http.StatusOK || g.calls.Load() != 0 {
		t.Errorf("%d, %d calls", resp.StatusCode, g.calls.Load())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	g := &gateway{}
	g.status = func() any { close(entered); <-release; return nil }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(g, func() string { return token }, nil, nil)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		c := &served{t: t, addr: ln.Addr().String()}
		_, _ = c.raw("GET /admin/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+token+"\r\n\r\n", 10*time.Second)
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close over a request that hangs: %v", err)
	}
	<-cut
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close again: %v", err)
	}
	late, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(late); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := net.Dial("tcp", late.Addr().String()); err == nil {
		t.Error("the listener was left open")
	}
}

func TestProfiles(t *testing.T) {
	// Not parallel: the process has one CPU profile.
	s := serve(t, &gateway{})
	tests := []struct {
		path   string
		status int
		want   string // in the body
	}{
		{"", 200, `"goroutine"`},
		{"heap?gc=1", 200, "\x1f\x8b"},
		{"goroutine?debug=2", 200, "TestProfiles"},
		{"profile?seconds=0.05", 200, "\x1f\x8b"},
		{"trace?seconds=0.05", 200, "go 1."},
		{"profile?seconds=61", 400, "at most 60"},
		{"profile?seconds=0", 400, "at most 60"},
		{"profile?seconds=NaN", 400, "at most 60"},
		{"profile?seconds=x", 400, "at most 60"},
		{"trace?seconds=11", 400, "at most 10"},
		{"heap?seconds=1", 400, "only profile and trace"},
		{"heap?debug=9", 400, "debug must be"},
		{"nothing", 404, "no such profile"},
		{"cmdline", 404, "no such profile"},
		{"symbol", 404, "no such profile"},
	}
	for _, test := range tests {
		resp, body := s.ask("GET", "/debug/pprof/"+test.path)
		if resp.StatusCode != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %.200q", test.path, resp.StatusCode, body)
		}
		if strings.Contains(body, os.Args[len(os.Args)-1]) && len(os.Args) > 1 {
			t.Errorf("%s shows the command line", test.path)
		}
	}
	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/pprof/cmdline", nil))
	if w.Code != http.StatusNotFound {
		t.Error("profiles are registered process-wide")
	}
}

// Closing the server ends a profile that runs.
func TestProfileEndsWithServer(t *testing.T) {
	s := serve(t, &gateway{})
	answered := make(chan int, 1)
	go func() {
		status := http.StatusConflict
		for status == http.StatusConflict {
			resp, _ := s.ask("GET", "/debug/pprof/trace?seconds=10")
			status = resp.StatusCode
		}
		answered <- status
	}()
	for running := false; !running; { // the trace holds the one place there is
		resp, _ := s.ask("GET", "/debug/pprof/trace?seconds=0.001")
		running = resp.StatusCode == http.StatusConflict
	}
	began := time.Now()
	if err := s.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if status := <-answered; status != http.StatusOK || time.Since(began) > 5*time.Second {
		t.Errorf("%d after %v", status, time.Since(began))
	}
}
