package dialect

// chunk is what is known of a chunk or whole answer while it is read.
type chunk struct {
	inner   string // see Answer.chunk
	choices int
	arrays  int // of choices, one but for a repeated key
	said    int // Answer.OutputBytes when it began
	failure []byte
	figures figures
	usage   bool // has a usage object
	timings bool
}

// piece is what one choice, in a chunk or a whole answer, says: tokens of one choice of chat or completions.
type piece struct {
	index, finish             []byte
	text                      []byte // completions
	content, refusal          []byte
	reasoning, reasoningAlias []byte // servers name it reasoning_content or reasoning, and some send it under both
	audio                     []byte
}

// chunk reads one chunk of a chat or completions stream, or a whole answer: the two differ in the member of a choice
// that has what it says, inner, "delta" or "message".
//
// It is hidden when the client did not ask for usage and it has nothing else: no choice and no error. A chunk without
// choices and without usage stays (Azure begins with one), and so does a choice that carries usage along.
func (a *Answer) chunk(w *walker, inner string) (hide bool) {
	c := chunk{inner: inner, said: a.OutputBytes, figures: noFigures}
	if a.lead.leads(w) {
		a.resume(w, &c)
	}
	for w.next() {
		switch string(w.key) {
		case "id":
			a.setID(w.skip())
		case "model":
			a.setModel(w.skip())
		case "choices":
			c.choices = 0
			c.arrays++
			if w.array() {
				a.choices(w, &c)
			} else {
				w.skip()
			}
		case "usage":
			c.figures = noFigures
			c.usage = c.figures.read(w)
		case "timings":
			c.timings = a.timings.readTimings(w)
		case "error":
			c.failure = w.skip()
		case "object":
			if string(w.skip()) == `"error"` { // older vLLM
				a.Failed = true
			}
		default:
			w.skip()
		}
	}
	if stated(c.failure) {
		a.Failed = true
	}
	if c.usage || c.timings {
		a.setUsage(&c.figures)
	}
	return a.options.HideUsage && c.choices == 0 && c.usage && !stated(c.failure)
}

func (a *Answer) setID(token []byte) {
	if id := a.names.id.read(token); id != "" {
		a.ID = id
	}
}

func (a *Answer) setModel(token []byte) {
	if model := a.names.model.read(token); model != "" {
		a.Model = model
	}
}

func (a *Answer) setFinish(token []byte) {
	if reason := a.names.finish.read(token); reason != "" {
		a.Finish = reason
	}
}

// setUsage takes figures in OpenAI's meaning, beside llama.cpp's in a.timings. The last ones that state anything hold:
// servers that send usage with every chunk count up.
func (a *Answer) setUsage(f *figures) {
	if f.any() {
		a.figures = *f
	}
	a.Usage = a.figures.openAI(&a.timings)
}

// choices reads the choices of a chunk from inside their array.
func (a *Answer) choices(w *walker, c *chunk) {
	for ; w.elem(); c.choices++ {
		if w.object() {
			a.choice(w, c, &piece{})
		} else {
			w.skip()
		}
	}
}

// choice reads a choice from inside its object, to what p has already.
func (a *Answer) choice(w *walker, c *chunk, p *piece) {
	for w.next() {
		switch string(w.key) {
		case "index":
			p.index = w.skip()
		case "finish_reason":
			p.finish = w.skip()
		case "text":
			p.text = w.skip()
		default:
			if string(w.key) == c.inner && w.object() {
				a.delta(w, c, p)
			} else {
				w.skip()
			}
		}
	}
	if !w.bad {
		a.take(p)
	}
}

// delta reads a choice's delta or message from inside its object.
func (a *Answer) delta(w *walker, c *chunk, p *piece) {
	for w.next() {
		switch string(w.key) {
		case "content":
			if a.started && c.said == a.OutputBytes {
				a.lead.learn(w, c, p)
			}
			p.content = w.skip()
		case "refusal":
			p.refusal = w.skip()
		case "reasoning_content":
			p.reasoning = w.skip()
		case "reasoning":
			p.reasoningAlias = w.skip()
		case "tool_calls":
			a.toolCalls(w)
		case "function_call":
			a.toolCall(w)
		case "audio":
			p.audio = w.skip()
		default:
			w.skip()
		}
	}
}

// take adds what a choice says to the answer. Only the first choice is shown in Text: several would come interleaved.
func (a *Answer) take(p *piece) {
	index := max(tokenNumber(p.index), 0)
	first := index == 0
	a.seen.add(index)
	if reason := a.names.finish.read(p.finish); reason != "" {
		a.finished.add(index)
		if first || a.Finish == "" {
			a.Finish = reason
		}
	}
	if len(p.reasoning) >= len(p.reasoningAlias) {
		a.say(p.reasoning, false)
	} else {
		a.say(p.reasoningAlias, false)
	}
	a.say(p.text, first)
	a.content(p.content, first)
	a.say(p.refusal, first)
	a.audio(p.audio, first)
}

// content reads the content of a message: a string, or parts as Mistral's reasoning models send them, where the
// thinking is content again.
func (a *Answer) content(token []byte, show bool) {
	w := walker{p: token}
	if !w.array() {
		a.say(token, show)
		return
	}
	for w.elem() {
		if !w.object() {
			w.skip()
			continue
		}
		for w.next() {
			switch string(w.key) {
			case "text", "refusal":
				a.say(w.skip(), show)
			case "thinking":
				a.thinking(w.skip())
			default:
				w.skip()
			}
		}
	}
}

func (a *Answer) thinking(token []byte) {
	w := walker{p: token}
	if !w.array() {
		a.say(token, false)
		return
	}
	for w.elem() {
		if !w.object() {
			w.skip()
			continue
		}
		for w.next() {
			if string(w.key) == "text" {
				a.say(w.skip(), false)
			} else {
				w.skip()
			}
		}
	}
}

// audio reads spoken content: its transcript is text, its data is not.
func (a *Answer) audio(token []byte, show bool) {
	w := walker{p: token}
	if !w.object() {
		return
	}
	for w.next() {
		switch string(w.key) {
		case "transcript":
			a.say(w.skip(), show)
		case "data":
			if len(quoted(w.skip())) > 0 {
				a.FirstToken = true
			}
		default:
			w.skip()
		}
	}
}

func (a *Answer) toolCalls(w *walker) {
	if !w.array() {
		w.skip()
		return
	}
	for w.elem() {
		if !w.object() {
			w.skip()
			continue
		}
		for w.next() {
			switch string(w.key) {
			case "function", "custom":
				a.toolCall(w)
			default:
				w.skip()
			}
		}
	}
}

// toolCall reads what a model wants of a tool: OpenAI's function_call and its like, an item of responses.
func (a *Answer) toolCall(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		switch string(w.key) {
		case "name", "arguments", "input":
			a.say(w.skip(), false)
		default:
			w.skip()
		}
	}
}
