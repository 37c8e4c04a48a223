package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// scripted is a target that answers the next request with the pieces it is
// given, each in a write of its own.
type scripted struct {
	url    string
	pieces chan []string
}

func newScripted(t testing.TB) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{url: "http://" + ln.Addr().String(), pieces: make(chan []string, 1)}
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

func (s *scripted) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.(*net.TCPConn).SetNoDelay(true)
	br := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		for _, p := range <-s.pieces {
			if _, err := io.WriteString(c, p); err != nil {
				return
			}
		}
	}
}

// Streams arrive byte for byte as the target wrote them, whatever the chunks,
// the writes, the line ends, comments and fields.
func TestStreamsAreByteIdentical(t *testing.T) {
	t.Parallel()
	up := newScripted(t)
	g := start(t, targetAt(up.url))
	c := client(t)
	rapid.Check(t, func(rt *rapid.T) {
		stream := drawStream(rt)
		raw := chunked(rt, stream)
		up.pieces <- pieces(rt, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"+raw)
		// A client that asks for usage itself has nothing hidden from it.
		body := `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}`
		resp, got := post(t, c, g.url+"/v1/chat/completions", body)
		if resp.StatusCode != 200 || got != stream {
			rt.Fatalf("%d\n got %q\nwant %q", resp.StatusCode, got, stream)
		}
	})
}

// When Weir asks for the usage chunk, the client gets everything else.
func TestUsageChunkIsHiddenWhateverTheChunks(t *testing.T) {
	t.Parallel()
	up := newScripted(t)
	g := start(t, targetAt(up.url))
	c := client(t)
	const usage = `data: {"id":"1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}` + "\n\n"
	rapid.Check(t, func(rt *rapid.T) {
		stream := drawStream(rt)
		end := strings.LastIndex(stream, "data: [DONE]")
		up.pieces <- pieces(rt, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"+chunked(rt, stream[:end]+usage+stream[end:]))
		resp, got := post(t, c, g.url+"/v1/chat/completions", chat(true, "x"))
		if resp.StatusCode != 200 || got != stream {
			rt.Fatalf("%d\n got %q\nwant %q", resp.StatusCode, got, stream)
		}
	})
}

func drawStream(rt *rapid.T) string {
	nl := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "line end")
	var b strings.Builder
	for range rapid.IntRange(0, 6).Draw(rt, "events") {
		if rapid.Bool().Draw(rt, "comment") {
			b.WriteString(": ping é" + nl + nl)
		}
		if rapid.Bool().Draw(rt, "id") {
			b.WriteString("id: 7" + nl)
		}
		text := rapid.SampledFrom([]string{"a", "é世界", `\n\"usage\":{}`, strings.Repeat("long ", 2000)}).Draw(rt, "text")
		b.WriteString(`data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"` + text + `"}}]}` + nl + nl)
	}
	b.WriteString("data: [DONE]" + nl + nl)
	return b.String()
}

// chunked frames s in chunks of random sizes.
func chunked(rt *rapid.T, s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(len(s), rapid.SampledFrom([]int{1, 2, 7, 100, 5000}).Draw(rt, "chunk"))
		if len(s) > 2000 {
			n = min(len(s), max(n, 500))
		}
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, s[:n])
		s = s[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// pieces splits what goes over the wire into a few writes.
func pieces(rt *rapid.T, s string) []string {
	var out []string
	for range rapid.IntRange(0, 8).Draw(rt, "writes") {
		if len(s) < 2 {
			break
		}
		n := rapid.IntRange(1, len(s)-1).Draw(rt, "at")
		out = append(out, s[:n])
		s = s[n:]
	}
	return append(out, s)
}
