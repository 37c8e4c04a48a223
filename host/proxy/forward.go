package proxy

import (
	"errors"
	"time"

	"weir/host/dialect"
	"weir/host/telemetry"
	"weir/host/upstream"
)

// forward sends the request to the route's targets until one answers, and
// begins the answer.
func (x *exchange) forward() *dialect.Error {
	for n := 0; ; n++ {
		t := x.candidate(n)
		if n == 0 {
			t.Budget.Deposit()
		}
		fail, again := x.attempt(t, n)
		switch {
		case again:
		case fail != nil:
			return x.explain(fail)
		default:
			return x.answer()
		}
	}
}

// grant allows attempt n+1 when the route's retries, the client's patience and
// t's retry budget do.
func (x *exchange) grant(t *Target, n int) bool {
	if n >= x.route.Retries || x.conn.left() {
		return false
	}
	if !t.Budget.Withdraw() {
		x.srv.metrics.RetryBudgetExhausted(t.Name)
		return false
	}
	return true
}

// candidate is the next target in turn: those of the route that speak the
// dialect, in their order and from the beginning again, without those that fail
// lately unless all do.
func (x *exchange) candidate(n int) *Target {
	if n == 0 {
		x.next, x.turn = 0, x.turn[:0]
		for _, t := range x.route.Targets {
			if (!x.route.Inspect || t.speaks(x.dialect)) && x.permits(t) {
				x.turn = append(x.turn, t)
			}
		}
		x.prefer()
	}
	k := x.next % len(x.turn)
	for i := range x.turn {
		if at := (x.next + i) % len(x.turn); x.turn[at].Breaker.Allow(x.start) {
			k = at
			break
		}
	}
	x.next = k + 1
	return x.turn[k]
}

// others tells whether another target can be asked in place of t.
func (x *exchange) others(t *Target, n int) bool {
	if n+1 >= len(x.turn) {
		return false
	}
	for _, o := range x.turn {
		if o != t && !o.Breaker.Open() {
			return true
		}
	}
	return false
}

// judge tells the target's breaker how an attempt went. Only what says
// something about the target counts: not the client's leaving, not a full pool.
func (x *exchange) judge(t *Target, bad bool) {
	switch {
	case bad && t.Breaker.Fail(time.Now()):
		x.srv.metrics.Degraded("target:"+t.Name, true)
		x.srv.log.Warn("target is out of turn: it failed too often in a row", "target", t.Name)
	case !bad && t.Breaker.Succeed():
		x.srv.metrics.Degraded("target:"+t.Name, false)
		x.srv.log.Info("target is back", "target", t.Name)
	}
}

// attempt sends the request to t. again means that another attempt makes sense
// and is granted: the exchange failed before its first byte, or the target is
// overloaded and another one is left to ask.
func (x *exchange) attempt(t *Target, n int) (fail *upstream.Failure, again bool) {
	x.target = t
	x.rec.Target, x.rec.Provider = t.Name, t.Kind
	x.prepare(t)
	sent := x.look()
	x.out.Now = sent
	resp, err := t.Do(&x.call, &x.out)
	took := x.look().Sub(sent)
	x.away += took
	a := telemetry.Attempt{Target: t.Name, Took: took}
	if err != nil {
		fail = failure(err, t)
		a.Reason = fail.Reason
		x.rec.Attempts = append(x.rec.Attempts, a)
		if fail.Reason != "cancelled" && fail.Reason != "busy" {
			x.judge(t, true)
		}
		return fail, fail.Retry && x.grant(t, n)
	}
	a.Status = resp.Head.Status
	x.resp = resp
	switch {
	case redirect(a.Status) && x.route.Inspect:
		a.Reason = "redirect"
		fail = &upstream.Failure{Target: t.Name, Phase: upstream.Reading, Reason: "redirect", Err: errRedirect}
	case overloaded(a.Status) && x.others(t, n) && x.grant(t, n):
		a.Reason = "overloaded"
		again = true
	}
	x.rec.Attempts = append(x.rec.Attempts, a)
	x.judge(t, fail != nil || a.Status >= 500 && a.Status != 501)
	if fail != nil || again {
		resp.Close()
		x.resp = nil
	}
	return fail, again
}

// failure is err as what it is, or as a fault of Weir's own.
func failure(err error, t *Target) *upstream.Failure {
	var f *upstream.Failure
	if !errors.As(err, &f) {
		f = &upstream.Failure{Target: t.Name, Phase: upstream.Reading, Reason: "internal", Err: err}
	}
	return f
}

var errRedirect = errors.New("the target answered with a redirect; redirects are not followed, correct targets.NAME.url")

func redirect(status int) bool { return status >= 300 && status < 400 && status != 304 }

// overloaded are the statuses with which a target says that another one should
// be asked.
func overloaded(status int) bool {
	switch status {
	case 429, 502, 503, 504, 529:
		return true
	}
	return false
}

// prepare writes the request for t: the client's bytes, with the model renamed
// and usage asked for where that applies.
func (x *exchange) prepare(t *Target) {
	x.edits, x.scratch, x.hide = x.edits[:0], x.scratch[:0], false
	if x.parsed {
		if name, ok := x.modelFor(t); ok {
			e := x.q.RenameModel(x.scratch, name)
			x.edits, x.scratch = append(x.edits, e), e.Text[:0]
		}
		if t.AskUsage {
			if e, ok := x.q.AskUsage(); ok {
				x.edits = append(x.edits, e)
				x.hide = true
			}
		}
		dialect.SortEdits(x.edits) // "stream" may stand before "model"
	}
	size := len(x.body)
	if len(x.edits) > 0 {
		x.segs, size = dialect.Splice(x.segs[:0], x.body, x.edits)
	} else if x.segs = x.segs[:0]; size > 0 {
		x.segs = append(x.segs, x.body)
	}
	x.fields = x.appendFields(x.fields[:0], t)
	x.out = upstream.Request{
		Method: x.conn.head.Method, Path: x.pathFor(t), Fields: x.fields,
		Body: x.segs, Size: size, Sized: carries(x.conn.head.Method),
	}
}

// modelFor is the name that t knows the model by, when it is another than the
// body's.
func (x *exchange) modelFor(t *Target) (name string, renamed bool) {
	if w := x.policed.want; w != nil && len(w.Model) > 0 {
		if name, ok := t.Models[str(w.Model)]; ok {
			return name, true
		}
		return str(w.Model), true
	}
	name, ok := t.Models[str(x.q.Model)]
	return name, ok && x.q.ModelSpan.End > 0
}

// carries tells whether a method's requests say how long their body is even when
// there is none (RFC 9110 section 8.6).
func carries(method []byte) bool {
	switch string(method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}

// pathFor is the path and query sent to t; a renamed model is renamed in the
// path of a model's description as well.
func (x *exchange) pathFor(t *Target) []byte {
	if x.endpoint == dialect.Models && x.rec.Model != "" {
		if name, ok := t.Models[x.rec.Model]; ok {
			p := append(x.scratch[:0], "/v1/models/"...)
			x.scratch = append(appendEscaped(p, name), x.query...)
			return x.scratch
		}
	}
	return x.conn.head.Target
}

// appendEscaped percent-encodes everything but unreserved characters.
func appendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_' || c == '.' || c == '~' {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', hex[c>>4], hex[c&15])
	}
	return dst
}

// explain turns a failure into the client's error. What went wrong inside the
// upstream's network is for the log and the record.
func (x *exchange) explain(f *upstream.Failure) *dialect.Error {
	x.rec.ErrorType = f.Reason
	if errors.Is(f, upstream.ErrCancelled) {
		if x.srv.draining.Load() && !x.conn.left() {
			x.rec.Outcome = telemetry.Shed
			return &dialect.Error{Kind: dialect.Unavailable, Code: "shutting_down", Message: "the gateway is shutting down", RetryAfter: time.Second}
		}
		x.rec.Outcome = telemetry.ClientLeft
		return &dialect.Error{Kind: dialect.ClientClosed, Message: "client left"}
	}
	x.srv.log.Warn("target failed", "target", f.Target, "reason", f.Reason, "err", f.Err, "request_id", x.rec.RequestID)
	if f.Reason == "busy" {
		x.rec.Outcome = telemetry.Shed
		return &dialect.Error{Kind: dialect.Unavailable, Code: "busy", Message: "the target has no free connection", RetryAfter: time.Second}
	}
	if f.Timeout {
		x.rec.Outcome = telemetry.UpstreamTimeout
		return &dialect.Error{Kind: dialect.GatewayTimeout, Code: f.Reason, Message: message(f.Reason)}
	}
	x.rec.Outcome = telemetry.UpstreamError
	return &dialect.Error{Kind: dialect.BadGateway, Code: f.Reason, Message: message(f.Reason), NoRetry: lasting(f.Reason)}
}

// lasting are the failures that only a change of configuration ends, Weir's or
// the target's: asking again would be in vain.
func lasting(reason string) bool {
	return reason == "address_refused" || reason == "redirect" || reason == "compressed"
}

// message says to a client what a failure's reason means.
func message(reason string) string {
	switch reason {
	case "first_byte_timeout":
		return "the target did not answer in time"
	case "dial":
		return "the target cannot be reached"
	case "address_refused":
		return "the target's address is not allowed"
	case "malformed":
		return "the target's answer is malformed"
	case "redirect":
		return "the target answered with a redirect"
	case "cut":
		return "the target broke off its answer"
	case "compressed":
		return "the target compressed its answer although it was asked not to"
	case "garbage":
		return "the target's stream is not what its API says"
	case "event_too_long":
		return "an event of the target's stream is longer than limits.event"
	case "idle_timeout":
		return "the target fell silent in the middle of its answer"
	default:
		return "the target closed the connection without an answer"
	}
}
