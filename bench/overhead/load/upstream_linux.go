package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"weir/bench/overhead/loop"
)

// upstream is the model's server: it reads a request whole and answers at once.
type upstream struct {
	loop     *loop.Loop
	fd       int
	addr     netip.AddrPort
	buf      []byte
	answer   []byte
	bodySize int                 // what requests must carry, 0 for any
	streams  func(i int) *stream // the stream a tag asks for
	served   int
	conns    map[*upConn]struct{}
}

func newUpstream(l *loop.Loop) (*upstream, error) {
	fd, addr, err := loop.Listen()
	if err != nil {
		return nil, err
	}
	u := &upstream{loop: l, fd: fd, addr: addr, buf: make([]byte, 256<<10), answer: answer(), conns: map[*upConn]struct{}{}}
	return u, l.Add(fd, u)
}

// Ready accepts connections.
func (u *upstream) Ready(uint32) error {
	for {
		fd, err := loop.Accept(u.fd)
		if err != nil || fd < 0 {
			return err
		}
		c := &upConn{upstream: u, fd: fd}
		u.conns[c] = struct{}{}
		if err := u.loop.Add(fd, c); err != nil {
			return err
		}
	}
}

// reset closes the connections in the middle of an exchange. The others are kept: they may be those of other proxies, which count on them.
func (u *upstream) reset() {
	for c := range u.conns {
		if c.busy() != "" || len(c.pending) > 0 {
			c.close()
		}
	}
}

func (u *upstream) close() {
	for c := range u.conns {
		c.close()
	}
	_ = u.loop.Remove(u.fd)
}

// An upConn is one connection to the upstream.
type upConn struct {
	*upstream
	fd      int
	gone    bool
	head    []byte // of a request whose beginning has come in pieces
	tag     [tagLen]byte
	left    int // of the body
	inBody  bool
	stream  *stream // being answered
	pending []byte  // not yet taken by the socket
}

// Ready reads requests and goes on with what the socket did not take.
func (c *upConn) Ready(events uint32) error {
	if len(c.pending) > 0 && events&loop.Writable != 0 {
		if err := c.write(nil); err != nil {
			return err
		}
	}
	for {
		n, closed, err := loop.Read(c.fd, c.buf)
		if closed || err != nil {
			return c.departed(err)
		}
		if n == 0 {
			return nil
		}
		if err := c.feed(c.buf[:n]); err != nil || c.gone {
			return err
		}
		if n < len(c.buf) && events&loop.Broken == 0 {
			return nil
		}
	}
}

// departed deals with a proxy that closes: between exchanges it may.
func (c *upConn) departed(err error) error {
	busy := c.busy()
	c.close()
	if busy == "" {
		return nil
	}
	return errors.Join(errors.New("the proxy closed a connection to the upstream "+busy), err)
}

// busy says in the middle of what the connection is; "" between exchanges.
func (c *upConn) busy() string {
	switch {
	case c.stream != nil:
		return fmt.Sprintf("after %d of %d events", c.stream.sent, len(c.stream.script.writes))
	case c.inBody:
		return fmt.Sprintf("with %d bytes of a request's body to come", c.left)
	case len(c.head) > 0:
		return fmt.Sprintf("within a request's head, after %d bytes", len(c.head))
	}
	return ""
}

func (c *upConn) close() {
	if !c.gone {
		c.gone = true
		delete(c.conns, c)
		_ = c.loop.Remove(c.fd)
	}
}

func (c *upConn) feed(p []byte) error {
	if !c.inBody {
		if len(c.head) > 0 {
			c.head = append(c.head, p...)
			p = c.head
		}
		rest, err := c.begin(p)
		if err != nil {
			return err
		}
		if rest == nil {
			if len(c.head) == 0 {
				c.head = append(c.head, p...)
			}
			return nil
		}
		c.head = c.head[:0]
		p = rest
	}
	if len(p) < c.left {
		c.left -= len(p)
		return nil
	}
	if len(p) > c.left || p[len(p)-1] != '}' {
		return fmt.Errorf("the upstream got a body that does not end where its content-length says: %d bytes too many, the last is %q", len(p)-c.left, p[len(p)-1])
	}
	c.inBody, c.left = false, 0
	return c.respond()
}

// begin reads a head and the beginning of its body. It returns nil while they have not wholly come.
func (c *upConn) begin(p []byte) (rest []byte, err error) {
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if end < 0 || len(p) < end+4+tagAt+tagLen {
		if len(p) > maxHead {
			return nil, errors.New("the upstream got a head of more than 64 KiB")
		}
		return nil, nil
	}
	head, rest := p[:end+2], p[end+4:]
	if !bytes.HasPrefix(head, []byte("POST /v1/chat/completions HTTP/1.1\r\n")) {
		return nil, fmt.Errorf("the upstream got %.80q", head)
	}
	if c.left, err = contentLength(head); err != nil {
		return nil, err
	}
	if c.bodySize > 0 && c.left != c.bodySize {
		return nil, fmt.Errorf("the upstream got a body of %d bytes, and %d were sent", c.left, c.bodySize)
	}
	if !bytes.HasPrefix(rest, []byte(bodyStart)) {
		return nil, fmt.Errorf("the upstream got a body that begins with %.60q", rest)
	}
	copy(c.tag[:], rest[tagAt:])
	c.inBody = true
	return rest, nil
}

// contentLength finds the header. A chunked request has none: no peer is set up to send one.
func contentLength(head []byte) (int, error) {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if ok && len(key) == len("content-length") && bytes.EqualFold(key, []byte("content-length")) {
			n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil || n < tagAt+tagLen {
				return 0, fmt.Errorf("the upstream got the content-length %q", value)
			}
			return n, nil
		}
	}
	return 0, errors.New("the upstream got a request without content-length")
}

func (c *upConn) respond() error {
	c.served++
	if c.tag[0] == 'u' {
		return c.write(c.answer)
	}
	i, err := strconv.Atoi(string(c.tag[1:]))
	if err != nil || c.streams == nil {
		return fmt.Errorf("the upstream got the tag %q", c.tag)
	}
	s := c.streams(i)
	if s == nil || s.up != nil {
		return fmt.Errorf("the upstream got the tag %q twice, or never gave it out", c.tag)
	}
	c.stream, s.up = s, c
	return s.begin()
}

// write sends p behind what is pending.
func (c *upConn) write(p []byte) (err error) {
	if len(c.pending) > 0 {
		p = append(c.pending, p...)
	}
	rest, err := loop.Write(c.fd, p)
	c.pending = append(c.pending[:0], rest...)
	return err
}
