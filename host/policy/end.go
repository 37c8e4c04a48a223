package policy

import (
	"weir/host/frame"
	"weir/sdk/abi"
)

// End is how a request ended.
type End struct {
	frame.UsageInfo
	Text []byte // of the whole answer, when the run WantsText
	Now  int64  // frame.Nanotime; 0: look
}

// End runs on_end of every plugin whose on_request ran, whatever it or others said, and of every plugin without on_request; once,
// however often it is called. Nothing can be refused any more: what plugins score and tag goes to the record.
func (r *Run) End(e *End) {
	if r.chain == nil || r.ended {
		return
	}
	r.ended = true
	if r.now = e.Now; r.now == 0 {
		r.now = frame.Nanotime()
	}
	r.frame.usage, r.frame.answer = &e.UsageInfo, e.Text
	for i := range r.chain.stages {
		st, seat := &r.chain.stages[i], &r.seats[i]
		if seat.active && st.has(abi.HookEnd) && (seat.ran || !st.has(abi.HookRequest)) {
			r.hear(i, abi.HookEnd)
		}
	}
	r.frame.usage, r.frame.answer = nil, nil
}

// Feedback runs on_feedback of every plugin of the chain that has it, for a signal about an earlier request. It takes the place of
// Request; of s, Request may be nil, and Facts are not used.
func (r *Run) Feedback(c *Chain, s *Subject, f *frame.FeedbackInfo) {
	r.begin(c, s)
	r.ended = true
	r.frame.feedback = f
	for i := range c.stages {
		if r.seats[i].active && c.stages[i].has(abi.HookFeedback) {
			r.hear(i, abi.HookFeedback)
		}
	}
	r.frame.feedback = nil
}

// hear calls a hook that can only score and tag.
func (r *Run) hear(i int, h abi.Hook) {
	st := &r.chain.stages[i]
	fault := r.invoke(i, h)
	v := &r.verdicts[len(r.verdicts)-1]
	if fault == nil && len(r.actions) > 0 {
		fault = r.checkNotes(st)
	}
	if fault == nil {
		v.weigh(r.actions)
		r.note(st)
	}
	r.conclude(st, v, fault)
}

// note notes the scores and tags in hand.
func (r *Run) note(st *stage) {
	l := r.notes.of(st)
	for j := range r.actions {
		switch a := &r.actions[j]; a.Kind {
		case abi.ActionScore:
			l.put(r, st.label, r.renumber(a.Message), a)
		case abi.ActionTag:
			l.set(r, st.label, a)
		}
	}
}

// Judge runs on_judge of the plugin that escalated, with what the judge answered, and adds to the Decision what it says: DENY, ROUTE,
// PREFER, EXCLUDE, CLASS, SCORE and TAG, under the authority it always has. It comes after Request and before the request is sent.
func (r *Run) Judge(e *Escalation, answer *frame.JudgeInfo) *Refusal {
	i := int(e.stage)
	st := &r.chain.stages[i]
	if !st.has(abi.HookJudge) {
		return nil
	}
	r.now = frame.Nanotime()
	r.frame.judge = answer
	fault := r.invoke(i, abi.HookJudge)
	r.frame.judge = nil
	v := &r.verdicts[len(r.verdicts)-1]
	if fault == nil && len(r.actions) > 0 {
		fault = r.take(i, v)
	}
	r.conclude(st, v, fault)
	switch {
	case fault != nil:
		return r.fail(st, fault)
	case v.Denied:
		return &r.refusal
	default:
		return nil
	}
}
