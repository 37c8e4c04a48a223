package proxy

import (
	"io"
	"strconv"
	"time"

	"weir/host/http1"
)

// trusted is the length of body that a client is believed before it sends it.
// fasthttp makes room for as much as a Content-Length says, so ten thousand heads
// that announce 4 MiB each would cost 40 GiB. Longer bodies are handed to it in
// chunks, each no longer than what has come before.
const trusted = 64 << 10

// give hands out framing and body bytes until the request is complete.
func (c *conn) give(p []byte) (int, error) {
	for {
		switch {
		case len(c.out) > 0:
			n := copy(p, c.out)
			c.out = c.out[n:]
			c.rest()
			return n, nil
		case len(c.data) > 0:
			n := copy(p, c.data)
			c.data = c.data[n:]
			return n, nil
		case c.owed > 0:
			n, err := c.receive(p)
			c.rest()
			return n, err
		}
		if err := c.announce(); err != nil {
			return 0, err
		}
	}
}

// rest notes when fasthttp has been given the whole request: what it reads next
// is the next one.
func (c *conn) rest() {
	if c.ended && len(c.out) == 0 && c.owed == 0 {
		c.phase = answering
	}
}

// receive moves bytes of a body whose length is known from the client to
// fasthttp, but none of the next request.
func (c *conn) receive(p []byte) (int, error) {
	p = p[:min(int64(len(p)), c.owed)]
	n := copy(p, c.buf[c.r:c.w])
	c.r += n
	if n == 0 {
		var err error
		if n, err = c.more(p); err != nil {
			return 0, err
		}
	}
	c.owed -= int64(n)
	return n, nil
}

// announce frames the next piece of a body for fasthttp.
func (c *conn) announce() error {
	if c.head.Framing == http1.Chunked {
		return c.rechunk()
	}
	if left := c.head.Length - c.body; left > 0 {
		c.owed = min(left, max(trusted, c.body))
		c.chunk(c.owed)
		return nil
	}
	c.last()
	return nil
}

// rechunk decodes what has come of a chunked body and frames it anew, without
// extensions and trailers.
func (c *conn) rechunk() error {
	for {
		src := c.buf[c.r:c.w]
		nd, ns, perr := c.decoder.Decode(src, src)
		c.r += ns
		if perr != nil {
			return c.refuse(perr)
		}
		if c.body+int64(nd) > int64(c.srv.limits().Body) {
			return c.refuse(http1.ErrBodyTooLarge)
		}
		if nd > 0 {
			c.data = src[:nd]
			c.chunk(int64(nd))
			return nil
		}
		if c.decoder.Done() {
			c.last()
			return nil
		}
		c.makeRoom()
		n, err := c.more(c.buf[c.w:])
		if err != nil {
			return err
		}
		c.w += n
	}
}

// Room for chunked bytes behind the head: little at first, more for a body that
// proves long.
const (
	bodyRoom = 1 << 10
	longRoom = 32 << 10
	longBody = 16 << 10
)

// makeRoom empties the buffer behind the head, all of which was taken.
func (c *conn) makeRoom() {
	c.r, c.w = c.headEnd, c.headEnd
	room := bodyRoom
	if c.body > longBody {
		room = longRoom
	}
	if len(c.buf)-c.w < room {
		c.grow(c.w + max(room, readBuffer))
		_ = c.head.ParseRequest(c.buf[:c.headEnd]) // it parsed before
	}
}

// chunk begins a chunk of n bytes, behind the end of the one before.
func (c *conn) chunk(n int64) {
	out := c.between()
	out = strconv.AppendInt(out, n, 16)
	c.out = append(out, "\r\n"...)
	c.body += n
}

// last ends a body of chunks.
func (c *conn) last() {
	c.out = append(c.between(), "0\r\n\r\n"...)
	c.ended = true
}

func (c *conn) between() []byte {
	if c.body > 0 {
		return append(c.canon[:0], "\r\n"...)
	}
	return c.canon[:0]
}

// more reads from the socket for a body. The body's deadline runs from the first
// time that it has to be waited for; a client that asked is told to go on.
func (c *conn) more(p []byte) (int, error) {
	if !c.armed {
		c.armed = true
		if c.head.Continue && c.head.Minor == 1 && c.w == c.headEnd {
			_, _ = c.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		}
		c.readBy(time.Now().Add(c.srv.limits().BodyTimeout))
	}
	n, err := c.Conn.Read(p)
	if n > 0 || err == nil {
		c.now = time.Now()
		return n, nil
	}
	if isTimeout(err) {
		return 0, c.refuse(errBodyLate)
	}
	c.srv.abandoned(c) // the client left in the middle of its own request
	c.dead = true
	return 0, io.EOF
}
