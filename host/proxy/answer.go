package proxy

import (
	"errors"
	"io"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
	"weir/host/upstream"
)

// answer begins the client's answer from the target's: read whole when it is
// short and not streamed, else relayed.
func (x *exchange) answer() *dialect.Error {
	h := &x.resp.Head
	x.rec.Outcome = outcomeOf(h.Status)
	x.copyHead()
	x.dropBody()
	if enc := h.Get("content-encoding"); x.route.Inspect && len(enc) > 0 && !http1.EqualFold(enc, "identity") {
		return x.explain(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "compressed", Err: errCompressed})
	}
	if x.resp.Done() {
		return x.empty()
	}
	if !x.route.Inspect {
		return x.stream(raw, nil)
	}
	x.follow()
	if contentType(h.Get("content-type"), "text/event-stream") && h.Status < 300 {
		return x.stream(events, nil)
	}
	return x.whole()
}

var errCompressed = errors.New("compressed answer to Accept-Encoding: identity")

func outcomeOf(status int) telemetry.Outcome {
	switch {
	case status < 400:
		return telemetry.OK
	case status == 429 || status >= 500:
		return telemetry.UpstreamError
	default:
		return telemetry.ClientError
	}
}

// empty answers without a body; a HEAD keeps the length its GET would have.
func (x *exchange) empty() *dialect.Error {
	r, h := &x.reply, &x.resp.Head
	r.bare = h.Status == 204 || h.Status == 304 || string(x.conn.head.Method) == "HEAD"
	if r.bare && h.Length > 0 {
		r.length = h.Length
	}
	x.rec.TTFT = x.seen.Sub(x.start)
	if x.route.Inspect && h.Status < 300 && !r.bare {
		return x.explain(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "cut", Err: errEmpty})
	}
	return nil
}

var errEmpty = errors.New("success without a body")

// whole reads the answer completely before a byte is sent on, so that a target
// that breaks off becomes an error instead of half an answer. What is longer
// than limits.response is relayed from there on.
func (x *exchange) whole() *dialect.Error {
	r, resp, limit := &x.reply, x.resp, x.st.Limits.Response
	watched := x.watches() && resp.Head.Status < 300
	if resp.Head.Framing == http1.Length && resp.Head.Length > int64(limit) {
		if watched {
			return x.unwatched(nil)
		}
		return x.stream(raw, nil)
	}
	began := x.seen
	buf, err := x.readWhole(r.body[:0], limit)
	x.away += x.seen.Sub(began)
	if errors.Is(err, errTooLong) {
		r.body = nil // the relay's from now on
		if watched {
			return x.unwatched(buf)
		}
		return x.stream(raw, buf)
	}
	r.body = buf
	if err != nil {
		return x.explain(failure(err, x.target))
	}
	x.rec.TTFT = x.seen.Sub(x.start)
	if x.resp.Head.Status >= 300 {
		return nil
	}
	if err := x.ans.Body(buf); err != nil {
		return x.explain(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "garbage", Err: err})
	}
	if watched {
		return x.watchWhole(buf)
	}
	return nil
}

// readWhole appends the body to dst; errTooLong comes with what was read.
func (x *exchange) readWhole(dst []byte, limit int) ([]byte, error) {
	resp := x.resp
	if n := int(resp.Head.Length); resp.Head.Framing == http1.Length && cap(dst) < n {
		dst = make([]byte, 0, n)
	}
	for !resp.Done() {
		if len(dst) == cap(dst) {
			if len(dst) >= limit {
				return dst, errTooLong
			}
			dst = append(dst, 0)[:len(dst)]
		}
		waits := !resp.Ready()
		resp.ReadBy(x.seen.Add(x.target.Idle), x.target.Idle/8)
		n, err := resp.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if waits {
			x.look()
		}
		if err == io.EOF { //nolint:errorlint // Response.Read returns it bare
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// stream makes the relay the body of the answer. read is what was taken from
// the target already.
func (x *exchange) stream(m mode, read []byte) *dialect.Error {
	x.rec.Gateway = max(0, x.look().Sub(x.start)-x.away)
	x.relay.start(x, m, read)
	if h := &x.resp.Head; m == events {
		if !has(h, "cache-control") {
			x.reply.set("Cache-Control", "no-cache")
		}
		if !has(h, "x-accel-buffering") {
			x.reply.set("X-Accel-Buffering", "no")
		}
	}
	return nil
}
