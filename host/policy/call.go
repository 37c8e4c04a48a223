package policy

import (
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// faultOpen is a constant: the only fault that needs no words of its own.
var faultOpen = frame.Fault{Class: frame.Open, Detail: "the plugin failed time after time and is left alone for a while"}

// invoke calls a hook of a stage, appends a Verdict and leaves the actions of the plugin's answer in r.actions: well formed, and such as
// the hook allows. What a fault means is the caller's business.
func (r *Run) invoke(i int, h abi.Hook) *frame.Fault {
	st := &r.chain.stages[i]
	r.verdicts = append(r.verdicts, st.verdict(h))
	return r.invokeInto(i, h, &r.verdicts[len(r.verdicts)-1])
}

func (r *Run) invokeInto(i int, h abi.Hook, v *Verdict) *frame.Fault {
	st := &r.chain.stages[i]
	c := &r.call
	r.actions, r.called, r.excused, r.grew = r.actions[:0], false, false, -1
	r.frame.filtered = false
	c.Hook, c.Frame, c.Verdict, c.Fuel, c.Size, c.Stateful = h, &r.frame, nil, 0, 0, false
	if st.plugin == nil {
		return st.load
	}
	left, fault := r.left(h)
	if fault != nil {
		return fault
	}
	if !st.breakers[h].allow(r.now) {
		return &faultOpen
	}
	if fault := r.frame.lay(r, i, h); fault != nil {
		return fault
	}
	c.Begin, c.End = r.now, 0
	// The plugin's own deadline is its own to keep: it does not run while the call waits for an instance.
	c.Budget = left
	short := left > 0 && r.spent > 0 && (st.entry.Deadline == 0 || left < st.entry.Deadline) // of time, because of others
	fault = st.plugin.Call(c)
	if c.End < c.Begin {
		c.End = frame.Nanotime()
	}
	r.now = c.End
	r.longest = max(r.longest, len(c.Verdict))
	v.Calls, v.Took, v.Fuel = 1, c.End-c.Begin, c.Fuel
	if h == abi.HookRequest && !st.observe {
		r.spent += v.Took
	}
	if fault == nil && len(c.Verdict) > 0 {
		fault = r.read(h)
	}
	if fault != nil && (fault.Class == frame.Busy || fault.Class == frame.Start) {
		v.Calls = 0 // no hook was run
	}
	r.called = true
	r.excused = short && fault != nil && fault.Class == frame.Deadline
	return fault
}

// left is what the chain's budget leaves a call; 0: there is no budget for it.
func (r *Run) left(h abi.Hook) (time.Duration, *frame.Fault) {
	if h != abi.HookRequest || r.chain.budget <= 0 {
		return 0, nil
	}
	left := r.chain.budget - time.Duration(r.spent)
	if left <= 0 {
		return 0, r.chain.exhausted
	}
	return left, nil
}

// read decodes the verdict in hand and holds it to what the hook allows.
func (r *Run) read(h abi.Hook) *frame.Fault {
	walk := frame.ReadVerdict(r.call.Verdict)
	for a, ok := walk.Next(); ok; a, ok = walk.Next() {
		if allowed[h]>>a.Kind&1 == 0 {
			return frame.Faultf(frame.BadVerdict, "%s is not allowed in on_%s", a.Kind, h)
		}
		r.actions = append(r.actions, a)
	}
	return walk.Err()
}

// conclude finishes the verdict of a call: for the breaker, for metrics, and for the log where something is worth it.
func (r *Run) conclude(st *stage, v *Verdict, fault *frame.Fault) {
	b := &st.breakers[v.Hook]
	switch {
	case !r.called:
	case fault == nil:
		st.tell(v.Hook, b.succeeded(r.call.Begin), nil)
	case blames(fault.Class) && !r.excused:
		st.tell(v.Hook, b.failed(r.call.Begin, r.call.End), fault)
	}
	if fault != nil {
		v.Fault = fault.Class
		v.Denied = st.refuses(fault) && v.Hook != abi.HookEnd && v.Hook != abi.HookFeedback // when nothing can be refused
		if fault.Class != frame.Open && fault.Class != frame.Load && b.tells(r.now) {
			st.log.Warn("plugin failed", "hook", v.Hook.String(), "class", fault.Class.String(), "fault", fault.Detail,
				"on_error", st.mode(fault.Class), "request_id", r.subject.RequestID)
		}
	}
	size := 0
	if r.called {
		size = r.call.Size
	}
	st.series.Called(v, size)
}

// tell tells of a breaker that changed: one line, one count.
func (st *stage) tell(h abi.Hook, what change, fault *frame.Fault) {
	switch what {
	case opened:
		st.log.Error("plugin is left alone for a while: it failed time after time", "hook", h.String(), "class", fault.Class.String(), "fault", fault.Detail,
			"faults", breakerFaults, "on_error", st.mode(frame.Open))
		st.series.Breaker(h, true)
	case closed:
		st.log.Info("plugin works again", "hook", h.String())
		st.series.Breaker(h, false)
	}
}

// mode is the fail mode in force, for the log.
func (st *stage) mode(class frame.Class) string {
	switch {
	case st.observe:
		return "observe"
	case st.deny[class]:
		return "deny"
	default:
		return "allow"
	}
}
