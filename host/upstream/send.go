package upstream

import (
	"net"
	"time"
)

const (
	// tlsRecord is the most that one TLS record carries, in bytes.
	tlsRecord = 16 << 10
	// patient is the size up to which a body fits into the sockets' buffers, so
	// that sending it hardly ever waits, in bytes.
	patient = 64 << 10
	// stallCheck is how often a body that the target does not take is interrupted
	// to see whether it has answered already.
	stallCheck = time.Second
)

// send writes the head, which is in c.head, and the body. A plain connection
// first looks whether it can still carry a question (else socket.ErrSpoken), and
// takes in what is answered at once.
func (c *Call) send(cn *conn, r *Request, deadline time.Time) error {
	if !cn.plain() {
		if err := cn.SetWriteDeadline(deadline); err != nil {
			return err
		}
		if cn.Conn != cn.raw {
			return c.sendTLS(cn, r)
		}
	}
	// Without a copy of the body: the segments are one system call on a socket.
	c.vec = append(append(c.vec[:0], c.head), r.Body...)
	left := len(c.head) + r.Size
	c.wv = net.Buffers(c.vec)
	if cn.plain() {
		sent, err := cn.ask(c.vec)
		if err != nil || sent == left {
			return err
		}
		left -= sent
		c.skip(sent)
	}
	if left > patient {
		return c.sendWatched(cn, deadline)
	}
	if err := cn.raw.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := c.wv.WriteTo(cn.raw)
	return err
}

// skip takes n bytes that were sent off wv.
func (c *Call) skip(n int) {
	for n > 0 && n >= len(c.wv[0]) {
		n -= len(c.wv[0])
		c.wv = c.wv[1:]
	}
	if n > 0 {
		c.wv[0] = c.wv[0][n:]
	}
}

// sendWatched writes what may take long, and stops when the target does not take
// it because it has answered or closed.
func (c *Call) sendWatched(cn *conn, deadline time.Time) error {
	for {
		step := time.Now().Add(stallCheck)
		if step.After(deadline) {
			step = deadline
		}
		if err := cn.raw.SetWriteDeadline(step); err != nil {
			return err
		}
		// What is not written by then stays in wv.
		if _, err := c.wv.WriteTo(cn.raw); !isTimeout(err) || !step.Before(deadline) || !cn.alive() && cn.answered() {
			return err
		}
	}
}

// sendTLS fills records: every write to a TLS connection is at least a record
// and a system call of its own, and a request can consist of many segments.
// What does not fill one is copied behind what came before.
func (c *Call) sendTLS(cn *conn, r *Request) error {
	for _, b := range r.Body {
		if len(c.head)+len(b) > tlsRecord {
			n := max(0, tlsRecord-len(c.head))
			c.head = append(c.head, b[:n]...)
			if _, err := cn.Conn.Write(c.head); err != nil {
				return err
			}
			c.head, b = c.head[:0], b[n:]
			whole := len(b) / tlsRecord * tlsRecord
			if whole > 0 {
				if _, err := cn.Conn.Write(b[:whole]); err != nil {
					return err
				}
			}
			b = b[whole:]
		}
		c.head = append(c.head, b...)
	}
	if len(c.head) == 0 {
		return nil
	}
	_, err := cn.Conn.Write(c.head)
	return err
}
