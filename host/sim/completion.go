package sim

import "strconv"

// completionStream is the stream of /v1/completions: the choices in turn, a token
// each, then the usage if it was asked for, and [DONE].
type completionStream struct {
	x     *exchange
	pos   []int // in each text; len+1 once its end is told
	head  []byte
	turn  int
	round int
	open  int
	tail  int
}

func newCompletionStream(x *exchange) *completionStream {
	n := len(x.gen.choices)
	return &completionStream{x: x, pos: make([]int, n), open: n, head: x.appendChunkHead(nil, "cmpl-", "text_completion")}
}

func (s *completionStream) next(dst []byte) ([]byte, int, bool) {
	if s.open > 0 {
		for s.pos[s.turn] > len(s.x.gen.choices[s.turn].text) {
			s.advance()
		}
		i, at := s.turn, s.round
		s.advance()
		c := &s.x.gen.choices[i]
		if s.pos[i] < len(c.text) {
			end := pieceEnd(c.text, s.pos[i])
			dst = s.chunk(dst, i, c.text[s.pos[i]:end], "")
			s.pos[i] = end
			return dst, at, true
		}
		s.pos[i]++
		s.open--
		return s.chunk(dst, i, nil, c.finish.openai()), -1, true
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

func (s *completionStream) advance() {
	if s.turn++; s.turn == len(s.pos) {
		s.turn, s.round = 0, s.round+1
	}
}

func (s *completionStream) chunk(dst []byte, i int, text []byte, reason string) []byte {
	dst = appendField(append(append(dst, s.head...), '{'), "index", i)
	dst = appendString(append(dst, `,"text":`...), text)
	dst = append(dst, `,"logprobs":null,"finish_reason":`...)
	dst = append(appendOptional(dst, reason), `}]`...)
	if s.x.req.includeUsage {
		dst = append(dst, `,"usage":null`...)
	}
	return append(dst, "}\n\n"...)
}

// appendCompletion appends the answer of /v1/completions. The choices of the
// first prompt come first.
func (x *exchange) appendCompletion(dst []byte) []byte {
	dst = append(x.appendID(append(dst, `{"id":"cmpl-`...), 1), `","object":"text_completion","created":`...)
	dst = strconv.AppendInt(dst, x.created, 10)
	dst = appendString(append(dst, `,"model":`...), x.req.model)
	dst = append(dst, `,`+fingerprint+`,"choices":[`...)
	for i := range x.gen.choices {
		c := &x.gen.choices[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendField(append(dst, '{'), "index", i)
		dst = appendString(append(dst, `,"text":`...), c.text)
		dst = append(append(dst, `,"logprobs":null,"finish_reason":"`...), c.finish.openai()...)
		dst = append(dst, `"}`...)
	}
	return append(x.gen.usage.appendOpenAI(append(dst, `],"usage":`...)), '}')
}
