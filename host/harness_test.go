package host_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/host"
	"weir/host/telemetry"
)

// TestMain holds the tests to leaving no goroutine. fasthttp's worker pools end
// theirs up to a second after their servers; its clock for the Date header runs
// once a process.
//
// Gateways compile plugins in a child process, which is this executable in another role.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "plugin" && os.Args[2] == "compile" {
		os.Exit(compileChild())
	}
	code := m.Run()
	if compiled.dir != "" {
		_ = os.RemoveAll(filepath.Dir(compiled.dir))
	}
	var err error
	for range 10 {
		if err = goleak.Find(goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")); err == nil {
			break
		}
	}
	if err != nil && code == 0 {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// gateway is a Weir in this process, on free loopback ports, ended with its test.
type gateway struct {
	*host.Gateway
	addr  string // of the first data listener
	url   string // http://addr
	admin string // http://…
	path  string // of its configuration file
	log   *syncBuffer
	stop  func()
}

const listen = "listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n"

// start runs a gateway. The configuration gets free ports unless it sets its own.
func start(t testing.TB, yaml string) *gateway {
	t.Helper()
	if !strings.Contains(yaml, "listen:") {
		yaml = listen + yaml
	}
	g := &gateway{path: filepath.Join(t.TempDir(), "weir.yaml"), log: &syncBuffer{}}
	if err := os.WriteFile(g.path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	level := new(slog.LevelVar)
	log := slog.New(telemetry.NewLogHandler(g.log, telemetry.LogOptions{Level: level}))
	gw, err := host.New(host.Options{Path: g.path, Env: os.LookupEnv, Log: log, Level: level, Version: "test"})
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	if err := gw.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	g.Gateway = gw
	g.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		gw.Drain(ctx)
	})
	t.Cleanup(func() {
		g.stop()
		if t.Failed() {
			t.Logf("log of the gateway:\n%s", g.log.String())
		}
	})
	data, admin := gw.Addrs()
	g.addr = data[0].String()
	g.url = "http://" + g.addr
	if admin != nil {
		g.admin = "http://" + admin.String()
	}
	return g
}

// simulated is a configuration with a fast embedded model.
const simulated = "targets: { sim: { kind: sim, ttft: 0s, tpot: 0s, slots: 1000 } }\n"

// client is an HTTP client without shared connections.
func client(t testing.TB) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

// post sends a JSON body; header is name, value, name, value ….
func post(t testing.TB, c *http.Client, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return resp, string(b)
}

// dial opens a raw connection that fails the test instead of hanging it.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// chat is a chat request body.
func chat(stream bool, text string) string {
	s := "false"
	if stream {
		s = "true"
	}
	return `{"model":"sim","stream":` + s + `,"messages":[{"role":"user","content":"` + text + `"}]}`
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type status = host.Status

// waitStatus polls the gateway's status until it is as wanted.
func waitStatus(t testing.TB, g *gateway, ok func(status) bool) status {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(10 * time.Second)
	for {
		s, _ := g.Status().(status)
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("status stays %+v", s)
		}
		<-tick.C
	}
}
