package main_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serveUnread runs weir with a standard error of the test's own, which need not
// be read, on unix sockets, since the log will not tell the ports.
func serveUnread(t *testing.T, stderr *os.File) *process {
	t.Helper()
	dir := socketDir(t)
	data, admin := "unix:"+filepath.Join(dir, "data"), "unix:"+filepath.Join(dir, "admin")
	p := prepare(t, nil, "serve", "--listen", data, "--admin", admin)
	p.data, p.admin = []string{data}, admin
	p.cmd.Stderr = stderr
	p.begin(t)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		if resp, err := send(t, admin, "/readyz", ""); err == nil {
			_ = resp.Body.Close()
			return p
		}
		if time.Now().After(deadline) {
			t.Fatal("weir does not become ready")
		}
	}
}

func (p *process) wantDegraded(t *testing.T, want string) {
	t.Helper()
	eventually(t, p.admin, "/metrics", func(_ int, body string) bool {
		return strings.Contains(body, `weir_degraded{part="log"} `+want+"\n")
	})
}

// fail makes Weir log a warning.
func (p *process) fail(t *testing.T) {
	t.Helper()
	if status, body := ask(t, p.data[0], chatPath, hello, "x-sim-fault", "short=3"); status != 502 {
		t.Errorf("%d %s", status, body)
	}
}

// A log whose reader has stopped reading stops no request, not even those that
// have something to log, and not the end. If the reader comes back, nothing that
// waited is lost.
func TestFault31_LogNobodyReads(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{true, false} {
		t.Run(fmt.Sprintf("comes back %t", back), func(t *testing.T) {
			t.Parallel()
			r, w, n := fullPipe(t)
			p := serveUnread(t, w)
			for range 5 {
				p.fail(t)
				if status, body := ask(t, p.data[0], chatPath, hello); status != 200 {
					t.Errorf("%d %s", status, body)
				}
			}
			if back {
				if _, err := io.CopyN(io.Discard, r, int64(n)); err != nil {
					t.Fatal(err)
				}
				p.wantDegraded(t, "0")
			}
			p.signal(t, syscall.SIGTERM)
			if code := p.wait(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			_ = w.Close()
			rest, err := io.ReadAll(r)
			if !back {
				return
			}
			if err != nil || strings.Count(string(rest), "target failed") != 5 || !strings.Contains(string(rest), `"msg":"stopped"`) {
				t.Errorf("%s, %v", rest, err)
			}
			wantJSONLines(t, string(rest))
		})
	}
}

// fullPipe is a pipe with no room for another byte, and how many are in it.
func fullPipe(t *testing.T) (r, w *os.File, n int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	if err := w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Skip("pipes without deadlines:", err)
	}
	for _, step := range []int{4096, 1} {
		for err = nil; err == nil; {
			var k int
			k, err = w.Write(make([]byte, step))
			n += k
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return r, w, n
}

// A log whose reader is gone ends nothing, and the metric tells.
func TestFault31_LogReaderGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	p := serveUnread(t, w)
	_ = w.Close()
	p.fail(t)
	p.wantDegraded(t, "1")
	if status, body := ask(t, p.data[0], chatPath, hello); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestFault31_LogOnAFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no disk that is always full:", err)
	}
	p := serveUnread(t, full)
	_ = full.Close()
	p.fail(t)
	p.wantDegraded(t, "1")
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
