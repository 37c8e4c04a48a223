package host

import (
	"github.com/go-json-experiment/json/jsontext"

	"weir/host/dialect"
)

// A record holds the texts of a request's messages with their roles, and not the body they stood in. What is built here says the same to plugins
// but for what is not recorded: each text is a message of its own, its channel follows from its role, and there are no tools, images, parameters or headers.

// appendRequest appends a body of the record's endpoint with its texts; nil for an endpoint without any.
func (r *replayRecord) appendRequest(dst []byte) []byte {
	w := jsonWriter{dst}
	w.raw("{")
	if r.Model != "" {
		w.raw(`"model":`).text(r.Model).raw(",")
	}
	if r.Stream {
		w.raw(`"stream":true,`)
	}
	switch messages := r.text.Messages; r.endpoint {
	case dialect.Chat:
		w.raw(`"messages":`).turns(messages)
	case dialect.Messages, dialect.CountTokens:
		w.system(&messages)
		w.raw(`"messages":`).turns(messages)
	case dialect.Responses:
		if r.Model == "" { // as only a stored prompt allows
			w.raw(`"prompt":{},`)
		}
		w.raw(`"input":`).turns(messages)
	case dialect.Completions:
		w.raw(`"prompt":`).texts(messages)
	case dialect.Embeddings:
		if alike(messages, "user") {
			w.raw(`"input":`).texts(messages)
		} else {
			w.raw(`"messages":`).turns(messages)
		}
	default:
		return nil
	}
	return w.raw("}").b
}

// answerBody is a whole answer of the record's endpoint with the recorded text; nil for an endpoint whose answers hold none.
func (r *replayRecord) answerBody() []byte {
	w := jsonWriter{}
	switch answer := r.text.Answer; r.endpoint {
	case dialect.Chat:
		w.raw(`{"choices":[{"index":0,"message":{"role":"assistant","content":`).text(answer).raw(`},"finish_reason":"stop"}]}`)
	case dialect.Completions:
		w.raw(`{"choices":[{"index":0,"text":`).text(answer).raw(`,"finish_reason":"stop"}]}`)
	case dialect.Messages:
		w.raw(`{"type":"message","role":"assistant","content":[{"type":"text","text":`).text(answer).raw(`}],"stop_reason":"end_turn"}`)
	case dialect.Responses:
		w.raw(`{"object":"response","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":`).
			text(answer).raw(`}]}]}`)
	}
	return w.b
}

// alike tells whether all messages are of a role.
func alike(messages []recordedMessage, role string) bool {
	for i := range messages {
		if messages[i].Role != role {
			return false
		}
	}
	return true
}

// jsonWriter appends JSON.
type jsonWriter struct{ b []byte }

func (w *jsonWriter) raw(s string) *jsonWriter {
	w.b = append(w.b, s...)
	return w
}

// text writes a string. The decoder that it came from made it valid UTF-8.
func (w *jsonWriter) text(s string) *jsonWriter {
	w.b, _ = jsontext.AppendQuote(w.b, s)
	return w
}

// turns writes an array of messages. A role that stands for none is left out.
func (w *jsonWriter) turns(messages []recordedMessage) {
	w.raw("[")
	for i := range messages {
		if i > 0 {
			w.raw(",")
		}
		w.raw("{")
		if m := &messages[i]; m.Role != "" && m.Role != dialect.RoleNone.String() {
			w.raw(`"role":`).text(m.Role).raw(",")
		}
		w.raw(`"content":`).text(messages[i].Text).raw("}")
	}
	w.raw("]")
}

// texts writes a prompt or an input: one string, or an array of them.
func (w *jsonWriter) texts(messages []recordedMessage) {
	if len(messages) == 1 {
		w.text(messages[0].Text)
		return
	}
	w.raw("[")
	for i := range messages {
		if i > 0 {
			w.raw(",")
		}
		w.text(messages[i].Text)
	}
	w.raw("]")
}

// system writes the messages that begin a request of Anthropic's dialect as its system prompt, and takes them out of the list.
func (w *jsonWriter) system(messages *[]recordedMessage) {
	n := 0
	for n < len(*messages) && (*messages)[n].Role == dialect.RoleSystem.String() {
		n++
	}
	if n == 0 {
		return
	}
	w.raw(`"system":[`)
	for i, m := range (*messages)[:n] {
		if i > 0 {
			w.raw(",")
		}
		w.raw(`{"type":"text","text":`).text(m.Text).raw("}")
	}
	w.raw("],")
	*messages = (*messages)[n:]
}
