package upstream

import (
	"net"
	"time"
)

const (
	// tlsRecord is the most that one TLS record carries, in bytes.
	tlsRecord = 16 << 10
	// oneWrite is the size up to which copying a body behind its head is cheaper
	// than a vectored write, in bytes.
	oneWrite = 2 << 10
	// patient is the size up to which a body fits into the sockets' buffers, so
	// that sending it hardly ever waits, in bytes.
	patient = 64 << 10
	// stallCheck is how often a body that the target does not take is interrupted
	// to see whether it has answered already.
	stallCheck = time.Second
)

// send writes the head, which is in c.head, and the body.
func (c *Call) send(cn *conn, r *Request, deadline time.Time) error {
	switch {
	case cn.Conn != cn.raw:
		return c.sendTLS(cn, r)
	case len(c.head)+r.Size <= oneWrite:
		for _, b := range r.Body {
			c.head = append(c.head, b...)
		}
		_, err := cn.raw.Write(c.head)
		return err
	default:
		return c.sendPlain(cn, r, deadline)
	}
}

// sendPlain writes without copying the body: on a socket, net.Buffers is one
// system call.
func (c *Call) sendPlain(cn *conn, r *Request, deadline time.Time) error {
	c.vec = append(append(c.vec[:0], c.head), r.Body...)
	c.wv = net.Buffers(c.vec)
	for r.Size > patient {
		step := time.Now().Add(stallCheck)
		if !step.Before(deadline) {
			break
		}
		if err := cn.raw.SetWriteDeadline(step); err != nil {
			return err
		}
		// What is left unwritten at the deadline stays in wv.
		if _, err := c.wv.WriteTo(cn.raw); !isTimeout(err) || !cn.alive() {
			return err
		}
	}
	if err := cn.raw.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := c.wv.WriteTo(cn.raw)
	return err
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
