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
		a.toolCall(item)
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

// response holds tokens of a response object.
type response struct {
	id, model, status, reason, usage, failure []byte
}

func (r *response) read(w *walker) {
	if !w.object() {
		w.skip()
		return
	}
	for w.next() {
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
			r.usage = w.skip()
		case "error":
			r.failure = w.skip()
		default:
			w.skip()
		}
	}
}

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
	a.openAIUsage(r.usage, nil)
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
		if s := a.finish.read(reason); s != "" {
			a.Finish = s
		}
	}
}
