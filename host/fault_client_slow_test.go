package host_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Budgets of these tests: short, but long enough for a busy machine to keep them.
const (
	budget = 200 * time.Millisecond
	slack  = 8 * time.Second // until the test calls a closed connection late
)

func hasty(more string) string {
	return fmt.Sprintf("limits: { header_timeout: %v, body_timeout: %v, idle: %v, write: %v%s }\n", budget, budget, budget, budget, more)
}

// drip sends a byte every tick until the connection ends.
func drip(c net.Conn, text string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := c.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
		<-tick.C
	}
}

func TestFault05_SlowRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		at     string // sent at once
		drip   string // then sent byte by byte, over and over
		status int    // of the answer; 0: none; -1: none, or 408 when it ends in the middle of a line
		reason string
	}{
		{"nothing", "", "", 0, ""},
		{"head stops", "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n", "", 408, "header_timeout"},
		{"head drips", "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nX-A: ", "b", 408, "header_timeout"},
		{"headers drip", "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n", "X-A: b\r\n", 408, "header_timeout"},
		{"empty lines drip", "", "\r\n", -1, ""},
		{"body stops", head("Content-Length: 1000") + `{"model"`, "", 408, "body_timeout"},
		{"body drips", head("Content-Length: 1000000"), " ", 408, "body_timeout"},
		{"long body drips", head("Content-Length: 1000000") + strings.Repeat(" ", 100<<10), " ", 408, "body_timeout"},
		{"body is not begun", head("Content-Length: 10"), "", 408, "body_timeout"},
		{"chunks drip", head("Transfer-Encoding: chunked"), "1\r\n \r\n", 408, "body_timeout"},
		{"chunk stops", head("Transfer-Encoding: chunked") + "ff\r\n{", "", 408, "body_timeout"},
		{"extension drips", head("Transfer-Encoding: chunked") + "1;", "x", 408, "body_timeout"},
		{"body is never begun though told to", head("Content-Length: 10", "Expect: 100-continue"), "", 408, "body_timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			up := newTally(t)
			g := start(t, targetAt(up.url)+hasty(", body: 16MiB"))
			began := time.Now()
			c := dial(t, g.addr)
			if _, err := io.WriteString(c, tt.at); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			if tt.drip != "" {
				wg.Go(func() { drip(c, tt.drip, 5*time.Millisecond) })
			}
			out, err := io.ReadAll(c)
			took := time.Since(began)
			_ = c.Close()
			wg.Wait()
			if took < budget || took > budget+slack || err != nil && tt.status > 0 {
				t.Errorf("closed after %v, %v, want %v", took, err, budget)
			}
			up.wantNone(t)
			if tt.status < 0 {
				wantServing(t, g)
				return
			}
			want := map[string]int{}
			got, bodies, _ := answers(t, string(out))
			switch {
			case tt.status == 0 && len(got) > 0:
				t.Errorf("answers %v %q", got, bodies)
			case tt.status > 0:
				want["client_error"] = 1
				if len(got) != 1 || got[0] != tt.status || !strings.Contains(bodies[0], tt.reason) {
					t.Errorf("answers %v %q, want %d %s", got, bodies, tt.status, tt.reason)
				}
			}
			wantOutcomes(t, g, want)
			wantServing(t, g)
		})
	}
}

// A kept connection without a request ends when limits.idle is over; one with
// requests does not, however long it is open.
func TestFault05_IdleConnections(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+hasty(""))
	c := dial(t, g.addr)
	end := time.Now().Add(4 * budget)
	n := 0
	for ; time.Now().Before(end); n++ {
		if _, err := io.WriteString(c, sized(chat(false, "x"))); err != nil {
			t.Fatalf("request %d: %v", n, err)
		}
		readUntil(t, c, fixed)
	}
	last := time.Now()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("%q %v, want a clean end", rest, err)
	}
	if took := time.Since(last); took < budget*9/10 || took > budget+slack {
		t.Errorf("closed after %v, want %v", took, budget)
	}
	wantOutcomes(t, g, map[string]int{"ok": n})
}

// endlessly is a target that streams events for as long as anybody takes them.
func endlessly(t *testing.T) (url string, ended <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 100)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				readUntil(t, c, "hello")
				_, err := io.WriteString(c, streamed)
				ev := strings.Replace(fixedEvent, `"a"`, `"`+strings.Repeat("a", 32<<10)+`"`, 1)
				for err == nil {
					_, err = fmt.Fprintf(c, "%x\r\n%s\r\n", len(ev), ev)
				}
				ends <- err
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	return "http://" + ln.Addr().String(), ends
}

const fixedEvent = `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n"

// A client that does not take its answer is closed when limits.write is over, and
// the target hears of it; others do not notice.
func TestFault05_SlowReader(t *testing.T) {
	t.Parallel()
	url, ended := endlessly(t)
	up := newTally(t)
	g := start(t, fmt.Sprintf("targets: { slow: { kind: openai, url: %s }, t: { kind: openai, url: %s } }\n", url, up.url)+
		"routes: [ { match: { models: [slow] }, targets: [slow] }, { targets: [t] } ]\n"+hasty(""))
	const n = 8
	began := time.Now()
	for range n {
		c := dial(t, g.addr)
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		body := strings.Replace(chat(true, "hello"), `"sim"`, `"slow"`, 1)
		if _, err := io.WriteString(c, sized(body)); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		wantServing(t, g)
	}
	for range n {
		select {
		case <-ended:
		case <-time.After(2 * slack): // it takes some megabytes until the sockets are full
			t.Fatal("a target still streams to nobody")
		}
	}
	t.Logf("all given up after %v", time.Since(began))
	wantOutcomes(t, g, map[string]int{"ok": 10, "client_left": n})
}

// Slow clients of every kind at once leave no mark on others.
func TestFault05_OthersAreUnharmed(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { header_timeout: 20s, body_timeout: 20s, connections: 1000 }\n")
	for i := range 300 {
		c := dial(t, g.addr)
		if _, err := io.WriteString(c, []string{"", "POST / HT", head("Content-Length: 4000000"), head("Transfer-Encoding: chunked") + "f"}[i%4]); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for range 50 {
		wantServing(t, g)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("50 requests took %v beside 300 slow clients", took)
	}
	up.take(t)
}

// What a client announces is not what it gets room for: memory follows the bytes
// that come. This test is alone in the process, because it measures it.
func TestFault05_AnnouncedBodiesTakeNoRoom(t *testing.T) {
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 64MiB, connections: 1000 }\n")
	before := heap()
	const n = 200
	for range n {
		c := dial(t, g.addr)
		if _, err := io.WriteString(c, head(fmt.Sprintf("Content-Length: %d", 64<<20))+strings.Repeat(" ", 5000)); err != nil {
			t.Fatal(err)
		}
	}
	waitStatus(t, g, func(s status) bool { return s.Connections == n })
	wantServing(t, g)
	if took := heap() - before; took > n*256<<10 {
		t.Errorf("%d clients that announce 64 MiB and send 5 KB take %d MiB", n, took>>20)
	} else {
		t.Logf("%d clients that announce 64 MiB take %d KiB each", n, took>>10/n)
	}
	up.take(t)
}

// Handshakes that are not finished end like heads that are not.
func TestFault05_HalfOpenHandshakes(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	up := newTally(t)
	g := start(t, targetAt(up.url)+ca.server(t)+hasty(""))
	hello := clientHello(t)
	for name, in := range map[string][]byte{"nothing": nil, "half a hello": hello[:len(hello)/2], "a hello": hello} {
		began := time.Now()
		c := dial(t, g.addr)
		if _, err := c.Write(in); err != nil {
			t.Fatal(err)
		}
		_, err := io.Copy(io.Discard, c)
		if took := time.Since(began); took < budget || took > budget+slack || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: closed after %v, %v", name, took, err)
		}
		_ = c.Close()
	}
	resp, body := post(t, ca.client(t, nil), "https://"+g.addr+"/v1/chat/completions", chat(false, "x"))
	if resp.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", resp.StatusCode, body)
	}
}

// clientHello is the first flight of a TLS client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer func() { _ = b.Close() }()
	_ = b.SetDeadline(time.Now().Add(10 * time.Second))
	go func() {
		_ = tls.Client(a, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS13}).Handshake()
		_ = a.Close()
	}()
	buf := make([]byte, 64<<10)
	n, err := b.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}
