package dialect

// messageEvent reads one event of a Messages stream. Its type stands in the data and again in the event's name. The
// keys that matter do not clash between the types, so the order in which they come does not either.
func (a *Answer) messageEvent(w *walker, name []byte) {
	f, usage := a.figures, false
	var failure []byte
	kind := name
	for w.next() {
		switch string(w.key) {
		case "type":
			if s := quoted(w.skip()); len(s) > 0 {
				kind = s
			}
		case "message":
			usage = a.message(w, &f) || usage
		case "content_block", "delta":
			a.block(w)
		case "usage":
			f = a.figures
			usage = f.read(w) || usage
		case "error":
			failure = w.skip()
		default:
			w.skip()
		}
	}
	switch string(kind) {
	case "message_stop":
		a.Done = true
	case "error":
		a.Failed = true
	}
	if stated(failure) {
		a.Failed = true
	}
	if usage {
		a.setAnthropicUsage(&f, string(kind) == "message_start")
	}
}

// message reads the message a stream starts with, its usage into f. It tells whether there is one.
func (a *Answer) message(w *walker, f *figures) (usage bool) {
	if !w.object() {
		w.skip()
		return false
	}
	for w.next() {
		switch string(w.key) {
		case "id":
			a.setID(w.skip())
		case "model":
			a.setModel(w.skip())
		case "usage":
			*f = a.figures
			usage = f.read(w)
		default:
			w.skip()
		}
	}
	return usage
}

// block reads the start of a content block, or what is added to a block or to the message.
func (a *Answer) block(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		switch string(w.key) {
		case "text":
			a.say(w.skip(), true)
		case "thinking", "partial_json", "name":
			a.say(w.skip(), false)
		case "stop_reason":
			a.setFinish(w.skip())
		default:
			w.skip()
		}
	}
}

// messageBody reads a whole message.
func (a *Answer) messageBody(w *walker) {
	f := noFigures
	for w.next() {
		switch string(w.key) {
		case "id":
			a.setID(w.skip())
		case "model":
			a.setModel(w.skip())
		case "stop_reason":
			a.setFinish(w.skip())
		case "type":
			a.Failed = string(w.skip()) == `"error"` || a.Failed
		case "error":
			a.Failed = stated(w.skip()) || a.Failed
		case "content":
			a.blocks(w, true)
		case "usage":
			f = noFigures
			f.read(w)
		default:
			w.skip()
		}
	}
	a.setAnthropicUsage(&f, false)
}

// blocks reads content blocks of a message, or the parts of an item's content or summary in responses; of those that
// are reasoning nothing is shown.
func (a *Answer) blocks(w *walker, show bool) {
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
			case "text", "refusal":
				a.say(w.skip(), show)
			case "thinking", "name":
				a.say(w.skip(), false)
			case "input":
				a.input(w.skip())
			default:
				w.skip()
			}
		}
	}
}

// input counts a tool's arguments, which a stream sends as text.
func (a *Answer) input(token []byte) {
	if len(token) > len("{}") {
		a.FirstToken = true
		a.OutputBytes += len(token)
	}
}

// setAnthropicUsage takes figures in Anthropic's meaning. What they state replaces what earlier ones stated, since the
// figures of message_delta are cumulative; what they do not state stays. The usage a stream starts with is not the last.
func (a *Answer) setAnthropicUsage(f *figures, start bool) {
	a.figures = *f
	a.Usage = f.anthropic()
	a.Usage.Partial = a.Usage.Present && start
}
