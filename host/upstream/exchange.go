package upstream

import (
	"errors"
	"io"
	"net"
	"time"

	"weir/host/http1"
)

// maxInterim bounds the 1xx answers read before the final one.
const maxInterim = 8

// earlyAnswer is how long a target that stopped reading the request may take to
// show the answer it has presumably sent.
const earlyAnswer = time.Second

// Do sends r and reads the answer's head: one attempt on one connection. The
// Response belongs to the call and must be closed. Every error is a *Failure.
func (t *Target) Do(c *Call, r *Request) (*Response, error) {
	cn, err := t.connect(c)
	if err != nil {
		return nil, err
	}
	resp := &c.resp
	resp.call, resp.target, resp.conn = c, t, cn
	if !c.hold(cn.raw) {
		resp.discard()
		return nil, t.cancelled(Connecting)
	}
	deadline := time.Now().Add(t.opt.FirstByte)
	if err := cn.SetDeadline(deadline); err != nil {
		return nil, resp.fail(Sending, err)
	}
	if err := c.send(cn, t, r); err != nil {
		if isTimeout(err) || c.Cancelled() {
			return nil, resp.fail(Sending, err)
		}
		// The target may have answered without reading everything.
		_ = cn.SetReadDeadline(time.Now().Add(min(earlyAnswer, t.opt.FirstByte)))
		if herr := resp.readHead(string(r.Method) == "HEAD"); herr != nil {
			return nil, resp.fail(Sending, err)
		}
		resp.Head.Close = true
		return resp, nil
	}
	if err := resp.readHead(string(r.Method) == "HEAD"); err != nil {
		return nil, resp.fail(Waiting, err)
	}
	return resp, nil
}

// send writes head and body, without copying the body where the connection is
// a socket.
func (c *Call) send(cn *conn, t *Target, r *Request) error {
	c.head = t.appendHead(c.head[:0], r)
	cn.requests++
	if len(r.Body) == 0 {
		_, err := cn.Conn.Write(c.head)
		return err
	}
	if cn.Conn != cn.raw && r.Size <= 12<<10 { // TLS: one record
		for _, b := range r.Body {
			c.head = append(c.head, b...)
		}
		_, err := cn.Conn.Write(c.head)
		return err
	}
	c.vec = append(append(c.vec[:0], c.head), r.Body...)
	c.wv = net.Buffers(c.vec)
	_, err := c.wv.WriteTo(cn.Conn)
	return err
}

// readHead reads heads until one is final.
func (r *Response) readHead(head bool) error {
	for range maxInterim {
		raw, err := r.conn.readHead(r.target.opt.HeadLimit)
		if err != nil {
			return err
		}
		if perr := r.Head.ParseResponse(raw, head); perr != nil {
			return perr
		}
		if r.Head.Status >= 200 {
			r.decoder.Reset(r.Head.Framing, r.Head.Length)
			return nil
		}
		if r.Head.Status == 101 {
			return http1.ErrStatusLine // an upgrade nobody asked for
		}
	}
	return errInterim
}

// SetDeadline bounds the reads that follow.
func (r *Response) SetDeadline(t time.Time) error { return r.conn.SetReadDeadline(t) }

// Read returns body bytes as they come, io.EOF after a complete body, and a
// *Failure when the body cannot be completed.
func (r *Response) Read(dst []byte) (int, error) {
	n, err := r.conn.read(&r.decoder, dst)
	if err != nil && err != io.EOF { //nolint:errorlint // exactly EOF is the clean end
		if n > 0 && !isTimeout(err) {
			return n, nil // what came before the fault; the fault comes again
		}
		return n, r.failure(Reading, err)
	}
	return n, err
}

// Done tells whether the body has been read to its end.
func (r *Response) Done() bool { return r.decoder.Done() }

// Close ends the exchange: the connection goes back to the pool when the answer
// was read to its end and both sides keep it open, else it is closed. It is
// idempotent.
func (r *Response) Close() {
	if r.conn == nil {
		return
	}
	if !r.call.drop() || !r.decoder.Done() || r.Head.Close || !r.conn.clean() {
		r.discard()
		return
	}
	cn := r.conn
	r.conn = nil
	if len(cn.buf) > connBuffer {
		cn.buf = make([]byte, connBuffer)
	}
	cn.r, cn.w = 0, 0
	r.target.pool.put(cn, time.Now())
}

// discard closes the connection without ceremony: a TLS close_notify could
// block on a peer that does not read.
func (r *Response) discard() {
	r.call.drop()
	_ = r.conn.raw.Close()
	r.conn = nil
	r.target.pool.forget()
}

// fail ends an exchange that has no answer.
func (r *Response) fail(p Phase, err error) *Failure {
	f := r.failure(p, err)
	stale := f.Retry && r.conn.requests > 1
	r.discard()
	if stale {
		f.Reason = "stale"
		r.target.pool.purge()
	}
	return f
}

// failure classifies an error on the connection.
func (r *Response) failure(p Phase, err error) *Failure {
	f := &Failure{Target: r.target.Name, Phase: p, Err: err}
	var perr *http1.Error
	switch {
	case r.call.Cancelled():
		return r.target.cancelled(p)
	case isTimeout(err):
		f.Timeout = true
		if f.Reason = "first_byte_timeout"; p == Reading {
			f.Reason = "idle_timeout"
		}
	case errors.As(err, &perr), errors.Is(err, errInterim):
		f.Reason = "malformed"
	case p == Reading:
		f.Reason = "cut"
		if errors.Is(err, io.ErrUnexpectedEOF) {
			f.Err = errCut
		}
	case r.conn.w > 0: // part of a head had come: the target was at work
		f.Reason, f.Err = "cut", errCut
	default:
		f.Reason, f.Retry = "reset", true
		if errors.Is(err, io.EOF) {
			f.Err = errNoAnswer
		}
	}
	return f
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
