package upstream

import (
	"net"
	"sync"
	"time"

	"weir/host/http1"
)

// Call is one request on its way: at most one connection at a time, over several
// attempts if need be. It can be kept and used again after Reset. Cancel is safe
// from any goroutine at any moment; everything else belongs to one.
type Call struct {
	mu        sync.Mutex
	cancelled bool
	raw       net.Conn // the socket in use; closing it wakes every read and write
	stop      func()   // ends a dial or a wait for a connection

	resp Response
	head []byte      // request head, and over TLS what is sent with it
	vec  [][]byte    // request head and body
	wv   net.Buffers // vec while it is being written
}

// Cancel ends the call: a dial, a wait for a connection, a write or a read in
// progress returns at once, and the connection is closed, which is how the
// target learns that nobody waits any more. Later attempts fail immediately.
// It does not block.
func (c *Call) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancelled {
		return
	}
	c.cancelled = true
	if c.stop != nil {
		c.stop()
	}
	if c.raw != nil {
		_ = c.raw.Close()
	}
}

// Cancelled tells whether Cancel was called.
func (c *Call) Cancelled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cancelled
}

// Reset makes the call ready for another request. No attempt may be in progress
// and nobody may still hold the call for cancelling.
func (c *Call) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancelled, c.raw, c.stop = false, nil, nil
	clear(c.vec)
	c.vec, c.wv, c.head = c.vec[:0], nil, c.head[:0]
	if cap(c.head) > 2*tlsRecord {
		c.head = nil
	}
}

// begin registers how to interrupt what follows; false when already cancelled.
func (c *Call) begin(stop func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop = stop
	return !c.cancelled
}

// hold registers the connection in use; false, and nothing registered, when
// already cancelled.
func (c *Call) hold(raw net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop = nil
	if c.cancelled {
		return false
	}
	c.raw = raw
	return true
}

// drop forgets the connection; false when Cancel has closed it.
func (c *Call) drop() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = nil
	return !c.cancelled
}

// Request is what is sent: Fields are complete header lines, each with its
// CRLF; Host, Content-Length and the target's own headers are added. Body's
// segments are sent one after the other and are neither kept nor changed.
type Request struct {
	Method []byte
	Path   []byte // as the client wrote it, with the query; the target's base path is joined
	Fields []byte
	Body   [][]byte
	Size   int       // total length of Body in bytes
	Sized  bool      // send Content-Length even when Size is 0
	Now    time.Time // the present, if the caller has just looked
}

// size adds the body's segments up. A Content-Length that contradicts them would
// put the connection out of step, with other clients' requests behind.
func (r *Request) size() (n int, ok bool) {
	for _, b := range r.Body {
		n += len(b)
	}
	return n, n == r.Size
}

// Response is an answer being read. Head aliases the connection's buffer and is
// valid until the first Read.
type Response struct {
	Head http1.Head

	call    *Call
	target  *Target
	conn    *conn
	decoder http1.Decoder
}
