package proxy

import (
	"net"
	"strconv"
	"sync"

	"weir/host/socket"
)

// outgoing is what the guard has for the client. A complete answer is held until
// fasthttp reads the next request, which it does at once: the socket then writes
// the one and waits for the other in one operation.
type outgoing struct {
	swallow bool     // the answer is written; what fasthttp has is dropped
	held    *heldBuf // nil when nothing is
	parts   [4][]byte
	frame   [20]byte // the length of a chunk
}

// heldBuf is shared between connections: idle ones have none.
type heldBuf struct{ b []byte }

// mostHeld bounds what is held back, in bytes. Longer answers gain nothing.
const mostHeld = 16 << 10

var heldBufs = sync.Pool{New: func() any { return &heldBuf{b: make([]byte, 0, readBuffer)} }}

// release sends what is held back.
func (c *conn) release() error {
	if c.held == nil {
		return nil
	}
	return c.send(nil)
}

// send sends p, behind what is held back.
func (c *conn) send(p []byte) error {
	c.parts = [4][]byte{1: p}
	return c.flush()
}

// chunk sends p as a chunk, behind what is held back, and the last chunk behind
// it if that is wanted.
func (c *conn) chunk(p []byte, last bool) error {
	c.parts = [4][]byte{2: p}
	if len(p) > 0 {
		c.parts[1] = append(strconv.AppendUint(c.frame[:0], uint64(len(p)), 16), "\r\n"...)
	}
	switch {
	case !last:
		c.parts[3] = crlf
	case len(p) > 0:
		c.parts[3] = lastChunk
	default:
		c.parts[3] = lastChunk[2:]
	}
	return c.flush()
}

var (
	crlf      = []byte("\r\n")
	lastChunk = []byte("\r\n0\r\n\r\n")
)

// flush sends parts, the first of which is what is held back.
func (c *conn) flush() error {
	defer c.letGo()
	if c.dead {
		return net.ErrClosed
	}
	if c.held != nil {
		c.parts[0] = c.held.b
	}
	total := 0
	for _, p := range c.parts {
		total += len(p)
	}
	switch {
	case c.sock != nil && total <= writeStep:
		c.armWrite()
		return c.sock.Send(c.parts[:])
	case c.sock == nil && total <= mostHeld: // under TLS every write is a record
		return c.flushJoined()
	}
	for _, p := range c.parts {
		if len(p) > 0 {
			if _, err := c.write(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *conn) flushJoined() error {
	if c.held == nil {
		c.held = heldBufs.Get().(*heldBuf) //nolint:forcetypeassert // the pool holds nothing else
	}
	for _, p := range c.parts[1:] {
		c.held.b = append(c.held.b, p...)
	}
	_, err := c.write(c.held.b)
	return err
}

// letGo gives the buffer of what was held back.
func (c *conn) letGo() {
	c.parts = [4][]byte{}
	if c.held != nil {
		c.held.b = c.held.b[:0]
		heldBufs.Put(c.held)
		c.held = nil
	}
}

// await waits for bytes of the next request, and sends what is held back before.
func (c *conn) await(p []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Read(p)
	}
	c.parts = [4][]byte{c.held.b}
	sent, n, err := c.sock.Ask(c.parts[:1], p)
	switch {
	case c.held == nil: // all was sent
		return n, err
	case err != nil && err != socket.ErrSpoken: //nolint:errorlint // Ask returns it bare
		c.letGo()
		return 0, err
	}
	// The client has sent more already, or it is slow to take what there is.
	c.held.b = c.held.b[:copy(c.held.b, c.held.b[sent:])]
	if err := c.release(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}
