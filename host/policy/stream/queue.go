package stream

import (
	"fmt"
	"sync"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
)

// queue is what waits: events, and the strings their text makes up. A Stream has one only while something does.
type queue struct {
	bytes    []byte // of the events; those before head have left
	head     int
	events   []event // those before first have left
	first    int
	segments []segment // those before leading have left
	leading  int
	tracks   []track
	turns    int64 // order in which tracks got their text
	repeats  int64
}

// event is one event that waits.
type event struct {
	end      int // in bytes
	segments int // end of its segments in the queue's
}

// segment is an item of an event: text in a track, or with track -1 one that says what others say.
type segment struct {
	track      int32
	item       int32 // in the event's Deltas
	block      int32
	start, end int   // in the track's text, as edited so far
	by         int32 // 1 and the stage that edited it last; 0: none did
	record     int32 // in the ledger; -1: none
	at, length int   // of the item in the record's text, as it came
}

// key names the string of a track.
type key struct {
	index, block int32 // block: 0 where a string goes on over blocks
	channel      dialect.DeltaChannel
	again        int64 // of a repeat that says something new: its own number
}

// track is a string: the text of it that waits, and how far each plugin has got.
type track struct {
	key
	text    []byte
	gone    int // of text, that has left
	waiting int // segments in the queue
	last    int32
	turn    int64
	cursors []cursor
	closed  bool  // complete, as far as is known
	ending  bool  // its block has ended
	until   int64 // when an ending track is taken for complete; 0: not set
	item    int   // 1 and its index in the batch that is made; 0: none
}

// cursor is how far a stage has got with a track.
type cursor struct {
	let   int    // text before it was let go of
	shown int    // text before it was shown
	own   []byte // a copy of what an observer has not let go of
	seen  int    // of own, that was shown
}

const (
	keepQueue   = 32 << 10 // bytes a pooled queue may keep
	keepEntries = 256
)

var queues = sync.Pool{New: func() any { return new(queue) }}

func newQueue() *queue { return queues.Get().(*queue) } //nolint:forcetypeassert // the pool holds nothing else

// free gives q back to the pool, unless it has grown large.
func (q *queue) free() {
	total := cap(q.bytes)
	for i := range q.tracks[:cap(q.tracks)] {
		t := &q.tracks[:cap(q.tracks)][i]
		total += cap(t.text)
		for j := range t.cursors[:cap(t.cursors)] {
			total += cap(t.cursors[:cap(t.cursors)][j].own)
		}
	}
	if total > keepQueue || cap(q.segments) > keepEntries || cap(q.tracks) > keepEntries/8 {
		return
	}
	*q = queue{bytes: q.bytes[:0], events: q.events[:0], segments: q.segments[:0], tracks: q.tracks[:0]}
	queues.Put(q)
}

// empty tells whether nothing waits: no event, and no text that an observer wants to see again.
func (q *queue) empty() bool {
	if q.first < len(q.events) {
		return false
	}
	for i := range q.tracks {
		if q.tracks[i].watched() {
			return false
		}
	}
	return true
}

// watched tells whether an observer has not let go of the track.
func (t *track) watched() bool {
	for i := range t.cursors {
		if len(t.cursors[i].own) > 0 {
			return true
		}
	}
	return false
}

// held tells whether anybody has not let go of the track.
func (t *track) held() bool {
	for i := range t.cursors {
		if c := &t.cursors[i]; c.let < len(t.text) || len(c.own) > 0 {
			return true
		}
	}
	return false
}

// maxTracks bounds the strings that an answer may say at once. OpenAI allows 128 choices.
const maxTracks = 1 << 10

var errStrings = fmt.Errorf("answer says more than %d strings at once", maxTracks)

// track is the index of the track of that key; -1 if there are too many.
func (q *queue) track(k key, stages int) int {
	spare := -1
	for i := range q.tracks {
		t := &q.tracks[i]
		if t.key == k {
			return i
		}
		if spare < 0 && t.waiting == 0 && !t.held() {
			spare = i
		}
	}
	if spare < 0 {
		if len(q.tracks) == maxTracks {
			return -1
		}
		spare = len(q.tracks)
		if spare < cap(q.tracks) {
			q.tracks = q.tracks[:spare+1]
		} else {
			q.tracks = append(q.tracks, track{})
		}
	}
	t := &q.tracks[spare]
	if cap(t.cursors) < stages {
		t.cursors = make([]cursor, stages)
	}
	t.cursors = t.cursors[:stages]
	for i := range t.cursors {
		t.cursors[i] = cursor{own: t.cursors[i].own[:0]}
	}
	*t = track{key: k, text: t.text[:0], cursors: t.cursors}
	return spare
}

// take puts the items of an event into tracks.
func (s *Stream) take(d *dialect.Deltas) error {
	q := s.q
	for i := range d.Items {
		it := &d.Items[i]
		if it.Same >= 0 {
			continue // goes along with the item that it says again
		}
		text := d.Text(i)
		what, record, at := s.ledger.place(s.endpoint, it, text)
		if what == again {
			q.segments = append(q.segments, segment{track: -1, item: int32(i), record: record})
			continue
		}
		k := key{index: it.Index, channel: it.Channel}
		if it.Channel == dialect.DeltaTool || it.Channel == dialect.DeltaName {
			k.block = it.Block
		}
		if what == claim {
			q.repeats++
			k.block, k.again = it.Block, q.repeats
		}
		n := q.track(k, len(s.stages))
		if n < 0 {
			return errStrings
		}
		if what == news {
			q.switchTo(n)
		}
		t := &q.tracks[n]
		if len(t.text) == t.gone {
			q.turns++
			t.turn = q.turns
		}
		start := len(t.text)
		t.text = append(t.text, text...)
		t.waiting++
		t.last, t.closed, t.ending, t.until = it.Block, what == claim, false, 0
		q.segments = append(q.segments, segment{
			track: int32(n), item: int32(i), block: it.Block, start: start, end: len(t.text), record: record, at: at, length: len(text),
		})
	}
	for _, e := range d.Ends {
		q.end(e)
	}
	s.ended = s.ended || d.Final
	return nil
}

// size is how much waits, in bytes: events, and text that edits made of theirs.
func (q *queue) size() int {
	n := len(q.bytes) - q.head
	for i := range q.tracks {
		n += len(q.tracks[i].text) - q.tracks[i].gone
	}
	return n
}

// switchTo takes the other strings of the track's choice for complete.
func (q *queue) switchTo(n int) {
	for i := range q.tracks {
		if t := &q.tracks[i]; i != n && t.index == q.tracks[n].index {
			t.closed = true
		}
	}
}

// end notes that a block has ended, or a choice.
func (q *queue) end(e dialect.End) {
	for i := range q.tracks {
		t := &q.tracks[i]
		switch {
		case t.index != e.Index:
		case e.Block == dialect.AllBlocks:
			t.closed = true
		case t.last == e.Block:
			if t.channel == dialect.DeltaTool || t.channel == dialect.DeltaName {
				t.closed = true
			}
			t.ending = true
		}
	}
}

// settle says which tracks are complete.
func (q *queue) settle(now int64, ended bool) {
	for i := range q.tracks {
		t := &q.tracks[i]
		if t.ending && t.until == 0 {
			t.until = now + int64(Linger)
		}
		t.closed = t.closed || ended || t.until > 0 && now >= t.until
	}
}

// compact moves what waits to the front of its buffers, when at least as much has left.
func (q *queue) compact() {
	if q.first == len(q.events) {
		q.bytes, q.head, q.events, q.first = q.bytes[:0], 0, q.events[:0], 0
		q.segments, q.leading = q.segments[:0], 0
	} else if q.head > len(q.bytes)/2 {
		n, lead := q.head, q.leading
		q.bytes = q.bytes[:copy(q.bytes, q.bytes[n:])]
		q.events = q.events[:copy(q.events, q.events[q.first:])]
		q.segments = q.segments[:copy(q.segments, q.segments[lead:])]
		q.head, q.first, q.leading = 0, 0, 0
		for i := range q.events {
			q.events[i].end -= n
			q.events[i].segments -= lead
		}
	}
	for i := range q.tracks {
		if t := &q.tracks[i]; t.gone > 0 && t.gone >= len(t.text)/2 {
			q.trim(i)
		}
	}
}

// trim forgets the text of a track that has left.
func (q *queue) trim(n int) {
	t := &q.tracks[n]
	gone := t.gone
	t.text = t.text[:copy(t.text, t.text[gone:])]
	t.gone = 0
	for i := range t.cursors {
		c := &t.cursors[i]
		c.let -= gone
		c.shown = max(c.shown-gone, 0)
	}
	for i := q.leading; i < len(q.segments); i++ {
		if g := &q.segments[i]; g.track == int32(n) {
			g.start -= gone
			g.end -= gone
		}
	}
}

// scratch is what one call of Event or Flush works with.
type scratch struct {
	deltas  dialect.Deltas
	batch   policy.Batch
	items   []frame.Delta
	tracks  []int32 // of the items
	text    []byte
	list    []dialect.Replacement
	rebuilt []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch() *scratch { return scratches.Get().(*scratch) } //nolint:forcetypeassert // the pool holds nothing else

func (w *scratch) free() {
	w.deltas.Reset()
	w.batch = policy.Batch{}
	clear(w.list)
	if cap(w.text)+cap(w.rebuilt) > keepQueue || cap(w.items)+cap(w.list) > keepEntries {
		w.text, w.rebuilt, w.items, w.tracks, w.list = nil, nil, nil, nil, nil
	}
	scratches.Put(w)
}
