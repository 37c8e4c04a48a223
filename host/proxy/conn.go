package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"weir/host/hangup"
	"weir/host/http1"
	"weir/host/socket"
	"weir/host/upstream"
)

// conn is a guarded client connection; fasthttp reads from it and writes to it.
// Reads return one request at a time: a canonical head. The body is for the
// handler to read.
type conn struct {
	net.Conn              // TLS over raw, or sock, or raw itself
	raw      net.Conn     // the socket
	sock     *socket.Conn // raw with fewer system calls; nil under TLS
	srv      *Server
	entry    hangup.Entry
	watched  bool

	// Reading; only fasthttp's goroutine for this connection is here.
	phase   phase
	buf     []byte // bytes received: buf[:headEnd] is the head being served, buf[r:w] is not yet taken
	r, w    int
	scanned int
	headEnd int
	head    http1.Head
	begun   time.Time // first byte of the request
	now     time.Time // when the last bytes came
	due     time.Time // the read deadline in force
	shook   bool      // TLS handshake done
	served  bool      // a request has been served
	dead    bool      // a refusal was written; nothing may follow

	canon   string // canonical head: goes to fasthttp next
	armed   bool   // the body's deadline runs
	decoder http1.Decoder

	written time.Time // when the write deadline was last renewed
	outgoing

	// Cancelling; also reached from the watcher and from Shutdown.
	mu     sync.Mutex
	call   *upstream.Call
	gone   bool // the client has left
	over   bool // draining is over
	closed bool
}

// phase is where in a request the connection is.
type phase uint8

const (
	awaitHead phase = iota // between requests or within a head
	giving                 // the canonical head is being handed out
	answering              // fasthttp has it all; what it reads next is the next request
)

// onHangup runs on the watcher's goroutine.
func (c *conn) onHangup() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if c.call != nil {
		c.call.Cancel()
	}
}

// attach lets the client's leaving cancel the call, from now until detach.
func (c *conn) attach(call *upstream.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.call = call
	if c.gone || c.over {
		call.Cancel()
	}
}

// detach ends attach; afterwards nobody but the caller holds the call.
func (c *conn) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.call = nil
}

// left tells whether the client has gone.
func (c *conn) left() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// cancel ends the request in progress, and those to come as they begin; it tells
// whether there was one. It is used when draining is over.
func (c *conn) cancel() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.call == nil {
		return false
	}
	c.call.Cancel()
	return true
}

// Close sends what is held back and closes. Like abort it may be called from any
// goroutine, more than once.
func (c *conn) Close() error {
	c.releaseLast()
	return c.abort()
}

// abort closes the socket and frees what the connection holds.
func (c *conn) abort() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.mu.Unlock()
	err := c.Conn.Close()
	if c.watched {
		c.srv.watcher.Remove(c.entry)
	}
	c.srv.closed(c)
	return err
}

// writeStep is how many bytes one write deadline covers: a reader that takes
// them within limits.write keeps its connection, however long the answer.
const writeStep = 64 << 10

// Write is fasthttp's, whose answers are dropped where the guard has written one.
func (c *conn) Write(p []byte) (int, error) {
	if c.dead {
		return 0, net.ErrClosed
	}
	if c.swallow {
		return len(p), nil
	}
	return c.write(p)
}

// write sends p under a deadline that is renewed every writeStep bytes.
func (c *conn) write(p []byte) (int, error) {
	n := 0
	for {
		step := p[n:min(len(p), n+writeStep)]
		c.armWrite()
		k, err := c.Conn.Write(step)
		if n += k; err != nil || n == len(p) {
			return n, err
		}
	}
}

// breakOff ends the connection in the middle of an answer: with a reset where the
// client would take a plain end for the answer's.
func (c *conn) breakOff(unframed bool) {
	c.dead = true
	if tc, ok := c.raw.(*net.TCPConn); ok && unframed {
		_ = tc.SetLinger(0)
		_ = tc.Close() // and no close_notify, which would tell of a clean end
	}
}

// armWrite renews the write deadline once an eighth of it has been used up, so
// that a stream of small events does not pay for it each time.
func (c *conn) armWrite() {
	limit := c.srv.limits().Write
	now := time.Now()
	if now.Sub(c.written) > limit/8 {
		c.written = now
		_ = c.SetWriteDeadline(now.Add(limit + limit/8))
	}
}

// Read hands fasthttp the next bytes of the current request, and never any of
// the following one. A panic here would end the process: it ends the connection.
func (c *conn) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, c.panicked(v)
		}
	}()
	if c.dead {
		return 0, io.EOF
	}
	if c.phase == answering {
		c.nextRequest()
	}
	if c.phase == awaitHead {
		if err := c.readHead(); err != nil {
			return 0, err
		}
	}
	n = copy(p, c.canon)
	if c.canon = c.canon[n:]; c.canon == "" {
		c.phase = answering
	}
	return n, nil
}

// nextRequest drops the request that was served and keeps what was pipelined.
func (c *conn) nextRequest() {
	c.served, c.swallow = true, false
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r, c.scanned, c.headEnd = 0, 0, 0
	c.phase = awaitHead
	if len(c.buf) > keptBuffer && c.w <= readBuffer {
		c.buf = append(make([]byte, 0, readBuffer), c.buf[:c.w]...)[:readBuffer]
	}
}

// readBy sets the read deadline.
func (c *conn) readBy(t time.Time) {
	c.due = t
	_ = c.SetReadDeadline(t)
}

// readAbout sets the read deadline to limit from now or up to an eighth later:
// connections in use would otherwise set it at every request, which costs more
// than to parse a head.
func (c *conn) readAbout(now time.Time, limit time.Duration) {
	if d := c.due.Sub(now); d < limit || d > limit+limit/8 {
		c.readBy(now.Add(limit + limit/8))
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
