package policy

import (
	"unicode/utf8"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// check holds the actions in hand to the request, to the plugin's announcements and to what plugins may leave in all. Nothing has
// been done yet, so a verdict is taken whole or not at all.
func (r *Run) check(st *stage) *frame.Fault {
	var n tally
	for i := range r.actions {
		a := &r.actions[i]
		var fault *frame.Fault
		switch a.Kind {
		case abi.ActionEdit:
			n.edits++
			fault = r.checkEdit(a)
		case abi.ActionInsert:
			n.edits++
			if a.Index != abi.None && int(a.Index) > len(r.request.Messages) {
				fault = bad("insert: the place is before message %d, and the request has %d", a.Index, len(r.request.Messages))
			}
		case abi.ActionParam:
			n.edits++
		case abi.ActionSetHeader:
			n.headers++
			fault = st.maySet(a.Name)
		case abi.ActionRoute, abi.ActionPrefer, abi.ActionShadow:
			fault = r.checkReach(st, a)
		case abi.ActionExclude:
			n.exclusions++
		case abi.ActionClass:
			n.classes++
		case abi.ActionBudget:
			n.charges++
		case abi.ActionEscalate:
			n.escalations++
			if r.chain.judges == nil {
				fault = bad("escalate: no judge is configured")
			} else if !r.chain.judges(a.Name) {
				fault = bad("escalate: there is no judge %q", a.Name)
			}
		}
		if fault != nil {
			return fault
		}
	}
	if fault := r.checkNotes(st); fault != nil {
		return fault
	}
	return n.check(r)
}

func bad(format string, args ...any) *frame.Fault {
	return frame.Faultf(frame.BadVerdict, format, args...)
}

// tally counts the actions of a verdict that leave something.
type tally struct{ edits, headers, exclusions, classes, charges, escalations int }

func (n *tally) check(r *Run) *frame.Fault {
	d := &r.decision
	for _, of := range [...]struct {
		what           string
		had, more, may int
	}{
		{"edit, insert and param actions", r.draft.count, n.edits, maxEdits},
		{"set_header actions", len(d.Headers), n.headers, maxHeaders},
		{"exclude actions", len(d.Exclude), n.exclusions, maxExclusions},
		{"class actions", len(d.Classes), n.classes, maxClasses},
		{"budget actions", len(d.Charges), n.charges, maxCharges},
		{"escalate actions", len(d.Escalations), n.escalations, maxEscalations},
	} {
		if of.had+of.more > of.may {
			return bad("the plugins of a request may have %d %s in all; %d were there and the verdict has %d", of.may, of.what, of.had, of.more)
		}
	}
	return nil
}

// checkNotes holds the scores and tags in hand to the request's messages and to their bounds.
func (r *Run) checkNotes(st *stage) *frame.Fault {
	l := r.notes.of(st)
	scores, tags := len(l.scores), len(l.tags)
	for i := range r.actions {
		switch a := &r.actions[i]; a.Kind {
		case abi.ActionScore:
			if int(a.Message) >= r.facts.messages {
				return bad("score %q: it is about message %d, and the request has %d", a.Name, a.Message, r.facts.messages)
			}
			if scores < maxScores && l.score(st.label, a.Name, a.Message) != nil {
				continue
			}
			if scores++; scores > maxScores {
				return bad("the plugins of a request may give %d scores in all; %d were there", maxScores, len(l.scores))
			}
		case abi.ActionTag:
			if tags < maxTags && l.tag(st.label, a.Name) != nil {
				continue
			}
			if tags++; tags > maxTags {
				return bad("the plugins of a request may set %d tags in all; %d were there", maxTags, len(l.tags))
			}
		}
	}
	return nil
}

// checkEdit holds an EDIT to the part it names, as the plugin was shown it.
func (r *Run) checkEdit(a *frame.Action) *frame.Fault {
	part, context, ok := r.frame.part(int(a.Index))
	if !ok {
		return bad("edit: there is no part %d; the frame has %d", a.Index, r.frame.parts())
	}
	if context {
		return bad("edit: part %d is shown as context and cannot be edited", a.Index)
	}
	switch r.request.Parts[part].Kind {
	case dialect.PartJoined:
		return bad("edit: part %d shows an object or array joined, which is not one string", a.Index)
	case dialect.PartDecoded:
		return bad("edit: part %d shows part %d decoded once more; edit that one", a.Index, a.Index-1)
	}
	if why := cut(r.request.Text(part), a.Offset, a.Length); why != "" {
		return bad("edit: %d bytes at %d %s of part %d, which has %d", a.Length, a.Offset, why, a.Index, len(r.request.Text(part)))
	}
	return nil
}

// cut says what is wrong with a range of a text; "" when it begins and ends between characters inside it.
func cut(text []byte, offset, length uint32) string {
	if uint64(offset)+uint64(length) > uint64(len(text)) {
		return "lie outside"
	}
	if !boundary(text, int(offset)) || !boundary(text, int(offset+length)) {
		return "cut a character"
	}
	return ""
}

func boundary(text []byte, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }

// checkReach refuses an operator's plugin the name of something that does not exist: it is a mistake in somebody's settings.
func (r *Run) checkReach(st *stage, a *frame.Action) *frame.Fault {
	if st.owner == Tenant || r.reach(a) != Unknown {
		return nil
	}
	kind := "target"
	if a.Kind == abi.ActionRoute && a.What == abi.ByModel {
		kind = "model"
	}
	return bad("%s: no %s %q is configured", a.Kind, kind, a.Name)
}

// reach is how far what a ROUTE, PREFER or SHADOW names is from the request.
func (r *Run) reach(a *frame.Action) Reach {
	what := uint32(abi.ByName)
	if a.Kind == abi.ActionRoute {
		what = a.What
	}
	return r.subject.Facts.Reach(what, a.Name)
}
