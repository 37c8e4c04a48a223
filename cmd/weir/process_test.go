package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits for anything at all.
const patience = 30 * time.Second

// buildDir is where binary puts what it builds; TestMain makes and removes it.
var buildDir string

// binary builds the command, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "weir")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=v0.0.0-test", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// TestMain holds the tests to leaving no goroutine and no file.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if buildDir, err = os.MkdirTemp("", "weir-test-"); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(buildDir) }()
		code := m.Run()
		if err := goleak.Find(); err != nil && code == 0 {
			_, _ = fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		return code
	}())
}

// output is what a process prints, and lets tests wait for lines of it.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed at the next write
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Write(p)
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return len(p), nil
}

// look gives what has been printed, and a channel that is closed when there is more.
func (o *output) look() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.b.String(), o.more
}

func (o *output) String() string {
	s, _ := o.look()
	return s
}

// process is a running weir. It is killed when its test ends.
type process struct {
	cmd      *exec.Cmd
	out, err output
	exited   chan struct{}
	data     []string // addresses of the data listeners, in the order of the log
	admin    string   // of the admin listener
}

// launch starts the binary. The environment holds env and nothing else.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := prepare(t, env, args...)
	p.begin(t)
	return p
}

// prepare is launch without the start.
func prepare(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.CommandContext(t.Context(), path, args...)
	p.cmd.Env = append([]string{"HOME=" + t.TempDir()}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.WaitDelay = time.Second
	return p
}

func (p *process) begin(t *testing.T) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("%v\nstdout: %s\nstderr: %s", p.cmd.Args, &p.out, &p.err)
		}
	})
}

// serve starts "weir serve" and waits until it listens. It gets free ports, and
// no admin listener besides the configuration's, unless args say otherwise.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	return serveEnv(t, nil, args...)
}

func serveEnv(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	for _, flag := range []string{"--listen", "--admin"} {
		if !slices.Contains(args, flag) && !slices.Contains(args, "--config") {
			args = append(args, flag, "127.0.0.1:0")
		}
	}
	p := launch(t, env, append([]string{"serve"}, args...)...)
	listeners := max(1, count(args, "--listen"))
	for range listeners {
		p.data = append(p.data, "")
	}
	for i := range p.data {
		p.data[i] = p.logged(t, i, `"listener":"data"`).Addr
	}
	if !slices.Contains(args, "off") {
		p.admin = p.logged(t, 0, `"listener":"admin"`).Addr
	}
	return p
}

func count(args []string, flag string) (n int) {
	for _, a := range args {
		if a == flag {
			n++
		}
	}
	return n
}

// line is a line of the log, as far as tests read it.
type line struct {
	Level, Msg, Addr, Err, Reason string
	Ended                         int `json:"requests_ended"`
}

// logged waits until lines of the log contain piece, and gives the n-th, from 0.
func (p *process) logged(t *testing.T, n int, piece string) line {
	t.Helper()
	timeout := time.After(patience)
	for {
		text, more := p.err.look()
		found := 0
		for l := range strings.Lines(text) {
			if !strings.HasSuffix(l, "\n") || !strings.Contains(l, piece) {
				continue
			}
			if found++; found <= n {
				continue
			}
			var parsed line
			if err := json.Unmarshal([]byte(l), &parsed); err != nil {
				t.Fatalf("the log has the line %q: %v", l, err)
			}
			return parsed
		}
		select {
		case <-more:
		case <-p.exited:
			if p.err.String() == text {
				t.Fatalf("weir ended with %v and without %q", p.cmd.ProcessState, piece)
			}
		case <-timeout:
			t.Fatalf("weir does not log %q", piece)
		}
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal %v: %v", s, err)
	}
}

// wait gives the exit code, -1 when a signal ended the process.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatal("weir does not end")
		return 0
	}
}

// stop ends a process in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
}

// run gives what a command that ends by itself prints, and its exit code.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	p := launch(t, nil, args...)
	code = p.wait(t)
	return p.out.String(), p.err.String(), code
}

// web is an HTTP client for one address, HOST:PORT or unix:PATH.
func web(t *testing.T, addr string) *http.Client {
	t.Helper()
	network, address := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, address = "unix", path
	}
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

// send asks addr for path: with a body it posts JSON. header is name, value, ….
func send(t *testing.T, addr, path, body string, header ...string) (*http.Response, error) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return web(t, addr).Do(req)
}

// ask is send with the answer read to its end.
func ask(t *testing.T, addr, path, body string, header ...string) (status int, answer string) {
	t.Helper()
	resp, err := send(t, addr, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v after %q", path, err, b)
	}
	return resp.StatusCode, string(b)
}

// eventually asks until the answer is as wanted.
func eventually(t *testing.T, addr, path string, ok func(status int, body string) bool, header ...string) string {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		status, body := ask(t, addr, path, "", header...)
		if ok(status, body) {
			return body
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s stays %d %s", path, status, body)
		}
	}
}

const (
	chatPath = "/v1/chat/completions"
	hello    = `{"model":"sim","messages":[{"role":"user","content":"Say hello."}]}`
	stream   = `{"model":"sim","stream":true,"messages":[{"role":"user","content":"Say hello."}]}`
)

// file writes a file and gives its path.
func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// replace puts another file in a file's place, as editors do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.Rename(file(t, filepath.Dir(path), filepath.Base(path)+".new", text), path); err != nil {
		t.Fatal(err)
	}
}

// wantJSONLines checks that every line is one JSON object.
func wantJSONLines(t *testing.T, text string) (n int) {
	t.Helper()
	for l := range strings.Lines(text) {
		n++
		if err := json.Unmarshal([]byte(l), &map[string]any{}); err != nil || !strings.HasSuffix(l, "\n") {
			t.Errorf("%q is no line of JSON: %v", l, err)
		}
	}
	return n
}

// events reads the events of a stream until one contains piece.
func events(t *testing.T, body io.Reader, piece string) string {
	t.Helper()
	var got []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(got), piece) {
		n, err := body.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil && !strings.Contains(string(got), piece) {
			if errors.Is(err, io.EOF) {
				t.Fatalf("the stream ended without %q: %q", piece, got)
			}
			t.Fatalf("%v after %q", err, got)
		}
	}
	return string(got)
}
