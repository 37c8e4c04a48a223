package proxy

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// replay is a client that sends the same request whenever it is read from.
type replay struct {
	script
	req  []byte
	left []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if r.due.IsZero() {
		return 0, errEndless
	}
	if len(r.left) == 0 {
		r.left = r.req
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// ordinary is a request as SDKs send them: 700 bytes of head, 1 KiB of body.
func ordinary(body int) []byte {
	head := "POST /v1/chat/completions HTTP/1.1\r\n" +
		"Host: 127.0.0.1:8080\r\n" +
		"Accept: application/json\r\n" +
		"Content-Type: application/json\r\n" +
		"User-Agent: OpenAI/Python 2.3.0\r\n" +
		"X-Stainless-Lang: python\r\nX-Stainless-Package-Version: 2.3.0\r\nX-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\n" +
		"X-Stainless-Runtime: CPython\r\nX-Stainless-Runtime-Version: 3.12.4\r\nX-Stainless-Async: false\r\nX-Stainless-Retry-Count: 0\r\n" +
		"X-Stainless-Read-Timeout: 600\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n" +
		"Authorization: Bearer sk-" + strings.Repeat("a", 48) + "\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n", body)
	head += "X-Fill: " + strings.Repeat("x", max(0, 700-len(head)-12)) + "\r\n\r\n"
	return []byte(head + strings.Repeat("b", body))
}

// take reads one request as fasthttp and then the handler do: one byte, the
// canonical head, the body.
func take(c *conn, buf []byte, body int) error {
	if _, err := c.Read(buf[:1]); err != nil {
		return err
	}
	if _, err := c.Read(buf); err != nil { // the canonical head comes whole
		return err
	}
	b, store, ok := c.readBody()
	if !ok || len(b) != body {
		return io.ErrUnexpectedEOF
	}
	if store != nil {
		store.release()
	}
	return nil
}

func TestGuardAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newServer(t, testLimits())
	for _, size := range []int{1 << 10, 32 << 10} {
		c := scripted(s, &script{})
		c.Conn = &replay{req: ordinary(size)}
		buf := make([]byte, 4<<10)
		if n := testing.AllocsPerRun(100, func() {
			if err := take(c, buf, size); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d bytes of body: %v allocations a request", size, n)
		}
	}
}

// BenchmarkGuard is a request of 700 bytes of head and 1 KiB of body that comes
// in one piece: all that the guard adds, without the socket.
func BenchmarkGuard(b *testing.B) {
	s := newServer(b, testLimits())
	req := ordinary(1 << 10)
	c := scripted(s, &script{})
	c.Conn = &replay{req: req}
	buf := make([]byte, 4<<10)
	b.SetBytes(int64(len(req)))
	b.ReportAllocs()
	for b.Loop() {
		if err := take(c, buf, 1<<10); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGuardSocket is the same over a socket; what BenchmarkSocket takes is
// the system's share.
func BenchmarkGuardSocket(b *testing.B) {
	s := newServer(b, Limits{Body: 1 << 20, Headers: 64 << 10, HeaderTimeout: 10 * time.Second, BodyTimeout: time.Minute, Idle: 2 * time.Minute, Write: time.Minute})
	benchmarkSocket(b, func(nc net.Conn, buf []byte, body, _ int) func() error {
		c := scripted(s, &script{})
		c.Conn, c.raw = nc, nc
		return func() error { return take(c, buf, body) }
	})
}

func BenchmarkSocket(b *testing.B) {
	benchmarkSocket(b, func(nc net.Conn, buf []byte, _, all int) func() error {
		return func() error { _, err := io.ReadFull(nc, buf[:all]); return err }
	})
}

func benchmarkSocket(b *testing.B, reader func(nc net.Conn, buf []byte, body, all int) func() error) {
	ln, err := net.Listen("unix", b.TempDir()+"/s")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	nc, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	req := ordinary(1 << 10)
	read := reader(nc, make([]byte, 4<<10), 1<<10, len(req))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Write(req); err != nil {
			b.Fatal(err)
		}
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
}
