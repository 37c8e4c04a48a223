package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"

	"weir/bench/overhead/loop"
)

// A client is one keep-alive connection to the proxy.
type client struct {
	loop     *loop.Loop
	fd       int
	buf      []byte // shared by all clients of a loop
	driver   driver
	pending  []byte // of a request, not yet taken by the socket
	response response
	want     []byte // the body that must come
	got      int    // bytes of it that have come
	busy     bool
	intended int64 // when the request was to be sent
	stream   *stream
}

// A driver decides what clients do. An error ends the measurement.
type driver interface {
	// answered is called when an answer is whole and right.
	answered(c *client) error
	// progress is called when bytes of the body have come.
	progress(c *client) error
}

func dial(l *loop.Loop, addr netip.AddrPort, buf []byte) (*client, error) {
	fd, err := loop.Dial(addr)
	if err != nil {
		return nil, err
	}
	c := &client{loop: l, fd: fd, buf: buf}
	if err := l.Add(fd, c); err != nil {
		return nil, err
	}
	return c, nil
}

// send asks, and expects an answer with the body want. The request must not change until then.
func (c *client) send(request, want []byte) (err error) {
	c.busy, c.want, c.got = true, want, 0
	c.pending, err = loop.Write(c.fd, request)
	return err
}

// Ready writes what is pending and reads what has come.
func (c *client) Ready(events uint32) (err error) {
	if len(c.pending) > 0 && events&loop.Writable != 0 {
		if c.pending, err = loop.Write(c.fd, c.pending); err != nil && events&loop.Readable == 0 {
			return err // otherwise an answer says why
		}
	}
	for {
		n, closed, err := loop.Read(c.fd, c.buf)
		if closed || err != nil {
			return errors.Join(c.cut(), err)
		}
		if n == 0 {
			return nil
		}
		if err := c.feed(c.buf[:n]); err != nil {
			return err
		}
		if n < len(c.buf) && events&loop.Broken == 0 {
			return nil
		}
	}
}

func (c *client) feed(p []byte) error {
	if !c.busy {
		return fmt.Errorf("bytes came without a request: %.60q", p)
	}
	before := c.got
	whole, err := c.response.feed(p, c.body)
	if err != nil {
		return err
	}
	if c.got > before {
		if err := c.driver.progress(c); err != nil {
			return err
		}
	}
	if !whole {
		return nil
	}
	if c.got != len(c.want) {
		return fmt.Errorf("the answer's body has %d bytes, and %d were sent", c.got, len(c.want))
	}
	c.busy = false
	return c.driver.answered(c)
}

func (c *client) body(p []byte) error {
	if want := c.want[c.got:]; len(p) > len(want) || !bytes.Equal(p, want[:len(p)]) {
		return fmt.Errorf("the answer's body differs from what was sent, within %d bytes from byte %d: %.200q", len(p), c.got, p)
	}
	c.got += len(p)
	return nil
}

// cut says what a closed connection means.
func (c *client) cut() error {
	switch {
	case !c.busy:
		return errors.New("the proxy closed a connection that should be kept")
	case c.response.idle():
		return errors.New("the proxy closed the connection instead of answering")
	}
	return fmt.Errorf("the proxy closed the connection in the middle of an answer, after %d of %d bytes of its body", c.got, len(c.want))
}

func (c *client) close() { _ = c.loop.Remove(c.fd) }
