package stream

import (
	"errors"
	"hash/maphash"
	"math"

	"weir/host/dialect"
)

// ledger remembers what the strings of an answer of Responses said and where they were edited, so that events that say them again
// say the same. Of the text it keeps a sum alone.
type ledger struct {
	records []record
	splices []splice
	size    int // of the replacements
	seed    maphash.Seed
	seeded  bool
}

// record is what one string of the answer said so far.
type record struct {
	block, part int32
	channel     dialect.DeltaChannel
	edited      bool
	length      int
	sum         maphash.Hash
}

// splice is an edit of a record's text: what stood at [at, at+length) became text.
type splice struct {
	record     int32
	at, length int
	text       []byte
}

// Bounds of a ledger. Strings beyond the first are not remembered, so that what repeats them is shown again; edits
// beyond the second cannot be made.
const (
	maxRecords = 256
	maxSpliced = 1 << 20
	maxSplices = 1 << 16
)

var errSpliced = errors.New("more of the answer was edited than can be kept for the events that say it again")

func (l *ledger) reset() {
	clear(l.splices)
	if cap(l.records) > 16 {
		l.records = nil
	}
	if cap(l.splices) > 64 {
		l.splices = nil
	}
	*l = ledger{records: l.records[:0], splices: l.splices[:0], seed: l.seed, seeded: l.seeded}
}

// edited tells whether any event to come may have to say an edit again.
func (l *ledger) edited() bool { return len(l.splices) > 0 }

// What an item is to the ledger.
type telling uint8

const (
	news  telling = iota // it goes on with its string
	claim                // it claims to say something again that no event said
	again                // it says again what its record says
)

// place says what an item is, the record it belongs to, -1 for none, and the offset of its text there.
func (l *ledger) place(ep dialect.Endpoint, it *dialect.Delta, text []byte) (what telling, r int32, at int) {
	if it.Repeat {
		what = claim
	}
	if ep != dialect.Responses {
		return what, -1, 0
	}
	if !l.seeded {
		l.seed, l.seeded = maphash.MakeSeed(), true
	}
	switch r = l.find(it); {
	case what == claim && r >= 0 && !it.Raw && l.says(r, text): // an object may not be able to say what a string was edited to
		return again, r, 0
	case what == claim && r >= 0:
		return claim, -1, 0
	}
	r, at = l.tell(r, it, text)
	return what, r, at
}

func (l *ledger) says(r int32, text []byte) bool {
	rec := &l.records[r]
	return rec.length == len(text) && rec.sum.Sum64() == maphash.Bytes(l.seed, text)
}

func (l *ledger) find(it *dialect.Delta) int32 {
	for i := range l.records {
		if rec := &l.records[i]; rec.block == it.Block && rec.part == it.Part && rec.channel == it.Channel {
			return int32(i)
		}
	}
	return -1
}

// tell adds text to record r, or to a new one for r < 0.
func (l *ledger) tell(r int32, it *dialect.Delta, text []byte) (int32, int) {
	if r < 0 {
		if len(l.records) == maxRecords {
			return -1, 0
		}
		r = int32(len(l.records))
		l.records = append(l.records, record{block: it.Block, part: it.Part, channel: it.Channel})
		l.records[r].sum.SetSeed(l.seed)
	}
	rec := &l.records[r]
	at := rec.length
	if rec.length > math.MaxInt-len(text) {
		return -1, 0
	}
	_, _ = rec.sum.Write(text) // never fails
	rec.length += len(text)
	return r, at
}

// enter notes that an item leaves as text.
func (l *ledger) enter(g *segment, text []byte) error {
	if g.record < 0 {
		return nil
	}
	if l.size+len(text) > maxSpliced || len(l.splices) == maxSplices {
		return errSpliced
	}
	l.size += len(text)
	l.records[g.record].edited = true
	l.splices = append(l.splices, splice{record: g.record, at: g.at, length: g.length, text: append([]byte(nil), text...)})
	return nil
}

// rebuild appends text, which is what record r said as it came, as it was edited.
func (l *ledger) rebuild(dst []byte, r int32, text []byte) []byte {
	at := 0
	for i := range l.splices {
		if p := &l.splices[i]; p.record == r && p.at >= at && p.at+p.length <= len(text) {
			dst = append(append(dst, text[at:p.at]...), p.text...)
			at = p.at + p.length
		}
	}
	return append(dst, text[at:]...)
}
