package proxy

import (
	"sync"

	"weir/host/socket"
)

// holding keeps a complete answer back until fasthttp reads the next request,
// which it does at once: the socket then writes the one and waits for the other
// in one operation, and an answer that fasthttp writes in pieces is one packet.
type holding struct {
	final bool     // the answer being written is complete: it may be held
	held  *heldBuf // nil when nothing is
	piece [1][]byte
}

// heldBuf is shared between connections: idle ones have none.
type heldBuf struct{ b []byte }

// mostHeld bounds what is held back, in bytes. Longer answers gain nothing.
const mostHeld = 16 << 10

var heldBufs = sync.Pool{New: func() any { return &heldBuf{b: make([]byte, 0, readBuffer)} }}

// hold takes p if it may be held back.
func (c *conn) hold(p []byte) bool {
	if !c.final || c.sock == nil {
		return false
	}
	if c.held == nil {
		if len(p) > mostHeld {
			return false
		}
		c.held = heldBufs.Get().(*heldBuf) //nolint:forcetypeassert // the pool holds nothing else
	}
	if len(c.held.b)+len(p) > mostHeld {
		return false
	}
	c.held.b = append(c.held.b, p...)
	return true
}

// release sends what is held back.
func (c *conn) release() error {
	if c.held == nil {
		return nil
	}
	defer c.letGo()
	_, err := c.write(c.held.b)
	return err
}

// letGo gives the buffer of what was held back.
func (c *conn) letGo() {
	if c.held != nil {
		c.held.b = c.held.b[:0]
		heldBufs.Put(c.held)
		c.held, c.piece[0] = nil, nil
	}
}

// await waits for bytes of the next request, and sends what is held back before.
func (c *conn) await(p []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Read(p)
	}
	c.piece[0] = c.held.b
	sent, n, err := c.sock.Ask(c.piece[:], p)
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
