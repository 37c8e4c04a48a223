package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"strconv"
	"time"

	"weir/host/http1"
)

// readBuffer is what a connection reads into: room for the head of an ordinary
// request and a short body.
const readBuffer = 4 << 10

// readHead waits for a complete, valid head and prepares what fasthttp gets.
func (c *conn) readHead() error {
	lim := c.srv.limits()
	if err := c.handshake(lim.HeaderTimeout); err != nil {
		return err
	}
	if c.w > 0 {
		c.begun = time.Now()
	} else if c.served {
		c.deadline(lim.Idle)
	} else {
		c.deadline(lim.HeaderTimeout)
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
		if end > 0 {
			return c.takeHead(end, lim)
		}
		if c.scanned = next; c.w >= lim.Headers {
			return c.refuse(http1.ErrHeadTooLarge)
		}
		if c.w > 0 && !late { // the rest of the head is due from its first byte on
			late = true
			_ = c.SetReadDeadline(c.begun.Add(lim.HeaderTimeout))
		}
		if err := c.fill(lim); err != nil {
			return err
		}
	}
}

// fill reads more of a head.
func (c *conn) fill(lim *Limits) error {
	if c.w == len(c.buf) {
		size := min(2*len(c.buf), lim.Headers+readBuffer)
		c.buf = append(make([]byte, 0, size), c.buf[:c.w]...)[:size]
	}
	n, err := c.Conn.Read(c.buf[c.w:])
	if n > 0 {
		if c.w == 0 {
			c.begun = time.Now()
		}
		c.w += n
		return nil
	}
	if isTimeout(err) && c.w > 0 {
		return c.refuse(errHeadLate)
	}
	return io.EOF // an idle connection ends without a word
}

// takeHead checks a complete head and writes the canonical one: fasthttp learns
// method, version, framing and whether to keep the connection, and nothing that
// a second parser could read in another way. The handler uses c.head.
func (c *conn) takeHead(end int, lim *Limits) error {
	c.headEnd, c.r = end, end
	if perr := c.head.ParseRequest(c.buf[:end]); perr != nil {
		return c.refuse(perr)
	}
	if c.head.Framing == http1.Length && c.head.Length > int64(lim.Body) {
		return c.refuse(http1.ErrBodyTooLarge)
	}
	if !knownMethod(c.head.Method) {
		return c.refuse(errMethod)
	}
	// fasthttp does not read the body of a GET; here every method may have one.
	out := append(c.out[:0], "POST"...)
	if string(c.head.Method) == "HEAD" {
		if c.head.Framing != http1.NoBody {
			return c.refuse(errHeadBody)
		}
		out = append(c.out[:0], "HEAD"...)
	}
	out = append(out, " / HTTP/1."...)
	out = append(out, '0'+byte(c.head.Minor)) //nolint:gosec // 0 or 1
	out = append(out, "\r\nHost: w\r\n"...)
	switch c.head.Framing {
	case http1.Length:
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, c.head.Length, 10)
		out = append(out, "\r\n"...)
	case http1.Chunked:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case http1.NoBody, http1.UntilClose:
		out = append(out, "Content-Length: 0\r\n"...)
	}
	switch {
	case c.head.Close:
		out = append(out, "Connection: close\r\n"...)
	case c.head.Minor == 0:
		out = append(out, "Connection: keep-alive\r\n"...)
	}
	c.out = append(out, "\r\n"...)
	c.decoder.Reset(c.head.Framing, c.head.Length)
	c.phase = giveHead
	return nil
}

func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return true
	}
	return false
}

// startBody sets the body's deadline unless it is here already, and tells a
// client that asked to go on.
func (c *conn) startBody() {
	c.out = c.out[:0]
	if c.decoder.Done() || c.head.Framing == http1.Length && int64(c.w-c.r) >= c.head.Length {
		return
	}
	if c.head.Continue && c.w == c.r && c.head.Minor == 1 {
		_, _ = c.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	}
	c.deadline(c.srv.limits().BodyTimeout)
}

// readBody hands out body bytes: as they are, or in chunks of Weir's own making.
func (c *conn) readBody(p []byte) (int, error) {
	if n := copy(p, c.out); n > 0 {
		c.out = c.out[n:]
		return n, nil
	}
	if c.head.Framing == http1.Chunked {
		if err := c.rechunk(); err != nil {
			return 0, err
		}
		n := copy(p, c.out)
		c.out = c.out[n:]
		return n, nil
	}
	if c.r < c.w {
		n, ns, _ := c.decoder.Decode(p, c.buf[c.r:c.w])
		c.r, c.body = c.r+ns, c.body+int64(n)
		return n, nil
	}
	// From the socket into fasthttp's buffer, but no byte of the next request.
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.head.Length-c.body)])
	c.decoder.Decode(p[:n], p[:n])
	c.body += int64(n)
	if n == 0 && err != nil {
		return 0, c.bodyError(err)
	}
	return n, nil
}

// rechunk decodes some of a chunked body and frames it anew, without
// extensions and trailers.
func (c *conn) rechunk() error {
	var data [readBuffer]byte
	for {
		nd, ns, perr := c.decoder.Decode(data[:], c.buf[c.r:c.w])
		c.r += ns
		if perr != nil {
			return c.refuse(perr)
		}
		if c.body += int64(nd); c.body > int64(c.srv.limits().Body) {
			return c.refuse(http1.ErrBodyTooLarge)
		}
		out := c.out[:0]
		if nd > 0 {
			out = strconv.AppendInt(out, int64(nd), 16)
			out = append(append(append(out, "\r\n"...), data[:nd]...), "\r\n"...)
		}
		if c.decoder.Done() {
			out = append(out, "0\r\n\r\n"...)
		}
		if c.out = out; len(out) > 0 {
			return nil
		}
		// Everything received was framing: make room behind the head.
		c.r, c.w = c.headEnd, c.headEnd
		if c.w == len(c.buf) {
			c.buf = append(make([]byte, 0, 2*len(c.buf)), c.buf[:c.w]...)[:2*len(c.buf)]
			c.reparse()
		}
		n, err := c.Conn.Read(c.buf[c.w:])
		c.w += n
		if n == 0 && err != nil {
			return c.bodyError(err)
		}
	}
}

// reparse points the head's slices at a buffer that has moved.
func (c *conn) reparse() { _ = c.head.ParseRequest(c.buf[:c.headEnd]) }

func (c *conn) bodyError(err error) error {
	if isTimeout(err) {
		return c.refuse(errBodyLate)
	}
	c.srv.abandoned(c) // the client left in the middle of its own request
	c.dead = true
	return io.EOF
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
