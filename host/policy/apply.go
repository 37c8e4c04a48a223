package policy

import (
	"bytes"
	"slices"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// ruling is what has to be known of who said what.
type ruling struct {
	rewritten bool // a tenant's plugin changed the text since the operator's guards saw it

	cost        int64 // an operator's, when costed
	costed      bool
	ownCost     bool // Decision.Cost is a tenant's
	variant     bool // Decision.Variant is an operator's
	maxTokens   int64
	bounded     bool   // an operator's plugin set max_tokens to maxTokens
	temperature bool   // an operator's plugin set the temperature
	class       []byte // an operator's
}

// take takes the verdict in hand whole, or gives a fault and has changed nothing.
func (r *Run) take(i int, v *Verdict) *frame.Fault {
	st := &r.chain.stages[i]
	if fault := r.check(st); fault != nil {
		return fault
	}
	deny := r.find(abi.ActionDeny)
	if deny == nil && !st.observe {
		if fault := r.rewrite(st, v); fault != nil {
			return fault
		}
	}
	v.weigh(r.actions)
	r.note(st)
	for j := range r.actions {
		switch a := &r.actions[j]; {
		case a.Kind == abi.ActionScore, a.Kind == abi.ActionTag:
		case a.Kind == abi.ActionStreamState:
			r.seats[i].state = append(r.seats[i].state[:0], a.Text...)
		case a.Kind == abi.ActionWantText:
			r.seats[i].wantText = st.has(abi.HookEnd)
		case deny == nil && !st.observe && !r.apply(st, int32(i), a):
			v.Ignored++
		}
	}
	if deny != nil && !st.observe {
		v.Denied = true
		r.refuseDenied(st, deny)
	}
	return nil
}

// find is the first action of that kind in hand.
func (r *Run) find(k abi.Action) *frame.Action {
	for i := range r.actions {
		if r.actions[i].Kind == k {
			return &r.actions[i]
		}
	}
	return nil
}

// weigh notes the gravest action and the highest score.
func (v *Verdict) weigh(actions []frame.Action) {
	for i := range actions {
		a := &actions[i]
		if gravity(a.Kind) > gravity(v.Action) {
			v.Action = a.Kind
		}
		if a.Kind == abi.ActionScore {
			v.score(a.Value)
		}
	}
}

// score notes a score, if it is the highest.
func (v *Verdict) score(x float64) {
	if !(x <= v.Score) { // which may be NaN
		v.Score = x
	}
}

// apply does what one action of a request says, as far as its plugin's authority goes; false: it has no effect.
func (r *Run) apply(st *stage, i int32, a *frame.Action) bool {
	d, own := &r.decision, st.owner == Tenant
	switch a.Kind {
	case abi.ActionRoute, abi.ActionPrefer, abi.ActionShadow:
		return r.applyRoute(own, a)
	case abi.ActionExclude:
		r.exclude(a)
	case abi.ActionClass:
		r.confine(own, a.Name)
	case abi.ActionCost:
		return r.applyCost(own, a.Amount)
	case abi.ActionWeight:
		d.share(own).Weight = a.Value
	case abi.ActionFlow:
		d.share(own).Flow = r.named(own, a.Name)
	case abi.ActionLane:
		d.share(own).Lane = r.keep(a.Name)
	case abi.ActionBudget:
		d.Charges = append(d.Charges, Charge{Name: r.named(own, a.Name), Amount: a.Amount, Own: own})
	case abi.ActionSetHeader:
		return r.applyHeader(own, a)
	case abi.ActionVariant:
		if own && r.ruling.variant {
			return false
		}
		d.Variant, r.ruling.variant = r.keep(a.Name), !own
	case abi.ActionEscalate:
		d.Escalations = append(d.Escalations, Escalation{Judge: r.keep(a.Name), Text: r.keep(a.Text), stage: i})
	}
	return true
}

func (d *Decision) share(own bool) *Share {
	if own {
		return &d.Own
	}
	return &d.Operator
}

// named is a name in the space of its plugin's owner.
func (r *Run) named(own bool, name []byte) []byte {
	if !own {
		return r.keep(name)
	}
	n := len(r.kept)
	r.kept = append(append(append(r.kept, r.chain.tenant...), 0), name...)
	return r.kept[n:len(r.kept):len(r.kept)]
}

func (r *Run) applyRoute(own bool, a *frame.Action) bool {
	if own && r.reach(a) != Candidate {
		return false
	}
	name, d := r.keep(a.Name), &r.decision
	switch {
	case a.Kind == abi.ActionPrefer:
		d.Prefer = name
	case a.Kind == abi.ActionShadow:
		d.Shadow = name
	case a.What == abi.ByModel:
		d.Model = name
	default:
		d.Target = name
	}
	return true
}

func (r *Run) exclude(a *frame.Action) {
	d := &r.decision
	for i := range d.Exclude {
		if d.Exclude[i].What == a.What && bytes.Equal(d.Exclude[i].Name, a.Name) {
			return
		}
	}
	d.Exclude = append(d.Exclude, Exclusion{What: a.What, Name: r.keep(a.Name)})
}

// confine adds a data class to those the request has to stay within. The operator's, of which there is one, comes first.
func (r *Run) confine(own bool, class []byte) {
	d, u := &r.decision, &r.ruling
	if !own {
		if u.class == nil {
			d.Classes = slices.Insert(d.Classes, 0, nil)
		}
		u.class = r.keep(class)
		d.Classes[0] = u.class
		return
	}
	owned := d.Classes
	if u.class != nil {
		owned = owned[1:]
	}
	for _, c := range owned {
		if bytes.Equal(c, class) {
			return
		}
	}
	d.Classes = append(d.Classes, r.keep(class))
}

func (r *Run) applyCost(own bool, tokens int64) bool {
	d, u := &r.decision, &r.ruling
	if !own {
		d.Cost, u.cost, u.costed, u.ownCost = tokens, tokens, true, false
		return true
	}
	d.Cost, u.ownCost = tokens, true
	if u.costed && tokens < u.cost {
		d.Cost = u.cost
		return false
	}
	return tokens >= r.estimate()
}

func (r *Run) applyHeader(own bool, a *frame.Action) bool {
	d := &r.decision
	for i := range d.Headers {
		h := &d.Headers[i]
		if !foldedEqual(a.Name, string(h.Name)) {
			continue
		}
		if own && !h.own {
			return false
		}
		h.Value, h.own = r.keep(a.Text), own
		return true
	}
	name := bytes.ToLower(a.Name)
	d.Headers = append(d.Headers, Header{Name: r.keep(name), Value: r.keep(a.Text), own: own})
	return true
}

// settle finishes the decision when all plugins have spoken.
func (r *Run) settle() {
	d := &r.decision
	d.Request, d.Edited = r.request, r.draft.edited
	if r.ruling.ownCost {
		d.Cost = max(d.Cost, r.estimate())
	}
	for i := range r.chain.stages {
		st, seat := &r.chain.stages[i], &r.seats[i]
		if seat.active && !seat.out && st.has(abi.HookDelta) {
			r.watch = append(r.watch, int32(i))
		}
		if seat.active && st.has(abi.HookEnd) && st.sections[abi.HookEnd].Has(abi.SectionResponseText) {
			seat.wantText = true
		}
	}
}

// estimate is the host's count of input tokens: four bytes of text to a token, as everywhere where nobody counted.
func (r *Run) estimate() int64 {
	if r.request == nil {
		return 0
	}
	n := len(r.request.Arena)
	if r.request.Decoded > 0 {
		for i := range r.request.Parts {
			if p := &r.request.Parts[i]; p.Kind == dialect.PartDecoded {
				n -= int(p.Length)
			}
		}
	}
	return int64(n+3) / 4
}

func (d *Decision) reset() {
	*d = Decision{
		Cost: -1, Exclude: fresh(d.Exclude, keptEntries), Classes: fresh(d.Classes, keptEntries),
		Charges: fresh(d.Charges, keptEntries), Headers: fresh(d.Headers, keptEntries), Escalations: fresh(d.Escalations, keptEntries),
	}
}
