package proxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
)

// What the guard refuses beside http1's faults.
var (
	errHeadLate = &http1.Error{Status: 408, Reason: "header_timeout", Text: "the request's headers did not arrive within limits.header_timeout"}
	errBodyLate = &http1.Error{Status: 408, Reason: "body_timeout", Text: "the request's body did not arrive within limits.body_timeout"}
	errMethod   = &http1.Error{Status: 405, Reason: "method", Text: "unsupported method"}
	errHeadBody = &http1.Error{Status: 400, Reason: "head_body", Text: "a HEAD request has no body"}
)

// kindOf gives the error class for a status that the guard answers with.
func kindOf(status int) dialect.Kind {
	switch status {
	case 405:
		return dialect.MethodNotAllowed
	case 408:
		return dialect.RequestTimeout
	case 413:
		return dialect.TooLarge
	case 431:
		return dialect.HeadersTooLarge
	default:
		return dialect.BadRequest
	}
}

// line is what has come of the request line, for guessing what it meant.
func (c *conn) line() []byte {
	line, _, _ := bytes.Cut(c.buf[:min(c.w, 512)], []byte("\r\n"))
	return line
}

// dialectOf guesses the dialect that a refusal is told in.
func dialectOf(line []byte) dialect.Dialect {
	if bytes.Contains(line, []byte(" /v1/messages")) {
		return dialect.Anthropic
	}
	return dialect.OpenAI
}

// refuse answers a request that never reaches the handler, counts it, and ends
// the connection. It returns io.EOF for fasthttp, which then closes quietly.
func (c *conn) refuse(e *http1.Error) error {
	line := c.line()
	d := dialectOf(line)
	id := newID(&[idLen]byte{})
	body := dialect.AppendError(nil, d, &dialect.Error{Kind: kindOf(e.Status), Message: e.Text, Code: e.Reason}, id)
	answer := appendAnswer(nil, e.Status, d, id, body)
	if bytes.HasPrefix(line, []byte("HEAD ")) {
		answer = answer[:len(answer)-len(body)]
	}
	c.srv.refused(c, e, d, id)
	_, _ = c.Write(answer)
	c.dead = true
	c.linger()
	return io.EOF
}

// appendAnswer writes a complete answer that closes its connection.
func appendAnswer(dst []byte, status int, d dialect.Dialect, id string, body []byte) []byte {
	dst = appendStatus(dst, status)
	dst = append(dst, "Content-Type: application/json\r\nConnection: close\r\n"...)
	switch status {
	case http.StatusMethodNotAllowed:
		dst = append(dst, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"...)
	case http.StatusServiceUnavailable:
		dst = append(dst, "Retry-After: 1\r\n"...)
	}
	dst = append(dst, idHeader(d)...)
	dst = append(dst, ": "...)
	dst = append(dst, id...)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

// A refused client that is still sending may go on for lingerTime, or until it
// pauses for lingerPause: clients that read only after they have sent everything
// would otherwise see a reset instead of a 413.
const (
	lingerPause = time.Second
	lingerTime  = 5 * time.Second
	lingerBytes = 64 << 20
)

// linger lets the client read the answer: closing a socket with unread bytes in
// it sends a reset, which would overtake the answer (RFC 9112 section 9.6).
func (c *conn) linger() {
	if c.sock != nil {
		lingerOn(c.raw, c.buf)
		return
	}
	lingerOn(c.Conn, c.buf)
}

func lingerOn(nc net.Conn, buf []byte) {
	if cw, ok := nc.(interface{ CloseWrite() error }); ok {
		_ = cw.CloseWrite()
	}
	end := time.Now().Add(lingerTime)
	for total := 0; total < lingerBytes; {
		due := time.Now().Add(lingerPause)
		if due.After(end) {
			due = end
		}
		_ = nc.SetReadDeadline(due)
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		total += n
	}
}

// refused tells telemetry of a request that the guard answered.
func (s *Server) refused(c *conn, e *http1.Error, d dialect.Dialect, id string) {
	s.metrics.BadRequest(e.Reason)
	s.once(c, telemetry.ClientError, e.Status, e.Reason, d, id)
}

// abandoned tells telemetry of a client that left while sending its request.
func (s *Server) abandoned(c *conn) {
	s.once(c, telemetry.ClientLeft, 499, "body_cut", dialect.Unknown, newID(&[idLen]byte{}))
}

func (s *Server) once(c *conn, o telemetry.Outcome, status int, reason string, d dialect.Dialect, id string) {
	sink := s.sink.Load()
	if sink == nil {
		return
	}
	now := time.Now()
	if c.begun.IsZero() {
		c.begun = now
	}
	sink.Begin()
	sink.Done(&telemetry.Record{
		Time: c.begun, RequestID: id, Dialect: d.String(), Endpoint: dialect.None.String(),
		Status: status, Outcome: o, ErrorType: reason, Total: now.Sub(c.begun),
	})
}
