package dialect

import (
	"bytes"
	"math"
)

const (
	// maxBody is what offsets of 32 bits into the arena can address, decoded arguments included. Configured limits are
	// far below.
	maxBody = 1 << 30
	// maxParts bounds the texts and the messages of one request, and with them what Weir and its plugins keep beside
	// the body. An agent's long session has a few thousand.
	maxParts = 1 << 17
	// firstArena bounds what is set aside for text before any is seen: large bodies are mostly images.
	firstArena = 64 << 10
	// keepBytes is the largest buffer that survives Reset.
	keepBytes = 1 << 20
)

// Parse reads body in one pass and fills r. The body is refused with a BadRequest if it is not strict JSON (RFC 8259,
// RFC 7493), if two parsers could read it differently (duplicate keys, keys that differ from those Weir reads in letter
// case only), if a field Weir reads has another type than the provider's API documents, or if the model or the
// conversation is missing; with TooLarge beyond 1 GiB. Unknown fields are kept and inspected. After an error r holds
// nothing of use. The body is kept by reference until the next Parse or Reset and must not change meanwhile.
//
// The result is nil for a good body; mind that a nil *Error in a variable of type error is not nil.
func (r *Request) Parse(ep Endpoint, body []byte) *Error {
	r.begin(ep, body)
	if len(body) > maxBody {
		return &Error{Kind: TooLarge, Message: "the body is larger than 1 GiB"}
	}
	if want := min(len(body), firstArena); cap(r.Arena) < want {
		r.Arena = make([]byte, 0, want)
	}
	s := &r.scan
	s.start(body)
	r.body()
	if s.failed() {
		return s.describe(ep.Dialect())
	}
	r.Controls = s.controls
	return r.missing()
}

// Reset forgets the body and everything read from it. Buffers are kept for the next Parse, except unusually large ones.
func (r *Request) Reset() {
	r.begin(None, nil)
	r.scan.start(nil)
	r.Arena = trim(r.Arena, keepBytes)
	r.Messages = trim(r.Messages, keepBytes/32)
	r.Parts = trim(r.Parts, keepBytes/32)
	r.Tools = trim(r.Tools, keepBytes/32)
	r.model, r.session = trim(r.model, keepBytes), trim(r.session, keepBytes)
	s := &r.scan
	s.keys = trim(s.keys, keepBytes/16)
	s.table = trim(s.table, keepBytes/4)
	s.unescaped, s.short, s.fold = trim(s.unescaped, keepBytes), trim(s.short, keepBytes), trim(s.fold, keepBytes)
}

func trim[T any](s []T, limit int) []T {
	if cap(s) > limit {
		return nil
	}
	return s[:0]
}

func (r *Request) begin(ep Endpoint, body []byte) {
	r.Endpoint, r.Body = ep, body
	r.Model, r.ModelSpan, r.Session = nil, Span{}, nil
	r.Stream, r.IncludeUsage = false, false
	r.MaxTokens, r.Temperature, r.N = -1, math.NaN(), 1
	r.Arena, r.Messages, r.Parts, r.Tools = r.Arena[:0], r.Messages[:0], r.Parts[:0], r.Tools[:0]
	r.Uninspected, r.Controls, r.Decoded = Uninspected{}, 0, 0
	r.message, r.sessionRank, r.has = -1, 0, seen{}
	r.opened, r.empty, r.bare = 0, true, false
	r.stream, r.options, r.include, r.at = Span{}, Span{}, Span{}, spots{}
}

// body reads the whole text.
func (r *Request) body() {
	s := &r.scan
	if bytes.HasPrefix(s.data, []byte("\ufeff")) {
		s.fail(faultBOM, 0)
		return
	}
	if c := s.next(); c != '{' {
		if s.wrongType(wantObject); s.fault.kind == faultType {
			s.fault.kind = faultTop
		}
		return
	}
	r.opened = s.pos + 1
	rest := bytes.TrimLeft(s.data[r.opened:], " \t\r\n")
	r.empty = len(rest) > 0 && rest[0] == '}'
	r.object(r.top(), frame{channel: ChannelParameter})
	if !s.failed() {
		s.end()
	}
}

// top gives the reader of the body's own members.
func (r *Request) top() memberFunc {
	switch r.Endpoint {
	case Chat:
		return (*Request).chatMember
	case Completions:
		return (*Request).completionsMember
	case Responses:
		return (*Request).responsesMember
	case Embeddings:
		return (*Request).embeddingsMember
	case Messages, CountTokens:
		return (*Request).messagesMember
	default:
		return (*Request).commonMember
	}
}

// missing checks what the providers themselves insist on and Weir cannot do without, in their words.
func (r *Request) missing() *Error {
	switch r.Endpoint {
	case Chat:
		return r.require(r.has.messages, "messages")
	case Embeddings:
		return r.require(r.has.input || r.has.messages, "input")
	case Completions:
		return r.require(true, "")
	case Responses:
		if r.has.prompt { // a stored prompt names its own model
			return nil
		}
		return r.require(true, "")
	case Messages, CountTokens:
		return r.require(r.has.messages, "messages")
	default:
		return nil
	}
}

func (r *Request) require(present bool, field string) *Error {
	anthropic := r.Endpoint.Dialect() == Anthropic
	switch {
	case len(r.Model) == 0 && anthropic:
		return &Error{Kind: BadRequest, Param: "model", Message: "model: Field required"}
	case len(r.Model) == 0:
		return &Error{Kind: BadRequest, Param: "model", Message: "you must provide a model parameter"}
	case present:
		return nil
	case anthropic:
		return &Error{Kind: BadRequest, Param: field, Message: field + ": Field required"}
	default:
		return &Error{Kind: BadRequest, Param: field, Code: "missing_required_parameter",
			Message: "Missing required parameter: '" + field + "'."}
	}
}

// memberFunc reads the value of one member of an object. Nothing is consumed and the result is false if the shape
// does not know key.
type memberFunc func(r *Request, f *frame, key []byte) bool

// frame is what members of one object tell each other: they may come in any order.
type frame struct {
	channel Channel // of text in members the shape does not know
	kind    blockType
	role    Role
	opaque  opaque
	mute    bool  // members the shape does not know hold no text for a model
	held    int   // offset of a value that only the other members explain, 0 if none
	tool    int32 // index in Tools
	rank    uint8 // of a session id
}

// object reads the object at the cursor with the given shape. Members the shape does not know are inspected as text of the
// frame's channel, unless they would be known in another letter case: a server that ignores case would take them for the
// known ones. The frame lives until the next object at the same depth.
func (r *Request) object(member memberFunc, init frame) *frame {
	s := &r.scan
	var o members
	if !s.openObject(&o) {
		return &r.frames[0]
	}
	f := &r.frames[s.depth]
	*f = init
	for s.member(&o) {
		if member(r, f, s.key) {
			continue
		}
		at := s.keyAt
		if key := s.folded(); key != nil && member(r, f, key) {
			s.fault = fault{kind: faultCase, at: at}
			break
		}
		if f.mute {
			s.skip()
		} else {
			r.value(f.channel)
		}
	}
	return f
}
