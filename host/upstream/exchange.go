package upstream

import (
	"errors"
	"io"
	"net"
	"time"

	"weir/host/http1"
	"weir/host/socket"
)

// maxInterim bounds the 1xx answers read before the final one.
const maxInterim = 8

// earlyAnswer is how long a target that stopped reading the request may take to
// show the answer it has presumably sent.
const earlyAnswer = time.Second

// Do sends r and reads the answer's head: one attempt on one connection. The
// Response belongs to the call and must be closed. Every error is a *Failure.
func (t *Target) Do(c *Call, r *Request) (*Response, error) {
	size, ok := r.size()
	if !ok {
		return nil, &Failure{Target: t.Name, Reason: "internal", Err: errSize}
	}
	now := r.Now
	c.head = t.appendHead(c.head[:0], r, size)
	head := string(r.Method) == "HEAD"
	resp := &c.resp
	resp.call, resp.target = c, t
	cn, waited, err := t.connect(c)
	for {
		if err != nil {
			return nil, err
		}
		if waited || now.IsZero() {
			now = time.Now()
		}
		if !c.hold(cn.raw) {
			t.pool.put(cn, now) // nothing was sent on it
			return nil, t.cancelled(Connecting)
		}
		resp.conn = cn
		deadline := now.Add(t.opt.FirstByte)
		cn.readBy(deadline, t.opt.FirstByte/8)
		cn.requests++
		err = c.send(cn, r, deadline)
		if err == nil {
			break
		}
		if err != socket.ErrSpoken { //nolint:errorlint // Ask returns it bare
			return resp.early(err, head)
		}
		c.drop()
		if cn = t.instead(cn); cn == nil {
			cn, err = t.dial(c)
			waited = true
		} else {
			err = nil
		}
	}
	if err := resp.readHead(head); err != nil {
		return nil, resp.fail(Waiting, err)
	}
	return resp, nil
}

// early looks for the answer of a target that stopped reading the request: it
// may have refused it before it had all of it (413), and may even have closed.
func (r *Response) early(sendErr error, head bool) (*Response, error) {
	if r.call.Cancelled() || isTimeout(sendErr) && r.conn.clean() && r.conn.alive() {
		return nil, r.fail(Sending, sendErr)
	}
	r.conn.readBy(time.Now().Add(min(earlyAnswer, r.target.opt.FirstByte)), 0)
	if err := r.readHead(head); err != nil {
		if !isTimeout(err) && (isTimeout(sendErr) || r.conn.w > 0) {
			sendErr = err // says more: how the answer was cut or malformed
		}
		return nil, r.fail(Sending, sendErr)
	}
	r.Head.Close = true
	return r, nil
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

// ReadBy bounds the reads that follow: one that has to wait fails at t or up to
// slack later. Deadlines that move by less than slack cost nothing.
func (r *Response) ReadBy(t time.Time, slack time.Duration) { r.conn.readBy(t, slack) }

// Read returns body bytes as they come, io.EOF after a complete body, and a
// *Failure when the body cannot be completed.
func (r *Response) Read(dst []byte) (int, error) {
	n, err := r.conn.read(&r.decoder, dst)
	if n > 0 {
		return n, nil // a fault behind these bytes is found again
	}
	if err != nil && err != io.EOF { //nolint:errorlint // exactly EOF is the clean end
		return 0, r.failure(Reading, err)
	}
	return 0, err
}

// Ready tells whether the next Read returns without waiting for the target.
func (r *Response) Ready() bool { return r.conn == nil || !r.conn.clean() }

// Done tells whether the body has been read to its end.
func (r *Response) Done() bool { return r.decoder.Done() }

// Close ends the exchange: the connection goes back to the pool when the answer
// was read to its end and both sides keep it open, else it is closed. It is
// idempotent.
func (r *Response) Close() {
	if r.conn == nil {
		return
	}
	if !r.call.drop() || !r.decoder.Done() || r.Head.Close || !r.conn.reusable() {
		r.discard()
		return
	}
	cn := r.conn
	r.conn = nil
	if len(cn.buf) > connBuffer {
		cn.buf = make([]byte, connBuffer)
	}
	cn.rewind()
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
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			f.Err = errNoAnswer
		}
	}
	return f
}

func isTimeout(err error) bool {
	if err == nil {
		return false // before ne, which is allocated
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
