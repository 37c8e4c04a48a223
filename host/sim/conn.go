package sim

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// maxHeld bounds what a client may send ahead while its answer is still being made.
	maxHeld = 64 << 10
	// lingerFor and lingerBytes bound how long an unread request is drained so that
	// its refusal arrives: closing a socket with unread input resets it.
	lingerFor   = time.Second
	lingerBytes = 64 << 20
)

// past is a deadline that ends a read at once.
var past = time.Unix(1, 0)

// conn is an accepted connection whose goroutine can sleep and at the same time
// see the client leave: it sleeps in a read with a deadline. What the read brings
// (a pipelined request) is held for the next reader. One goroutine reads; others
// may only set deadlines and close.
type conn struct {
	net.Conn
	srv    *Server
	held   []byte
	probe  [256]byte
	stale  bool // ends instead of reading another request
	linger bool // drains before closing
	once   sync.Once
}

func (c *conn) Read(p []byte) (int, error) {
	if c.stale {
		return 0, io.EOF
	}
	if len(c.held) > 0 {
		n := copy(p, c.held)
		c.held = c.held[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// Write drops what fasthttp would answer. Half of this server's answers must be
// wrong in ways no HTTP library lets one be, so it writes all of them itself, to
// the connection underneath, while the request is being handled; fasthttp reads
// requests and keeps the connection alive.
func (c *conn) Write(p []byte) (int, error) { return len(p), nil }

// Close closes the connection once; later calls do nothing.
func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		if c.linger && !c.srv.closing.Load() {
			c.drain()
		}
		err = c.Conn.Close()
		c.srv.forget(c)
	})
	return err
}

func (c *conn) drain() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if c.Conn.SetReadDeadline(time.Now().Add(lingerFor)) == nil {
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
}

// deadline sets the read deadline. A connection that refuses one is closed, and
// the next read says so.
func (c *conn) deadline(t time.Time) { _ = c.Conn.SetReadDeadline(t) }

// wait sleeps until the given time, zero meaning for ever. It returns true as
// soon as the client has left: closed or reset the connection, or shut down its
// sending side, which clients of a model server do only when they leave.
func (c *conn) wait(until time.Time) (left bool) {
	c.deadline(until)
	return c.watch()
}

// watch is wait with the deadline that is already set.
func (c *conn) watch() (left bool) {
	for {
		n, err := c.Conn.Read(c.probe[:])
		if n > 0 {
			if len(c.held)+n > maxHeld {
				return true
			}
			c.held = append(c.held, c.probe[:n]...)
		}
		if err != nil {
			t, ok := err.(interface{ Timeout() bool })
			return !ok || !t.Timeout()
		}
	}
}

// reset closes the connection so that TCP sends RST instead of FIN. Connections
// without that notion are just closed.
func (c *conn) reset() {
	inner := c.Conn
	if t, ok := inner.(interface{ NetConn() net.Conn }); ok {
		inner = t.NetConn()
	}
	if t, ok := inner.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
		_ = inner.Close() // of TLS too: its own close would send an alert first
	}
	_ = c.Close()
}
