package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

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
	fault    error     // what ended reading, deadlines aside

	ctl   syscall.RawConn
	look  func(fd uintptr) // sets quiet; kept because a literal at each use would be allocated
	polls [1]unix.PollFd
	quiet bool
}

const connBuffer = 4 << 10

func newConn(raw net.Conn) *conn {
	c := &conn{Conn: raw, raw: raw, buf: make([]byte, connBuffer)}
	if sc, ok := raw.(syscall.Conn); ok {
		if ctl, err := sc.SyscallConn(); err == nil {
			c.ctl = ctl
			c.look = func(fd uintptr) {
				c.polls[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
				c.quiet = silent(c.polls[:])
			}
		}
	}
	return c
}

// receive reads from the peer. What ended the connection is kept and told
// again: once a reset has been reported, the system reports a plain end.
func (c *conn) receive(p []byte) (int, error) {
	if c.fault != nil {
		return 0, c.fault
	}
	n, err := c.Conn.Read(p)
	if err != nil && !isTimeout(err) {
		c.fault = err
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// endless is the socket under a TLS session. crypto/tls takes the end of the
// socket for the end of the session, as if close_notify had come: then anybody
// on the way could shorten an answer that ends with its connection (RFC 9112
// section 9.8).
type endless struct{ net.Conn }

var errSessionCut = fmt.Errorf("TLS session ended without close_notify: %w", io.ErrUnexpectedEOF)

func (e endless) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if err == io.EOF { //nolint:errorlint // a socket returns it bare
		err = errSessionCut
	}
	return n, err
}

// readHead reads one message head into buf and returns it. The head stays valid
// until the next read into buf.
func (c *conn) readHead(limit int) ([]byte, error) {
	next := 0 // of buf[r:w], searched already
	for {
		end, n, perr := http1.HeadEnd(c.buf[c.r:c.w], next)
		switch {
		case perr != nil:
			return nil, perr
		case end > limit, end == 0 && c.w-c.r >= limit:
			return nil, http1.ErrHeadTooLarge
		case end > 0:
			head := c.buf[c.r : c.r+end]
			c.r += end
			return head, nil
		case !answering(c.buf[c.r:c.w]):
			return nil, http1.ErrStatusLine
		}
		next = n
		if c.w == len(c.buf) {
			c.grow(limit)
		}
		got, err := c.receive(c.buf[c.w:])
		if err != nil {
			return nil, err
		}
		c.w += got
	}
}

// answering tells whether p can become an answer. A peer that speaks another
// protocol may say its word and wait.
func answering(p []byte) bool {
	const start = "HTTP/1."
	n := min(len(p), len(start))
	return string(p[:n]) == start[:n]
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
		if len(dst) == 0 {
			return 0, nil
		}
		if c.r < c.w {
			nd, ns, err := d.Decode(dst, c.buf[c.r:c.w])
			c.r += ns
			if err != nil {
				return nd, c.broken(err)
			}
			if nd > 0 {
				return nd, nil
			}
			continue
		}
		got, rerr := c.receive(dst)
		if rerr != nil {
			return 0, ending(d, rerr)
		}
		nd, ns, err := d.Decode(dst, dst[:got])
		if err != nil {
			return nd, c.broken(err)
		}
		if ns < got { // bytes behind a complete body: this connection is out of step
			c.stash(dst[ns])
		}
		if nd > 0 {
			return nd, nil
		}
	}
}

// broken keeps the fault of a body; nothing behind it is read.
func (c *conn) broken(err *http1.Error) error {
	c.fault = err
	c.rewind()
	return err
}

// ending says what the end of the connection means to a body that is not done.
func ending(d *http1.Decoder, err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if d.UntilClose() {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// stash keeps one surplus byte, enough to see that the connection must not be
// used again.
func (c *conn) stash(b byte) { c.buf[0], c.r, c.w = b, 0, 1 }

// clean tells whether nothing has been received that no request asked for.
func (c *conn) clean() bool { return c.r == c.w }

// rewind forgets what was received.
func (c *conn) rewind() { c.r, c.w = 0, 0 }

// reusable tells whether the connection can carry another request after a
// complete answer.
func (c *conn) reusable() bool {
	return c.fault == nil && c.clean() && (c.Conn == c.raw || c.drained())
}

// past is a deadline that lets a read return only what is here already.
var past = time.Unix(1, 0)

// drained tells whether a TLS session holds no bytes that were received and not
// read. They would be taken for the next answer, and alive cannot see them.
func (c *conn) drained() bool {
	if c.Conn.SetReadDeadline(past) != nil {
		return false
	}
	n, err := c.Conn.Read(c.buf[:1])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// alive looks, without blocking, whether an idle connection is still silent and
// open. Bytes or an end of stream mean it cannot carry another request: they
// would be taken for the answer to it. On a TLS connection, where a look at the
// socket cannot tell them apart from close_notify, anything is.
func (c *conn) alive() bool {
	if c.ctl == nil {
		return true
	}
	c.quiet = false
	return c.ctl.Control(c.look) == nil && c.quiet
}

// answered takes in what came while a request was being sent, and tells whether
// that is an answer or an end. Interim answers (1xx), and what may become one,
// are neither; they stay in buf for readHead.
func (c *conn) answered() bool {
	if c.w == len(c.buf) {
		return true
	}
	got, err := c.receive(c.buf[c.w:])
	c.w += got
	return err != nil || !interim(c.buf[c.r:c.w])
}

// interim tells whether p is nothing but heads of interim answers, the last of
// them perhaps in part.
func interim(p []byte) bool {
	const line = len("HTTP/1.1 ")
	for len(p) > line {
		end, _, err := http1.HeadEnd(p, 0)
		if err != nil || p[line] != '1' {
			return false
		}
		if end == 0 {
			return true
		}
		p = p[end:]
	}
	return answering(p)
}

// silent tells whether there is nothing to read, not even an end.
func silent(p []unix.PollFd) bool {
	for {
		n, err := unix.Poll(p, 0)
		if err == unix.EINTR {
			continue
		}
		return n == 0 && err == nil
	}
}
