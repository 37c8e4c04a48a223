package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// socketed is a guarded connection over a real socket, and its client's side.
func socketed(t testing.TB, s *Server) (*conn, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.open.Add(1)
	c := (&listener{srv: s}).guard(raw)
	t.Cleanup(func() { _ = c.abort(); _ = client.Close() })
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	return c, client
}

// expect reads from the client's side.
func expect(t *testing.T, client io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(client, got); err != nil || string(got) != want {
		t.Fatalf("%.80q, %v, want %.80q", got, err, want)
	}
}

// ready begins a request on c and answers it up to what is written.
func ready(t *testing.T, c *conn, client io.Writer, req string) {
	t.Helper()
	if _, err := io.WriteString(client, req); err != nil {
		t.Fatal(err)
	}
	readRequest(t, c)
}

// answer holds text back as the answer.
func answer(c *conn, text string) {
	c.swallow = true
	h := c.holdBack()
	h.b = append(h.b, text...)
	c.held.Store(h)
}

func readRequest(t *testing.T, c *conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := c.readBody(); !ok {
		t.Fatal("no body")
	}
}

// An answer is held until the next request is awaited, and what fasthttp writes
// is dropped.
func TestHoldUntilTheNextRead(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	c, client := socketed(t, s)
	req, long := request("GET / HTTP/1.1"), strings.Repeat("answer", 2000)
	ready(t, c, client, req)
	for range 3 {
		answer(c, long)
		if n, err := c.Write([]byte("fasthttp's")); n != 10 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		answered := make(chan struct{})
		go func() { // the client asks again once it has its answer
			defer close(answered)
			expect(t, client, long)
			_, _ = io.WriteString(client, req)
		}()
		readRequest(t, c)
		<-answered
		if c.held.Load() != nil || c.swallow {
			t.Error("still held")
		}
	}
	answer(c, "x")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, client, "x")
}

// A client that has sent its next request already is answered before that is
// served; one that closed its side is answered as well.
func TestHoldWhenMoreHasCome(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	req := request("GET / HTTP/1.1")
	t.Run("in the buffer", func(t *testing.T) {
		t.Parallel()
		c, client := socketed(t, s)
		ready(t, c, client, req+req)
		answer(c, "answer")
		readRequest(t, c)
		expect(t, client, "answer")
	})
	t.Run("in the socket", func(t *testing.T) {
		t.Parallel()
		c, client := socketed(t, s)
		ready(t, c, client, req)
		answer(c, "answer")
		if _, err := io.WriteString(client, req); err != nil {
			t.Fatal(err)
		}
		readRequest(t, c)
		expect(t, client, "answer")
	})
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		c, client := socketed(t, s)
		ready(t, c, client, req)
		answer(c, "answer")
		_ = client.(*net.TCPConn).CloseWrite()
		if _, err := c.Read(make([]byte, 100)); err != io.EOF {
			t.Errorf("%v", err)
		}
		expect(t, client, "answer")
	})
}

// What is held goes before a chunk, and the last chunk behind one; long pieces and
// TLS take other ways to the same bytes.
func TestChunks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", writeStep/8)
	for _, plain := range []bool{true, false} {
		s := newServer(t, testLimits())
		c, client := socketed(t, s)
		ready(t, c, client, request("GET / HTTP/1.1"))
		if !plain {
			c.sock = nil // as under TLS
		}
		sent := make(chan error, 1)
		go func() {
			answer(c, "head ")
			err := errors.Join(c.chunk([]byte("hello"), false), c.chunk([]byte(long), false), c.chunk([]byte("end"), true))
			answer(c, "head ")
			sent <- errors.Join(err, c.chunk(nil, true), c.send([]byte("raw")))
		}()
		expect(t, client, "head 5\r\nhello\r\n"+fmt.Sprintf("%x\r\n", len(long))+long+"\r\n3\r\nend\r\n0\r\n\r\nhead 0\r\n\r\nraw")
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

// What a client does not take does not keep the connection, nor the buffer.
func TestHoldForASlowClient(t *testing.T) {
	t.Parallel()
	lim := testLimits()
	lim.Write = 20 * time.Millisecond
	s := newServer(t, lim)
	c, client := socketed(t, s)
	ready(t, c, client, request("GET / HTTP/1.1"))
	_ = c.raw.(*net.TCPConn).SetWriteBuffer(4096)
	fill := make([]byte, 1<<20)
	_ = c.raw.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	for err := error(nil); err == nil; {
		_, err = c.raw.Write(fill)
	}
	c.written = time.Time{}
	answer(c, "answer")
	if _, err := c.Read(make([]byte, 100)); err != io.EOF {
		t.Errorf("%v", err)
	}
	if c.held.Load() != nil {
		t.Error("still held")
	}
}
