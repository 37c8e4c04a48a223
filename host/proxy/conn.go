package proxy

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"weir/host/hangup"
	"weir/host/http1"
	"weir/host/upstream"
)

// conn is a guarded client connection; fasthttp reads from it and writes to it.
// Reads return one request at a time: a canonical head, then the body.
type conn struct {
	net.Conn          // maybe TLS
	raw      net.Conn // the socket
	srv      *Server
	entry    hangup.Entry
	watched  bool

	// Reading; only fasthttp's goroutine for this connection is here.
	phase   phase
	buf     []byte // bytes received: buf[:head] is the head being served, buf[r:w] is not yet taken
	r, w    int
	scanned int
	headEnd int
	head    http1.Head
	decoder http1.Decoder
	body    int64  // bytes of the body received so far
	out     []byte // canonical bytes for fasthttp: outbuf[o:]
	begun   time.Time
	shook   bool // TLS handshake done
	served  bool // a request has been served
	dead    bool // a refusal was written; nothing may follow
	written time.Time

	// Cancelling; also reached from the watcher and from Shutdown.
	mu     sync.Mutex
	call   *upstream.Call
	gone   bool
	closed bool
}

// phase is where in a request the connection is.
type phase uint8

const (
	awaitHead phase = iota // between requests or within a head
	giveHead               // a canonical head is being handed out
	giveBody               // the body is being handed out
	answering              // the request is complete; its answer is being written
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
	if c.gone {
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

// cancel ends the request in progress, if any; used when draining is over.
func (c *conn) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.call != nil {
		c.call.Cancel()
	}
}

// Close closes the socket and frees what the connection holds. It may be called
// by fasthttp's goroutine or by Shutdown, more than once.
func (c *conn) Close() error {
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

// Write sends p under a deadline that is renewed every writeStep bytes.
func (c *conn) Write(p []byte) (int, error) {
	if c.dead {
		return 0, net.ErrClosed
	}
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
// the following one.
func (c *conn) Read(p []byte) (int, error) {
	for {
		switch c.phase {
		case answering:
			c.nextRequest()
		case awaitHead:
			if err := c.readHead(); err != nil {
				return 0, err
			}
		case giveHead:
			if n := copy(p, c.out); n > 0 {
				c.out = c.out[n:]
				return n, nil
			}
			c.phase = giveBody
			c.startBody()
		case giveBody:
			if c.decoder.Done() && len(c.out) == 0 {
				c.phase = answering
				continue
			}
			return c.readBody(p)
		}
	}
}

// nextRequest drops the request that was served and keeps what was pipelined.
func (c *conn) nextRequest() {
	c.served = true
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r, c.scanned, c.headEnd, c.body = 0, 0, 0, 0
	c.out = c.out[:0]
	c.phase = awaitHead
	if len(c.buf) > readBuffer && c.w <= readBuffer {
		c.buf = append(make([]byte, 0, readBuffer), c.buf[:c.w]...)[:readBuffer]
	}
}

// deadline sets the read deadline; zero d means none.
func (c *conn) deadline(d time.Duration) {
	if d <= 0 {
		_ = c.SetReadDeadline(time.Time{})
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(d))
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
