package policy

import (
	"cmp"
	"math"
	"slices"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// Watcher is a plugin of a run that watches the answer.
type Watcher struct {
	Name    string
	Bytes   int           // least text of a batch, in bytes; 0: whatever has come
	Every   time.Duration // longest wait for Bytes; 0: no limit but the answer's end
	Observe bool
}

// Batch is text of the answer as one watcher is shown it. What a watcher leaves by STREAM_STATE the Run keeps for it.
type Batch struct {
	frame.Batch
	Items []frame.Delta // not overlapping, ascending in Text
	Text  []byte        // valid UTF-8
	Now   int64         // frame.Nanotime; 0: look
}

// Replacement replaces bytes [Offset, Offset+Length) of the text of an item by Text.
type Replacement struct {
	Item, Offset, Length uint32
	Text                 []byte
}

// Reply is what a watcher wants done with a batch. Its slices are good until the run's next call.
type Reply struct {
	Edits []Replacement // in the order of items and offsets, not overlapping, cut at characters
	Hold  int           // bytes at the end of each string that are not to leave yet; 0 in a final batch
	Stop  *Refusal      // the answer ends here
	Out   bool          // it failed and may: it is not called for this answer any more
	Now   int64         // when the call ended
}

// Watchers is how many plugins of the run watch the answer, when Request let it go on.
func (r *Run) Watchers() int { return len(r.watch) }

// Watcher is the i-th of them, in the order in which they are shown the answer.
func (r *Run) Watcher(i int) Watcher {
	st := &r.chain.stages[r.watch[i]]
	return Watcher{Name: st.label, Bytes: st.manifest.DeltaBytes, Every: st.manifest.DeltaEvery, Observe: st.observe}
}

// Delta shows the i-th watcher a batch. What it asks for is in order: ranges lie inside the batch and cut no character.
// After a Stop nothing more is shown to anybody.
func (r *Run) Delta(i int, b *Batch) Reply {
	at := int(r.watch[i])
	st, seat := &r.chain.stages[at], &r.seats[at]
	if seat.out {
		return Reply{Out: true, Now: b.Now}
	}
	if r.now = b.Now; r.now == 0 {
		r.now = frame.Nanotime()
	}
	r.one = st.verdict(abi.HookDelta)
	v := &r.one
	r.frame.batch = b
	fault := r.invokeInto(at, abi.HookDelta, v)
	reply := Reply{}
	if fault == nil && len(r.actions) > 0 {
		fault = r.takeDelta(st, seat, b, v, &reply)
	}
	r.conclude(st, v, fault)
	if fault != nil {
		seat.out = true
		reply = Reply{Stop: r.fail(st, fault)}
		reply.Out = reply.Stop == nil
	}
	r.frame.batch = nil
	r.sum(seat, v)
	reply.Now = r.now
	return reply
}

// takeDelta takes the verdict in hand on a batch, whole or not at all.
func (r *Run) takeDelta(st *stage, seat *seat, b *Batch, v *Verdict, reply *Reply) *frame.Fault {
	if fault := r.checkNotes(st); fault != nil {
		return fault
	}
	if fault := r.replacements(b); fault != nil {
		return fault
	}
	v.weigh(r.actions)
	r.note(st)
	for j := range r.actions {
		switch a := &r.actions[j]; a.Kind {
		case abi.ActionStreamState:
			seat.state = append(seat.state[:0], a.Text...)
		case abi.ActionHold:
			reply.Hold = max(reply.Hold, int(a.Length))
		}
	}
	if b.Flags&abi.DeltaFinal != 0 {
		reply.Hold = 0
	}
	if st.observe {
		return nil // it is shown again what it would hold back, and the answer goes on
	}
	if a := r.find(abi.ActionStop); a != nil {
		v.Denied = true
		reply.Stop = r.refuseStopped(st, a)
	}
	reply.Edits = r.replaced
	return nil
}

// replacements gathers and checks the DELTA_EDITs in hand.
func (r *Run) replacements(b *Batch) *frame.Fault {
	list := r.replaced[:0]
	for j := range r.actions {
		a := &r.actions[j]
		if a.Kind != abi.ActionDeltaEdit {
			continue
		}
		if int64(a.Index) >= int64(len(b.Items)) {
			return bad("delta_edit: there is no entry %d; the batch has %d", a.Index, len(b.Items))
		}
		item := &b.Items[a.Index]
		if why := cut(b.Text[item.Offset:][:item.Length], a.Offset, a.Length); why != "" {
			return bad("delta_edit: %d bytes at %d %s of entry %d, which has %d", a.Length, a.Offset, why, a.Index, item.Length)
		}
		list = append(list, Replacement{Item: a.Index, Offset: a.Offset, Length: a.Length, Text: a.Text})
	}
	slices.SortStableFunc(list, func(a, b Replacement) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Length, b.Length))
	})
	for i := 1; i < len(list); i++ {
		if a, b := &list[i-1], &list[i]; a.Item == b.Item && a.Offset+a.Length > b.Offset {
			return bad("delta_edit: two edits of entry %d overlap: one ends at byte %d and another begins at byte %d", a.Item, a.Offset+a.Length, b.Offset)
		}
	}
	r.replaced = list
	return nil
}

// sum adds a batch's verdict to the one that stands for all of the answer's.
func (r *Run) sum(seat *seat, v *Verdict) {
	if seat.delta < 0 {
		seat.delta = int32(len(r.verdicts))
		r.verdicts = append(r.verdicts, *v)
		return
	}
	all := &r.verdicts[seat.delta]
	all.Took += v.Took
	all.Fuel += v.Fuel
	all.Calls += v.Calls
	if gravity(v.Action) > gravity(all.Action) {
		all.Action = v.Action
	}
	if !math.IsNaN(v.Score) {
		all.score(v.Score)
	}
	if v.Fault != frame.ClassNone {
		all.Fault = v.Fault
	}
	all.Denied = all.Denied || v.Denied
}

// Fail notes a fault of the i-th watcher that showed after its call: a hold that cannot be kept, an edit that cannot be made. The watcher is
// out. It gives the refusal when that ends the answer.
func (r *Run) Fail(i int, fault *frame.Fault) *Refusal {
	at := int(r.watch[i])
	st, seat := &r.chain.stages[at], &r.seats[at]
	seat.out = true
	r.one = st.verdict(abi.HookDelta)
	v := &r.one
	r.now = frame.Nanotime()
	r.call.Begin, r.call.End, r.call.Size = r.now, r.now, 0
	r.called, r.excused = true, false
	r.conclude(st, v, fault)
	refusal := r.fail(st, fault)
	r.sum(seat, v)
	return refusal
}
