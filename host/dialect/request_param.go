package dialect

import (
	"math"
	"strconv"
)

// maxInteger is the largest integer that every JSON reader represents exactly (RFC 7493, section 2.2).
const maxInteger = 1<<53 - 1

// commonMember reads the members that mean the same in the bodies of all endpoints.
func (r *Request) commonMember(_ *frame, key []byte) bool {
	switch string(key) {
	case "model":
		r.readModel()
	case "stream":
		r.readStream()
	case "stream_options":
		r.streamOptions()
	case "max_tokens":
		r.readBound(0)
	case "max_completion_tokens":
		r.readBound(1)
	case "max_output_tokens":
		r.readBound(2)
	case "n", "best_of":
		if n, ok := r.integer(); ok {
			r.N = max(r.N, n)
		}
	case "temperature":
		r.readTemperature()
	case "tools", "functions":
		r.tools()
	case "tool_choice", "function_call", "response_format", "output_format", "output_config", "text", "reasoning", "thinking",
		"prediction", "reasoning_effort", "verbosity", "web_search_options":
		r.settings()
	case "stop", "stop_sequences":
		r.values(ChannelParameter)
	case "documents":
		r.values(ChannelDocument)
	case "user":
		r.readSession(1)
	case "safety_identifier":
		r.readSession(2)
	case "prompt_cache_key":
		r.readSession(3)
	case "mcp_servers":
		r.servers()
	case "container":
		r.container()
	case "metadata", "service_tier", "logit_bias", "modalities", "audio", "include", "truncation", "encoding_format",
		"prompt_cache_retention", "prompt_cache_options", "inference_geo", "speed", "cache_control", "fallback_credit_token":
		// Bookkeeping, enumerations and credentials: no model is shown these.
		r.scan.skip()
	default:
		return false
	}
	return true
}

func (r *Request) readModel() {
	s := &r.scan
	if s.next() != '"' {
		s.wrongType(wantString)
		return
	}
	at := s.pos
	r.model = append(r.model[:0], s.text()...)
	r.Model, r.ModelSpan = r.model, Span{at, s.pos}
}

// boundNames are the members that bound an answer's tokens.
var boundNames = [3]string{"max_tokens", "max_completion_tokens", "max_output_tokens"}

func (r *Request) readBound(i int) {
	s := &r.scan
	s.next()
	at := s.pos
	if n, ok := r.integer(); ok {
		r.MaxTokens = max(r.MaxTokens, n)
	}
	r.at.bounds[i] = Span{at, s.pos}
}

func (r *Request) readTemperature() {
	s := &r.scan
	s.next()
	at := s.pos
	if t, ok := r.float(); ok {
		r.Temperature = t
	}
	r.at.temperature = Span{at, s.pos}
}

func (r *Request) readStream() {
	s := &r.scan
	s.next()
	at := s.pos
	r.Stream = r.boolean()
	r.stream = Span{at, s.pos}
}

// boolean reads true, false, or null for false.
func (r *Request) boolean() bool {
	s := &r.scan
	c := s.next()
	if c != 't' && c != 'f' && c != 'n' {
		s.wrongType(wantBoolean)
		return false
	}
	s.skipScalar()
	return c == 't'
}

// float reads a number; null is none. Numbers beyond float64 are refused: what a server makes of them varies.
func (r *Request) float() (x float64, ok bool) {
	s := &r.scan
	c := s.next()
	if c == 'n' {
		s.skipScalar()
		return 0, false
	}
	if c != '-' && (c < '0' || c > '9') {
		s.wrongType(wantNumber)
		return 0, false
	}
	at := s.pos
	x, err := strconv.ParseFloat(string(s.number()), 64)
	if err != nil {
		s.fail(faultRange, at)
		return 0, false
	}
	return x, true
}

// integer reads an integer, also one spelt 1e3 or 10.0 as some clients do; null is none.
func (r *Request) integer() (n int64, ok bool) {
	s := &r.scan
	c := s.next()
	if c != 'n' && c != '-' && (c < '0' || c > '9') {
		s.wrongType(wantInteger)
		return 0, false
	}
	at := s.pos
	x, ok := r.float()
	if !ok {
		return 0, false
	}
	if x != math.Trunc(x) || math.Abs(x) > maxInteger {
		s.fail(faultRange, at)
		return 0, false
	}
	return int64(x), true
}

func (r *Request) streamOptions() {
	s := &r.scan
	c := s.next()
	r.options.Start = s.pos
	switch c {
	case '{':
		r.bare = true
		r.object((*Request).streamOption, frame{channel: ChannelParameter})
	case 'n':
		s.skipScalar()
	default:
		s.wrongType(wantObject)
	}
	r.options.End = s.pos
}

func (r *Request) streamOption(_ *frame, key []byte) bool {
	r.bare = false
	if string(key) != "include_usage" {
		return false
	}
	s := &r.scan
	s.next()
	at := s.pos
	r.IncludeUsage = r.boolean()
	r.include = Span{at, s.pos}
	return true
}

// readSession takes the string at the cursor for the session, unless one of a higher rank has been read.
func (r *Request) readSession(rank uint8) {
	s := &r.scan
	if s.next() != '"' {
		s.skip()
		return
	}
	id := s.text()
	if rank > r.sessionRank && len(id) > 0 {
		r.session = append(r.session[:0], id...)
		r.Session, r.sessionRank = r.session, rank
	}
}

// settings reads a parameter that is a word or an object with words and texts in it: output formats, tool choices,
// reasoning, predictions.
func (r *Request) settings() {
	if r.scan.next() != '{' {
		r.word()
		return
	}
	r.object((*Request).settingsMember, frame{channel: ChannelParameter})
}

func (r *Request) settingsMember(_ *frame, key []byte) bool {
	switch string(key) {
	case "type", "mode", "effort", "summary", "generate_summary", "verbosity", "search_context_size", "display":
		r.word()
	case "format":
		r.settings()
	case "content":
		r.blocks(ChannelParameter)
	default:
		return false
	}
	return true
}

// container reads Anthropic's sandbox: an id, or an object with an id and skills stored there.
func (r *Request) container() {
	f := frame{}
	r.sandbox(&f)
	r.Uninspected.count(f.opaque)
}
