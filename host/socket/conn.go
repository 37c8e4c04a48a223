package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Conn is a stream socket. Write is the wrapped net.Conn's.
type Conn struct {
	net.Conn
	// Sent is called by Ask once all is written and before it waits, perhaps for
	// long: what was written may be let go of. May be nil.
	Sent func()

	ctl syscall.RawConn

	// The operation in progress; kept here, with the functions, so that nothing
	// is allocated for it.
	read, ask, send func(fd uintptr) bool
	look            func(fd uintptr)
	in              []byte
	out             vector
	sent, got       int
	err             error
	asked, quiet    bool
}

// ErrUnsupported is returned for connections that are no stream sockets.
var ErrUnsupported = errors.New("socket: not a TCP or unix stream socket")

// ErrSegments is returned by Send for more than MaxSegments.
var ErrSegments = errors.New("socket: too many segments")

// ErrSpoken is returned by Ask when the peer sent something unasked, or ended
// the connection, before the question was written. How it ended is not told: the
// look takes a pending reset off the socket.
var ErrSpoken = errors.New("socket: the peer sent something unasked")

// New wraps c, which must be a *net.TCPConn or a stream *net.UnixConn.
func New(c net.Conn) (*Conn, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil, ErrUnsupported
	}
	if network := c.LocalAddr().Network(); network != "tcp" && network != "unix" {
		return nil, ErrUnsupported
	}
	ctl, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &Conn{Conn: c, ctl: ctl}
	s.read, s.ask, s.send, s.look = s.tryRead, s.tryAsk, s.trySend, s.tryLook
	return s, nil
}

// Read reads what has come, at most len(p) bytes, and waits while there is
// nothing.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.in, c.got, c.err = p, 0, nil
	err := c.ctl.Read(c.read)
	return c.received(err)
}

// Send writes the segments of out, at most MaxSegments that are not empty, in as
// few system calls as the peer's pace allows.
func (c *Conn) Send(out [][]byte) error {
	if !c.out.set(out) {
		return ErrSegments
	}
	if c.out.n == 0 {
		return nil
	}
	c.err = nil
	err := c.ctl.Write(c.send)
	c.out.clear()
	if err != nil {
		return err
	}
	return c.err
}

// Quiet tells, without waiting, whether the peer has sent nothing that was not
// read and has not ended the connection. Deadlines do not matter to it.
func (c *Conn) Quiet() bool {
	c.quiet = false
	return c.ctl.Control(c.look) == nil && c.quiet
}

// Ask writes the segments of out, then waits for what comes back and reads it
// into in. If something has come already, or the peer has ended the connection,
// it fails with ErrSpoken and nothing is written: readiness that was told before
// would not be told again.
//
// It does not wait to write. When the socket does not take all of out at once,
// or out has more than MaxSegments, Ask returns early with n == 0, err == nil
// and sent short of the whole: the caller goes on with Write and Read.
func (c *Conn) Ask(out [][]byte, in []byte) (sent, n int, err error) {
	if !c.out.set(out) || c.out.n == 0 {
		return 0, 0, nil
	}
	c.in, c.asked, c.sent, c.got, c.err = in, false, 0, 0, nil
	err = c.ctl.Read(c.ask)
	c.out.clear()
	n, err = c.received(err)
	return c.sent, n, err
}

// received is the result of an operation that read into in.
func (c *Conn) received(err error) (int, error) {
	c.in = nil
	if err != nil {
		return 0, err
	}
	return c.got, c.err
}

func (c *Conn) tryRead(fd uintptr) bool {
	n, errno := read(fd, c.in)
	switch {
	case errno == syscall.EAGAIN:
		return false
	case errno != 0:
		c.err = c.fault("read", errno)
	case n == 0:
		c.err = io.EOF
	}
	c.got = n
	return true
}

// tryAsk is called again when the socket has become readable: by then the
// question has been asked. Readiness is forgotten before the first call, so what
// comes after the write is not missed.
func (c *Conn) tryAsk(fd uintptr) bool {
	if c.asked {
		return c.tryRead(fd)
	}
	if !quiet(fd) {
		c.err = ErrSpoken
		return true
	}
	n, errno := write(fd, &c.out)
	switch {
	case errno == syscall.EAGAIN:
		return true
	case errno != 0:
		c.err = c.fault("write", errno)
		return true
	}
	c.sent = n
	if c.asked = n == c.out.size; c.asked && c.Sent != nil {
		c.out.clear()
		c.Sent()
	}
	return !c.asked
}

func (c *Conn) trySend(fd uintptr) bool {
	for {
		n, errno := write(fd, &c.out)
		switch {
		case errno == syscall.EAGAIN:
			return false
		case errno != 0:
			c.err = c.fault("write", errno)
			return true
		}
		if c.out.skip(n); c.out.n == 0 {
			return true
		}
	}
}

func (c *Conn) tryLook(fd uintptr) { c.quiet = quiet(fd) }

func quiet(fd uintptr) bool { return peek(fd) == syscall.EAGAIN }

func (c *Conn) fault(op string, errno syscall.Errno) error {
	return &net.OpError{
		Op: op, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(),
		Err: os.NewSyscallError(op, errno),
	}
}
