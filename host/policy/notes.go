package policy

import (
	"bytes"
	"math/bits"

	"weir/host/frame"
	"weir/sdk/abi"
)

// notes are the scores and tags of a request: those that later plugins are shown, and those of entries in mode observe.
type notes struct{ shown, observed ledger }

type ledger struct {
	scores []frame.Score
	tags   []frame.Tag
}

func (n *notes) reset() {
	n.shown.reset()
	n.observed.reset()
}

func (l *ledger) reset() {
	l.scores, l.tags = fresh(l.scores, keptEntries), fresh(l.tags, keptEntries)
}

// of is where a stage's notes go.
func (n *notes) of(st *stage) *ledger {
	if st.observe {
		return &n.observed
	}
	return &n.shown
}

// score is the score of that plugin, name and message; nil when it gave none.
func (l *ledger) score(plugin string, name []byte, message int32) *frame.Score {
	for i := range l.scores {
		if s := &l.scores[i]; s.Message == message && s.Plugin == plugin && bytes.Equal(s.Name, name) {
			return s
		}
	}
	return nil
}

// tag is the tag of that plugin and name; nil when it gave none.
func (l *ledger) tag(plugin string, name []byte) *frame.Tag {
	for i := range l.tags {
		if t := &l.tags[i]; t.Plugin == plugin && bytes.Equal(t.Name, name) {
			return t
		}
	}
	return nil
}

// put notes a score of a message in the place of the same plugin's earlier one of that name.
func (l *ledger) put(r *Run, plugin string, message int32, a *frame.Action) {
	if s := l.score(plugin, a.Name, message); s != nil {
		s.Value = a.Value
		return
	}
	l.scores = append(l.scores, frame.Score{Value: a.Value, Message: message, Plugin: plugin, Name: r.keep(a.Name)})
}

// set notes a tag in the place of the same plugin's earlier one of that name.
func (l *ledger) set(r *Run, plugin string, a *frame.Action) {
	t := l.tag(plugin, a.Name)
	if t == nil {
		l.tags = append(l.tags, frame.Tag{Plugin: plugin, Name: r.keep(a.Name)})
		t = &l.tags[len(l.tags)-1]
	}
	if cap(t.Value) < len(a.Text) {
		// A stream may set one tag thousands of times: room is doubled, so that little of it is left behind.
		t.Value = make([]byte, 0, 1<<bits.Len(uint(len(a.Text)-1)))
	}
	t.Value = append(t.Value[:0], a.Text...)
}

// forget drops what a plugin noted.
func (n *notes) forget(plugin string) {
	for _, l := range [...]*ledger{&n.shown, &n.observed} {
		scores, tags := l.scores[:0], l.tags[:0]
		for _, s := range l.scores {
			if s.Plugin != plugin {
				scores = append(scores, s)
			}
		}
		for _, t := range l.tags {
			if t.Plugin != plugin {
				tags = append(tags, t)
			}
		}
		l.scores, l.tags = scores, tags
	}
}

// renumber is the index that message i has after the INSERTs in hand; -1 where it cannot be told, because not all of them made a message
// of their own.
func (r *Run) renumber(i int32) int32 {
	if i < 0 || r.grew < 0 {
		return i
	}
	inserts, before := 0, int32(0)
	for j := range r.actions {
		if a := &r.actions[j]; a.Kind == abi.ActionInsert {
			inserts++
			if a.Index != abi.None && int32(a.Index) <= i {
				before++
			}
		}
	}
	switch r.grew {
	case inserts:
		return i + before
	case 0:
		return i
	default:
		return -1
	}
}

// renumber follows the messages that earlier scores are about.
func (n *notes) renumber(r *Run) {
	for _, l := range [...]*ledger{&n.shown, &n.observed} {
		for i := range l.scores {
			l.scores[i].Message = r.renumber(l.scores[i].Message)
		}
	}
}

// Scores are what plugins scored, the last word of each plugin on each name and message.
func (r *Run) Scores() []frame.Score { return r.notes.shown.scores }

// Tags are what plugins tagged the request with, the last word of each plugin on each name.
func (r *Run) Tags() []frame.Tag { return r.notes.shown.tags }

// Observed are the scores and tags of entries in mode observe, which no plugin is shown.
func (r *Run) Observed() ([]frame.Score, []frame.Tag) {
	return r.notes.observed.scores, r.notes.observed.tags
}
