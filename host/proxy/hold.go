package proxy

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"weir/host/socket"
)

// outgoing is what the guard has for the client. A complete answer is held until
// fasthttp reads the next request, which it does at once: the socket then writes
// the one and waits for the other in one operation.
type outgoing struct {
	swallow bool                    // the answer is written; what fasthttp has is dropped
	held    atomic.Pointer[heldBuf] // nil when nothing is; who takes it out sends it
	going   *heldBuf                // taken out of held, on its way
	parts   [4][]byte
	frame   [20]byte // the length of a chunk
}

// heldBuf is shared between connections: idle ones have none.
type heldBuf struct{ b []byte }

// mostHeld bounds what is held back, in bytes. Longer answers gain nothing.
const mostHeld = 16 << 10

var heldBufs = sync.Pool{New: func() any { return &heldBuf{b: make([]byte, 0, readBuffer)} }}

// holdBack makes room for what is to be held back.
func (c *conn) holdBack() *heldBuf {
	return heldBufs.Get().(*heldBuf) //nolint:forcetypeassert // the pool holds nothing else
}

// release sends what is held back.
func (c *conn) release() error {
	if c.held.Load() == nil {
		return nil
	}
	return c.send(nil)
}

// lastWrite bounds the write of what is held back when the connection is closed:
// fasthttp's shutdown closes one connection after the other.
const lastWrite = time.Second

// releaseLast sends what is held back when the connection is closed after all, by
// whichever goroutine: at shutdown that can be another than the connection's.
func (c *conn) releaseLast() {
	if h := c.held.Swap(nil); h != nil {
		_ = c.Conn.SetWriteDeadline(time.Now().Add(lastWrite))
		_, _ = c.Conn.Write(h.b)
		h.give()
	}
}

func (h *heldBuf) give() {
	h.b = h.b[:0]
	heldBufs.Put(h)
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
	if c.going = c.held.Swap(nil); c.going != nil {
		c.parts[0] = c.going.b
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
	if c.going == nil {
		c.going = c.holdBack()
	}
	for _, p := range c.parts[1:] {
		c.going.b = append(c.going.b, p...)
	}
	_, err := c.write(c.going.b)
	return err
}

// letGo gives the buffer of what was sent.
func (c *conn) letGo() {
	c.parts = [4][]byte{}
	if c.going != nil {
		c.going.give()
		c.going = nil
	}
}

// await waits for bytes of the next request, and sends what is held back before.
func (c *conn) await(p []byte) (int, error) {
	if c.going = c.held.Swap(nil); c.going == nil {
		return c.Conn.Read(p)
	}
	c.parts = [4][]byte{c.going.b}
	sent, n, err := c.sock.Ask(c.parts[:1], p)
	switch {
	case c.going == nil: // all was sent
		return n, err
	case err != nil && err != socket.ErrSpoken: //nolint:errorlint // Ask returns it bare
		c.letGo()
		return 0, err
	}
	// The client has sent more already, or it is slow to take what there is.
	_, err = c.write(c.going.b[sent:])
	if c.letGo(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}
