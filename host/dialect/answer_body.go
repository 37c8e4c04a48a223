package dialect

import "bytes"

// body is a whole answer of any endpoint, as sonic decodes it: what Answer reads, every leaf left as its token. What
// is not named here, embeddings above all, is validated and skipped at full speed.
type body struct {
	ID      raw `json:"id"`
	Model   raw `json:"model"`
	Error   raw `json:"error"`
	Usage   raw `json:"usage"`
	Timings raw `json:"timings"`

	Choices []bodyChoice `json:"choices"` // chat, completions

	StopReason raw         `json:"stop_reason"` // messages
	Type       raw         `json:"type"`
	Content    []bodyBlock `json:"content"`

	Status  raw        `json:"status"` // responses
	Details raw        `json:"incomplete_details"`
	Output  []bodyItem `json:"output"`
}

type bodyChoice struct {
	Index   raw         `json:"index"`
	Finish  raw         `json:"finish_reason"`
	Text    raw         `json:"text"`
	Message bodyMessage `json:"message"`
}

type bodyMessage struct {
	Content          raw `json:"content"`
	Refusal          raw `json:"refusal"`
	Reasoning        raw `json:"reasoning"`
	ReasoningContent raw `json:"reasoning_content"`
	ToolCalls        raw `json:"tool_calls"`
	FunctionCall     raw `json:"function_call"`
	Audio            raw `json:"audio"`
}

// bodyBlock is a content block of messages, or a part of an item's content or summary in responses.
type bodyBlock struct {
	Text     raw `json:"text"`
	Refusal  raw `json:"refusal"`
	Thinking raw `json:"thinking"`
	Name     raw `json:"name"`
	Input    raw `json:"input"`
}

type bodyItem struct {
	Type      raw         `json:"type"`
	Name      raw         `json:"name"`
	Arguments raw         `json:"arguments"`
	Input     raw         `json:"input"`
	Content   []bodyBlock `json:"content"`
	Summary   []bodyBlock `json:"summary"`
}

// release drops every reference into the decoded text and keeps a few elements of room for the next.
func (b *body) release() {
	const keep = 16
	clear(b.Choices[:cap(b.Choices)])
	clear(b.Content[:cap(b.Content)])
	clear(b.Output[:cap(b.Output)])
	old := *b
	*b = body{}
	if cap(old.Choices) <= keep {
		b.Choices = old.Choices[:0]
	}
	if cap(old.Content) <= keep {
		b.Content = old.Content[:0]
	}
	if cap(old.Output) <= keep {
		b.Output = old.Output[:0]
	}
}

// Body reads a whole unstreamed answer. An error means that it is not one complete JSON object in valid UTF-8. Values
// of other types than the wire format has are passed over: the answer is the client's to judge.
func (a *Answer) Body(p []byte) error {
	if a.endpoint == None {
		return nil
	}
	if !validUTF8(p) {
		return errNotUTF8
	}
	if a.body == nil {
		a.body = new(body)
	}
	defer a.body.release()
	if err := decodeBody(p, a.body); err != nil {
		w := walker{p: p} // a syntax error, or only a value of another type?
		if w.skip(); !w.end() {
			return errBodyJSON
		}
	}
	if !validEscapes(p) {
		return errBodyJSON
	}
	if i := skipBlanks(p, 0); i == len(p) || p[i] != '{' {
		return errBodyObject
	}
	a.Done = true
	a.Failed = a.Failed || stated(a.body.Error)
	switch a.endpoint {
	case Chat, Completions:
		a.chatBody(a.body)
	case Embeddings:
		a.setModel(a.body.Model)
		a.openAIUsage(a.body.Usage, nil)
	case Messages:
		a.messageBody(a.body)
	case Responses:
		a.responseBody(a.body)
	case CountTokens, Models:
		a.Usage.Present = !a.Failed
	}
	return nil
}

// validEscapes tells whether every backslash begins an escape that JSON has. sonic does not look at some of those in
// values it passes over. Outside strings a backslash is a syntax error that it does see.
func validEscapes(p []byte) bool {
	for {
		i := bytes.IndexByte(p, '\\')
		if i < 0 {
			return true
		}
		if i+1 == len(p) {
			return false
		}
		switch p[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			p = p[i+2:]
		case 'u':
			if len(p) < i+6 {
				return false
			}
			for _, c := range p[i+2 : i+6] {
				if !isHex(c) {
					return false
				}
			}
			p = p[i+6:]
		default:
			return false
		}
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func (a *Answer) chatBody(b *body) {
	a.setID(b.ID)
	a.setModel(b.Model)
	a.openAIUsage(b.Usage, b.Timings)
	for i := range b.Choices {
		c := &b.Choices[i]
		m := &c.Message
		a.take(&piece{
			index: c.Index, finish: c.Finish, text: c.Text, content: m.Content, refusal: m.Refusal,
			reasoning: m.ReasoningContent, reasoningAlias: m.Reasoning,
			tools: m.ToolCalls, function: m.FunctionCall, audio: m.Audio,
		})
	}
}

func (a *Answer) messageBody(b *body) {
	a.setID(b.ID)
	a.setModel(b.Model)
	a.anthropicUsage(b.Usage, false)
	if reason := a.finish.read(b.StopReason); reason != "" {
		a.Finish = reason
	}
	if string(b.Type) == `"error"` {
		a.Failed = true
	}
	for i := range b.Content {
		a.bodyBlock(&b.Content[i])
	}
}

func (a *Answer) responseBody(b *body) {
	a.response(&response{id: b.ID, model: b.Model, usage: b.Usage, failure: b.Error})
	a.end(quoted(b.Status), tokenMember(b.Details, "reason"))
	for i := range b.Output {
		item := &b.Output[i]
		for j := range item.Summary {
			a.say(item.Summary[j].Text, false)
		}
		reasoning := string(item.Type) == `"reasoning"`
		for j := range item.Content {
			if block := &item.Content[j]; reasoning {
				a.say(block.Text, false)
			} else {
				a.bodyBlock(block)
			}
		}
		a.say(item.Name, false)
		a.say(item.Arguments, false)
		a.say(item.Input, false)
	}
}

func (a *Answer) bodyBlock(b *bodyBlock) {
	a.say(b.Text, true)
	a.say(b.Refusal, true)
	a.say(b.Thinking, false)
	a.say(b.Name, false)
	if len(b.Input) > len("{}") { // the tool's arguments, which a stream sends as text
		a.FirstToken = true
		a.OutputBytes += len(b.Input)
	}
}
