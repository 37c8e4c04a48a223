package policy

import (
	"math"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// Bounds on what the plugins of one request may leave together. What goes beyond is a fault of the plugin that goes beyond.
const (
	maxScores      = 256
	maxTags        = 64
	maxHeaders     = 32
	maxEdits       = 4096
	maxExclusions  = 256
	maxClasses     = 16
	maxCharges     = 32
	maxEscalations = 8
)

// Run takes one request, and its answer, through a chain. The zero value is ready. A Run is used by one goroutine at a time and is
// not copied.
type Run struct {
	chain   *Chain
	subject Subject
	request *dialect.Request // as the plugins before left it
	draft   draft
	facts   facts
	now     int64 // when the last call ended
	spent   int64 // of the chain's budget, in nanoseconds
	seats   []seat
	watch   []int32 // stages that watch the answer
	ended   bool

	call    frame.Call
	longest int // verdict in call's storage, in bytes
	frame   framer
	actions []frame.Action // of the verdict in hand
	called  bool           // the call in hand reached the plugin
	grew    int            // by how many messages the verdict in hand made the request grow; -1: it did not change the body
	excused bool           // and ran out of a time that was not its own

	decision Decision
	ruling   ruling
	refusal  Refusal
	verdicts []Verdict
	one      Verdict // a batch's
	notes    notes
	recall   recall
	replaced []Replacement
	kept     []byte // what outlives verdicts
}

// seat is a stage's place in a run.
type seat struct {
	active   bool // it is sampled
	ran      bool // on_request was called
	out      bool // it is shown nothing more of the answer
	wantText bool
	delta    int32  // in verdicts, of its on_delta calls; -1: none yet
	state    []byte // STREAM_STATE
}

// What a pooled Run may keep.
const (
	keptBytes   = 64 << 10
	keptEntries = 1 << 10
)

// Reset makes r ready for another request. Nothing it handed out is good any more.
func (r *Run) Reset() {
	r.chain, r.request, r.subject = nil, nil, Subject{}
	r.now, r.spent, r.ended = 0, 0, false
	r.watch, r.seats = r.watch[:0], r.seats[:0]
	r.draft.reset()
	r.facts = facts{targets: r.facts.targets[:0], headers: r.facts.headers[:0]}
	r.frame.reset()
	r.actions = fresh(r.actions, keptEntries)
	if r.call.Verdict, r.call.Frame = nil, nil; r.longest > keptBytes {
		r.call, r.longest = frame.Call{}, 0 // with the storage of verdicts
	}
	r.recall.reset()
	r.decision.reset()
	r.ruling = ruling{}
	r.refusal = Refusal{}
	r.verdicts = fresh(r.verdicts, keptEntries)
	r.notes.reset()
	r.replaced = fresh(r.replaced, keptEntries)
	r.kept = trim(r.kept, keptBytes)
}

// fresh empties s, and lets its storage go when it has grown large.
func fresh[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	clear(s)
	return s[:0]
}

// trim empties bytes that nobody reads again, likewise.
func trim(b []byte, most int) []byte {
	if cap(b) > most {
		return nil
	}
	return b[:0]
}

// keep copies b to where it lives until Reset.
func (r *Run) keep(b []byte) []byte {
	n := len(r.kept)
	r.kept = append(r.kept, b...)
	return r.kept[n:len(r.kept):len(r.kept)]
}

// begin seats the chain's plugins.
func (r *Run) begin(c *Chain, s *Subject) {
	r.chain, r.subject, r.request = c, *s, s.Request
	if r.now = s.Now; r.now == 0 {
		r.now = frame.Nanotime()
	}
	r.subject.Now = r.now
	r.decision.Cost = -1
	r.facts.changed(s.Request)
	if n := len(c.stages); cap(r.seats) < n {
		r.seats = make([]seat, n)
	} else {
		r.seats = r.seats[:n]
	}
	for i := range r.seats {
		e := c.stages[i].entry
		r.seats[i] = seat{
			active: e.Sample <= 0 || e.Sample >= 1 || c.random() < e.Sample,
			delta:  -1, state: r.seats[i].state[:0],
		}
	}
}

// Request runs on_request of every plugin in order, and gives what they want done or why the request goes no further. It is called
// once after Reset. The subject's Request is a parsed one.
func (r *Run) Request(c *Chain, s *Subject) (*Decision, *Refusal) {
	r.begin(c, s)
	refusal := r.all()
	r.remember()
	if refusal != nil {
		return nil, refusal
	}
	return &r.decision, nil
}

// remember keeps what later hooks will be shown of a request that may be gone by then.
func (r *Run) remember() {
	if r.chain.later.Has(abi.SectionRequest) {
		r.requestInfo()
	}
	if r.chain.later.Has(abi.SectionSession) {
		r.sessionInfo()
	}
	r.request = nil
}

// all runs all plugins.
func (r *Run) all() *Refusal {
	c, s := r.chain, &r.subject
	if c.uninspected && s.Request != nil && s.Request.Uninspected.Total() > 0 {
		return r.refuseUninspected()
	}
	for i := range c.stages {
		if i == c.after {
			if refusal := r.guards(); refusal != nil {
				return refusal
			}
		}
		if refusal := r.ask(i); refusal != nil {
			return refusal
		}
	}
	if c.after == len(c.stages) {
		if refusal := r.guards(); refusal != nil {
			return refusal
		}
	}
	r.settle()
	return nil
}

// ask runs one plugin's on_request.
func (r *Run) ask(i int) *Refusal {
	st, seat := &r.chain.stages[i], &r.seats[i]
	if !seat.active {
		return nil
	}
	if !st.has(abi.HookRequest) {
		return r.foresee(st)
	}
	fault := r.invoke(i, abi.HookRequest)
	v := &r.verdicts[len(r.verdicts)-1]
	seat.ran = seat.ran || v.Calls > 0
	if fault == nil && len(r.actions) > 0 {
		fault = r.take(i, v)
	}
	if fault == nil && r.frame.filtered {
		r.recall.learn(r, st, v)
	}
	r.conclude(st, v, fault)
	if fault != nil {
		seat.out = seat.out || fault.Class == frame.Load
		return r.fail(st, fault)
	}
	if v.Denied {
		return &r.refusal
	}
	return r.foresee(st)
}

// foresee refuses a request whose answer would have to be stopped: better before it costs anything.
func (r *Run) foresee(st *stage) *Refusal {
	if !st.has(abi.HookDelta) || st.observe || !st.deny[frame.Open] || !st.breakers[abi.HookDelta].refuses(r.now) {
		return nil
	}
	r.verdicts = append(r.verdicts, st.verdict(abi.HookDelta))
	r.called = false
	r.conclude(st, &r.verdicts[len(r.verdicts)-1], &faultOpen)
	return r.fail(st, &faultOpen)
}

// guards shows the operator's guards once more what a tenant's plugin made of the request. What they said of the text as it was is gone.
func (r *Run) guards() *Refusal {
	if !r.ruling.rewritten {
		return nil
	}
	r.ruling.rewritten = false
	for i := range r.chain.own {
		st := &r.chain.stages[i]
		if !st.guard || !r.seats[i].active || !st.has(abi.HookRequest) {
			continue
		}
		r.notes.forget(st.label)
		if refusal := r.ask(i); refusal != nil {
			return refusal
		}
	}
	return nil
}

// Verdicts are what the plugins said so far, in the order of their calls.
func (r *Run) Verdicts() []Verdict { return r.verdicts }

// WantsText tells whether a plugin will want the whole text of the answer at the end.
func (r *Run) WantsText() bool {
	for i := range r.seats {
		if r.seats[i].wantText {
			return true
		}
	}
	return false
}

// verdict is an empty one of the stage.
func (st *stage) verdict(h abi.Hook) Verdict {
	return Verdict{Plugin: st.label, Digest: st.digest, Hook: h, Score: math.NaN(), Observe: st.observe}
}
