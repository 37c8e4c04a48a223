package policy

import (
	"bytes"
	"cmp"
	"slices"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// draft is the request as plugins have changed it.
type draft struct {
	request *dialect.Request // parsed from bodies[at] when edited
	bodies  [2][]byte
	at      int
	edited  bool
	count   int // of edit, insert and param actions taken
	edits   dialect.Edits
	order   []patch
	joined  []byte
}

// patch is an EDIT in terms of the request's own parts.
type patch struct {
	part, offset, length int
	text                 []byte
}

// keptBody is the most a pooled Run keeps of each edited body, in bytes.
const keptBody = 256 << 10

func (d *draft) reset() {
	if d.request != nil {
		d.request.Reset()
	}
	for i := range d.bodies {
		d.bodies[i] = trim(d.bodies[i], keptBody)
	}
	d.at, d.edited, d.count = 0, false, 0
	d.edits.Begin(nil)
	d.order = fresh(d.order, keptEntries)
	d.joined = trim(d.joined, keptBytes)
}

// rewrite makes the body that the actions in hand ask for and parses it, strictly, into the Run's own request: later plugins, and the
// model, get what was inspected. A fault leaves the request as it was.
func (r *Run) rewrite(st *stage, v *Verdict) *frame.Fault {
	own := st.owner == Tenant
	if !r.changes() {
		return nil
	}
	d := &r.draft
	d.edits.Begin(r.request)
	count, text, ignored, fault := r.collect(own)
	if fault != nil {
		return fault
	}
	v.Ignored += ignored
	if d.edits.Len() == 0 {
		return nil
	}
	next := 1 - d.at
	body, err := d.edits.Append(d.bodies[next][:0])
	if err != nil {
		return bad("%v", err)
	}
	d.bodies[next] = body
	if most := r.subject.MaxBody; most > 0 && len(body) > most {
		return frame.Faultf(frame.BadVerdict, "the edited body would have %d bytes and may have %d (limits.body)", len(body), most)
	}
	had := len(r.request.Messages)
	if fault := r.adopt(next); fault != nil {
		return fault
	}
	r.grew = len(r.request.Messages) - had
	r.notes.renumber(r)
	d.count += count
	r.ruling.note(own, text, r.actions)
	r.facts.changed(r.request)
	r.frame.changed()
	r.now = frame.Nanotime() // the time this took is not the next plugin's
	return nil
}

// changes tells whether an action in hand changes the body.
func (r *Run) changes() bool {
	for i := range r.actions {
		switch r.actions[i].Kind {
		case abi.ActionEdit, abi.ActionInsert, abi.ActionParam:
			return true
		}
	}
	return false
}

// collect puts the actions in hand into the draft's edits. Text tells whether the model will read something else than before.
func (r *Run) collect(own bool) (count int, text bool, ignored int32, fault *frame.Fault) {
	d := &r.draft
	d.order = d.order[:0]
	for i := range r.actions {
		a := &r.actions[i]
		var err error
		switch a.Kind {
		case abi.ActionEdit:
			part, _, _ := r.frame.part(int(a.Index))
			d.order = append(d.order, patch{part, int(a.Offset), int(a.Length), a.Text})
			text = true
		case abi.ActionInsert:
			before := int(a.Index)
			if a.Index == abi.None {
				before = -1
			}
			err = d.edits.Insert(before, dialect.Role(a.Role), a.Text)
			text = true
		case abi.ActionParam:
			var done bool
			if done, err = r.param(own, a); !done {
				ignored++
			}
		default:
			continue
		}
		if err != nil {
			return 0, false, 0, bad("%s: %v", a.Kind, err)
		}
		count++
	}
	return count, text, ignored, r.patch()
}

// param puts a PARAM into the draft's edits, unless it is beyond its plugin's authority.
func (r *Run) param(own bool, a *frame.Action) (bool, error) {
	if a.What == abi.ParamTemperature {
		if own && r.ruling.temperature {
			return false, nil
		}
		return true, r.draft.edits.Temperature(a.Value)
	}
	n := int64(a.Value)
	if own && r.ruling.bounded && n > r.ruling.maxTokens {
		return false, nil
	}
	return true, r.draft.edits.MaxTokens(n)
}

// note remembers what an operator's plugin set and what the operator's guards have to see again.
func (u *ruling) note(own, text bool, actions []frame.Action) {
	if own {
		u.rewritten = u.rewritten || text
		return
	}
	for i := range actions {
		switch a := &actions[i]; {
		case a.Kind != abi.ActionParam:
		case a.What == abi.ParamTemperature:
			u.temperature = true
		default:
			u.bounded, u.maxTokens = true, int64(a.Value)
		}
	}
}

// walked bounds what finding the places of edits may cost: the bytes before them in their parts, together.
const walked = 1 << 20

// patch puts the EDITs of the order into the draft's edits. Those of one part are put together into one where there are so many that finding
// each place would take long; what lies between them is then spelt anew, and means the same.
func (r *Run) patch() *frame.Fault {
	d := &r.draft
	slices.SortStableFunc(d.order, func(a, b patch) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.offset, b.offset), cmp.Compare(a.length, b.length))
	})
	walk := 0
	for i := range d.order {
		p := &d.order[i]
		if i > 0 && d.order[i-1].part == p.part && d.order[i-1].offset+d.order[i-1].length > p.offset {
			return bad("edit: two edits of one part overlap: one ends at byte %d and another begins at byte %d",
				d.order[i-1].offset+d.order[i-1].length, p.offset)
		}
		walk += p.offset + p.length
	}
	for rest := d.order; len(rest) > 0; {
		n := 1
		if walk > walked {
			for n < len(rest) && rest[n].part == rest[0].part {
				n++
			}
		}
		p := d.join(r.request, rest[:n])
		if err := d.edits.Text(p.part, p.offset, p.length, p.text); err != nil {
			return bad("edit: %v", err)
		}
		rest = rest[n:]
	}
	return nil
}

// join makes one patch of some of one part.
func (d *draft) join(q *dialect.Request, of []patch) patch {
	p := of[0]
	if len(of) == 1 {
		return p
	}
	text := q.Text(p.part)
	d.joined = append(d.joined[:0], p.text...)
	at := p.offset + p.length
	for _, next := range of[1:] {
		d.joined = append(append(d.joined, text[at:next.offset]...), next.text...)
		at = next.offset + next.length
	}
	p.length, p.text = at-p.offset, d.joined
	return p
}

// adopt parses bodies[next] and makes it the request.
func (r *Run) adopt(next int) *frame.Fault {
	d, was := &r.draft, r.request
	if d.request == nil {
		d.request = new(dialect.Request)
	}
	var stream bool
	var model []byte
	stream, model = was.Stream, was.Model
	if d.edited { // was is about to be overwritten, its model perhaps with it
		model = r.keep(model)
	}
	err := d.request.Parse(was.Endpoint, d.bodies[next])
	switch {
	case err != nil:
		return r.revert(was, bad("the edited body cannot be read: %s", err.Message))
	case d.request.Stream != stream || !bytes.Equal(d.request.Model, model):
		return r.revert(was, bad("the edits change the request's model or whether it is streamed"))
	}
	r.request, d.at, d.edited = d.request, next, true
	return nil
}

// revert puts back the request as it was before a body that was not adopted.
func (r *Run) revert(was *dialect.Request, fault *frame.Fault) *frame.Fault {
	d := &r.draft
	if was == d.request {
		if err := d.request.Parse(was.Endpoint, d.bodies[d.at]); err != nil {
			panic("policy: a body that was read before cannot be read again: " + err.Message)
		}
	}
	return fault
}
