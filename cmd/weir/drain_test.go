package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// once asks for a chat completion and checks how the answer ends.
func once(c *http.Client, body, end string) error {
	resp, err := c.Post("http://localhost"+chatPath, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || !strings.HasSuffix(strings.TrimRight(string(b), "\n")+"\n\n", end+map[bool]string{true: "\n\n"}[end == "}"]) {
		return fmt.Errorf("%d %s, %v", resp.StatusCode, b, err)
	}
	return nil
}

// SIGTERM: not ready, no new connections, open streams to their end, exit 0.
// Signals that would reload change nothing about it.
func TestFault35_DrainFinishesStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, "--config", file(t, dir, "weir.yaml", renaming("one")+"records: { file: records.jsonl }\n"))
	resp, err := send(t, p.data[0], chatPath, stream, "x-sim-tokens", "20", "x-sim-tpot", "30ms")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	events(t, resp.Body, `"content":`)
	p.signal(t, syscall.SIGTERM)
	p.logged(t, 0, `"msg":"draining","deadline":"30s"`)
	p.signal(t, syscall.SIGHUP)
	p.signal(t, syscall.SIGUSR1)
	if body := eventually(t, p.admin, "/readyz", func(code int, _ string) bool { return code == 503 }); !strings.Contains(body, "draining") {
		t.Errorf("/readyz says %s", body)
	}
	if code, _ := ask(t, p.admin, "/livez", ""); code != 200 {
		t.Errorf("/livez: %d", code)
	}
	waitRefused(t, p.data[0])
	events(t, resp.Body, "data: [DONE]\n\n")
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if l := p.logged(t, 0, `"msg":"stopped"`); l.Ended != 0 {
		t.Errorf("%d requests were ended", l.Ended)
	}
	waitLines(t, filepath.Join(dir, "records.jsonl"), 1)
}

// waitRefused waits until connections to addr are refused.
func waitRefused(t *testing.T, addr string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		c, err := net.DialTimeout("tcp", addr, patience)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Fatal("connections are still accepted")
		}
	}
}

func TestFault35_SecondSignalKills(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := serve(t)
		resp, err := send(t, p.data[0], chatPath, stream, "x-sim-fault", "stall=2")
		if err != nil {
			t.Fatal(err)
		}
		events(t, resp.Body, `"content":`)
		p.signal(t, s)
		p.logged(t, 0, `"msg":"draining"`)
		p.signal(t, s)
		code := p.wait(t)
		_ = resp.Body.Close()
		if ended, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); code != -1 || !ok || ended.Signal() != s {
			t.Errorf("%v twice: %v", s, p.cmd.ProcessState)
		}
	}
}

// What is still open at the deadline ends as its dialect says, and the process in order.
func TestFault35_DrainDeadline(t *testing.T) {
	t.Parallel()
	p := serve(t, "--config", file(t, t.TempDir(), "weir.yaml", renaming("one")+"limits: { drain: 300ms }\n"))
	asks := []struct{ path, body, open, fault, clean string }{
		{chatPath, stream, `"content":`, `data: {"error":{"message":"the gateway is shutting down"`, "[DONE]"},
		{"/v1/messages", `{"model":"m","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"x"}]}`, "message_start", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"", "message_stop"},
		{"/v1/responses", `{"model":"m","stream":true,"input":"x"}`, "response.created", "event: error\n", "response.completed"},
	}
	bodies := make([]io.ReadCloser, len(asks))
	for i, a := range asks {
		resp, err := send(t, p.data[0], a.path, a.body, "x-sim-fault", "stall=2")
		if err != nil {
			t.Fatal(err)
		}
		events(t, resp.Body, a.open)
		bodies[i] = resp.Body
	}
	unstreamed := make(chan string, 1)
	go func() {
		resp, err := send(t, p.data[0], chatPath, hello, "x-sim-fault", "stall=headers")
		if err != nil {
			unstreamed <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		unstreamed <- resp.Status + " " + string(body)
	}()
	p.status(t, func(s *status) bool { return s.InFlight == len(asks)+1 })
	p.signal(t, syscall.SIGTERM)
	if got := <-unstreamed; !strings.HasPrefix(got, "503 ") || !strings.Contains(got, `"code":"shutting_down"`) {
		t.Errorf("an answer that had not begun: %s", got)
	}
	for i, a := range asks {
		rest, err := io.ReadAll(bodies[i])
		_ = bodies[i].Close()
		if err != nil || !strings.Contains(string(rest), a.fault) || strings.Contains(string(rest), a.clean) {
			t.Errorf("%s ends with %q, %v", a.path, rest, err)
		}
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if l := p.logged(t, 0, `"msg":"stopped"`); l.Ended != len(asks)+1 {
		t.Errorf("%d requests were ended, want %d", l.Ended, len(asks)+1)
	}
	wantJSONLines(t, p.err.String())
}
