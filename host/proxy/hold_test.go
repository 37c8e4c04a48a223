package proxy

import (
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
	c.final = true
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

func write(t *testing.T, c *conn, pieces ...string) {
	t.Helper()
	for _, p := range pieces {
		if n, err := c.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
}

// An answer is held until the next request is awaited, and is one piece then.
func TestHoldUntilTheNextRead(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	c, client := socketed(t, s)
	req := request("GET / HTTP/1.1")
	for range 3 {
		ready(t, c, client, req)
		write(t, c, "head ", strings.Repeat("body", 2000))
		if c.held == nil {
			t.Fatal("not held")
		}
		answered := make(chan struct{})
		go func() { // the client asks again once it has its answer
			defer close(answered)
			expect(t, client, "head "+strings.Repeat("body", 2000))
			_, _ = io.WriteString(client, req)
		}()
		readRequest(t, c)
		<-answered
		if c.held != nil || c.final {
			t.Error("still held")
		}
	}
	c.final = true
	write(t, c, "x")
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
		write(t, c, "answer")
		readRequest(t, c)
		expect(t, client, "answer")
	})
	t.Run("in the socket", func(t *testing.T) {
		t.Parallel()
		c, client := socketed(t, s)
		ready(t, c, client, req)
		write(t, c, "answer")
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
		write(t, c, "answer")
		_ = client.(*net.TCPConn).CloseWrite()
		if _, err := c.Read(make([]byte, 100)); err != io.EOF {
			t.Errorf("%v", err)
		}
		expect(t, client, "answer")
	})
}

// Long answers and streams are not held.
func TestHoldNothingLong(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	c, client := socketed(t, s)
	ready(t, c, client, request("GET / HTTP/1.1"))
	long := strings.Repeat("0123456789abcdef", mostHeld/16)
	write(t, c, "head ", long)
	expect(t, client, "head "+long)
	write(t, c, "more")
	if c.held == nil {
		t.Error("the rest could be held")
	}
	c.final = false
	write(t, c, " and an event")
	expect(t, client, "more and an event")
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
	write(t, c, "answer")
	if _, err := c.Read(make([]byte, 100)); err != io.EOF {
		t.Errorf("%v", err)
	}
	if c.held != nil {
		t.Error("still held")
	}
}
