package sim

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{MaxBody: 1000})
	client := httpClient(t)
	big := strings.Repeat(" ", 1001)
	for _, row := range []struct {
		path, body   string
		status       int
		openai, anth string // error types
	}{
		{"/v1/chat/completions", "{", 400, "invalid_request_error", ""},
		{"/v1/chat/completions", `{"messages":[]}`, 400, "invalid_request_error", ""},
		{"/v1/chat/completions", big, 413, "invalid_request_error", ""},
		{"/v1/none", "{}", 404, "invalid_request_error", ""},
		{"/v1/models", "{}", 405, "invalid_request_error", ""},
		{"/v1/messages", "[]", 400, "", "invalid_request_error"},
		{"/v1/messages", `{"max_tokens":1}`, 400, "", "invalid_request_error"},
		{"/v1/messages", big, 413, "", "request_too_large"},
		{"/v1/messages/none", "{}", 404, "", "not_found_error"},
	} {
		resp, body := post(t, client, addr, row.path, row.body)
		var e struct {
			Type      string
			RequestID string `json:"request_id"`
			Error     struct {
				Type, Message string
				Param, Code   *string
			}
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || resp.StatusCode != row.status || e.Error.Message == "" {
			t.Errorf("%s: %d %s, %v", row.path, resp.StatusCode, body, err)
		}
		if row.openai != "" && (e.Error.Type != row.openai || !strings.Contains(body, `"param":`) || !strings.Contains(body, `"code":`)) {
			t.Errorf("%s: %s", row.path, body)
		}
		if row.anth != "" && (e.Error.Type != row.anth || e.Type != "error" || e.RequestID != resp.Header.Get("request-id")) {
			t.Errorf("%s: %s", row.path, body)
		}
	}
	resp, _ := post(t, client, addr, "/v1/models", "{}")
	if resp.Header.Get("Allow") != "GET" {
		t.Errorf("405 without Allow: %v", resp.Header)
	}
}

// A body that is too large may have no length to tell it by, or ask first.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{MaxBody: 1000})
	chunk := fmt.Sprintf("fff\r\n%s\r\n", strings.Repeat("x", 0xfff))
	for path, want := range map[string]string{"/v1/messages": `"request_too_large"`, chatPath: `"code":"request_too_large"`} {
		a := drain(t, ask(t, addr, []byte("POST "+path+" HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk)))
		if !strings.HasPrefix(a.head, "HTTP/1.1 413 ") || !strings.Contains(a.body, want) || !strings.Contains(a.head, "Connection: close") {
			t.Errorf("chunked %s: %q", path, a.raw)
		}
		a = drain(t, ask(t, addr, []byte("POST "+path+" HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")))
		if !strings.HasPrefix(a.head, "HTTP/1.1 413 ") || !strings.Contains(a.body, want) {
			t.Errorf("expected %s: %q", path, a.raw)
		}
	}
	// The refusal arrives though the client is still sending.
	c := dial(t, addr)
	go func() {
		_, _ = c.Write([]byte("POST /v1/messages HTTP/1.1\r\nHost: sim\r\nContent-Length: 9000000\r\n\r\n"))
		_, _ = c.Write(bytes.Repeat([]byte("x"), 9000000))
	}()
	if a := drain(t, c); !strings.HasPrefix(a.head, "HTTP/1.1 413 ") || a.reset {
		t.Errorf("while sending: %q, reset %v", a.raw, a.reset)
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	c := ask(t, addr, fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", chatPath, len(chatOnce)))
	readUntil(t, c, "HTTP/1.1 100 Continue\r\n\r\n")
	if _, err := io.WriteString(c, chatOnce); err != nil {
		t.Fatal(err)
	}
	if resp, _ := keepAlive(t, bufio.NewReader(c)); resp.StatusCode != 200 {
		t.Errorf("after 100: %v", resp)
	}
}

func TestEchoKeepsCaseAndOrder(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	body := "caf\u00e9"
	c := ask(t, addr, []byte("PUT /any/../path?q=%41 HTTP/1.1\r\nhOsT: sim\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\nx-sim-echo: headers\r\n"+
		"Authorization: Bearer k\r\ncontent-length: 5\r\n\r\n"+body))
	_, text := keepAlive(t, bufio.NewReader(c))
	var e echoed
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	want := [][2]string{{"hOsT", "sim"}, {"X-B", "2"}, {"x-a", "1"}, {"X-B", "3"}, {"x-sim-echo", "headers"}, {"Authorization", "Bearer k"}, {"content-length", "5"}}
	if fmt.Sprint(e.Headers) != fmt.Sprint(want) {
		t.Errorf("headers %q, want %q", e.Headers, want)
	}
	sum := sha256.Sum256([]byte(body))
	if e.Method != "PUT" || e.Target != "/any/../path?q=%41" || e.Path != "/any/../path" || e.Body.Text != body || e.Body.Length != 5 || e.Body.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("echo: %s", text)
	}
	// Chunked, not UTF-8.
	c = ask(t, addr, []byte("POST /x HTTP/1.1\r\nHost: sim\r\nX-Sim-Echo: headers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\xff\xfe\r\n0\r\n\r\n"))
	if _, text = keepAlive(t, bufio.NewReader(c)); !strings.Contains(text, `"base64":"//4="`) {
		t.Errorf("echo of bytes: %s", text)
	}
}

func TestKeepAliveAndPipelining(t *testing.T) {
	t.Parallel()
	s, addr := launch(t, Options{})
	one := rawPost(chatPath, chatStreams, "x-sim-ttft: 20ms", fiveTokens)
	two := rawPost("/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`)
	c := dial(t, addr)
	r := bufio.NewReader(c)
	for range 3 {
		if _, err := c.Write(one); err != nil {
			t.Fatal(err)
		}
		readUntilHead(t, r)
		// The second request arrives while the first is still being answered.
		if _, err := c.Write(append(bytes.Clone(two), two...)); err != nil {
			t.Fatal(err)
		}
		if body := readChunks(t, r); !strings.HasSuffix(body, "data: [DONE]\n\n") {
			t.Errorf("stream: %q", body)
		}
		for range 2 {
			if resp, body := keepAlive(t, r); resp.StatusCode != 200 || !strings.Contains(body, `"type":"message"`) {
				t.Errorf("pipelined: %v %s", resp, body)
			}
		}
	}
	if st := s.Stats(); st.Requests != 9 || st.OpenConns != 1 || st.Cancelled != 0 {
		t.Errorf("stats: %+v", st)
	}
}

func readUntilHead(t *testing.T, r *bufio.Reader) {
	t.Helper()
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
}

func readChunks(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), oneByte{r})), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// oneByte keeps a buffered reader above it from reading past the answer.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

func TestOldHTTPAndClose(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	old := bytes.Replace(rawPost(chatPath, chatStreams), []byte("HTTP/1.1"), []byte("HTTP/1.0"), 1)
	if a := drain(t, ask(t, addr, old)); strings.Contains(a.head, "chunked") || !strings.HasSuffix(a.body, "data: [DONE]\n\n") {
		t.Errorf("HTTP/1.0: %q", a.raw)
	}
	if a := wired(t, addr, chatPath, chatStreams, "Connection: close"); !strings.Contains(a.head, "Connection: close") || !a.terminated {
		t.Errorf("close: %q", a.raw)
	}
	if a := drain(t, ask(t, addr, []byte("HEAD /v1/models HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n"))); a.body != "" || !strings.HasPrefix(a.head, "HTTP/1.1 405") {
		t.Errorf("HEAD: %q", a.raw)
	}
	for _, bad := range []string{"NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nHost: sim\r\nX : y\r\n\r\n"} {
		if a := drain(t, ask(t, addr, []byte(bad))); !strings.HasPrefix(a.head, "HTTP/1.1 400 ") {
			t.Errorf("%q: %q", bad, a.raw)
		}
	}
	long := "GET /v1/models HTTP/1.1\r\nHost: sim\r\nX-Long: " + strings.Repeat("x", headerLimit) + "\r\n\r\n"
	if a := drain(t, ask(t, addr, []byte(long))); !strings.HasPrefix(a.head, "HTTP/1.1 431 ") {
		t.Errorf("long header: %q", a.raw)
	}
}

func TestBadControlHeaders(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	for _, h := range []string{"x-sim-ttft: fast", "x-sim-tpot: -1s", "x-sim-tokens: 0", "x-sim-calls: many", "x-sim-echo: body", "x-sim-fault: cut"} {
		resp, body := post(t, client, addr, chatPath, chatOnce, h)
		name, _, _ := strings.Cut(h, ":")
		if resp.StatusCode != 400 || !strings.Contains(body, name) {
			t.Errorf("%s: %d %s", h, resp.StatusCode, body)
		}
	}
	// A bad header is told even if another one asks for silence.
	if resp, _ := post(t, client, addr, chatPath, chatOnce, faulty("cut=headers"), "x-sim-ttft: fast"); resp.StatusCode != 400 {
		t.Errorf("with a fault: %v", resp)
	}
	many := `{"model":"m","prompt":["a","b"],"n":128}`
	if resp, body := post(t, client, addr, "/v1/completions", many, "x-sim-tokens: 100000"); resp.StatusCode != 400 || !strings.Contains(body, "x-sim-tokens") {
		t.Errorf("256 times 100,000 tokens: %v %s", resp, body)
	}
	many = `{"model":"m","prompt":[` + strings.Repeat(`"a",`, 99) + `"b"],"n":128}`
	if resp, _ := post(t, client, addr, "/v1/completions", many); resp.StatusCode != 400 {
		t.Errorf("12,800 choices: %v", resp)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	cancelled := 0
	s, addr := launch(t, Options{Slots: 1, OnCancel: func(time.Time) { cancelled++ }})
	var conns []net.Conn
	for range 3 { // one generates, two wait for its slot
		conns = append(conns, ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-ttft: 1h")))
	}
	conns = append(conns, ask(t, addr, rawPost(chatPath, chatOnce, faulty("stall=headers"))), dial(t, addr))
	eventually(t, "all arrive", func() bool { st := s.Stats(); return st.InFlight == 4 && st.OpenConns == 5 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 2 {
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range conns {
		if a, err := io.ReadAll(c); strings.Contains(string(a), "0\r\n\r\n") {
			t.Errorf("a clean end: %q, %v", a, err)
		}
	}
	if st := s.Stats(); st.InFlight != 0 || st.OpenConns != 0 || st.Cancelled != 0 || cancelled != 0 {
		t.Errorf("after Close: %+v, %d", st, cancelled)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ln); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("Serve after Close left its listener open")
	}
}

// failingListener runs out of file descriptors once, and then breaks.
type failingListener struct {
	net.Listener
	errs []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestServeReportsABrokenListener(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	broken := errors.New("broken")
	s := New(Options{})
	if err := s.Serve(&failingListener{inner, []error{temporary{broken}, broken}}); err != broken {
		t.Errorf("Serve: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
