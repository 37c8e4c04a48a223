package proxy

import (
	"sync"

	"weir/host/dialect"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/host/signal/phrase"
	"weir/host/telemetry"
)

// Facts say what is found out about each request that is read, and for whom.
// What nobody wants is not computed.
type Facts struct {
	Signals bool         // of the texts: for metrics and records
	Phrases *phrase.Set  // nil: none
	Lists   []string     // names of the phrases' lists, in their order
	Seed    prefix.Seed  // of the prompt's keys
	Seen    *prefix.Seen // keys of earlier prompts: for metrics; nil: not remembered
	Keys    Keys         // which of the prompt's keys are recorded
}

// Keys are the keys of a prompt that a record holds.
type Keys uint8

const (
	NoKeys      Keys = iota
	MessageKeys      // at the ends of messages
	BlockKeys        // and of every block
)

// The most keys in one record: the last ones.
const (
	mostMessageKeys = 64
	mostBlockKeys   = 4096
)

// facts are what was found out about one request.
type facts struct {
	matches [phrase.MaxLists]uint32
	chain   prefix.Chain
	chained bool   // chain is that of the request as it came
	joined  []byte // the texts that are joined when phrases may span them
}

// texts is room for what a request's texts are parsed into. Once the facts are
// found the next request gets it, while this one waits for its target: so few
// are in use, and they stay in the processor's cache.
type texts struct{ dialect.Texts }

var textsPool = sync.Pool{New: func() any { return new(texts) }}

// lendTexts gives the request room to be parsed into.
func (x *exchange) lendTexts() {
	x.texts = textsPool.Get().(*texts) //nolint:forcetypeassert // the pool holds nothing else
	x.req.GiveTexts(x.texts.Texts)
}

// dropTexts takes it back; the request has no texts any more.
func (x *exchange) dropTexts() {
	if t := x.texts; t != nil {
		t.Texts = x.req.TakeTexts()
		textsPool.Put(t)
		x.texts = nil
	}
}

// What pooled facts may keep.
const (
	keptKeys   = 8 << 10
	keptJoined = 1 << 20
)

func (f *facts) reset() {
	f.chained = false
	if cap(f.chain.Keys) > keptKeys {
		f.chain = prefix.Chain{}
	}
	if cap(f.joined) > keptJoined {
		f.joined = nil
	}
}

// gather finds out what is wanted about a request that was read.
func (x *exchange) gather() {
	want := &x.st.Facts
	if want.Signals {
		x.countSignals()
	}
	if want.Phrases != nil {
		x.countPhrases(want)
	}
	if want.Seen != nil || want.Keys != NoKeys {
		x.chain(&x.req, want)
		x.keepKeys(want)
	}
}

// countSignals scans every text by itself: the beginning of a part is the
// beginning of a line to the model too.
func (x *exchange) countSignals() {
	var all, v signal.Vector
	for i := range x.req.Parts {
		signal.ScanNotable(&v, x.req.Text(i))
		all.Merge(&v)
	}
	for _, k := range signal.Notable() {
		if n := all[k]; n > 0 {
			x.rec.Signals = append(x.rec.Signals, telemetry.Count{Name: k.String(), N: n})
		}
	}
}

// countPhrases scans all texts as one, so that a phrase split over messages or
// parts is found like any other. Texts decoded a second time stand between the
// others, so they are taken out and scanned by themselves.
func (x *exchange) countPhrases(want *Facts) {
	q, f := &x.req, &x.facts
	counts := f.matches[:len(want.Lists)]
	clear(counts)
	text := q.Arena
	if q.Decoded > 0 {
		f.joined = f.joined[:0]
		for i := range q.Parts {
			if q.Parts[i].Kind == dialect.PartDecoded {
				want.Phrases.Count(counts, q.Text(i))
			} else {
				f.joined = append(f.joined, q.Text(i)...)
			}
		}
		text = f.joined
	}
	want.Phrases.Count(counts, text)
	for l, n := range counts {
		if n > 0 {
			x.rec.Phrases = append(x.rec.Phrases, telemetry.Count{Name: want.Lists[l], N: n})
		}
	}
}

// chain chains the keys of the prompt in the order in which a model reads
// it, whatever the order of the body: tools, instructions, messages. What does
// not become part of the prompt (stop words, schemas of answers, names) is left
// out, and texts decoded a second time are in it once.
func (x *exchange) chain(q *dialect.Request, want *Facts) {
	c := &x.facts.chain
	x.facts.chained = q == &x.req
	c.Reset(want.Seed.Root(x.rec.Tenant, x.rec.Model))
	if len(q.Tools) > 0 {
		for i := range q.Parts {
			if p := &q.Parts[i]; p.Message < 0 && p.Channel == dialect.ChannelToolDefinition && p.Kind != dialect.PartDecoded {
				c.Text(q.Text(i))
			}
		}
		c.Boundary(byte(dialect.RoleNone))
	}
	alone := 0 // system and instructions, which stand beside the messages
	for i := range q.Messages {
		if q.Messages[i].Index < 0 {
			chainMessage(c, q, &q.Messages[i])
			alone++
		}
	}
	if alone < len(q.Messages) {
		for i := range q.Messages {
			if q.Messages[i].Index >= 0 {
				chainMessage(c, q, &q.Messages[i])
			}
		}
	}
}

// keepKeys puts into the record what is wanted of the keys.
func (x *exchange) keepKeys(want *Facts) {
	c := &x.facts.chain
	if want.Seen != nil {
		x.rec.PromptBytes = int64(c.Bytes)
		x.rec.PromptSeen = int64(want.Seen.Observe(c))
	}
	switch want.Keys {
	case MessageKeys:
		for _, i := range last(c.Boundaries, mostMessageKeys) {
			x.rec.Prefix = append(x.rec.Prefix, c.Keys[i])
		}
	case BlockKeys:
		x.rec.Prefix = append(x.rec.Prefix, last(c.Keys, mostBlockKeys)...)
	}
}

func chainMessage(c *prefix.Chain, q *dialect.Request, m *dialect.Message) {
	for i := m.Part; i < m.Part+m.Parts; i++ {
		if q.Parts[i].Kind != dialect.PartDecoded {
			c.Text(q.Text(int(i)))
		}
	}
	c.Boundary(byte(m.Role))
}

// last is the last n of s, or all.
func last[T any](s []T, n int) []T { return s[max(0, len(s)-n):] }
