package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"weir/host/http1"
)

// script is a connection that gives its bytes in pieces, then ends.
type script struct {
	net.Conn
	data []byte
	step int
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.step)], s.data)
	s.data = s.data[n:]
	return n, nil
}

// outcome is everything that reading an answer can tell.
type outcome struct {
	head, body string
	framing    http1.Framing
	end        error
	clean      bool
}

// answerOf reads p as an answer that comes in pieces of step bytes.
func answerOf(p []byte, step, limit, room int) (o outcome) {
	s := &script{data: p, step: step}
	c := &conn{Conn: s, raw: s, buf: make([]byte, 64)}
	raw, err := c.readHead(limit)
	if err != nil {
		o.end = fmt.Errorf("head: %w", err)
		return o
	}
	var h http1.Head
	if perr := h.ParseResponse(raw, false); perr != nil {
		o.end = perr
		return o
	}
	o.head, o.framing = string(raw), h.Framing
	var d http1.Decoder
	d.Reset(h.Framing, h.Length)
	dst := make([]byte, room)
	for o.end == nil {
		var n int
		n, o.end = c.read(&d, dst)
		o.body += string(dst[:n])
		if n > 0 && o.end != nil {
			// The fault must come again, and no byte with it.
			if k, again := c.read(&d, dst); k > 0 || again == nil || errors.Is(again, io.EOF) {
				panic("a fault was forgotten")
			}
		}
	}
	o.clean = errors.Is(o.end, io.EOF) && c.clean() && c.fault == nil && len(s.data) == 0
	return o
}

// FuzzAnswer holds the reading of answers to be the same however they come, and
// to what net/http reads.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.answer), byte(7), byte(3))
	}
	for _, c := range cuts {
		f.Add([]byte(c.answer), byte(50), byte(200))
	}
	f.Add([]byte("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 300)+"\r\n\r\nuntil close"), byte(1), byte(1))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n5\r\nworld\r\n0\r\n\r\n"), byte(100), byte(100))
	f.Fuzz(func(t *testing.T, p []byte, step, room byte) {
		const limit = 1000
		whole := answerOf(p, len(p)+1, limit, len(p)+1)
		pieces := answerOf(p, int(step)+1, limit, int(room)+1)
		// Surplus is seen only when it is read together with what it follows.
		whole.clean, pieces.clean = whole.clean && pieces.clean, whole.clean && pieces.clean
		if whole.head != pieces.head || whole.body != pieces.body || whole.framing != pieces.framing || (whole.end == io.EOF) != (pieces.end == io.EOF) {
			t.Fatalf("at once %+v, in pieces %+v", whole, pieces)
		}
		if whole.end != io.EOF {
			return
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(p)), nil)
		if err != nil {
			if strings.Contains(err.Error(), "trailer key") {
				return
			}
			t.Fatalf("net/http: %v", err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != whole.body {
			t.Fatalf("%q; net/http reads %q, %v", whole.body, body, err)
		}
	})
}

// FuzzOpen: whatever the URL, Open does not panic, and what it accepts makes
// request lines that are lines.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{"http://a/v1", "https://[::1]:443/", "unix:/a:/b", "http://[fe80::1%25lo]:1/%2F", "http://a/\r\n", "http://a?b", "http://a#b", "http://a:b", "unix:/a b"} {
		f.Add(s, "/v1/models")
	}
	f.Fuzz(func(t *testing.T, raw, path string) {
		target, err := Open(Options{URL: raw})
		if err != nil || !strings.HasPrefix(path, "/") || strings.Contains(path, "#") || !http1.IsToken([]byte(strings.ReplaceAll(path[1:], "/", "a")+"a")) {
			return
		}
		head := target.appendHead(nil, &Request{Method: []byte("GET"), Path: []byte(path)}, 0)
		var h http1.Head
		if end, _, perr := http1.HeadEnd(head, 0); perr != nil || end != len(head) {
			t.Fatalf("%q makes %q", raw, head)
		}
		if perr := h.ParseRequest(head); perr != nil && !strings.Contains(path, "%") && perr != http1.ErrHost {
			t.Fatalf("%q makes %q: %v", raw, head, perr)
		}
	})
}

// FuzzLiteral: every address in its usual spelling is found, and the first of
// its bytes is not lost.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "::1", "0x7f.1", "2130706433", "017700000001", "1.2.3", "1.2.3.4.5", "a", "", ".", "fe80::1%lo", "4294967296", "256.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		a, ok := literal(host)
		if b, err := netip.ParseAddr(host); err == nil && (!ok || a != b) {
			t.Fatalf("%s: %v", host, a)
		}
		if ok != a.IsValid() {
			t.Fatalf("%s: %v, %t", host, a, ok)
		}
	})
}
