package dialect

// piece is what one choice, in a chunk or a whole answer, says: tokens of one choice of chat or completions.
type piece struct {
	index, finish             []byte
	text                      []byte // completions
	content, refusal          []byte
	reasoning, reasoningAlias []byte // servers name it reasoning_content or reasoning, and some send it under both
	tools, function           []byte // tool_calls; function_call is their forerunner
	audio                     []byte
}

// chunk reads one chunk of a chat or completions stream.
//
// It is hidden when the client did not ask for usage and it has nothing else: no choice and no error. A chunk without
// choices and without usage stays (Azure begins with one), and so does a choice that carries usage along.
func (a *Answer) chunk(w *walker) (hide bool) {
	var n int
	var usage, timings, failure []byte
	for w.next() {
		switch string(w.key) {
		case "id":
			a.setID(w.skip())
		case "model":
			a.setModel(w.skip())
		case "choices":
			n = a.choices(w)
		case "usage":
			usage = w.skip()
		case "timings":
			timings = w.skip()
		case "error":
			failure = w.skip()
		case "object":
			if string(w.skip()) == `"error"` { // older vLLM
				a.Failed = true
			}
		default:
			w.skip()
		}
	}
	if stated(failure) {
		a.Failed = true
	}
	a.openAIUsage(usage, timings)
	return a.options.HideUsage && n == 0 && isObject(usage) && !stated(failure)
}

func (a *Answer) setID(token []byte) {
	if id := a.id.read(token); id != "" {
		a.ID = id
	}
}

func (a *Answer) setModel(token []byte) {
	if model := a.model.read(token); model != "" {
		a.Model = model
	}
}

// openAIUsage takes a usage object in OpenAI's meaning, and llama.cpp's timings. The last ones that state anything
// hold: servers that send usage with every chunk count up.
func (a *Answer) openAIUsage(usage, timings []byte) {
	if !isObject(usage) && !isObject(timings) {
		return
	}
	f := noFigures
	if f.read(usage); f.any() {
		a.figures = f
	}
	a.timings.readTimings(timings)
	a.Usage = a.figures.openAI(&a.timings)
}

// choices reads the choices of a chunk and tells how many there are.
func (a *Answer) choices(w *walker) (n int) {
	if !w.array() {
		w.skip()
		return 0
	}
	for ; w.elem(); n++ {
		if w.object() {
			a.choice(w)
		} else {
			w.skip()
		}
	}
	return n
}

func (a *Answer) choice(w *walker) {
	var p piece
	for w.next() {
		switch string(w.key) {
		case "index":
			p.index = w.skip()
		case "finish_reason":
			p.finish = w.skip()
		case "text":
			p.text = w.skip()
		case "delta":
			if w.object() {
				p.delta(w)
			} else {
				w.skip()
			}
		default:
			w.skip()
		}
	}
	if !w.bad {
		a.take(&p)
	}
}

func (p *piece) delta(w *walker) {
	for w.next() {
		switch string(w.key) {
		case "content":
			p.content = w.skip()
		case "refusal":
			p.refusal = w.skip()
		case "reasoning_content":
			p.reasoning = w.skip()
		case "reasoning":
			p.reasoningAlias = w.skip()
		case "tool_calls":
			p.tools = w.skip()
		case "function_call":
			p.function = w.skip()
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
	if reason := a.finish.read(p.finish); reason != "" {
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
	a.toolCalls(p.tools)
	a.toolCall(p.function)
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

func (a *Answer) toolCalls(token []byte) {
	w := walker{p: token}
	if !w.array() {
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
				a.toolCall(w.skip())
			default:
				w.skip()
			}
		}
	}
}

func (a *Answer) toolCall(token []byte) {
	w := walker{p: token}
	if !w.object() {
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
