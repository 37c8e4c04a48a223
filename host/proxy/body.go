package proxy

import (
	"io"
	"sync"
	"time"

	"weir/host/http1"
)

// trusted is the length of body that a client is believed before it sends it:
// ten thousand heads that announce 4 MiB each would cost 40 GiB. Room for longer
// bodies is made as they come.
const trusted = 64 << 10

// store is room for a body that did not come with its head. It is given back as
// soon as the target has answered: streams last long, and what the next request
// gets is in the cache still.
type store struct{ b []byte }

var stores = sync.Pool{New: func() any { return new(store) }}

// release gives the room back, unless only a long body needed it.
func (s *store) release() {
	const keep = 1 << 20
	if cap(s.b) <= keep {
		stores.Put(s)
	}
}

// readBody reads the body of the request whose head is in c.head; fasthttp knows
// nothing of it. A short one that came with the head stays where it is, others
// go to a store, which the caller releases. Without ok there is no request: it
// was refused, or the client left, and the connection is dead. A panic here
// would end the process: it ends the connection.
func (c *conn) readBody() (body []byte, s *store, ok bool) {
	defer func() {
		if v := recover(); v != nil {
			_ = c.panicked(v)
			body, s, ok = nil, nil, false
		}
	}()
	c.armed = false
	h := &c.head
	switch {
	case h.Framing == http1.NoBody:
		return nil, nil, true
	case h.Framing == http1.Length && h.Length <= int64(c.w-c.r):
		from := c.r
		c.r += int(h.Length)
		return c.buf[from:c.r:c.r], nil, true
	}
	s = stores.Get().(*store) //nolint:forcetypeassert // the pool holds nothing else
	if h.Framing == http1.Chunked {
		s.b, ok = c.readChunks(s.b[:0])
	} else {
		s.b, ok = c.readLength(s.b[:0], int(h.Length))
	}
	if !ok {
		s.release()
		return nil, nil, false
	}
	return s.b, s, true
}

// readLength appends a body of n bytes, the beginning of which may be in buf.
func (c *conn) readLength(dst []byte, n int) ([]byte, bool) {
	dst = room(dst, min(n, trusted))
	dst = append(dst, c.buf[c.r:c.w]...)
	c.r = c.w
	for len(dst) < n {
		if len(dst) == cap(dst) {
			dst = room(dst, min(n, 2*len(dst))-len(dst))
		}
		k, err := c.more(dst[len(dst):min(n, cap(dst))])
		if err != nil {
			return dst, false
		}
		dst = dst[:len(dst)+k]
	}
	return dst, true
}

// readChunks appends a chunked body, without its extensions and trailers.
func (c *conn) readChunks(dst []byte) ([]byte, bool) {
	limit := c.srv.limits().Body
	c.decoder.Reset(http1.Chunked, 0)
	for {
		src := c.buf[c.r:c.w]
		nd, ns, err := c.decoder.Decode(src, src)
		c.r += ns
		if err != nil {
			_ = c.refuse(err)
			return dst, false
		}
		if len(dst)+nd > limit {
			_ = c.refuse(http1.ErrBodyTooLarge)
			return dst, false
		}
		if dst = append(dst, src[:nd]...); nd > 0 {
			continue
		}
		if c.decoder.Done() {
			return dst, true
		}
		c.makeRoom(len(dst))
		n, merr := c.more(c.buf[c.w:])
		if merr != nil {
			return dst, false
		}
		c.w += n
	}
}

// room makes room for n bytes behind dst, without the surplus that append adds.
func room(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	grown := make([]byte, len(dst), len(dst)+n)
	copy(grown, dst)
	return grown
}

// Room for chunked bytes behind the head: little at first, more for a body that
// proves long.
const (
	bodyRoom = 1 << 10
	longRoom = 32 << 10
	longBody = 16 << 10
)

// makeRoom empties the buffer behind the head, all of which was taken; so much
// of the body has come.
func (c *conn) makeRoom(body int) {
	c.r, c.w = c.headEnd, c.headEnd
	room := bodyRoom
	if body > longBody {
		room = longRoom
	}
	if len(c.buf)-c.w < room {
		c.grow(c.w + max(room, readBuffer))
		_ = c.head.ParseRequest(c.buf[:c.headEnd]) // it parsed before
	}
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
