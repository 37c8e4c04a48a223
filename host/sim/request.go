package sim

import (
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// request is what the model is asked, read from a body of any endpoint. Its
// prompt is a canonical text, the same for the same conversation in every
// dialect: a line "tools: …" with the tools as sent, then a line "role: text"
// for each message. A picture, a file or another part without text stands there
// as its type and a hash of its source. Tokens are counted on that text.
type request struct {
	body         value // the whole, for endpoints that echo fields
	model        string
	stream       bool
	includeUsage bool
	limit        int // tokens to generate at most; -1: no limit
	n            int // choices per prompt
	stops        []string
	prompt       []byte
	ends         []int  // where each of several prompts (or inputs) ends in prompt
	tools        []tool // those the model may call
	forced       bool   // a call is required
	fromUser     bool   // the last message is the user's, and no tool result
	resulted     bool   // the last message brings a tool result
	result       []byte // … which is this
	object       bool   // the answer must be JSON
	schema       value  // … conforming to this, if given
	writesCache  bool   // a cache_control somewhere
	dimensions   int
	base64       bool
	parallel     bool // several tool calls at once are allowed
	echo         bool // completions: repeat the prompt before the answer
}

type tool struct {
	name   string
	schema value
}

// reset makes r ready for another body and keeps its buffers.
func (r *request) reset() {
	clear(r.tools)
	clear(r.stops)
	prompt, ends, tools, result, stops := r.prompt[:0], r.ends[:0], r.tools[:0], r.result[:0], r.stops[:0]
	*r = request{prompt: prompt, ends: ends, tools: tools, result: result, stops: stops, limit: -1, n: 1, parallel: true}
}

// span is the i-th of several prompts.
func (r *request) span(i int) []byte {
	if i == 0 {
		return r.prompt[:r.ends[0]]
	}
	return r.prompt[r.ends[i-1]:r.ends[i]]
}

// common reads what every endpoint has: an object with a model and perhaps stream.
func (r *request) common(body value) error {
	if body.kind() != kindObject {
		return invalid("", "The body must be a JSON object.")
	}
	r.body = body
	model := body.get("model")
	if !model.given() {
		return &problem{status: 400, message: "you must provide a model parameter", param: "model", code: "missing_required_parameter"}
	}
	if r.model = model.text(); r.model == "" {
		return wrongType("model", "a string that is not empty")
	}
	switch stream := body.get("stream"); stream.kind() {
	case kindAbsent, kindNull, kindFalse:
	case kindTrue:
		r.stream = true
	default:
		return wrongType("stream", "a boolean")
	}
	return nil
}

func missing(param string) *problem {
	return &problem{status: 400, message: "Missing required parameter: '" + param + "'.", param: param, code: "missing_required_parameter"}
}

func wrongType(param, want string) *problem {
	return &problem{status: 400, message: "Invalid type for '" + param + "': expected " + want + ".", param: param, code: "invalid_type"}
}

// count reads an optional positive whole number; -1 if it is not given.
func count(body value, name string) (int, error) {
	v := body.get(name)
	if !v.given() {
		return -1, nil
	}
	n, ok := v.int()
	if !ok || n < 1 {
		return 0, wrongType(name, "a positive integer")
	}
	return n, nil
}

// choices reads n.
func (r *request) choices(body value) error {
	n, err := count(body, "n")
	if n > 128 {
		err = invalid("n", "Invalid 'n': at most 128 choices.")
	}
	r.n = max(n, 1)
	return err
}

// stopSequences reads one string or a list of strings.
func (r *request) stopSequences(v value, param string, most int) error {
	switch v.kind() {
	case kindAbsent, kindNull:
	case kindString:
		r.stops = append(r.stops, v.text())
	case kindArray:
		for s := range v.items() {
			if s.kind() != kindString {
				return wrongType(param, "strings")
			}
			r.stops = append(r.stops, s.text())
		}
	default:
		return wrongType(param, "a string or an array of strings")
	}
	if len(r.stops) > most {
		return invalid(param, "Invalid '"+param+"': at most "+strconv.Itoa(most)+" sequences.")
	}
	for _, s := range r.stops {
		if s == "" {
			return invalid(param, "Invalid '"+param+"': a stop sequence must not be empty.")
		}
	}
	return nil
}

// line begins a message of the canonical prompt.
func (r *request) line(role string) {
	r.prompt = append(r.prompt, role...)
	r.prompt = append(r.prompt, ':', ' ')
}

func (r *request) endLine() { r.prompt = append(r.prompt, '\n') }

// part says where the text of a content part stands.
type part uint8

const (
	partUnknown part = iota
	partText         // in "text"
	partRefusal      // in "refusal"
	partThought      // in "thinking"
	partOpaque       // nowhere: a hash of the part stands for it
)

// parts appends a content that is a string or a list of typed parts.
func (r *request) parts(v value, param string, sort func(string) part) error {
	switch v.kind() {
	case kindString:
		r.prompt = v.appendText(r.prompt)
		return nil
	case kindArray:
		for p := range v.items() {
			if err := r.part(p, param, sort); err != nil {
				return err
			}
		}
		return nil
	}
	return wrongType(param, "a string or an array of content parts")
}

func (r *request) part(p value, param string, sort func(string) part) error {
	kind := p.get("type").text()
	var field string
	switch sort(kind) {
	case partText:
		field = "text"
	case partRefusal:
		field = "refusal"
	case partThought:
		field = "thinking"
	case partOpaque:
		r.opaque(kind, p)
		return nil
	default:
		return &problem{status: 400, param: param, code: "invalid_value",
			message: "Invalid value in '" + param + "': content part of type '" + kind + "'."}
	}
	text := p.get(field)
	if text.kind() != kindString {
		return wrongType(param+"."+field, "a string")
	}
	r.prompt = text.appendText(r.prompt)
	return nil
}

// opaque stands for what has no text, so that two pictures are two prompts.
func (r *request) opaque(kind string, v value) {
	r.prompt = append(append(append(r.prompt, '['), kind...), ' ')
	r.prompt = append(appendHex(r.prompt, xxhash.Sum64(v.raw()), 16), ']')
}

// call appends a tool call of an earlier turn.
func (r *request) call(name, arguments value) {
	r.prompt = append(name.appendText(r.prompt), '(')
	if arguments.kind() == kindString {
		r.prompt = arguments.appendText(r.prompt)
	} else {
		r.prompt = appendCompact(r.prompt, arguments)
	}
	r.prompt = append(r.prompt, ')')
}

// bring keeps what the prompt has from mark on as the tool result to be quoted.
func (r *request) bring(mark int) {
	if len(r.result) > 0 {
		r.result = append(r.result, ' ')
	}
	r.result = append(r.result, r.prompt[mark:]...)
	r.fromUser, r.resulted = false, true
}

// turn begins a message: results of earlier turns are no longer quoted.
func (r *request) turn(user bool) {
	r.fromUser, r.resulted, r.result = user, false, r.result[:0]
}

// listTools begins the prompt with the tools as they were sent.
func (r *request) listTools(tools value) {
	if tools.given() {
		r.line("tools")
		r.prompt = append(r.prompt, tools.raw()...)
		r.endLine()
	}
}

// only keeps the one tool called name.
func (r *request) only(name, param string) error {
	for _, t := range r.tools {
		if t.name == name {
			r.tools = append(r.tools[:0], t)
			return nil
		}
	}
	return &problem{status: 400, param: param, code: "invalid_value",
		message: "Tool '" + name + "' named by '" + param + "' is not among the tools."}
}
