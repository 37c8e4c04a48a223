package upstream

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"weir/host/http1"
)

// conn is one connection to a target.
type conn struct {
	net.Conn          // maybe TLS
	raw      net.Conn // the socket below; closing it never blocks
	buf      []byte   // bytes read and not yet taken: buf[r:w]
	r, w     int
	requests int
	idle     time.Time // since when it has been in the pool
}

const connBuffer = 4 << 10

// readHead reads one message head into buf and returns it. The head stays valid
// until the next read into buf.
func (c *conn) readHead(limit int) ([]byte, error) {
	next := c.r
	for {
		end, n, perr := http1.HeadEnd(c.buf[c.r:c.w], next-c.r)
		if perr != nil {
			return nil, perr
		}
		if end > 0 {
			head := c.buf[c.r : c.r+end]
			c.r += end
			return head, nil
		}
		next = c.r + n
		if c.w-c.r >= limit {
			return nil, http1.ErrHeadTooLarge
		}
		if c.w == len(c.buf) {
			next -= c.r
			c.grow(limit)
			next += c.r
		}
		got, err := c.Conn.Read(c.buf[c.w:])
		c.w += got
		if got == 0 && err != nil {
			return nil, err
		}
	}
}

// grow makes room behind w: by moving the bytes to the front, or by doubling.
func (c *conn) grow(limit int) {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
		return
	}
	b := make([]byte, min(2*len(c.buf), limit+connBuffer))
	copy(b, c.buf[:c.w])
	c.buf = b
}

// read decodes body bytes into dst: first those that came with the head, then
// from the socket straight into dst. It returns io.EOF at the body's end and
// io.ErrUnexpectedEOF when the connection ends first.
func (c *conn) read(d *http1.Decoder, dst []byte) (int, error) {
	for {
		if d.Done() {
			return 0, io.EOF
		}
		if c.r < c.w {
			nd, ns, err := d.Decode(dst, c.buf[c.r:c.w])
			c.r += ns
			if err != nil {
				return nd, err
			}
			if nd > 0 {
				return nd, nil
			}
			continue
		}
		got, rerr := c.Conn.Read(dst)
		nd, ns, err := d.Decode(dst, dst[:got])
		if err != nil {
			return nd, err
		}
		if ns < got { // bytes behind a complete body: this connection is out of step
			c.stash(dst[ns:got])
		}
		if nd > 0 {
			return nd, nil
		}
		if rerr != nil && !d.Done() {
			if errors.Is(rerr, io.EOF) {
				if d.UntilClose() {
					return 0, io.EOF
				}
				rerr = io.ErrUnexpectedEOF
			}
			return 0, rerr
		}
	}
}

// stash keeps one surplus byte, enough to see that the connection must not be
// used again.
func (c *conn) stash(p []byte) { c.buf[0], c.r, c.w = p[0], 0, 1 }

// clean tells whether nothing has been received that no request asked for.
func (c *conn) clean() bool { return c.r == c.w }

// alive looks, without blocking, whether an idle connection is still silent and
// open. Bytes or an end of stream mean it cannot carry another request. TLS
// hides close_notify from this look, so a TLS connection counts as dead as soon
// as anything arrived.
func (c *conn) alive() bool {
	sc, ok := c.raw.(syscall.Conn)
	if !ok {
		return true
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = rc.Control(func(fd uintptr) { quiet = silent(int(fd)) })
	return err == nil && quiet
}

// silent peeks at a non-blocking socket.
func silent(fd int) bool {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK)
		if err == syscall.EINTR {
			continue
		}
		return err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	}
}
