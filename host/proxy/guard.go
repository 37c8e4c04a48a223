package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"weir/host/http1"
	"weir/host/telemetry"
)

const (
	// readBuffer is what a connection reads into: room for the head of an
	// ordinary request and a short body.
	readBuffer = 4 << 10
	// keptBuffer is the most that a connection keeps from one request to the next.
	keptBuffer = 2 * readBuffer
)

// readHead waits for a complete, valid head and prepares what fasthttp gets.
func (c *conn) readHead() error {
	lim := c.srv.limits()
	if err := c.handshake(lim.HeaderTimeout); err != nil {
		return err
	}
	switch {
	case c.w > 0: // pipelined
		if err := c.release(); err != nil {
			return io.EOF
		}
		c.now = time.Now()
		c.begun = c.now
	case c.served:
		c.readAbout(c.now, lim.Idle)
	default:
		c.readBy(time.Now().Add(lim.HeaderTimeout))
	}
	late := false
	for {
		end, next, perr := http1.HeadEnd(c.buf[:c.w], c.scanned)
		if perr != nil {
			return c.refuse(perr)
		}
		if end == 2 { // an empty line before the request: RFC 9112 section 2.2
			c.w = copy(c.buf, c.buf[2:c.w])
			c.scanned = 0
			continue
		}
		if end > lim.Headers || end == 0 && c.w >= lim.Headers {
			return c.refuse(http1.ErrHeadTooLarge)
		}
		if end > 0 {
			return c.takeHead(end, lim)
		}
		c.scanned = next
		if c.w > 0 && !late { // the rest of the head is due from its first byte on
			late = true
			c.readBy(c.begun.Add(lim.HeaderTimeout))
		}
		if err := c.fill(lim); err != nil {
			return err
		}
	}
}

// fill reads more of a head.
func (c *conn) fill(lim *Limits) error {
	if c.w == len(c.buf) {
		c.grow(min(2*len(c.buf), lim.Headers+readBuffer))
	}
	n, err := c.await(c.buf[c.w:])
	if n > 0 {
		c.now = time.Now()
		if c.w == 0 {
			c.begun = c.now
		}
		c.w += n
		return nil
	}
	if isTimeout(err) && c.w > 0 {
		return c.refuse(errHeadLate)
	}
	return io.EOF // an idle connection ends without a word
}

// grow moves what was received into a larger buffer. Slices of the old one, as
// the parsed head has them, must be made anew.
func (c *conn) grow(size int) {
	c.buf = append(make([]byte, 0, size), c.buf[:c.w]...)[:size]
}

// takeHead checks a complete head and chooses the canonical one: fasthttp learns
// whether the answer has a body, the version, and whether to keep the connection,
// and nothing that a second parser could read in another way. The handler uses
// c.head.
func (c *conn) takeHead(end int, lim *Limits) error {
	c.headEnd, c.r = end, end
	h := &c.head
	if perr := h.ParseRequest(c.buf[:end]); perr != nil {
		return c.refuse(perr)
	}
	if !knownMethod(h.Method) {
		return c.refuse(errMethod)
	}
	if h.Framing == http1.Length && h.Length > int64(lim.Body) {
		return c.refuse(http1.ErrBodyTooLarge)
	}
	if err := c.stranger(); err != nil {
		return c.turnAway(err)
	}
	head := string(h.Method) == "HEAD"
	if head && h.Framing != http1.NoBody {
		return c.refuse(errHeadBody)
	}
	c.canon = canon(head, h.Minor, h.Close)
	c.phase = giving
	return nil
}

// canon is a canonical head. Every request is a GET to fasthttp, which then looks
// for no body, or a HEAD, whose answer has none.
func canon(head bool, minor int, closing bool) string {
	i := 0
	if head {
		i += 4
	}
	if minor == 0 {
		i += 2
	}
	if closing {
		i++
	}
	return canons[i]
}

var canons = [8]string{
	"GET / HTTP/1.1\r\nHost: w\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: w\r\nConnection: keep-alive\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: w\r\nConnection: close\r\n\r\n",
	"HEAD / HTTP/1.1\r\nHost: w\r\n\r\n",
	"HEAD / HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n",
	"HEAD / HTTP/1.0\r\nHost: w\r\nConnection: keep-alive\r\n\r\n",
	"HEAD / HTTP/1.0\r\nHost: w\r\nConnection: close\r\n\r\n",
}

func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return true
	}
	return false
}

// handshake completes TLS under the header deadline.
func (c *conn) handshake(limit time.Duration) error {
	tc, ok := c.Conn.(*tls.Conn)
	if !ok || c.shook {
		return nil
	}
	c.shook = true
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		c.dead = true
		c.srv.metrics.BadRequest("tls")
		return io.EOF
	}
	return nil
}

// panicked ends a connection whose reading went wrong inside Weir, and counts
// the request that it was reading.
func (c *conn) panicked(v any) error {
	c.dead = true
	id := newID(&[idLen]byte{})
	c.srv.log.Error("panic while reading a request", "panic", fmt.Sprint(v), "request_id", id, "stack", string(debug.Stack()))
	c.srv.once(c, telemetry.Internal, 500, "panic", dialectOf(c.line()), id)
	return io.EOF
}
