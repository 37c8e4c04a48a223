package host_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestFault06_ConnectionFlood(t *testing.T) {
	t.Parallel()
	const limit, flood = 20, 500
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { connections: 20 }\n")
	held := make([]net.Conn, limit)
	for i := range held {
		held[i] = dial(t, g.addr)
		if _, err := io.WriteString(held[i], sized(chat(false, "x"))); err != nil {
			t.Fatal(err)
		}
		readUntil(t, held[i], fixed)
	}
	var refused, closed atomic.Int64
	var wg sync.WaitGroup
	for range flood {
		wg.Go(func() {
			c, err := net.Dial("tcp", g.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.WriteString(c, "GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				closed.Add(1)
				return
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != 503 || !resp.Close || !strings.Contains(string(body), "limits.connections") {
				t.Errorf("%d %s %v", resp.StatusCode, body, err)
			}
			refused.Add(1)
		})
	}
	wg.Wait()
	t.Logf("of %d connections %d were refused with 503, %d closed", flood, refused.Load(), closed.Load())
	if refused.Load() < flood/2 {
		t.Errorf("only %d were told why", refused.Load())
	}
	// Those that were there first are served as before.
	for _, c := range held {
		if _, err := io.WriteString(c, sized(chat(false, "x"))); err != nil {
			t.Fatal(err)
		}
		readUntil(t, c, fixed)
	}
	for _, c := range held {
		_ = c.Close()
	}
	wantOutcomes(t, g, map[string]int{"ok": 2 * limit})
	wantServing(t, g)
	wantMetric(t, g, "weir_connections_shed_total 500")
	if n := len(up.take(t)); n != 2*limit+1 {
		t.Errorf("%d requests reached the target", n)
	}
}

// process is the built binary.
type process struct {
	*exec.Cmd
	addr string
}

// startBinary builds weir and runs it behind a line of shell.
func startBinary(t *testing.T, shell string, args ...string) *process {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "weir")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/weir").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &process{Cmd: exec.Command("sh", append([]string{"-c", shell + `; exec "$0" "$@"`, bin}, args...)...)}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	addrs := make(chan string, 10)
	var log strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(addrs)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			var l struct{ Msg, Addr string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "listening" {
				addrs <- l.Addr
			}
		}
	}()
	t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		<-read
		var exit *exec.ExitError
		if err := p.Wait(); errors.As(err, &exit) {
			t.Errorf("it ended with %v", exit)
		}
		if t.Failed() {
			t.Logf("log of the process:\n%s", log.String())
		}
	})
	select {
	case p.addr = <-addrs:
	case <-time.After(30 * time.Second):
		t.Fatal("it does not listen")
	}
	return p
}

func TestFault06_OutOfDescriptors(t *testing.T) {
	t.Parallel()
	p := startBinary(t, "ulimit -n 40", "serve", "--listen", "127.0.0.1:0", "--admin", "off")
	try := func() (status int, err error) {
		c, err := net.Dial("tcp", p.addr)
		if err != nil {
			return 0, err
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(c, sized(chat(false, "x"), "Connection: close")); err != nil {
			return 0, err
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0, err
		}
		_ = resp.Body.Close()
		return resp.StatusCode, nil
	}
	if status, err := try(); status != 200 {
		t.Fatalf("before: %d %v", status, err)
	}
	const flood = 150
	var held []net.Conn
	for range flood {
		c := dial(t, p.addr)
		held = append(held, c)
	}
	seen := map[int]int{}
	for range 20 {
		status, err := try()
		if errors.Is(err, syscall.ETIMEDOUT) || err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("a client is left waiting: %v", err)
		}
		seen[status]++
	}
	t.Logf("while descriptors are out, by status (0: closed): %v", seen)
	if seen[200] > 0 {
		t.Error("descriptors were not out")
	}
	for _, c := range held {
		_ = c.Close()
	}
	end := time.Now().Add(20 * time.Second)
	for {
		status, err := try()
		if status == 200 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it does not serve again: %d %v", status, err)
		}
	}
}
