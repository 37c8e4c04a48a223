package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host/route"
	"weir/host/telemetry"
	"weir/host/tenant"
	"weir/host/upstream"
)

// trap is a log handler that panics at a message that Weir logs in the middle of
// its work, and so brings a panic there without a hook in the code.
type trap struct {
	slog.Handler
	message string
}

func (h trap) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == h.message {
		panic("trap: " + h.message)
	}
	return h.Handler.Handle(ctx, r)
}

// locked is a buffer for a log.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is a Server on a loopback port.
type running struct {
	*Server
	url string
	log *locked
}

// run serves st until the test ends.
func run(t *testing.T, st *State, message string) *running {
	t.Helper()
	out := &locked{}
	m := telemetry.NewMetrics(telemetry.Build{}, telemetry.Limits{})
	s, err := New(m, slog.New(trap{slog.NewJSONHandler(out, nil), message}))
	if err != nil {
		t.Fatal(err)
	}
	s.SetState(st)
	s.SetSink(telemetry.NewSink(m, nil, telemetry.SinkOptions{}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln, nil) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
		for end := time.Now().Add(10 * time.Second); s.open.Load() != 0; runtime.Gosched() { // fasthttp closes them after it has counted them out
			if time.Now().After(end) {
				t.Fatalf("%d connections are open", s.open.Load())
			}
		}
	})
	return &running{s, "http://" + ln.Addr().String(), out}
}

// state routes everything to one target at url.
func state(t *testing.T, url string) *State {
	t.Helper()
	up, err := upstream.Open(upstream.Options{Name: "t", URL: url, Connections: 10, HeadLimit: 64 << 10, Connect: 5 * time.Second, FirstByte: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	dir, err := tenant.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	target := &Target{Target: up, Kind: "openai", OpenAI: true, Anthropic: true, Idle: 5 * time.Second}
	return &State{
		Table: route.New([]route.Rule{{}}), Tenants: dir, Limits: testLimits(),
		Routes: []Route{{Name: "r", Targets: []*Target{target}, Inspect: true}},
	}
}

// answering is a target that gives every request the same answer and closes.
func answeringTarget(t *testing.T, answer string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(c, answer)
				}
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	return "http://" + ln.Addr().String()
}

func whole(contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
}

const (
	chatBody   = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`
	streamBody = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`
	answerBody = `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}`
	event      = `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n"
)

func ask(t *testing.T, url, path, body string) (int, string, error) {
	t.Helper()
	tr := &http.Transport{DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Post(url+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// wantStack looks for the one log line that tells of the panic, with its stack.
func (r *running) wantStack(t *testing.T, message, frame string) {
	t.Helper()
	found := 0
	for line := range strings.Lines(r.log.String()) {
		var l struct{ Level, Msg, Stack, Panic string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("log line %q: %v", line, err)
		}
		if l.Msg == message {
			found++
			if l.Level != "ERROR" || !strings.Contains(l.Stack, frame) || l.Panic == "" {
				t.Errorf("log line without the stack of %s: %s", frame, line)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d log lines say %q:\n%s", found, message, r.log.String())
	}
}

func TestFault36_PanicInHandler(t *testing.T) {
	t.Parallel()
	for path, shape := range map[string]string{"/v1/chat/completions": `{"error":{`, "/v1/messages": `{"type":"error","error":{"type":"api_error"`} {
		good := state(t, answeringTarget(t, whole("application/json", answerBody)))
		bad := *good
		bad.Table = nil // the bug
		s := run(t, &bad, "")
		status, body, err := ask(t, s.url, path, chatBody)
		if err != nil || status != 500 || !strings.HasPrefix(body, shape) {
			t.Errorf("%d %s %v, want 500 %s", status, body, err, shape)
		}
		s.wantStack(t, "panic in a request", "pickByPath")
		wantCounted(t, s.Server, "internal", 1)
		s.SetState(good)
		if status, body, err := ask(t, s.url, "/v1/chat/completions", chatBody); err != nil || status != 200 || body != answerBody {
			t.Errorf("after the panic: %d %s %v", status, body, err)
		}
	}
}

// The panic comes when an attempt has failed, with a pooled connection held.
func TestFault36_PanicWhileForwarding(t *testing.T) {
	t.Parallel()
	s := run(t, state(t, answeringTarget(t, "garbage\r\n\r\n")), "target failed")
	for range 3 {
		if status, body, err := ask(t, s.url, "/v1/chat/completions", chatBody); err != nil || status != 500 || !strings.Contains(body, `"server_error"`) {
			t.Errorf("%d %s %v", status, body, err)
		}
	}
	wantCounted(t, s.Server, "internal", 3)
	if open, _, _ := s.state.Load().Routes[0].Targets[0].Connections(); open != 0 {
		t.Errorf("%d connections to the target are left", open)
	}
}

func TestFault36_PanicInRelay(t *testing.T) {
	t.Parallel()
	cut := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(event), event)
	s := run(t, state(t, answeringTarget(t, cut)), "target failed")
	status, body, err := ask(t, s.url, "/v1/chat/completions", streamBody)
	if status != 200 || body != event || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d %q %v, want the event and then no clean end", status, body, err)
	}
	s.settle(t)
	s.wantStack(t, "panic in a stream", "(*relay).next")
	wantCounted(t, s.Server, "internal", 1)
	if open, _, _ := s.state.Load().Routes[0].Targets[0].Connections(); open != 0 {
		t.Errorf("%d connections to the target are left", open)
	}
	s.SetState(state(t, answeringTarget(t, whole("text/event-stream", event+"data: [DONE]\n\n"))))
	if status, body, err := ask(t, s.url, "/v1/chat/completions", streamBody); err != nil || status != 200 || body != event+"data: [DONE]\n\n" {
		t.Errorf("after the panic: %d %s %v", status, body, err)
	}
}

// Nothing can be counted when counting itself fails; the process lives.
func TestFault36_PanicWhileCounting(t *testing.T) {
	t.Parallel()
	for _, body := range []string{chatBody, streamBody} {
		answer := whole("application/json", answerBody)
		if body == streamBody {
			answer = whole("text/event-stream", event+"data: [DONE]\n\n")
		}
		s := run(t, state(t, answeringTarget(t, answer)), "")
		sink := s.sink.Load()
		s.SetSink(&telemetry.Sink{}) // the bug: it has no metrics
		_, _, _ = ask(t, s.url, "/v1/chat/completions", body)
		s.SetSink(sink)
		if status, got, err := ask(t, s.url, "/v1/chat/completions", body); err != nil || status != 200 || !strings.Contains(answer, got) {
			t.Errorf("after the panic: %d %s %v", status, got, err)
		}
	}
}

// broken is a socket whose reads panic.
type broken struct{ script }

func (*broken) Read([]byte) (int, error) { panic("broken") }

func TestFault36_PanicInGuard(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	nc := &broken{}
	c := scripted(s, &nc.script)
	c.Conn = nc
	if n, err := c.Read(make([]byte, 10)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d %v, want EOF", n, err)
	}
	if n, err := c.Read(make([]byte, 10)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("again: %d %v, want EOF", n, err)
	}
	wantCounted(t, s, "internal", 1)
}

// settle waits until no request is in flight.
func (r *running) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); r.metrics.InFlight() > 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d requests stay in flight", r.metrics.InFlight())
		}
	}
}
