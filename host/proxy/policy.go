package proxy

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/http1"
	"weir/host/policy"
	"weir/host/policy/stream"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/host/telemetry"
	"weir/sdk/abi"
)

// policed is what the plugins of a request's policy are shown of it, and what
// they want done with it.
type policed struct {
	chain   *policy.Chain // nil: there are no plugins to run
	run     policy.Run
	subject policy.Subject
	want    *policy.Decision // nil: nobody was asked
	refusal *policy.Refusal  // nil: nobody refused
	signals signal.Vector
	targets []frame.Target

	stream stream.Stream  // the answer's way through plugins that watch it
	shown  dialect.Answer // what the client was shown of it, where that is kept
	end    policy.End
}

func (p *policed) reset() {
	if p.chain == nil {
		return
	}
	p.stream.Close()
	p.run.Reset()
	p.end = policy.End{}
	p.chain, p.want, p.refusal = nil, nil, nil
	p.subject = policy.Subject{}
	clear(p.targets)
	p.targets = p.targets[:0]
}

// police runs the policy of the tenant on this route over the request. What the
// plugins made of it is what is sent on.
func (x *exchange) police() *dialect.Error {
	p := &x.policed
	if x.route.Chain == nil {
		return nil
	}
	if p.chain = x.route.Chain(x.id); p.chain == nil {
		return nil
	}
	p.subject = policy.Subject{
		Tenant: x.rec.Tenant, Route: x.rec.Route, Model: x.rec.Model, RequestID: x.rec.RequestID,
		Session: view(x.rec.Session), Request: &x.req, Facts: x, Wall: x.start, MaxBody: x.st.Limits.Body,
	}
	want, refusal := p.run.Request(p.chain, &p.subject)
	if refusal != nil {
		return x.refused(refusal)
	}
	p.want = want
	if want.Edited {
		x.q = want.Request
		x.body = x.q.Body
	}
	if len(want.Model) > 0 {
		x.reroute(want.Model)
	}
	if len(want.Target) > 0 {
		x.retarget(want.Target)
	}
	return x.narrow()
}

// refused is the error for the client of whom a plugin refused.
func (x *exchange) refused(r *policy.Refusal) *dialect.Error {
	x.policed.refusal = r
	x.rec.Outcome, x.rec.ErrorType = telemetry.Denied, "policy_denied"
	if r.Fault {
		x.rec.Outcome, x.rec.ErrorType = telemetry.Internal, "policy_failed"
	}
	return &r.Err
}

// conclude tells the plugins how the request ended, and puts what they said into the record.
func (x *exchange) conclude() {
	p, r := &x.policed, &x.rec
	if p.chain == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			x.srv.log.Error("panic at the end of a policy", "panic", fmt.Sprint(v), "request_id", r.RequestID, "stack", string(debug.Stack()))
			x.wrecked = true
		}
	}()
	if p.chain.Wants().End {
		p.end.UsageInfo = frame.UsageInfo{
			Input: r.Input, Cached: r.Cached, CacheWrite: r.CacheWrite, Output: r.Output, Reasoning: r.Reasoning,
			Gateway: int64(r.Gateway), Queue: int64(r.Queue), TTFT: int64(r.TTFT), Total: int64(r.Total), USD: math.NaN(),
			Status: uint16(r.Status), Outcome: uint8(r.Outcome),
			Attempts: uint32(len(r.Attempts)), Finish: view(r.Finish),
		}
		if r.Estimated {
			p.end.Flags |= abi.UsageEstimated
		}
		if x.answered {
			p.end.Bytes = uint64(x.ans.OutputBytes)
			if x.ans.Usage.Partial {
				p.end.Flags |= abi.UsagePartial
			}
		}
		p.end.Text = x.answerText()
		p.run.End(&p.end)
	}
	for i := range p.run.Verdicts() {
		v := &p.run.Verdicts()[i]
		r.Verdicts = append(r.Verdicts, telemetry.Verdict{
			Plugin: v.Plugin, Digest: v.Digest, Hook: v.Hook.String(), Action: v.Action.String(), Fault: v.Fault.String(), Score: v.Score,
			Took: time.Duration(v.Took), Fuel: v.Fuel, Calls: v.Calls, Ignored: v.Ignored, Observe: v.Observe,
		})
	}
	tags := p.run.Tags()
	for i := range tags {
		r.Tags = append(r.Tags, telemetry.Tag{Name: str(tags[i].Name), Value: tags[i].Value})
	}
	if a := p.run.Action(); a != abi.ActionNone {
		r.Action = a.String()
	}
	if p.want != nil {
		r.Variant = str(p.want.Variant)
	}
}

// answerText is the answer's text as the client was shown it. Without an answer there is none: what is there is another request's.
func (x *exchange) answerText() []byte {
	if !x.answered {
		return nil
	}
	if x.watches() {
		return x.policed.shown.Text
	}
	return x.ans.Text
}

// reroute sends a request that is to go to another model where that one's
// requests go.
func (x *exchange) reroute(model []byte) {
	if i := x.st.Table.Match(str(x.path), str(model)); i >= 0 {
		if r := &x.st.Routes[i]; r.Inspect && x.served(r) {
			x.route, x.rec.Route = r, r.Name
		}
	}
}

// retarget sends a request that is to go to a target of another route there: only an operator's plugin may say so.
func (x *exchange) retarget(name []byte) {
	if x.leads(x.route, name) {
		return
	}
	for i := range x.st.Routes {
		if r := &x.st.Routes[i]; r.Inspect && x.leads(r, name) {
			x.route, x.rec.Route = r, r.Name
			return
		}
	}
}

// leads tells whether the route has that target for the request.
func (x *exchange) leads(r *Route, name []byte) bool {
	for _, t := range r.Targets {
		if t.Name == string(name) && t.speaks(x.dialect) {
			return true
		}
	}
	return false
}

// narrow keeps a request from going anywhere when the plugins ruled out every
// target.
func (x *exchange) narrow() *dialect.Error {
	for _, t := range x.route.Targets {
		if t.speaks(x.dialect) && x.permits(t) {
			return nil
		}
	}
	x.rec.Outcome, x.rec.ErrorType = telemetry.Denied, "no_target_allowed"
	return &dialect.Error{
		Kind: dialect.Forbidden, Code: "no_target_allowed",
		Message: "the policy rules out every target that could take this request", NoRetry: true,
	}
}

// permits tells whether the plugins let the request go to t.
func (x *exchange) permits(t *Target) bool {
	w := x.policed.want
	if w == nil {
		return true
	}
	if len(w.Target) > 0 && string(w.Target) != t.Name {
		return false
	}
	for i := range w.Exclude {
		e := &w.Exclude[i]
		if e.What == abi.ByName && string(e.Name) == t.Name || e.What == abi.ByClass && string(e.Name) == t.Data {
			return false
		}
	}
	return !slices.ContainsFunc(w.Classes, func(class []byte) bool { return string(class) != t.Data })
}

// prefer puts the target that a plugin prefers first.
func (x *exchange) prefer() {
	w := x.policed.want
	if w == nil || len(w.Prefer) == 0 {
		return
	}
	for i, t := range x.turn {
		if string(w.Prefer) == t.Name {
			copy(x.turn[1:i+1], x.turn[:i])
			x.turn[0] = t
			return
		}
	}
}

// Signals are policy.Facts.
func (x *exchange) Signals(q *dialect.Request) *signal.Vector {
	all := &x.policed.signals
	clear(all[:])
	var v signal.Vector
	for i := range q.Parts {
		signal.Scan(&v, q.Text(i))
		all.Merge(&v)
	}
	return all
}

// Keys are policy.Facts.
func (x *exchange) Keys(q *dialect.Request) *prefix.Chain {
	if q != &x.req || !x.facts.chained {
		x.chain(q, &x.st.Facts)
	}
	return &x.facts.chain
}

// Targets are policy.Facts.
func (x *exchange) Targets() []frame.Target {
	p := &x.policed
	p.targets = p.targets[:0]
	for _, t := range x.route.Targets {
		if t.speaks(x.dialect) {
			p.targets = append(p.targets, t.facts())
		}
	}
	return p.targets
}

// Header is policy.Facts.
func (x *exchange) Header(name string, n int) ([]byte, bool) {
	h := &x.conn.head
	for i := range h.Fields {
		if f := &h.Fields[i]; http1.EqualFold(f.Name, name) {
			if n == 0 {
				return f.Value, true
			}
			n--
		}
	}
	return nil, false
}

// Reach is policy.Facts.
func (x *exchange) Reach(what uint32, name []byte) policy.Reach {
	if what == abi.ByModel {
		switch i := x.st.Table.Match(str(x.path), str(name)); {
		case i < 0 || !x.st.Routes[i].Inspect || !x.served(&x.st.Routes[i]):
			return policy.Unknown
		case &x.st.Routes[i] == x.route:
			return policy.Candidate
		}
		return policy.Elsewhere
	}
	if x.leads(x.route, name) {
		return policy.Candidate
	}
	for i := range x.st.Routes {
		for _, t := range x.st.Routes[i].Targets {
			if t.Name == string(name) {
				return policy.Elsewhere
			}
		}
	}
	return policy.Unknown
}

// facts are what plugins are shown of a target.
func (t *Target) facts() frame.Target {
	open, idle, _ := t.Connections()
	f := frame.Target{
		Name: t.Name, Kind: t.Kind, Data: t.Data, Weight: 1, InFlight: int32(open - idle), TTFT: -1,
		InputPrice: math.NaN(), OutputPrice: math.NaN(),
	}
	if !t.Breaker.Open() {
		f.Flags |= abi.TargetHealthy
	}
	return f
}
