package stream

import (
	"bytes"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
)

// let is how much of a track's text all stages let go of.
func (t *track) let() int {
	if n := len(t.cursors); n > 0 {
		return t.cursors[n-1].let
	}
	return len(t.text)
}

// release appends to dst the events in front that nobody holds back.
func (s *Stream) release(w *scratch, dst []byte) ([]byte, *policy.Refusal) {
	q := s.q
	from := q.head // of a run of events that leave as they came
	for q.first < len(q.events) {
		e := &q.events[q.first]
		changed, free := s.inspect(q.segments[q.leading:e.segments])
		if !free {
			break
		}
		if changed {
			dst = append(dst, q.bytes[from:q.head]...)
			var stop *policy.Refusal
			if dst, stop = s.rewrite(w, dst, q.bytes[q.head:e.end], q.segments[q.leading:e.segments]); stop != nil {
				return dst, stop
			}
			from = e.end
		}
		s.leave(q.segments[q.leading:e.segments])
		q.head, q.leading = e.end, e.segments
		q.first++
	}
	dst = append(dst, q.bytes[from:q.head]...)
	q.compact()
	return dst, nil
}

// inspect tells whether an event with these segments says anything else than it came with, and whether it may leave.
func (s *Stream) inspect(segments []segment) (changed, free bool) {
	for k := range segments {
		g := &segments[k]
		if g.track < 0 {
			changed = changed || s.ledger.records[g.record].edited
			continue
		}
		if s.q.tracks[g.track].let() < g.end {
			return false, false
		}
		changed = changed || g.by > 0
	}
	return changed, true
}

// leave lets the text of an event go.
func (s *Stream) leave(segments []segment) {
	for k := range segments {
		if g := &segments[k]; g.track >= 0 {
			t := &s.q.tracks[g.track]
			t.gone = max(t.gone, g.end)
			t.waiting--
		}
	}
}

// rewrite appends an event as edited, and enters the edits in the ledger.
func (s *Stream) rewrite(w *scratch, dst, ev []byte, segments []segment) ([]byte, *policy.Refusal) {
	d := &w.deltas
	if err := d.Event(s.endpoint, ev); err != nil { // it was read before
		panic("stream: an event that was read before cannot be read again: " + err.Error())
	}
	stop := s.replace(w, segments)
	if stop != nil {
		return dst, stop
	}
	if len(w.list) == 0 {
		return append(dst, ev...), nil
	}
	s.edited = true
	dst, err := d.AppendEdited(dst, ev, w.list)
	if err != nil {
		panic("stream: edits that were checked cannot be made: " + err.Error())
	}
	return dst, nil
}

// replace lists in w.list what the items of these segments say now. An edit that cannot be made is a fault of the plugin that made
// it last; if that may fail, the item stays as it came.
func (s *Stream) replace(w *scratch, segments []segment) *policy.Refusal {
	w.list, w.rebuilt = w.list[:0], w.rebuilt[:0]
	for k := range segments {
		g := &segments[k]
		var text []byte
		switch {
		case g.track < 0:
			if !s.ledger.records[g.record].edited {
				continue
			}
			from := len(w.rebuilt)
			w.rebuilt = s.ledger.rebuild(w.rebuilt, g.record, w.deltas.Text(int(g.item)))
			text = w.rebuilt[from:]
		case g.by > 0:
			text = s.q.tracks[g.track].text[g.start:g.end]
			if bytes.Equal(text, w.deltas.Text(int(g.item))) {
				continue
			}
			r := dialect.Replacement{Item: int(g.item), Text: text}
			err := w.deltas.Check(&r)
			if err == nil {
				err = s.ledger.enter(g, text)
			}
			if err == nil {
				break
			}
			i := int(g.by) - 1
			if s.stages[i].out {
				continue
			}
			stop := s.chain.Fail(i, frame.Faultf(frame.BadVerdict, "delta_edit: %v", err))
			s.out(i)
			if stop != nil {
				return stop
			}
			continue
		default:
			continue
		}
		w.list = append(w.list, dialect.Replacement{Item: int(g.item), Text: text})
	}
	return nil
}

// blocker is the stage that keeps the first event waiting; -1 if none does.
func (s *Stream) blocker() int {
	q := s.q
	if q.first == len(q.events) {
		return -1
	}
	for _, g := range q.segments[q.leading:q.events[q.first].segments] {
		if g.track < 0 {
			continue
		}
		for i, c := range q.tracks[g.track].cursors {
			if c.let < g.end {
				return i
			}
		}
	}
	return -1
}
