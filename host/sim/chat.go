package sim

import "strconv"

const fingerprint = `"system_fingerprint":"fp_sim"`

// cursor walks over the pieces of one choice.
type cursor struct {
	pos   int  // in the text, or in the arguments of the call
	call  int  // index of the call
	named bool // the call's name is out
	done  bool
}

// chatStream is the stream of /v1/chat/completions: a chunk with the role for
// each choice, then the choices in turn, a token each, then the usage if it was
// asked for, and [DONE].
type chatStream struct {
	x       *exchange
	cursors []cursor
	head    []byte // of each chunk, up to the index
	roles   int    // role chunks sent
	turn    int    // whose token is next
	round   int    // number of the token
	open    int    // choices not finished
	tail    int    // what has been sent of the end
}

func newChatStream(x *exchange) *chatStream {
	n := len(x.gen.choices)
	s := &chatStream{x: x, cursors: make([]cursor, n), open: n}
	s.head = x.appendChunkHead(nil, "chatcmpl-", "chat.completion.chunk")
	return s
}

// appendChunkHead appends what the chunks of a stream have in common, up to the choices.
func (x *exchange) appendChunkHead(dst []byte, prefix, object string) []byte {
	dst = append(append(dst, `data: {"id":"`...), prefix...)
	dst = append(x.appendID(dst, 1), `","object":"`...)
	dst = append(append(dst, object...), `",`...)
	dst = strconv.AppendInt(append(dst, `"created":`...), x.created, 10)
	dst = appendString(append(dst, `,"model":`...), x.req.model)
	return append(dst, `,`+fingerprint+`,"choices":[`...)
}

func (s *chatStream) next(dst []byte) ([]byte, int, bool) {
	if s.roles < len(s.cursors) {
		s.roles++
		return s.role(dst, s.roles-1), -1, true
	}
	if s.open > 0 {
		for s.cursors[s.turn].done {
			s.advance()
		}
		i, at := s.turn, s.round
		s.advance()
		if dst, ok := s.piece(dst, i); ok {
			return dst, at, true
		}
		s.cursors[i].done = true
		s.open--
		return s.end(dst, i), -1, true
	}
	s.tail++
	if s.tail == 1 && !s.x.req.includeUsage {
		s.tail++
	}
	switch s.tail {
	case 1:
		dst = append(append(dst, s.head...), `],"usage":`...)
		return append(s.x.gen.usage.appendOpenAI(dst), "}\n\n"...), -1, true
	case 2:
		return append(dst, "data: [DONE]\n\n"...), -1, true
	}
	return dst, -1, false
}

func (s *chatStream) advance() {
	if s.turn++; s.turn == len(s.cursors) {
		s.turn, s.round = 0, s.round+1
	}
}

func (s *chatStream) chunk(dst []byte, i int) []byte {
	dst = append(append(dst, s.head...), `{"index":`...)
	return append(strconv.AppendInt(dst, int64(i), 10), `,"delta":{`...)
}

func (s *chatStream) endChunk(dst []byte, reason string) []byte {
	dst = append(dst, `},"logprobs":null,"finish_reason":`...)
	if reason == "" {
		dst = append(dst, `null}]`...)
	} else {
		dst = append(appendString(dst, reason), `}]`...)
	}
	if s.x.req.includeUsage {
		dst = append(dst, `,"usage":null`...)
	}
	return append(dst, "}\n\n"...)
}

func (s *chatStream) role(dst []byte, i int) []byte {
	content := `""`
	if len(s.x.gen.choices[i].calls) > 0 {
		content = "null"
	}
	dst = append(s.chunk(dst, i), `"role":"assistant","content":`...)
	return s.endChunk(append(append(dst, content...), `,"refusal":null`...), "")
}

func (s *chatStream) end(dst []byte, i int) []byte {
	return s.endChunk(s.chunk(dst, i), s.x.gen.choices[i].finish.openai())
}

// piece appends the chunk of the choice's next token; ok is false after the last.
func (s *chatStream) piece(dst []byte, i int) (_ []byte, ok bool) {
	c, cur := &s.x.gen.choices[i], &s.cursors[i]
	if len(c.calls) == 0 {
		if cur.pos >= len(c.text) {
			return dst, false
		}
		end := pieceEnd(c.text, cur.pos)
		dst = append(s.chunk(dst, i), `"content":`...)
		dst = appendString(dst, c.text[cur.pos:end])
		cur.pos = end
		return s.endChunk(dst, ""), true
	}
	for cur.named && cur.pos >= len(c.calls[cur.call].args) {
		cur.named, cur.pos = false, 0
		if cur.call++; cur.call == len(c.calls) {
			return dst, false
		}
	}
	t := &c.calls[cur.call]
	dst = append(s.chunk(dst, i), `"tool_calls":[{"index":`...)
	dst = strconv.AppendInt(dst, int64(cur.call), 10)
	if !cur.named {
		cur.named = true
		dst = append(s.x.appendID(append(dst, `,"id":"call_`...), t.id), `","type":"function","function":{"name":`...)
		dst = append(appendString(dst, t.name), `,"arguments":""}}]`...)
		return s.endChunk(dst, ""), true
	}
	end := pieceEnd(t.args, cur.pos)
	dst = append(dst, `,"function":{"arguments":`...)
	dst = append(appendString(dst, t.args[cur.pos:end]), `}}]`...)
	cur.pos = end
	return s.endChunk(dst, ""), true
}

// appendChat appends the answer of /v1/chat/completions.
func (x *exchange) appendChat(dst []byte) []byte {
	dst = append(x.appendID(append(dst, `{"id":"chatcmpl-`...), 1), `","object":"chat.completion","created":`...)
	dst = strconv.AppendInt(dst, x.created, 10)
	dst = appendString(append(dst, `,"model":`...), x.req.model)
	dst = append(dst, `,`+fingerprint+`,"choices":[`...)
	for i := range x.gen.choices {
		c := &x.gen.choices[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendField(append(dst, '{'), "index", i), `,"message":{"role":"assistant","content":`...)
		if len(c.calls) > 0 {
			dst = append(dst, "null"...)
		} else {
			dst = appendString(dst, c.text)
		}
		dst = append(dst, `,"refusal":null,"annotations":[]`...)
		for k := range c.calls {
			t := &c.calls[k]
			if k == 0 {
				dst = append(dst, `,"tool_calls":[`...)
			} else {
				dst = append(dst, ',')
			}
			dst = append(x.appendID(append(dst, `{"id":"call_`...), t.id), `","type":"function","function":{"name":`...)
			dst = append(appendString(dst, t.name), `,"arguments":`...)
			dst = append(appendString(dst, t.args), `}}`...)
		}
		if len(c.calls) > 0 {
			dst = append(dst, ']')
		}
		dst = append(dst, `},"logprobs":null,"finish_reason":"`...)
		dst = append(append(dst, c.finish.openai()...), `"}`...)
	}
	dst = append(dst, `],"usage":`...)
	return append(x.gen.usage.appendOpenAI(dst), `,"service_tier":"default"}`...)
}

// openai is the finish_reason.
func (f finish) openai() string {
	switch f {
	case finishLength:
		return "length"
	case finishTool:
		return "tool_calls"
	}
	return "stop"
}

// appendOpenAI appends the usage of the chat and completions endpoints, whose
// prompt tokens include those from the cache.
func (u usage) appendOpenAI(dst []byte) []byte {
	dst = appendField(append(dst, '{'), "prompt_tokens", u.prompt)
	dst = appendField(append(dst, ','), "completion_tokens", u.output)
	dst = appendField(append(dst, ','), "total_tokens", u.prompt+u.output)
	dst = appendField(append(dst, `,"prompt_tokens_details":{`...), "cached_tokens", u.cached)
	dst = appendField(append(dst, ','), "cache_write_tokens", u.stored)
	return append(dst, `,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,`+
		`"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}
