package dialect

// messageEvent reads one event of a Messages stream. Its type stands in the data and again in the event's name. The
// keys that matter do not clash between the types, so the order in which they come does not either.
func (a *Answer) messageEvent(w *walker, name []byte) {
	var usage, failure []byte
	kind := name
	for w.next() {
		switch string(w.key) {
		case "type":
			if s := quoted(w.skip()); len(s) > 0 {
				kind = s
			}
		case "message":
			usage = a.message(w)
		case "content_block", "delta":
			a.block(w)
		case "usage":
			usage = w.skip()
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
	a.anthropicUsage(usage, string(kind) == "message_start")
}

// message reads the message a stream starts with and returns its usage.
func (a *Answer) message(w *walker) (usage []byte) {
	if !w.object() {
		w.skip()
		return nil
	}
	for w.next() {
		switch string(w.key) {
		case "id":
			a.setID(w.skip())
		case "model":
			a.setModel(w.skip())
		case "usage":
			usage = w.skip()
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
			if reason := a.finish.read(w.skip()); reason != "" {
				a.Finish = reason
			}
		default:
			w.skip()
		}
	}
}

// anthropicUsage takes a usage object in Anthropic's meaning. What it states replaces what an earlier one stated,
// since the figures of message_delta are cumulative; what it does not state stays. The one a stream starts with is
// not the last.
func (a *Answer) anthropicUsage(token []byte, start bool) {
	if !isObject(token) {
		return
	}
	a.figures.read(token)
	a.Usage = a.figures.anthropic()
	a.Usage.Partial = a.Usage.Present && start
}
