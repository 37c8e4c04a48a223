package stream

import "weir/host/policy"

// apply makes the edits of a reply and lets go of what it does not hold.
func (s *Stream) apply(w *scratch, i int, reply *policy.Reply, whole bool) {
	for rest := reply.Edits; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Item == rest[0].Item {
			n++
		}
		s.q.edit(w, w.tracks[rest[0].Item], i, rest[:n])
		rest = rest[n:]
	}
	for k, n := range w.tracks {
		t := &s.q.tracks[n]
		c := &t.cursors[i]
		up := t.before(i)
		keep := held(t.text[c.let:up], reply.Hold, whole)
		if shown := int(w.items[k].Length); shown > keep {
			s.stages[i].bytes += uint64(shown - keep)
		}
		c.let, c.shown = up-keep, up
	}
}

// edit makes edits of the window of stage i in track n, which are in order and do not overlap. It takes one walk over the text and
// the segments, however many they are.
func (q *queue) edit(w *scratch, n int32, i int, edits []policy.Replacement) {
	t := &q.tracks[n]
	let := t.cursors[i].let
	at := let
	w.text = w.text[:0]
	for k := range edits {
		e := &edits[k]
		a := let + int(e.Offset)
		w.text = append(append(w.text, t.text[at:a]...), e.Text...)
		at = a + int(e.Length)
	}
	w.text = append(w.text, t.text[at:]...)
	grown := let + len(w.text) - len(t.text)
	t.text = append(t.text[:let], w.text...)
	for j := range i {
		t.cursors[j].let += grown
		t.cursors[j].shown += grown
	}
	m := mover{let: let, edits: edits}
	for k := q.leading; k < len(q.segments); k++ {
		g := &q.segments[k]
		if g.track != n {
			continue
		}
		start, end := g.start, g.end
		g.start = m.move(start)
		before := m.behind
		g.end = m.move(end)
		if m.behind > before || m.touches(start, end) {
			g.by = int32(i + 1)
		}
	}
}

// mover tells where the ends of segments lie after edits, asked in ascending order.
type mover struct {
	let    int // where the window begins
	edits  []policy.Replacement
	behind int // edits that lie before what was asked last
	grown  int // by these
}

// span is the range that edit k replaces.
func (m *mover) span(k int) (a, b int) {
	a = m.let + int(m.edits[k].Offset)
	return a, a + int(m.edits[k].Length)
}

// move is where the end x of a segment comes to lie. The segment with the first byte that an edit replaces says the replacement, so an
// end inside the range lies behind it. What is put in between two segments goes to the first, but for the window's beginning: what is
// before that has been let go of.
func (m *mover) move(x int) int {
	for m.behind < len(m.edits) {
		a, b := m.span(m.behind)
		if b > x || b == x && a == b && a == m.let {
			if a < x {
				return a + m.grown + len(m.edits[m.behind].Text)
			}
			break
		}
		m.grown += len(m.edits[m.behind].Text) - (b - a)
		m.behind++
	}
	return x + m.grown
}

// touches tells whether the next edit has to do with a segment.
func (m *mover) touches(start, end int) bool {
	if m.behind == len(m.edits) {
		return false
	}
	a, b := m.span(m.behind)
	return a <= end && b >= start
}
