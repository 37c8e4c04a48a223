package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// queue is a listener whose Accept gives what it is told to.
type queue struct {
	results   []any // net.Conn or error
	deadlines int
}

func (q *queue) Accept() (net.Conn, error) {
	if len(q.results) == 0 {
		return nil, net.ErrClosed
	}
	r := q.results[0]
	q.results = q.results[1:]
	if c, ok := r.(net.Conn); ok {
		return c, nil
	}
	return nil, r.(error) //nolint:forcetypeassert // nothing else is put in
}

func (*queue) Close() error                  { return nil }
func (*queue) Addr() net.Addr                { return &net.TCPAddr{} }
func (q *queue) SetDeadline(time.Time) error { q.deadlines++; return nil }

func emfile() error {
	return &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

// Without descriptors every connection in the queue is refused with the one kept
// back, and accepting goes on.
func TestFault06_OutOfDescriptors(t *testing.T) {
	t.Parallel()
	s := newServer(t, testLimits())
	refused := []*script{{}, {}, {}}
	served := &script{}
	l := &listener{srv: s, Listener: &queue{results: []any{
		emfile(), refused[0], emfile(), refused[1], emfile(), &net.OpError{Op: "accept", Err: os.ErrDeadlineExceeded}, emfile(), refused[2], served,
	}}}
	l.openReserve()
	defer l.closeReserve()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := c.(*conn); !ok || g.raw != served {
		t.Error("another connection is served")
	}
	_ = c.Close()
	for i, nc := range refused {
		resp, err := http.ReadResponse(bufio.NewReader(&nc.written), nil)
		if err != nil || resp.StatusCode != 503 || !resp.Close || !nc.closed {
			t.Errorf("refused connection %d: %v %v, closed %v", i, resp, err, nc.closed)
			continue
		}
		_ = resp.Body.Close()
	}
	if l.reserve == nil {
		t.Error("the reserve was not had back")
	}
	if _, err := l.Accept(); err != io.EOF {
		t.Errorf("closed listener: %v", err)
	}
	wantLine(t, s, "weir_connections_shed_total 3")
}

func TestFault06_ConnectionLimit(t *testing.T) {
	t.Parallel()
	lim := testLimits()
	lim.Connections = 2
	s := newServer(t, lim)
	in := []*script{{}, {}, {}, {}}
	l := &listener{srv: s, Listener: &queue{results: []any{in[0], in[1], in[2], in[3]}}}
	defer l.closeReserve()
	var got []net.Conn
	for range 2 {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c)
	}
	if _, err := l.Accept(); err != io.EOF {
		t.Errorf("%v, want the end of the queue", err)
	}
	for end := time.Now().Add(10 * time.Second); l.parting.Load() > 0 && time.Now().Before(end); runtime.Gosched() {
	}
	for _, nc := range in[2:] {
		resp, err := http.ReadResponse(bufio.NewReader(&nc.written), nil)
		if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !nc.closed {
			t.Errorf("shed connection: %v %v, closed %v", resp, err, nc.closed)
			continue
		}
		_ = resp.Body.Close()
	}
	if s.open.Load() != 2 {
		t.Errorf("%d open", s.open.Load())
	}
	_ = got[0].Close()
	next := &script{}
	l.Listener = &queue{results: []any{next}}
	c, err := l.Accept()
	if err != nil || !slices.Equal(next.written.Bytes(), nil) {
		t.Errorf("after one has gone: %v %q", err, next.written.String())
	}
	_ = c.Close()
	_ = got[1].Close()
	wantLine(t, s, "weir_connections_shed_total 2")
}
