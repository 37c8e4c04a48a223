package stream

import (
	"slices"
	"unicode/utf8"

	"weir/host/frame"
	"weir/host/policy"
	"weir/sdk/abi"
)

// run shows each plugin what those before it let go of. It moves now on to when it is done.
func (s *Stream) run(w *scratch, now *int64, pressed bool) *policy.Refusal {
	for i := range s.stages {
		if stop := s.pass(w, i, now, pressed); stop != nil {
			return stop
		}
	}
	return nil
}

// before is how much of a track's text the stages before i let go of.
func (t *track) before(i int) int {
	if i == 0 {
		return len(t.text)
	}
	return t.cursors[i-1].let
}

// pass shows stage i what there is: complete strings at once, as they cannot be held back; others if there is as much as it asked
// for, or it waited as long as it wants to.
func (s *Stream) pass(w *scratch, i int, now *int64, pressed bool) *policy.Refusal {
	st := &s.stages[i]
	fresh, copied := s.reach(i)
	if stop := s.show(w, i, now, true); stop != nil || st.out {
		return stop
	}
	if fresh == 0 {
		st.since = 0
		return nil
	}
	if st.since == 0 {
		st.since = *now
	}
	if fresh < st.Bytes && !pressed && copied <= s.limit && (st.Every <= 0 || *now-st.since < int64(st.Every)) {
		return nil
	}
	st.since = 0
	return s.show(w, i, now, false)
}

// reach puts what the stages before i let go of into its reach: an observer gets a copy and lets go, a stage that is out lets go. It tells
// how much of strings that may go on the stage was not shown yet, and how much an observer has a copy of.
func (s *Stream) reach(i int) (fresh, copied int) {
	st := &s.stages[i]
	for n := range s.q.tracks {
		t := &s.q.tracks[n]
		c := &t.cursors[i]
		up := t.before(i)
		switch {
		case st.out:
			c.let, c.shown, c.own, c.seen = up, up, c.own[:0], 0
			continue
		case st.Observe:
			c.own = append(c.own, t.text[c.let:up]...)
			c.let = up
			copied += len(c.own)
		}
		if !t.whole(i) {
			fresh += t.fresh(st, i)
		}
	}
	return fresh, copied
}

// whole tells whether stage i has all it will get of the track, as far as is known.
func (t *track) whole(i int) bool { return t.closed && t.before(i) == len(t.text) }

// fresh is how much of the track stage i was not shown and can be.
func (t *track) fresh(st *stage, i int) int {
	c := &t.cursors[i]
	if st.Observe {
		return len(c.own) - c.seen
	}
	return t.before(i) - max(c.shown, c.let)
}

// window is what stage i has not let go of and can be shown.
func (t *track) window(st *stage, i int) []byte {
	c := &t.cursors[i]
	if st.Observe {
		return c.own
	}
	return t.text[c.let:t.before(i)]
}

// show makes a batch of the tracks that are whole, or of those that are not and have something fresh, and calls stage i with it.
func (s *Stream) show(w *scratch, i int, now *int64, whole bool) *policy.Refusal {
	st := &s.stages[i]
	if st.out {
		return nil
	}
	w.tracks = w.tracks[:0]
	for n := range s.q.tracks {
		t := &s.q.tracks[n]
		if len(t.window(st, i)) > 0 && t.whole(i) == whole && (whole || t.fresh(st, i) > 0) {
			w.tracks = append(w.tracks, int32(n))
		}
	}
	if len(w.tracks) == 0 {
		return nil
	}
	slices.SortFunc(w.tracks, func(a, b int32) int { return int(s.q.tracks[a].turn - s.q.tracks[b].turn) })
	s.compose(w, i, *now, whole)
	reply := s.chain.Delta(i, &w.batch)
	*now = max(*now, reply.Now)
	switch {
	case reply.Stop != nil:
		return reply.Stop
	case reply.Out:
		s.out(i)
		s.reach(i)
	case st.Observe:
		s.retain(w, i, reply.Hold, whole)
	default:
		s.apply(w, i, &reply, whole)
	}
	return nil
}

// compose makes w.batch of the windows of w.tracks.
func (s *Stream) compose(w *scratch, i int, now int64, whole bool) {
	st := &s.stages[i]
	w.items, w.text = w.items[:0], w.text[:0]
	offset := 0
	for _, n := range w.tracks {
		t := &s.q.tracks[n]
		window := t.window(st, i)
		w.items = append(w.items, frame.Delta{
			Index: uint32(t.index), Block: uint32(t.last), Channel: uint8(t.channel), Offset: uint32(offset), Length: uint32(len(window)),
		})
		offset += len(window)
		if len(w.tracks) > 1 {
			w.text = append(w.text, window...)
		}
	}
	s.q.blocks(w, i)
	w.batch = policy.Batch{Items: w.items, Text: w.text, Now: now}
	if len(w.tracks) == 1 {
		w.batch.Text = s.q.tracks[w.tracks[0]].window(st, i)
	}
	w.batch.Flags, w.batch.Bytes = s.flags, st.bytes
	if whole {
		w.batch.Flags |= abi.DeltaFinal
	}
}

// blocks says in which block the text of each item begins; where that has left, as it may have for an observer, the last one stands.
func (q *queue) blocks(w *scratch, i int) {
	for k, n := range w.tracks {
		q.tracks[n].item = k + 1
	}
	left := len(w.tracks)
	for k := q.leading; k < len(q.segments) && left > 0; k++ {
		g := &q.segments[k]
		if g.track < 0 {
			continue
		}
		if t := &q.tracks[g.track]; t.item > 0 && g.end > t.cursors[i].let-len(t.cursors[i].own) {
			w.items[t.item-1].Block = uint32(g.block)
			t.item = 0
			left--
		}
	}
	for _, n := range w.tracks {
		q.tracks[n].item = 0
	}
}

// retain keeps of what an observer was shown what it wants to see again. It keeps no event waiting, so its share is bounded here.
func (s *Stream) retain(w *scratch, i, hold int, whole bool) {
	hold = min(hold, s.limit/len(s.q.tracks))
	for _, n := range w.tracks {
		c := &s.q.tracks[n].cursors[i]
		keep := held(c.own, hold, whole)
		s.stages[i].bytes += uint64(len(c.own) - keep)
		c.own = c.own[:copy(c.own, c.own[len(c.own)-keep:])]
		c.seen = keep
	}
}

// held is how many of the last bytes of text to keep where hold were asked for: whole characters.
func held(text []byte, hold int, whole bool) int {
	if whole || hold <= 0 {
		return 0
	}
	cut := max(len(text)-hold, 0)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return len(text) - cut
}
