package sim

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dial opens a connection that gives up after patience and closes with the test.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// ask opens a connection and writes a request.
func ask(t testing.TB, addr string, request []byte) *net.TCPConn {
	t.Helper()
	c := dial(t, addr)
	if _, err := c.Write(request); err != nil {
		t.Fatal(err)
	}
	return c
}

// wireAnswer is an answer as it came over the wire.
type wireAnswer struct {
	raw        string
	head       string   // up to the blank line
	body       string   // after it, with its framing
	chunks     []string // whole ones
	terminated bool     // with a last chunk
	rest       string   // what follows the last whole chunk
	reset      bool     // by RST
}

// drain reads c to its end.
func drain(t testing.TB, c net.Conn) wireAnswer {
	t.Helper()
	b, err := io.ReadAll(c)
	a := wireAnswer{raw: string(b), reset: errors.Is(err, syscall.ECONNRESET)}
	if err != nil && !a.reset {
		t.Fatalf("after %q: %v", b, err)
	}
	a.split()
	return a
}

func (a *wireAnswer) split() {
	end := "\r\n\r\n"
	if lf := strings.Index(a.raw, "\n\n"); lf >= 0 && lf < strings.Index(a.raw, end) {
		end = "\n\n"
	}
	a.head, a.body, _ = strings.Cut(a.raw, end)
	if !strings.Contains(a.head, "chunked") {
		return
	}
	for a.rest = a.body; ; {
		size, after, ok := strings.Cut(a.rest, "\r\n")
		n, err := strconv.ParseUint(size, 16, 31)
		if !ok || err != nil || len(after) < int(n)+2 {
			return
		}
		a.rest = after[n+2:]
		if n == 0 {
			a.terminated = true
			return
		}
		a.chunks = append(a.chunks, after[:n])
	}
}

// wired sends a request whose connection the server is to close, and reads it all.
func wired(t testing.TB, addr, path, body string, headers ...string) wireAnswer {
	t.Helper()
	return drain(t, ask(t, addr, rawPost(path, body, headers...)))
}

const (
	chatPath    = "/v1/chat/completions"
	chatOnce    = `{"model":"m","messages":[{"role":"user","content":"Hello"}]}`
	chatStreams = `{"model":"m","messages":[{"role":"user","content":"Hello"}],"stream":true}`
)

// post sends a request by net/http.
func post(t testing.TB, client *http.Client, addr, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ": ")
		r.Header.Set(name, v)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("after %q: %v", b, err)
	}
	return resp, string(b)
}

// keepAlive reads one answer with Content-Length or chunks from a connection that
// stays open.
func keepAlive(t testing.TB, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// readUntil reads from c until what came contains want.
func readUntil(t testing.TB, c net.Conn, want string) string {
	t.Helper()
	var got []byte
	for buf := make([]byte, 4096); !bytes.Contains(got, []byte(want)); {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			t.Fatalf("%q not in %q: %v", want, got, err)
		}
	}
	return string(got)
}

// eventually waits until what is true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !ok(); {
		select {
		case <-limit:
			t.Fatalf("did not happen: %s", what)
		case <-tick.C:
		}
	}
}

// dataOf is the data of the events of a stream, without [DONE].
func dataOf(stream string) []string {
	var data []string
	for line := range strings.Lines(stream) {
		if d, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "data: "); ok && d != "[DONE]" {
			data = append(data, d)
		}
	}
	return data
}

// httpClient has connections of its own, closed with the test.
func httpClient(t testing.TB) *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}
