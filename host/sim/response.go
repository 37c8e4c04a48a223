package sim

import "strconv"

// responseStream is the stream of /v1/responses: created, in_progress, for each
// item added, its deltas, done, and at last completed or incomplete with the
// whole response.
type responseStream struct {
	x      *exchange
	step   responseStep
	item   int // the item being told
	pos    int // in its text or arguments
	round  int // number of the token
	serial int // sequence_number
}

type responseStep uint8

const (
	stepCreated responseStep = iota
	stepInProgress
	stepItemAdded
	stepPartAdded
	stepPiece
	stepTextDone
	stepPartDone
	stepItemDone
	stepCompleted
	stepResponseDone
)

func newResponseStream(x *exchange) *responseStream { return &responseStream{x: x} }

// outcome is the status of the finished response.
func (x *exchange) outcome() string {
	if x.gen.choices[0].finish == finishLength {
		return "incomplete"
	}
	return "completed"
}

func (s *responseStream) event(dst []byte, name string) []byte {
	dst = appendField(append(event(dst, name), ','), "sequence_number", s.serial)
	s.serial++
	return dst
}

// place appends the fields that say which item, and of a text which part.
func (s *responseStream) place(dst []byte, c *choice) []byte {
	dst = s.x.appendItemID(append(dst, `,"item_id":`...), c, s.item)
	dst = appendField(append(dst, ','), "output_index", s.item)
	if len(c.calls) == 0 {
		dst = append(dst, `,"content_index":0`...)
	}
	return dst
}

func (s *responseStream) next(dst []byte) ([]byte, int, bool) {
	c := &s.x.gen.choices[0]
	at := -1
	switch s.step {
	case stepCreated:
		dst = append(s.event(dst, "response.created"), `,"response":`...)
		dst = s.x.appendResponse(dst, "in_progress", false)
		s.step++
	case stepInProgress:
		dst = append(s.event(dst, "response.in_progress"), `,"response":`...)
		dst = s.x.appendResponse(dst, "in_progress", false)
		s.step++
	case stepItemAdded:
		dst, at = s.added(dst, c)
	case stepPartAdded:
		dst = s.place(s.event(dst, "response.content_part.added"), c)
		dst = appendTextPart(append(dst, `,"part":`...), nil)
		s.step++
	case stepPiece:
		dst, at = s.piece(dst, c)
	case stepTextDone:
		dst = s.done(dst, c)
	case stepPartDone:
		dst = s.place(s.event(dst, "response.content_part.done"), c)
		dst = appendTextPart(append(dst, `,"part":`...), c.text)
		s.step++
	case stepItemDone:
		dst = appendField(append(s.event(dst, "response.output_item.done"), ','), "output_index", s.item)
		dst = s.x.appendItem(append(dst, `,"item":`...), c, s.item, s.x.outcome(), true)
		s.step = stepItemAdded
		if s.item++; s.item >= len(c.calls) {
			s.step = stepCompleted
		}
	case stepCompleted:
		status := s.x.outcome()
		dst = append(s.event(dst, "response."+status), `,"response":`...)
		dst = s.x.appendResponse(dst, status, true)
		s.step++
	default:
		return dst, -1, false
	}
	return append(dst, "}\n\n"...), at, true
}

func (s *responseStream) added(dst []byte, c *choice) ([]byte, int) {
	dst = appendField(append(s.event(dst, "response.output_item.added"), ','), "output_index", s.item)
	dst = s.x.appendItem(append(dst, `,"item":`...), c, s.item, "in_progress", false)
	s.pos, s.step = 0, stepPartAdded
	if len(c.calls) == 0 {
		return dst, -1
	}
	s.step = stepPiece
	s.round++
	return dst, s.round - 1
}

// piece tells the next token of the item, or that there are no more.
func (s *responseStream) piece(dst []byte, c *choice) ([]byte, int) {
	text, name := c.text, "response.output_text.delta"
	if len(c.calls) > 0 {
		text, name = c.calls[s.item].args, "response.function_call_arguments.delta"
	}
	if s.pos >= len(text) {
		return s.done(dst, c), -1
	}
	end := pieceEnd(text, s.pos)
	dst = s.place(s.event(dst, name), c)
	dst = appendString(append(dst, `,"delta":`...), text[s.pos:end])
	if len(c.calls) == 0 {
		dst = append(dst, `,"logprobs":[]`...)
	}
	s.pos = end
	s.round++
	return dst, s.round - 1
}

func (s *responseStream) done(dst []byte, c *choice) []byte {
	if len(c.calls) > 0 {
		t := &c.calls[s.item]
		dst = s.place(s.event(dst, "response.function_call_arguments.done"), c)
		dst = appendString(append(dst, `,"name":`...), t.name)
		dst = appendString(append(dst, `,"arguments":`...), t.args)
		s.step = stepItemDone
		return dst
	}
	dst = s.place(s.event(dst, "response.output_text.done"), c)
	dst = append(appendString(append(dst, `,"text":`...), c.text), `,"logprobs":[]`...)
	s.step = stepPartDone
	return dst
}

func appendTextPart(dst, text []byte) []byte {
	dst = appendString(append(dst, `{"type":"output_text","text":`...), text)
	return append(dst, `,"annotations":[],"logprobs":[]}`...)
}

func (x *exchange) appendItemID(dst []byte, c *choice, i int) []byte {
	if len(c.calls) == 0 {
		return append(x.appendID(append(dst, `"msg_`...), 2), '"')
	}
	return append(x.appendID(append(dst, `"fc_`...), c.calls[i].id+1), '"')
}

// appendItem appends an output item: the message, or the i-th call.
func (x *exchange) appendItem(dst []byte, c *choice, i int, status string, complete bool) []byte {
	dst = x.appendItemID(append(dst, `{"id":`...), c, i)
	dst = append(appendString(append(dst, `,"status":`...), status), `,"type":`...)
	if len(c.calls) == 0 {
		dst = append(dst, `"message","role":"assistant","content":[`...)
		if complete {
			dst = appendTextPart(dst, c.text)
		}
		return append(dst, `]}`...)
	}
	t := &c.calls[i]
	dst = append(x.appendID(append(dst, `"function_call","call_id":"call_`...), t.id), `","name":`...)
	dst = append(appendString(dst, t.name), `,"arguments":`...)
	if complete {
		dst = appendString(dst, t.args)
	} else {
		dst = append(dst, `""`...)
	}
	return append(dst, '}')
}

// appendResponse appends the response object; the request's own settings are
// echoed in it, as the real one does.
func (x *exchange) appendResponse(dst []byte, status string, complete bool) []byte {
	ask, c := x.req.body, &x.gen.choices[0]
	dst = append(x.appendID(append(dst, `{"id":"resp_`...), 1), `","object":"response","created_at":`...)
	dst = strconv.AppendInt(dst, x.created, 10)
	dst = appendString(append(dst, `,"status":`...), status)
	dst = append(dst, `,"background":false,"error":null,"incomplete_details":`...)
	if status == "incomplete" {
		dst = append(dst, `{"reason":"max_output_tokens"}`...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendOr(append(dst, `,"instructions":`...), ask.get("instructions"), "null")
	dst = appendOr(append(dst, `,"max_output_tokens":`...), ask.get("max_output_tokens"), "null")
	dst = appendString(append(dst, `,"model":`...), x.req.model)
	dst = append(dst, `,"output":[`...)
	for i := 0; complete && i < max(len(c.calls), 1); i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = x.appendItem(dst, c, i, status, true)
	}
	dst = appendOr(append(dst, `],"parallel_tool_calls":`...), ask.get("parallel_tool_calls"), "true")
	dst = appendOr(append(dst, `,"previous_response_id":`...), ask.get("previous_response_id"), "null")
	dst = appendOr(append(dst, `,"reasoning":`...), ask.get("reasoning"), `{"effort":null,"summary":null}`)
	dst = appendOr(append(dst, `,"store":`...), ask.get("store"), "false")
	dst = appendOr(append(dst, `,"temperature":`...), ask.get("temperature"), "1")
	dst = appendOr(append(dst, `,"text":`...), ask.get("text"), `{"format":{"type":"text"}}`)
	dst = appendOr(append(dst, `,"tool_choice":`...), ask.get("tool_choice"), `"auto"`)
	dst = appendOr(append(dst, `,"tools":`...), ask.get("tools"), "[]")
	dst = appendOr(append(dst, `,"top_p":`...), ask.get("top_p"), "1")
	dst = appendOr(append(dst, `,"truncation":`...), ask.get("truncation"), `"disabled"`)
	dst = appendOr(append(dst, `,"user":`...), ask.get("user"), "null")
	dst = appendOr(append(dst, `,"metadata":`...), ask.get("metadata"), "{}")
	dst = append(dst, `,"service_tier":"default","access_programs":null,"usage":`...)
	if complete {
		return append(x.gen.usage.appendResponses(dst), '}')
	}
	return append(dst, "null}"...)
}

// appendResponses appends the usage of the responses endpoint, whose input tokens
// include those from the cache.
func (u usage) appendResponses(dst []byte) []byte {
	dst = appendField(append(dst, '{'), "input_tokens", u.prompt)
	dst = appendField(append(dst, `,"input_tokens_details":{`...), "cached_tokens", u.cached)
	dst = appendField(append(dst, ','), "cache_write_tokens", u.stored)
	dst = appendField(append(dst, `},`...), "output_tokens", u.output)
	dst = appendField(append(dst, `,"output_tokens_details":{"reasoning_tokens":0},`...), "total_tokens", u.prompt+u.output)
	return append(dst, '}')
}
