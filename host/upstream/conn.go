package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"weir/host/http1"
	"weir/host/socket"
)

// conn is one connection to a target.
type conn struct {
	net.Conn              // TLS over raw, or sock, or raw itself
	raw      net.Conn     // the socket below; closing it never blocks
	sock     *socket.Conn // raw with fewer system calls; nil when it is no socket of the system
	buf      []byte       // bytes read and not yet taken: buf[r:w]
	r, w     int
	requests int
	idle     time.Time // since when it has been in the pool
	fault    error     // what ended reading, deadlines aside

	want  time.Time     // until when the next read may wait
	slack time.Duration // how much longer it may be let wait
	due   time.Time     // the read deadline in force
}

const connBuffer = 4 << 10

func newConn(raw net.Conn) *conn {
	c := &conn{Conn: raw, raw: raw, buf: make([]byte, connBuffer)}
	if sock, err := socket.New(raw); err == nil {
		c.Conn, c.sock = sock, sock
	}
	return c
}

// plain tells whether there is no TLS on a socket that can be asked.
func (c *conn) plain() bool { return c.sock != nil && c.Conn == net.Conn(c.sock) }

// readBy bounds the reads that follow. They may wait up to slack longer:
// deadlines in force that end in that time are kept, since setting one costs as
// much as parsing a head. Nothing is set before a read has to wait.
func (c *conn) readBy(t time.Time, slack time.Duration) { c.want, c.slack = t, slack }

// arm puts the deadline for reading in force.
func (c *conn) arm() error {
	if !c.due.Before(c.want) && !c.due.After(c.want.Add(c.slack)) {
		return nil
	}
	c.due = c.want.Add(c.slack)
	return c.SetReadDeadline(c.due)
}

// receive reads from the peer. What ended the connection is kept and told
// again: once a reset has been reported, the system reports a plain end.
func (c *conn) receive(p []byte) (int, error) {
	if c.fault != nil {
		return 0, c.fault
	}
	if err := c.arm(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	return c.received(n, err)
}

// received notes the result of a read.
func (c *conn) received(n int, err error) (int, error) {
	if err != nil && !isTimeout(err) {
		c.fault = err
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// ask sends a question on a plain connection and takes in the beginning of the
// answer, or fails with socket.ErrSpoken if the connection cannot carry a
// question any more. sent falls short when the socket took only a part; a fault
// of the answer is told by the next read.
func (c *conn) ask(question [][]byte) (sent int, err error) {
	if len(question) > socket.MaxSegments {
		if c.requests > 1 && !c.alive() {
			return 0, socket.ErrSpoken
		}
		return 0, nil
	}
	if err := c.arm(); err != nil {
		return 0, err
	}
	sent, n, err := c.sock.Ask(question, c.buf[c.w:])
	if c.requests == 1 && err == socket.ErrSpoken { //nolint:errorlint // Ask returns it bare
		return 0, nil // a refusal for all connections may be an answer nevertheless
	}
	if sent == 0 {
		return 0, err
	}
	if n, err = c.received(n, err); err == nil {
		c.w += n
	}
	return sent, nil
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
	return c.fault == nil && c.clean() && (c.plain() || c.Conn == c.raw || c.drained())
}

// past is a deadline that lets a read return only what is here already.
var past = time.Unix(1, 0)

// drained tells whether a TLS session holds no bytes that were received and not
// read. They would be taken for the next answer, and alive cannot see them.
func (c *conn) drained() bool {
	if c.due = past; c.Conn.SetReadDeadline(past) != nil {
		return false
	}
	n, err := c.Conn.Read(c.buf[:1])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// alive looks, without blocking, whether an idle connection is still silent and
// open. Bytes or an end of stream mean it cannot carry another request: they
// would be taken for the answer to it. On a TLS connection, where a look at the
// socket cannot tell them apart from close_notify, anything is.
func (c *conn) alive() bool { return c.sock == nil || c.sock.Quiet() }

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
