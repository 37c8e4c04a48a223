package proxy

import (
	"errors"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/host/policy/stream"
	"weir/host/telemetry"
	"weir/host/upstream"
)

// watches tells whether plugins watch the answer.
func (x *exchange) watches() bool {
	return x.policed.want != nil && x.policed.run.Watchers() > 0 && texted(x.endpoint)
}

// texted tells whether an endpoint's answers hold what a model wrote.
func texted(e dialect.Endpoint) bool {
	switch e {
	case dialect.Chat, dialect.Completions, dialect.Responses, dialect.Messages:
		return true
	}
	return false
}

// keepsAnswer tells whether the answer's text is wanted when it is over.
func (x *exchange) keepsAnswer() bool {
	return x.st.Text || x.policed.want != nil && x.policed.run.WantsText()
}

// follow makes ready for an answer that is inspected.
func (x *exchange) follow() {
	watches, keep := x.watches(), x.keepsAnswer()
	x.ans.Reset(x.endpoint, dialect.Options{HideUsage: x.hide, KeepText: keep && !watches, MaxText: x.st.Limits.Response})
	x.answered = true
	if watches {
		x.policed.stream.Begin(&x.policed.run, stream.Options{Endpoint: x.endpoint, Pending: x.st.Limits.Event})
		x.policed.shown.Reset(x.endpoint, dialect.Options{KeepText: keep, MaxText: x.st.Limits.Response})
	}
}

// watchWhole shows plugins an answer that is not streamed, and puts what they made of it in its place.
func (x *exchange) watchWhole(body []byte) *dialect.Error {
	p := &x.policed
	out, refusal, err := p.stream.Whole(nil, body, frame.Nanotime())
	switch {
	case err != nil:
		return x.explain(&upstream.Failure{Target: x.target.Name, Phase: upstream.Reading, Reason: "garbage", Err: err})
	case refusal != nil:
		return x.refused(refusal)
	}
	x.reply.body = out
	if x.keepsAnswer() {
		_ = p.shown.Body(out) // as good as what was read already
	}
	return nil
}

// unwatched decides about an answer that is too long to be shown to the plugins that watch: each has failed, and its fail mode counts.
// Those in mode observe stand in nobody's way. read is what was taken from the target already.
func (x *exchange) unwatched(read []byte) *dialect.Error {
	run, fault := &x.policed.run, frame.Faultf(frame.Unreadable, "the answer is longer than limits.response of %d bytes", x.st.Limits.Response)
	var refusal *policy.Refusal
	for i := range run.Watchers() {
		if refusal = run.Fail(i, fault); refusal != nil {
			break
		}
	}
	if refusal == nil {
		return x.stream(raw, read)
	}
	x.rec.Outcome, x.rec.ErrorType = telemetry.Internal, "policy_failed"
	return &dialect.Error{
		Kind: dialect.BadGateway, Code: "answer_too_long", NoRetry: true,
		Message: "the answer is longer than limits.response, and the policy of this gateway has to see all of it: ask for a stream",
	}
}

// expect bounds the next read: by the target's silence, or by the time at which plugins want to see what they have waited for.
func (r *relay) expect(idle time.Time) {
	x := r.x
	r.due = false
	if r.watch {
		if due := x.policed.stream.Due(); due > 0 {
			at := time.Now().Add(max(0, time.Duration(due-frame.Nanotime())))
			if at.Before(idle) {
				r.due = true
				x.resp.ReadBy(at, dueSlack)
				return
			}
		}
	}
	x.resp.ReadBy(idle, x.target.Idle/8)
}

// dueSlack is how late plugins may be shown text that they wait for no longer.
const dueSlack = time.Millisecond

func timedOut(err error) bool {
	var f *upstream.Failure
	return errors.As(err, &f) && f.Timeout
}

// pass shows the plugins what has come, and takes what may leave. With final nothing follows. It reports whether the answer goes on:
// a plugin that stops it has its say in place of the rest.
func (r *relay) pass(final bool) bool {
	x := r.x
	p := &x.policed
	from := len(r.shown)
	out, refusal := p.stream.Flush(r.shown, frame.Nanotime(), final)
	r.shown = out
	if x.keepsAnswer() {
		r.remind(out[from:])
	}
	if refusal == nil {
		return true
	}
	e := x.refused(refusal)
	r.shown = x.ans.AppendErrorEvent(r.shown, e, x.rec.RequestID)
	r.o, r.e, r.w = 0, 0, 0
	r.ended = true
	return false
}

// remind has the events that leave read once more, for their text.
func (r *relay) remind(events []byte) {
	for len(events) > 0 {
		end, _ := dialect.EventEnd(events, 0)
		if end == 0 {
			end = len(events)
		}
		_, _ = r.x.policed.shown.Event(events[:end]) // read before
		events = events[end:]
	}
}
