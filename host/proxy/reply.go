package proxy

import (
	"net/http"
	"strconv"
)

// reply is the answer on its way to the client. The guard writes it, as it reads
// the request; what fasthttp then writes for the same request is dropped.
type reply struct {
	status int
	fields []byte // header lines, each with its CRLF
	body   []byte // of an unstreamed answer
	length int64  // what Content-Length says when no body follows; -1: nothing
	bare   bool   // no body follows: answers to HEAD, 204 and 304
	dated  bool   // fields have a Date
	close  bool   // the connection ends behind it
}

func (r *reply) reset() {
	*r = reply{fields: r.fields[:0], body: r.body[:0], length: -1}
}

// trim lets go of room that only a long answer needed.
func (r *reply) trim() {
	if cap(r.body) > 64<<10 {
		r.body = nil
	}
}

// set adds a header line.
func (r *reply) set(name, value string) { r.fields = appendLine(r.fields, name, value) }

// appendLine writes a header line.
func appendLine[T string | []byte](dst []byte, name, value T) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}

// appendStatus writes a status line.
func appendStatus(dst []byte, status int) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(strconv.AppendInt(dst, int64(status), 10), ' ')
	return append(append(dst, http.StatusText(status)...), "\r\n"...)
}

// appendHead writes the status line and the headers, without those that frame
// the body and without the blank line. An answer without a Date gets one (RFC
// 9110 section 6.6.1).
func (x *exchange) appendHead(dst []byte) []byte {
	r := &x.reply
	dst = append(appendStatus(dst, r.status), r.fields...)
	if !r.dated {
		dst = append(dst, "Date: "...)
		dst = append(x.seen.UTC().AppendFormat(dst, http.TimeFormat), "\r\n"...)
	}
	switch {
	case r.close:
		dst = append(dst, "Connection: close\r\n"...)
	case x.conn.head.Minor == 0:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	return dst
}

// decide settles whether the connection ends behind the answer.
func (x *exchange) decide() {
	r := &x.reply
	if r.close = r.close || x.conn.head.Close || x.srv.draining.Load(); r.close {
		x.ctx.SetConnectionClose()
	}
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

// respond sends an unstreamed answer, or holds it until the next request is
// awaited if there may be one. That it cannot be sent changes nothing: the outcome has been told.
func (x *exchange) respond() {
	r, c := &x.reply, x.conn
	c.swallow = true
	x.decide()
	h := c.holdBack()
	h.b = x.appendHead(h.b[:0])
	body := r.body
	if r.bare {
		body = nil
	}
	if n := int64(len(body)); !r.bare {
		h.b = appendLength(h.b, n)
	} else if r.length >= 0 {
		h.b = appendLength(h.b, r.length)
	}
	h.b = append(h.b, "\r\n"...)
	hold := c.sock != nil && !r.close && len(h.b)+len(body) <= mostHeld
	if hold {
		h.b = append(h.b, body...)
	}
	if c.held.Store(h); !hold {
		_ = c.send(body)
	}
}

// pour sends a streamed answer: the head, then what the relay has, as it comes,
// each piece one chunk and one system call. To clients of HTTP/1.0, which know no
// chunks, the end of the connection is the end of the answer, and one that breaks
// off ends in a reset, so that it is not taken for a whole one (RFC 9112 section
// 6.3). It reports whether the client took all of it.
func (x *exchange) pour() bool {
	c, r := x.conn, &x.relay
	c.swallow = true
	chunked := r.size < 0 && c.head.Minor == 1
	x.reply.close = x.reply.close || r.size < 0 && !chunked
	x.decide()
	h := c.holdBack()
	h.b = x.appendHead(h.b[:0])
	if chunked {
		h.b = append(h.b, "Transfer-Encoding: chunked\r\n"...)
	} else if r.size >= 0 {
		h.b = appendLength(h.b, r.size)
	}
	h.b = append(h.b, "\r\n"...)
	c.held.Store(h)
	if !r.ready() && c.release() != nil { // else the head goes with the first piece
		return false
	}
	for {
		p, more, err := r.next()
		switch {
		case err != nil:
			_ = c.release()
			c.breakOff(r.size < 0 && !chunked)
			return true // the relay has told why
		case chunked:
			err = c.chunk(p, !more)
		default:
			err = c.send(p)
		}
		if err != nil {
			c.dead = true
			return false
		}
		if !more {
			return true
		}
	}
}
