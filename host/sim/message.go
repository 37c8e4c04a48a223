package sim

// messageStream is the stream of /v1/messages: message_start, for each block its
// start, deltas and stop, then message_delta with the cumulative usage, and
// message_stop. A ping follows the start of the first block.
type messageStream struct {
	x     *exchange
	step  messageStep
	block int // the block being told
	pos   int // in its text or arguments
	round int // number of the token
}

type messageStep uint8

const (
	stepMessageStart messageStep = iota
	stepBlockStart
	stepPing
	stepEmptyDelta // a tool's input begins with an empty delta
	stepDelta
	stepMessageDelta
	stepMessageStop
	stepMessageDone
)

func newMessageStream(x *exchange) *messageStream { return &messageStream{x: x} }

// blocks is the number of content blocks; an empty text is none.
func (c *choice) blocks() int {
	if len(c.calls) == 0 && len(c.text) > 0 {
		return 1
	}
	return len(c.calls)
}

func event(dst []byte, name string) []byte {
	dst = append(append(dst, "event: "...), name...)
	dst = append(append(dst, "\ndata: {\"type\":\""...), name...)
	return append(dst, '"')
}

func (s *messageStream) next(dst []byte) ([]byte, int, bool) {
	c := &s.x.gen.choices[0]
	at := -1
	switch s.step {
	case stepMessageStart:
		dst = append(event(dst, "message_start"), `,"message":`...)
		dst = s.x.appendMessageObject(dst, false)
		s.step = stepBlockStart
		if c.blocks() == 0 {
			s.step = stepMessageDelta
		}
	case stepBlockStart:
		dst, at = s.start(dst, c)
	case stepPing:
		dst = event(dst, "ping")
		s.step = s.firstDelta(c)
	case stepEmptyDelta:
		dst = append(s.delta(dst), `{"type":"input_json_delta","partial_json":""}`...)
		s.step = stepDelta
	case stepDelta:
		dst, at = s.piece(dst, c)
	case stepMessageDelta:
		dst = append(event(dst, "message_delta"), `,"delta":{"stop_reason":`...)
		dst = appendStop(dst, c)
		dst = append(dst, `,"stop_details":null,"container":null},"usage":`...)
		dst = s.x.appendAnthropicUsage(dst, s.x.gen.usage.output)
		s.step = stepMessageStop
	case stepMessageStop:
		dst = event(dst, "message_stop")
		s.step = stepMessageDone
	default:
		return dst, -1, false
	}
	return append(dst, "}\n\n"...), at, true
}

func (s *messageStream) start(dst []byte, c *choice) ([]byte, int) {
	at := -1
	dst = appendField(append(event(dst, "content_block_start"), ','), "index", s.block)
	if len(c.calls) == 0 {
		dst = append(dst, `,"content_block":{"type":"text","text":"","citations":null}`...)
	} else {
		at = s.token()
		dst = s.x.appendToolUse(append(dst, `,"content_block":`...), &c.calls[s.block], []byte("{}"))
	}
	s.pos = 0
	s.step = s.firstDelta(c)
	if s.block == 0 {
		s.step = stepPing
	}
	return dst, at
}

func (s *messageStream) firstDelta(c *choice) messageStep {
	if len(c.calls) > 0 {
		return stepEmptyDelta
	}
	return stepDelta
}

func (s *messageStream) token() int {
	s.round++
	return s.round - 1
}

func (s *messageStream) delta(dst []byte) []byte {
	return append(appendField(append(event(dst, "content_block_delta"), ','), "index", s.block), `,"delta":`...)
}

// piece tells the next token of the block, or its end.
func (s *messageStream) piece(dst []byte, c *choice) ([]byte, int) {
	text, kind := c.text, `{"type":"text_delta","text":`
	if len(c.calls) > 0 {
		text, kind = c.calls[s.block].args, `{"type":"input_json_delta","partial_json":`
	}
	if s.pos < len(text) {
		end := pieceEnd(text, s.pos)
		dst = appendString(append(s.delta(dst), kind...), text[s.pos:end])
		s.pos = end
		return append(dst, '}'), s.token()
	}
	dst = appendField(append(event(dst, "content_block_stop"), ','), "index", s.block)
	s.step = stepBlockStart
	if s.block++; s.block == c.blocks() {
		s.step = stepMessageDelta
	}
	return dst, -1
}

// appendMessage appends the answer of /v1/messages.
func (x *exchange) appendMessage(dst []byte) []byte { return x.appendMessageObject(dst, true) }

// appendMessageObject appends a message; one that is not complete has no content
// yet, no stop reason, and one output token.
func (x *exchange) appendMessageObject(dst []byte, complete bool) []byte {
	c := &x.gen.choices[0]
	dst = append(x.appendID(append(dst, `{"id":"msg_`...), 1), `","type":"message","role":"assistant","model":`...)
	dst = append(appendString(dst, x.req.model), `,"content":[`...)
	output := 1
	if complete {
		output = x.gen.usage.output
		if c.blocks() > 0 && len(c.calls) == 0 {
			dst = append(appendString(append(dst, `{"type":"text","text":`...), c.text), `,"citations":null}`...)
		}
		for i := range c.calls {
			if i > 0 {
				dst = append(dst, ',')
			}
			t := &c.calls[i]
			input := t.args
			if c.finish == finishLength && i == len(c.calls)-1 {
				input = []byte("{}") // what was cut off is no JSON
			}
			dst = x.appendToolUse(dst, t, input)
		}
	}
	dst = append(dst, `],"stop_reason":`...)
	if complete {
		dst = appendStop(dst, c)
	} else {
		dst = append(dst, `null,"stop_sequence":null`...)
	}
	dst = append(dst, `,"stop_details":null,"container":null,"diagnostics":null,"usage":`...)
	return append(x.appendAnthropicUsage(dst, output), '}')
}

func (x *exchange) appendToolUse(dst []byte, t *call, input []byte) []byte {
	dst = append(x.appendID(append(dst, `{"type":"tool_use","id":"toolu_`...), t.id), `","name":`...)
	dst = append(append(appendString(dst, t.name), `,"input":`...), input...)
	return append(dst, `,"caller":{"type":"direct"}}`...)
}

// appendStop appends the stop reason and, as the next field, the stop sequence.
func appendStop(dst []byte, c *choice) []byte {
	reason := "end_turn"
	switch c.finish {
	case finishLength:
		reason = "max_tokens"
	case finishTool:
		reason = "tool_use"
	case finishSequence:
		reason = "stop_sequence"
	}
	dst = append(append(append(dst, '"'), reason...), `","stop_sequence":`...)
	return appendOptional(dst, c.stop)
}

// appendAnthropicUsage appends the usage of a message. Its input tokens are those
// neither read from the cache nor written to it; the prompt is the sum of the
// three. As the cache is automatic, blocks count as written only if the request
// marks something with cache_control.
func (x *exchange) appendAnthropicUsage(dst []byte, output int) []byte {
	u, written := x.gen.usage, 0
	if x.req.writesCache {
		written = u.stored
	}
	dst = appendField(append(dst, '{'), "input_tokens", u.prompt-u.cached-written)
	dst = appendField(append(dst, ','), "cache_creation_input_tokens", written)
	dst = appendField(append(dst, ','), "cache_read_input_tokens", u.cached)
	dst = appendField(append(dst, `,"cache_creation":{`...), "ephemeral_5m_input_tokens", written)
	dst = append(dst, `,"ephemeral_1h_input_tokens":0}`...)
	dst = appendField(append(dst, ','), "output_tokens", output)
	return append(dst, `,"output_tokens_details":{"thinking_tokens":0},"server_tool_use":null,`+
		`"service_tier":"standard","inference_geo":"not_available","speed":"standard"}`...)
}
