package proxy

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
	"weir/host/tenant"
	"weir/host/upstream"
)

// exchange is one request and its answer. It is pooled; everything in it is
// reused.
type exchange struct {
	srv  *Server
	st   *State
	term *term // st's
	conn *conn
	ctx  *fasthttp.RequestCtx

	start time.Time // the request is complete
	seen  time.Time // the clock was last looked at
	away  time.Duration
	rec   telemetry.Record

	endpoint  dialect.Endpoint
	dialect   dialect.Dialect
	path      []byte // without query
	query     []byte
	sent      []byte // body as it came
	body      []byte // decoded
	stored    *store // of sent; nil when it came with the head, or is not needed any more
	decoded   []byte // storage of body when it came compressed
	req       dialect.Request
	q         *dialect.Request // what is sent on: req, or what plugins made of it
	parsed    bool
	id        tenant.Identity
	texts     *texts // that req is parsed into; nil when they are not needed any more
	textBytes int    // of all texts together
	facts     facts
	policed   policed
	route     *Route
	target    *Target
	decodedH  bool // content-encoding was taken off

	turn []*Target // candidates, in order
	next int

	call    upstream.Call
	out     upstream.Request
	fields  []byte
	segs    [][]byte
	edits   []dialect.Edit
	scratch []byte
	hide    bool // the usage chunk is Weir's, not the client's

	resp  *upstream.Response
	ans   dialect.Answer
	relay relay
	idBuf [idLen]byte
	names []byte // the model's and the session's, which outlive the body
	reply reply

	answered bool // ans has read an answer to this request
	told     bool // the outcome has been counted
	wrecked  bool // it panicked
}

// begin makes the exchange ready for the request that c has just read.
func (x *exchange) begin(ctx *fasthttp.RequestCtx, c *conn, body []byte) {
	x.ctx, x.conn, x.sent = ctx, c, body
	x.term = x.srv.state.enter()
	x.st = x.term.State
	x.start, x.away = c.now, 0
	x.seen = x.start
	x.endpoint, x.dialect = dialect.None, dialect.OpenAI
	x.path, x.query, x.body = nil, nil, nil
	x.route, x.target, x.resp, x.q = nil, nil, nil, &x.req
	x.parsed, x.decodedH, x.hide, x.answered, x.told = false, false, false, false, false
	x.reply.reset()
	x.rec.Reset()
	x.rec.Time = x.start
	x.rec.Dialect, x.rec.Endpoint = x.dialect.String(), x.endpoint.String()
	if id := c.head.Get("x-request-id"); validID(id) {
		x.rec.RequestID = str(id) // the head stays where it is until the next request
	} else {
		x.rec.RequestID = str(appendID(x.idBuf[:0]))
	}
	x.srv.sink.Load().Begin()
	c.attach(&x.call)
}

// run takes the request all the way, or as far as it may go.
func (x *exchange) run() {
	err := x.admit()
	if err == nil {
		err = x.forward()
	}
	if err != nil {
		x.refuse(err)
	}
	if x.relay.active {
		if !x.pour() {
			x.rec.Outcome, x.rec.ErrorType = telemetry.ClientLeft, "client_left"
		}
		x.tell()
	} else {
		x.tell()
		x.respond()
	}
	x.free()
}

// look reads the clock.
func (x *exchange) look() time.Time {
	x.seen = time.Now()
	return x.seen
}

// refuse answers with an error of Weir's own.
func (x *exchange) refuse(e *dialect.Error) {
	r := &x.reply
	r.reset() // of what was copied from the target
	if e.Kind == dialect.ClientClosed {
		x.rec.Status = 499
		r.status, r.close = 400, true // nobody reads it
		return
	}
	x.rec.Status = e.Kind.Status()
	if p := x.policed.refusal; p != nil && p.Status > 0 {
		x.rec.Status = p.Status
	}
	r.status = x.rec.Status
	r.set("Content-Type", "application/json")
	r.set(idHeader(x.dialect), x.rec.RequestID)
	if e.Kind == dialect.MethodNotAllowed {
		r.set("Allow", x.allowed())
	}
	if e.RetryAfter > 0 {
		r.set("retry-after-ms", strconv.FormatInt(e.RetryAfter.Milliseconds(), 10))
		r.set("retry-after", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	if e.NoRetry {
		r.set("x-should-retry", "false")
	}
	x.expose()
	r.bare = string(x.conn.head.Method) == "HEAD"
	r.body = dialect.AppendError(r.body[:0], x.dialect, e, x.rec.RequestID)
	if r.bare {
		r.length = int64(len(r.body))
	}
	if x.rec.ErrorType == "" {
		x.rec.ErrorType = e.Code
	}
}

func (x *exchange) allowed() string {
	if x.endpoint == dialect.Models {
		return "GET, HEAD"
	}
	return "POST"
}

// panicked answers for a handler that did not return.
func (x *exchange) panicked(v any) {
	defer x.giveUp()
	where := "panic in a request"
	if x.relay.active {
		where = "panic in a stream"
	}
	x.wreck(where, v)
	c := x.conn
	if c.swallow { // part of the answer may be on its way
		c.held.Store(nil)
		c.breakOff(x.relay.active && x.relay.size < 0 && c.head.Minor == 0)
		x.tell()
		return
	}
	if x.told { // the answer is complete; it is the counting that failed
		x.respond()
		return
	}
	x.refuse(&dialect.Error{Kind: dialect.Internal, Message: "internal error; the gateway's log has the details"})
	x.reply.close = true
	x.tell()
	x.respond()
}

// giveUp keeps a panic that follows another from ending the process.
func (x *exchange) giveUp() {
	if v := recover(); v != nil {
		x.srv.log.Error("panic after a panic", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	}
}

// wreck notes a panic. What the exchange holds is in doubt from then on: its
// connection to the target is closed, and it is not used again.
func (x *exchange) wreck(where string, v any) {
	x.srv.log.Error(where, "panic", fmt.Sprint(v), "request_id", x.rec.RequestID, "stack", string(debug.Stack()))
	x.wrecked = true
	x.rec.Outcome, x.rec.ErrorType = telemetry.Internal, "panic"
	if resp := x.resp; resp != nil {
		x.resp = nil
		resp.Head.Close = true
		resp.Close()
	}
}

// tell tells the outcome, once. The client's leaving can no longer reach the call
// afterwards.
func (x *exchange) tell() {
	if x.told {
		return
	}
	x.conn.detach()
	if x.resp != nil {
		x.resp.Close()
		x.resp = nil
	}
	x.rec.Total = x.look().Sub(x.start)
	x.conn.now = x.seen
	if !x.wrecked {
		x.measure()
	}
	x.told = true
	x.conclude()
	x.srv.sink.Load().Done(&x.rec)
	x.term.leave()
}

// free gives the exchange back.
func (x *exchange) free() {
	x.dropBody()
	x.dropTexts()
	x.call.Reset()
	x.relay.reset()
	x.reply.trim()
	x.req.Reset()
	x.facts.reset()
	x.policed.reset()
	x.out = upstream.Request{}
	clear(x.segs[:cap(x.segs)])
	clear(x.turn[:cap(x.turn)])
	x.q = nil
	x.ctx, x.conn, x.st, x.term, x.route, x.target, x.sent, x.body = nil, nil, nil, nil, nil, nil, nil, nil
	if cap(x.decoded) > 1<<20 {
		x.decoded = nil
	}
	x.srv.exchanges.Put(x)
}

// dropBody gives the request's body back: it will not be sent again.
func (x *exchange) dropBody() {
	if x.stored != nil {
		x.stored.release()
		x.stored, x.sent, x.body = nil, nil, nil
	}
}

// measure completes the record.
func (x *exchange) measure() {
	r := &x.rec
	if r.Gateway == 0 {
		r.Gateway = max(0, r.Total-x.away)
	}
	if x.parsed {
		r.Uninspected = telemetry.Uninspected(x.req.Uninspected)
	}
	x.usage()
	if x.st.Text && x.parsed {
		x.recordTexts()
	}
}

// bytesPerToken is the estimate used where the upstream reports no usage.
const bytesPerToken = 4

// usage copies what the answer told of tokens, or estimates it.
func (x *exchange) usage() {
	r, u := &x.rec, &x.ans.Usage
	if !x.answered {
		return
	}
	r.ModelReturned, r.Finish = x.ans.Model, x.ans.Finish
	if u.Present {
		r.Input, r.Cached, r.CacheWrite = u.Input, u.Cached, u.CacheWrite
		r.Output, r.Reasoning = u.Output, u.Reasoning
		if !u.Partial {
			return
		}
		// Anthropic's message_start counts the input; the output is still to come.
		r.Estimated = true
		r.Output = max(r.Output, int64(x.ans.OutputBytes+bytesPerToken-1)/bytesPerToken)
		return
	}
	if !x.parsed || r.Status >= 400 {
		return
	}
	r.Estimated = true
	r.Input = int64(x.textBytes+bytesPerToken-1) / bytesPerToken
	r.Output = int64(x.ans.OutputBytes+bytesPerToken-1) / bytesPerToken
}

// recordTexts puts messages and answer into the record.
func (x *exchange) recordTexts() {
	q := x.q
	for i := range q.Messages {
		m := &q.Messages[i]
		for _, p := range q.Parts[m.Part : m.Part+m.Parts] {
			x.rec.Messages = append(x.rec.Messages, telemetry.TextMessage{
				Role: m.Role.String(), Text: q.Arena[p.Offset : p.Offset+p.Length],
			})
		}
	}
	x.rec.Answer = x.answerText()
}

// expose adds the x-weir- headers that the client asked for by sending them.
func (x *exchange) expose() {
	h := &x.conn.head
	if has(h, "x-weir-overhead-us") {
		us := (x.look().Sub(x.start) - x.away).Microseconds()
		x.reply.set("x-weir-overhead-us", strconv.FormatInt(us, 10))
	}
	if x.target != nil && has(h, "x-weir-target") {
		x.reply.set("x-weir-target", x.target.Name)
	}
	if has(h, "x-weir-request-id") {
		x.reply.set("x-weir-request-id", x.rec.RequestID)
	}
}

// contentType tells whether v is the media type t, parameters aside.
func contentType(v []byte, t string) bool {
	if i := bytes.IndexByte(v, ';'); i >= 0 {
		v = v[:i]
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return http1.EqualFold(v, t)
}
