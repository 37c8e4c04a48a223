package policy

import (
	"unicode/utf8"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy/memo"
	"weir/sdk/abi"
)

// recall is what a plugin that judges message by message is shown of a request: the messages it has not judged before, each after the
// context it wants, and what it said of the others. Everything outside messages (tools, parameters) counts as one message more.
//
// Entries keep the order of the request and nothing is shown twice: context of a message that is itself shown, or was shown as
// context already, is not repeated. So what stands before a message in the frame holds all of its context.
type recall struct {
	context frame.Context
	units   []unit
	keys    []memo.Key
	known   []bool
	scores  []memo.Scores
	pieces  []piece // context of the unit in hand, in order
	shown   []piece
	bytes   int // of text shown
	memo    []frame.Score
	places  []int32 // of the request's parts among those shown; -1: not shown
}

// unit is a message as it is remembered: index message of the request, -1 for what stands outside messages.
type unit struct {
	message int32
	context int32 // index of the message that is its context; -1: none, or not a whole message
}

// piece is text of a part, [from, to) of the request's arena.
type piece struct {
	part     int32
	from, to int32
	flags    uint8
}

// tailBytes is how much text before a message ContextTail shows, in bytes.
const tailBytes = 512

func (m *recall) reset() {
	*m = recall{
		units: fresh(m.units, keptEntries), keys: fresh(m.keys, keptEntries), known: fresh(m.known, keptEntries),
		scores: fresh(m.scores, keptEntries), pieces: fresh(m.pieces, keptEntries), shown: fresh(m.shown, keptEntries),
		memo: fresh(m.memo, keptEntries), places: fresh(m.places, keptEntries),
	}
}

// list is the section MEMO.
func (m *recall) list(filtered bool) []frame.Score {
	if !filtered {
		return nil
	}
	return m.memo
}

// find looks up every message of the request and lays out what has to be shown.
func (m *recall) find(r *Run, st *stage) {
	q := r.request
	m.context = st.manifest.PerMessage
	m.gather(q)
	m.hash(q, st)
	n := len(m.units)
	if cap(m.scores) < n {
		m.scores = make([]memo.Scores, n)
	}
	if cap(m.known) < n {
		m.known = make([]bool, n)
	}
	m.scores, m.known = m.scores[:n], m.known[:n]
	hits := st.memo.Find(m.keys, m.scores, m.known)
	st.series.Memo(hits, n-hits)
	m.remembered()
	m.show(q)
	r.now = frame.Nanotime() // what this took is not the plugin's time
}

// gather lists the units of a request.
func (m *recall) gather(q *dialect.Request) {
	m.units = m.units[:0]
	user := int32(-1)
	for i := range q.Messages {
		u := unit{message: int32(i), context: -1}
		if m.context == frame.ContextUser {
			u.context = user
		}
		if q.Messages[i].Role == dialect.RoleUser {
			user = int32(i)
		}
		m.units = append(m.units, u)
	}
	for i := range q.Parts {
		if q.Parts[i].Message < 0 {
			m.units = append(m.units, unit{message: -1, context: -1})
			return
		}
	}
}

// hash makes the key of every unit: over its parts and its context.
func (m *recall) hash(q *dialect.Request, st *stage) {
	h := st.memo.Hasher()
	defer h.Release()
	m.keys = m.keys[:0]
	var context memo.Key // of the last message that was one
	of := int32(-1)
	for i := range m.units {
		u := &m.units[i]
		if u.context >= 0 && u.context != of {
			of = u.context
			h.Begin(st.scope)
			hashMessage(h, q, of)
			context = h.Key()
		}
		h.Begin(st.scope)
		switch {
		case u.context >= 0:
			h.ContextKey(context)
		case m.context == frame.ContextTail && u.message >= 0:
			m.tail(q, u.message)
			for _, p := range m.pieces {
				part := &q.Parts[p.part]
				h.Context(uint8(part.Role), uint8(part.Channel), uint8(part.Kind), q.Arena[p.from:p.to])
			}
		}
		hashMessage(h, q, u.message)
		m.keys = append(m.keys, h.Key())
	}
}

// hashMessage hashes the parts of message i, -1 for all that are outside messages.
func hashMessage(h *memo.Hasher, q *dialect.Request, i int32) {
	from, to := span(q, i)
	for j := from; j < to; j++ {
		if p := &q.Parts[j]; p.Message == i {
			h.Part(uint8(p.Role), uint8(p.Channel), uint8(p.Kind), q.Text(int(j)))
		}
	}
}

// span is where in Parts those of message i stand; of -1, all: others are among them.
func span(q *dialect.Request, i int32) (from, to int32) {
	if i < 0 {
		return 0, int32(len(q.Parts))
	}
	return q.Messages[i].Part, q.Messages[i].Part + q.Messages[i].Parts
}

// tail puts into m.pieces the last bytes of the messages before message i, cut at a character. Texts decoded a second time are
// left out: they stand there once already.
func (m *recall) tail(q *dialect.Request, i int32) {
	m.pieces = m.pieces[:0]
	left := int32(tailBytes)
	for j := q.Messages[i].Part - 1; j >= 0 && left > 0; j-- {
		p := &q.Parts[j]
		if p.Message < 0 || p.Kind == dialect.PartDecoded || p.Length == 0 {
			continue
		}
		from, to := p.Offset, p.Offset+p.Length
		if p.Length > left {
			for from = to - left; !utf8.RuneStart(q.Arena[from]); {
				from++
			}
		}
		left -= to - from
		m.pieces = append(m.pieces, piece{j, from, to, abi.PartContext})
		if from > p.Offset {
			break
		}
	}
	for a, b := 0, len(m.pieces)-1; a < b; a, b = a+1, b-1 {
		m.pieces[a], m.pieces[b] = m.pieces[b], m.pieces[a]
	}
}

// remembered lists the scores of the messages that are known.
func (m *recall) remembered() {
	m.memo = m.memo[:0]
	for i, known := range m.known {
		if !known {
			continue
		}
		for j := range m.scores[i].Len() {
			name, value := m.scores[i].At(j)
			m.memo = append(m.memo, frame.Score{Value: value, Message: m.units[i].message, Name: name})
		}
	}
}

// show lays out what is not known.
func (m *recall) show(q *dialect.Request) {
	m.shown, m.bytes = m.shown[:0], 0
	m.places = m.places[:0]
	for range q.Parts {
		m.places = append(m.places, -1)
	}
	outside := false
	var next int // unit of the message that is looked at
	if n := len(m.units); n > 0 && m.units[n-1].message < 0 {
		outside = !m.known[n-1]
	}
	for j := int32(0); int(j) < len(q.Parts); j++ {
		i := q.Parts[j].Message
		if i < 0 {
			if outside {
				m.put(q, j, 0)
			}
			continue
		}
		if next = int(i); m.known[next] {
			continue
		}
		if q.Messages[i].Part == j {
			m.showContext(q, next)
		}
		m.put(q, j, 0)
	}
}

// showContext shows what of a unit's context is not there yet.
func (m *recall) showContext(q *dialect.Request, i int) {
	u := &m.units[i]
	switch {
	case u.context >= 0:
		for j, to := span(q, u.context); j < to; j++ {
			if m.places[j] < 0 {
				m.put(q, j, abi.PartContext)
			}
		}
	case m.context == frame.ContextTail:
		m.tail(q, u.message)
		for _, p := range m.pieces {
			if m.places[p.part] < 0 {
				m.add(p)
			}
		}
	}
}

// put shows a whole part.
func (m *recall) put(q *dialect.Request, j int32, flags uint8) {
	p := &q.Parts[j]
	m.add(piece{j, p.Offset, p.Offset + p.Length, flags})
}

func (m *recall) add(p piece) {
	m.places[p.part] = int32(len(m.shown))
	m.shown = append(m.shown, p)
	m.bytes += int(p.to - p.from)
}

// putParts writes MESSAGES.
func (m *recall) putParts(q *dialect.Request, l frame.Parts) {
	at := uint32(0)
	for i := range m.shown {
		s := &m.shown[i]
		p := &q.Parts[s.part]
		l.Put(i, frame.Part{
			Role: uint8(p.Role), Channel: uint8(p.Channel), Kind: uint8(p.Kind), Flags: s.flags,
			Message: uint32(p.Message), Offset: at, Length: uint32(s.to - s.from),
		})
		at += uint32(s.to - s.from)
	}
}

// putText writes TEXT.
func (m *recall) putText(q *dialect.Request, dst []byte) {
	for i := range m.shown {
		dst = dst[copy(dst, q.Arena[m.shown[i].from:m.shown[i].to]):]
	}
}

// tool is a tool in terms of what is shown.
func (m *recall) tool(t dialect.Tool) dialect.Tool {
	for _, i := range [...]*int32{&t.Name, &t.Description, &t.Schema} {
		if *i >= 0 {
			*i = m.places[*i]
		}
	}
	return t
}

// learn remembers what the verdict in hand says of the messages shown, when it says nothing else, and adds to the plugin's scores
// those of the messages it was spared.
func (m *recall) learn(r *Run, st *stage, v *Verdict) {
	if !r.call.Stateful && m.storable(r.actions) {
		for i := range m.units {
			if !m.known[i] {
				m.store(st, i, r.actions)
			}
		}
	}
	l := r.notes.of(st)
	for i := len(m.memo) - 1; i >= 0; i-- { // the newest first: there may not be room for all
		s := &m.memo[i]
		v.score(s.Value)
		message := r.renumber(s.Message)
		if had := l.score(st.label, s.Name, message); had == nil && len(l.scores) < maxScores {
			l.scores = append(l.scores, frame.Score{Value: s.Value, Message: message, Plugin: st.label, Name: r.keep(s.Name)})
		}
	}
}

// storable tells whether a verdict holds scores of messages that were shown, and nothing else.
func (m *recall) storable(actions []frame.Action) bool {
	for i := range actions {
		a := &actions[i]
		if a.Kind != abi.ActionScore || a.Message < 0 || m.known[a.Message] {
			return false
		}
	}
	return true
}

// store remembers what was said of unit i.
func (m *recall) store(st *stage, i int, actions []frame.Action) {
	var s memo.Scores
	for j := range actions {
		a := &actions[j]
		if a.Message == m.units[i].message && !s.Add(a.Name, a.Value) {
			return
		}
	}
	st.memo.Put(m.keys[i], &s)
}
