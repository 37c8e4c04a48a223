package dialect

import "bytes"

// responseEvent reads one event of a Responses stream. The text comes in the deltas; the events that repeat it whole
// (response.output_text.done, response.completed) are not read for text again.
func (a *Answer) responseEvent(w *walker, name []byte) {
	var delta, item, failure []byte
	var r response
	kind := name
	for w.next() {
		switch string(w.key) {
		case "type":
			if s := quoted(w.skip()); len(s) > 0 {
				kind = s
			}
		case "delta":
			delta = w.skip()
		case "response":
			r.read(w)
		case "item":
			item = w.skip()
		case "sequence_number":
			setFigure(&a.sequence, w.skip())
		case "error":
			failure = w.skip()
		default:
			w.skip()
		}
	}
	if w.bad {
		return
	}
	a.response(&r)
	a.Failed = a.Failed || stated(failure)
	switch string(kind) {
	case "error":
		a.Failed = true
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
		a.end(bytes.TrimPrefix(kind, []byte("response.")), r.reason)
	case "response.output_item.added":
		a.toolCall(&walker{p: item})
	case "response.output_text.delta", "response.refusal.delta", "response.audio.transcript.delta", "response.audio_transcript.delta":
		a.say(delta, true)
	case "response.audio.delta":
		a.FirstToken = a.FirstToken || len(quoted(delta)) > 0
	default:
		if bytes.HasSuffix(kind, []byte(".delta")) {
			a.say(delta, false)
		}
	}
}

// response holds what a response object states, in tokens.
type response struct {
	id, model, status, reason, failure []byte
	figures                            figures
	usage                              bool // there are figures
}

// read reads the response object an event carries.
func (r *response) read(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
		r.member(w)
	}
}

// member reads the value of one member of a response object.
func (r *response) member(w *walker) {
	switch string(w.key) {
	case "id":
		r.id = w.skip()
	case "model":
		r.model = w.skip()
	case "status":
		r.status = w.skip()
	case "incomplete_details":
		r.reason = tokenMember(w.skip(), "reason")
	case "usage":
		r.figures = noFigures
		r.usage = r.figures.read(w)
	case "error":
		r.failure = w.skip()
	default:
		w.skip()
	}
}

// responseBody reads a whole response.
func (a *Answer) responseBody(w *walker) {
	var r response
	for w.next() {
		if string(w.key) == "output" {
			a.output(w)
		} else {
			r.member(w)
		}
	}
	if w.bad {
		return
	}
	a.response(&r)
	a.end(quoted(r.status), r.reason)
}

// output reads the items of a whole response.
func (a *Answer) output(w *walker) {
	if !w.array() {
		w.skip()
		return
	}
	for w.elem() {
		if w.object() {
			a.item(w)
		} else {
			w.skip()
		}
	}
}

// item reads one item. Its type, which says whether its content is shown, may stand behind it.
func (a *Answer) item(w *walker) {
	var kind, content []byte
	for w.next() {
		switch string(w.key) {
		case "type":
			kind = w.skip()
		case "summary":
			a.blocks(w, false)
		case "content":
			if kind == nil {
				content = w.skip()
			} else {
				a.blocks(w, !isReasoning(kind))
			}
		case "name", "arguments", "input":
			a.say(w.skip(), false)
		default:
			w.skip()
		}
	}
	if content != nil {
		a.blocks(&walker{p: content}, !isReasoning(kind))
	}
}

func isReasoning(kind []byte) bool { return string(kind) == `"reasoning"` }

// tokenMember is the token of a member of an object token, nil if there is none.
func tokenMember(token []byte, name string) (value []byte) {
	w := walker{p: token}
	if !w.object() {
		return nil
	}
	for w.next() {
		if v := w.skip(); string(w.key) == name {
			value = v
		}
	}
	return value
}

// response takes what a response object states, in a stream or whole.
func (a *Answer) response(r *response) {
	a.setID(r.id)
	a.setModel(r.model)
	if r.usage {
		a.setUsage(&r.figures)
	}
	if stated(r.failure) {
		a.Failed = true
	}
}

// end notes that a response has come to its end with a status.
func (a *Answer) end(status, reason []byte) {
	a.Done = true
	switch string(status) {
	case "completed":
		a.Finish = "completed"
	case "failed":
		a.Finish, a.Failed = "failed", true
	case "cancelled":
		a.Finish = "cancelled"
	case "incomplete":
		a.Finish = "incomplete"
		if s := a.names.finish.read(reason); s != "" {
			a.Finish = s
		}
	}
}
