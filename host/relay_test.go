package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// once is a target that serves each connection with f behind one request.
func newOnce(t testing.TB, f func(net.Conn)) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				f(c)
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return "http://" + ln.Addr().String()
}

const deltaEvent = `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}]}` + "\n\n"

const eventsHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

func chunkOf(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// The target's silence is measured, not the client's pause: one that takes
// nothing for longer than targets.NAME.idle gets the rest afterwards.
func TestRelaySlowClientIsNotTheTargetsSilence(t *testing.T) {
	t.Parallel()
	const blocks = 300
	block := strings.Repeat(deltaEvent, 400)
	url := newOnce(t, func(c net.Conn) {
		_, _ = io.WriteString(c, eventsHead)
		for range blocks {
			if _, err := io.WriteString(c, chunkOf(block)); err != nil {
				return
			}
		}
		_, _ = io.WriteString(c, chunkOf("data: [DONE]\n\n")+"0\r\n\r\n")
	})
	g := start(t, "targets: { t: { kind: openai, url: "+url+", idle: 1s } }\nlimits: { write: 20s }\n")
	c := dial(t, g.addr)
	_ = c.(*net.TCPConn).SetReadBuffer(512 << 10)
	_, _ = io.WriteString(c, rawChat(true))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(2500 * time.Millisecond) // the pause is what is tested
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(b), "data: [DONE]\n\n") || len(b) != blocks*len(block)+len("data: [DONE]\n\n") {
		t.Errorf("%d bytes, ending %q", len(b), b[max(0, len(b)-300):])
	}
}

// Answers too long to be kept: passed on whole whatever their framing, their
// usage found at the end; broken off, never ended, when the target breaks off.
func TestRelayLongAnswers(t *testing.T) {
	t.Parallel()
	long := `{"object":"list","model":"m","data":[{"embedding":[` + strings.TrimSuffix(strings.Repeat("0.12345,", 400_000), ",") + `]}],"usage":{"prompt_tokens":77,"total_tokens":77}}`
	length := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(long))
	chunks := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		answer  string
		whole   bool
		outcome string
	}{
		"length":     {length + long, true, "ok"},
		"chunks":     {chunks + chunkOf(long[:1000]) + chunkOf(long[1000:]) + "0\r\n\r\n", true, "ok"},
		"close":      {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + long, true, "ok"},
		"cut length": {length + long[:len(long)-100], false, "upstream_cut"},
		"cut chunks": {chunks + chunkOf(long[:len(long)-100]), false, "upstream_cut"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := filepath.Join(t.TempDir(), "r.jsonl")
			url := newOnce(t, func(conn net.Conn) { _, _ = io.WriteString(conn, c.answer) })
			g := start(t, targetAt(url)+"records: { file: "+records+" }\n")
			conn := dial(t, g.addr)
			body := `{"model":"m","input":"x"}`
			fmt.Fprintf(conn, "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if c.whole && (err != nil || string(b) != long) || !c.whole && err == nil {
				t.Errorf("%d of %d bytes, %v", len(b), len(long), err)
			}
			g.stop()
			rs := readRecords(t, records)
			if len(rs) != 1 || rs[0].Outcome != c.outcome || c.whole && (rs[0].Input != 77 || rs[0].Estimated) {
				t.Errorf("%+v", rs)
			}
		})
	}
}

// A hidden chunk that comes alone leaves no trace: an empty chunk would end the
// answer.
func TestRelayHiddenChunkAlone(t *testing.T) {
	t.Parallel()
	const usage = `data: {"id":"1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}` + "\n\n"
	next := make(chan struct{})
	url := newOnce(t, func(c net.Conn) {
		_, _ = io.WriteString(c, eventsHead+chunkOf(deltaEvent))
		<-next
		_, _ = io.WriteString(c, chunkOf(usage))
		<-next
		_, _ = io.WriteString(c, chunkOf("data: [DONE]\n\n")+"0\r\n\r\n")
	})
	g := start(t, targetAt(url))
	c := dial(t, g.addr)
	_, _ = io.WriteString(c, rawChat(true))
	got := readUntil(t, c, deltaEvent)
	next <- struct{}{}
	next <- struct{}{}
	got += readUntil(t, c, "\r\n0\r\n\r\n")
	if strings.Contains(got, "usage") || strings.Count(got, "0\r\n\r\n") != 1 || !strings.Contains(got, "data: [DONE]\n\n") {
		t.Errorf("%q", got)
	}
}

// Events that come together leave together: one chunk for what one read brought.
func TestRelayOneChunkPerRead(t *testing.T) {
	t.Parallel()
	const n = 20
	url := newOnce(t, func(c net.Conn) {
		_, _ = io.WriteString(c, eventsHead+chunkOf(strings.Repeat(deltaEvent, n))+chunkOf("data: [DONE]\n\n")+"0\r\n\r\n")
	})
	g := start(t, targetAt(url))
	c := dial(t, g.addr)
	_, _ = io.WriteString(c, rawChat(true))
	got := readUntil(t, c, "\r\n0\r\n\r\n")
	_, body, _ := strings.Cut(got, "\r\n\r\n")
	chunks := 0
	for body != "" {
		var size int
		if _, err := fmt.Sscanf(body, "%x\r\n", &size); err != nil {
			t.Fatal(err)
		}
		_, body, _ = strings.Cut(body, "\r\n")
		body = strings.TrimPrefix(body[size:], "\r\n")
		chunks++
	}
	if chunks > 3 { // head and some events, the rest, the end
		t.Errorf("%d events in one read left in %d chunks", n+1, chunks)
	}
}
