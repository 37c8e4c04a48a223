package policy

import (
	"math"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/signal"
	"weir/sdk/abi"
)

// facts are what frames of a run show, found out when the first plugin asks and kept until an edit changes it.
type facts struct {
	info     frame.RequestInfo
	informed bool
	messages int    // of the request
	turn     uint32 // of the conversation; 0: not counted yet

	signals *signal.Vector
	prefix  frame.PrefixInfo
	chained bool

	targets []frame.Target // with columns withheld, as hidden says
	hidden  withheld
	listed  bool
	headers []frame.Header // for the plugin of the frame in hand
}

// changed forgets what an edit of the request changes.
func (f *facts) changed(q *dialect.Request) {
	f.informed, f.turn, f.signals, f.chained, f.messages = false, 0, nil, false, 0
	if q != nil {
		f.messages = len(q.Messages)
	}
}

// requestInfo is the section REQUEST.
func (r *Run) requestInfo() *frame.RequestInfo {
	f := &r.facts
	if f.informed {
		return &f.info
	}
	f.informed = true
	q, s := r.request, &r.subject
	if q == nil {
		f.info = frame.RequestInfo{MaxTokens: -1, Temperature: math.NaN(), Wall: s.Wall.UnixNano(), Monotonic: s.Now}
		return &f.info
	}
	u := &q.Uninspected
	f.info = frame.RequestInfo{
		Endpoint: uint16(q.Endpoint), Dialect: uint16(q.Endpoint.Dialect()),
		MaxTokens: q.MaxTokens, Temperature: q.Temperature, InputTokens: r.estimate(),
		Wall: s.Wall.UnixNano(), Monotonic: s.Now,
		BodyBytes: uint64(len(q.Body)), Messages: uint32(len(q.Messages)), Parts: uint32(len(q.Parts)), Tools: uint32(len(q.Tools)),
		Answers: uint32(min(max(q.N, 0), math.MaxUint32)), Controls: uint32(q.Controls),
		Images: uint32(u.Images), Audio: uint32(u.Audio), Files: uint32(u.Files), StoredPrompts: uint32(u.StoredPrompts),
		PreviousResponses: uint32(u.PreviousResponses), Encrypted: uint32(u.Encrypted), Tokens: uint32(u.Tokens), Other: uint32(u.Other),
		TextBytes: uint32(len(q.Arena)),
	}
	if q.Stream {
		f.info.Flags |= abi.RequestStream
	}
	if q.IncludeUsage {
		f.info.Flags |= abi.RequestIncludeUsage
	}
	return &f.info
}

// sessionInfo is the section SESSION.
func (r *Run) sessionInfo() frame.SessionInfo {
	if r.facts.turn == 0 {
		r.facts.turn = turn(r.request)
	}
	return frame.SessionInfo{Turn: r.facts.turn, Messages: uint32(r.facts.messages), Key: r.subject.Session}
}

// turn is the number of the conversation's request, as its history tells: 1 and one for each answer in it.
func turn(q *dialect.Request) uint32 {
	n := uint32(1)
	if q != nil {
		for i := range q.Messages {
			if q.Messages[i].Role == dialect.RoleAssistant {
				n++
			}
		}
	}
	return n
}

// signalVector is the section SIGNALS.
func (r *Run) signalVector() *signal.Vector {
	f := &r.facts
	if f.signals == nil {
		f.signals = r.subject.Facts.Signals(r.request)
		r.now = frame.Nanotime() // what the host finds out is not the plugin's time
	}
	return f.signals
}

// prefixInfo is the section PREFIX.
func (r *Run) prefixInfo() *frame.PrefixInfo {
	f := &r.facts
	if !f.chained {
		c := r.subject.Facts.Keys(r.request)
		f.prefix = frame.PrefixInfo{Bytes: uint64(c.Bytes), Keys: c.Keys, Boundaries: c.Boundaries}
		f.chained = true
		r.now = frame.Nanotime()
	}
	return &f.prefix
}

// targetList is the section TARGETS, without the columns that are withheld.
func (r *Run) targetList(hide withheld) []frame.Target {
	f := &r.facts
	if f.listed && f.hidden == hide {
		return f.targets
	}
	f.targets = append(f.targets[:0], r.subject.Facts.Targets()...)
	f.hidden, f.listed = hide, true
	for i := range f.targets {
		t := &f.targets[i]
		if hide.load {
			t.InFlight, t.TTFT, t.Weight = -1, -1, math.NaN()
		}
		if hide.price {
			t.InputPrice, t.OutputPrice = math.NaN(), math.NaN()
		}
	}
	return f.targets
}

// headerList is the section HEADERS: the fields a plugin's manifest names, in the order of its names.
func (r *Run) headerList(st *stage) []frame.Header {
	list := r.facts.headers[:0]
	for _, name := range st.headers {
		for n := 0; n < maxFields; n++ {
			value, ok := r.subject.Facts.Header(name, n)
			if !ok {
				break
			}
			list = append(list, frame.Header{Name: name, Value: value})
		}
	}
	r.facts.headers = list
	return list
}

// maxFields is how many header fields of one name a plugin is shown.
const maxFields = 16
