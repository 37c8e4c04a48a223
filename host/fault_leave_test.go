package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// silent is a target that takes requests and tells when their connections end.
// After the request it sends prefix, then nothing more.
type silent struct {
	ln     net.Listener
	url    string
	prefix string
	began  chan struct{}
	ended  chan time.Time
}

func newSilent(t testing.TB, prefix string) *silent {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &silent{ln: ln, url: "http://" + ln.Addr().String(), prefix: prefix, began: make(chan struct{}, 2000), ended: make(chan time.Time, 2000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return s
}

func (s *silent) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	_, _ = io.WriteString(c, s.prefix)
	s.began <- struct{}{}
	_, _ = c.Read(make([]byte, 1))
	s.ended <- time.Now()
}

// streamed is the beginning of a stream: a head and one event in one chunk.
var streamed = func() string {
	ev := `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n"
	return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(ev), ev)
}()

func targetAt(url string) string {
	return "targets: { t: { kind: openai, url: " + url + " } }\n"
}

func rawChat(stream bool) string {
	body := chat(stream, "hello")
	return fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// ways in which a client leaves.
var leaveWays = map[string]func(net.Conn){
	"close": func(c net.Conn) { _ = c.Close() },
	"reset": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
}

// The figure to reach is 5 ms at p99; the test logs it and fails only beyond the
// fault matrix's 100 ms, twenty times that, at the median.
func TestFault08_ClientLeaves(t *testing.T) {
	t.Parallel()
	for phase, prefix := range map[string]string{"before the first byte": "", "in mid-stream": streamed} {
		for way, leave := range leaveWays {
			t.Run(phase+", "+way, func(t *testing.T) {
				t.Parallel()
				up := newSilent(t, prefix)
				g := start(t, targetAt(up.url))
				const n = 200
				delays := make([]time.Duration, n)
				for i := range delays {
					delays[i] = leaveOnce(t, g, up, leave)
				}
				slices.Sort(delays)
				t.Logf("client's leaving reaches the target: p50 %v, p99 %v, max %v", delays[n/2], delays[n*99/100], delays[n-1])
				if delays[n/2] > 100*time.Millisecond {
					t.Errorf("median %v", delays[n/2])
				}
				g.stop()
				left := "before_first_byte"
				if prefix != "" {
					left = "in_stream"
				}
				wantMetric(t, g, fmt.Sprintf(`weir_client_left_total{phase="%s"} %d`, left, n))
			})
		}
	}
}

// leaveOnce sends a request, leaves when the target has it, or has begun to
// answer, and returns how long it took until the target's connection ended.
func leaveOnce(t testing.TB, g *gateway, up *silent, leave func(net.Conn)) time.Duration {
	t.Helper()
	c := dial(t, g.addr)
	if _, err := io.WriteString(c, rawChat(up.prefix != "")); err != nil {
		t.Fatal(err)
	}
	<-up.began
	if up.prefix != "" {
		readUntil(t, c, `"content":"a"`)
	}
	left := time.Now()
	leave(c)
	return (<-up.ended).Sub(left)
}

// The figure to reach: 5 ms at p99, before the first byte and in mid-stream.
func BenchmarkFault08_ClientLeaves(b *testing.B) {
	for phase, prefix := range map[string]string{"before the first byte": "", "in mid-stream": streamed} {
		b.Run(phase, func(b *testing.B) {
			up := newSilent(b, prefix)
			g := start(b, targetAt(up.url))
			var delays []time.Duration
			for b.Loop() {
				delays = append(delays, leaveOnce(b, g, up, leaveWays["close"]))
			}
			slices.Sort(delays)
			b.ReportMetric(float64(delays[len(delays)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds()), "p99-µs")
		})
	}
}

func readUntil(t testing.TB, c net.Conn, want string) string {
	t.Helper()
	var got []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(got), want) {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
	}
	return string(got)
}

// wantMetric looks for a line of the exposition.
func wantMetric(t testing.TB, g *gateway, line string) {
	t.Helper()
	var b strings.Builder
	g.WriteMetrics(&b)
	name, _, _ := strings.Cut(line, " ")
	name, _, _ = strings.Cut(name, "{")
	for l := range strings.Lines(b.String()) {
		if strings.TrimSpace(l) == line {
			return
		}
	}
	for l := range strings.Lines(b.String()) {
		if strings.HasPrefix(l, name) {
			t.Log(strings.TrimSpace(l))
		}
	}
	t.Errorf("no metric %s", line)
}

// A thousand clients that leave their streams leave nothing behind.
func TestFault08_ThousandAbandonedStreams(t *testing.T) {
	t.Parallel()
	up := newSilent(t, streamed)
	g := start(t, "targets: { t: { kind: openai, url: "+up.url+", connections: 2000 } }\nlimits: { connections: 2000 }\n")
	const n = 1000
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = dial(t, g.addr)
		if _, err := io.WriteString(conns[i], rawChat(true)); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		<-up.began
	}
	for _, c := range conns {
		_ = c.Close()
	}
	last := time.Now()
	for range n {
		if at := <-up.ended; at.After(last) {
			last = at
		}
	}
	st := waitStatus(t, g, func(s status) bool { return s.Connections == 0 && s.InFlight == 0 })
	if st.Targets[0].Connections != 0 {
		t.Errorf("connections to the target are left: %+v", st.Targets)
	}
	wantMetric(t, g, fmt.Sprintf(`weir_client_left_total{phase="in_stream"} %d`, n))
}
