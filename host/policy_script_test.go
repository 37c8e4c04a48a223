package host_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// surface is an endpoint that streams.
type surface struct {
	name, path, body string // of a streamed request
	clean, fault     string // see streamRequests
	// events are the stream of an answer that says these pieces; whole is the answer that is not streamed.
	events func(pieces []string) []string
	whole  func(text string) string
}

func inJSON(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string
	return string(b)
}

// each is an event for each piece.
func each(format string, pieces []string) (events []string) {
	for _, p := range pieces {
		events = append(events, fmt.Sprintf(format, inJSON(p))+"\n\n")
	}
	return events
}

func around(before string, events []string, after string) []string {
	split := func(s string) []string {
		all := strings.SplitAfter(s, "\n\n")
		return all[:len(all)-1]
	}
	return append(append(split(before), events...), split(after)...)
}

var surfaces = []surface{
	{
		"chat", "/v1/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}`, "data: [DONE]", `data: {"error":`,
		func(pieces []string) []string {
			const chunk = `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":`
			return around(chunk+`{"role":"assistant","content":""},"finish_reason":null}]}`+"\n\n", each(chunk+`{"content":%s},"finish_reason":null}]}`, pieces),
				chunk+`{},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
		},
		func(text string) string {
			return `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":` + inJSON(text) + `},"finish_reason":"stop"}]}`
		},
	}, {
		"completions", "/v1/completions", `{"model":"m","stream":true,"prompt":"x"}`, "data: [DONE]", `data: {"error":`,
		func(pieces []string) []string {
			const chunk = `data: {"id":"1","object":"text_completion","model":"m","choices":[{"index":0,"text":`
			return around("", each(chunk+`%s,"finish_reason":null}]}`, pieces), chunk+`"","finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
		},
		func(text string) string {
			return `{"id":"1","object":"text_completion","model":"m","choices":[{"index":0,"text":` + inJSON(text) + `,"finish_reason":"stop"}]}`
		},
	}, {
		"messages", "/v1/messages", streamRequests["messages"].body, "event: message_stop", "event: error\ndata: ",
		func(pieces []string) []string {
			return around(`event: message_start
data: {"type":"message_start","message":{"id":"1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

`, each("event: content_block_delta\n"+`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}`, pieces), `event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}

event: message_stop
data: {"type":"message_stop"}

`)
		},
		func(text string) string {
			return `{"id":"1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":` + inJSON(text) + `}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":3}}`
		},
	}, {
		"responses", "/v1/responses", `{"model":"m","stream":true,"input":"x"}`, "event: response.completed", "event: error\ndata: ",
		func(pieces []string) []string {
			all := inJSON(strings.Join(pieces, ""))
			item := `{"id":"i","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"text":` + all + `}]}`
			return around(`event: response.created
data: {"type":"response.created","response":{"id":"1","object":"response","model":"m","status":"in_progress","output":[]}}

event: response.output_item.added
data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"message","role":"assistant","status":"in_progress","content":[]}}

event: response.content_part.added
data: {"type":"response.content_part.added","item_id":"i","output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],"text":""}}

`, each("event: response.output_text.delta\n"+`data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":%s}`, pieces), `event: response.output_text.done
data: {"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":`+all+`}

event: response.content_part.done
data: {"type":"response.content_part.done","item_id":"i","output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],"text":`+all+`}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":`+item+`}

event: response.completed
data: {"type":"response.completed","response":{"id":"1","object":"response","model":"m","status":"completed","output":[`+item+`],"usage":{"input_tokens":1,"output_tokens":3,"total_tokens":4}}}

`)
		},
		func(text string) string {
			return `{"id":"1","object":"response","model":"m","status":"completed","output":[{"id":"i","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"text":` + inJSON(text) + `}]}],"usage":{"input_tokens":1,"output_tokens":3,"total_tokens":4}}`
		},
	},
}

// plain is the request without its stream.
func (s *surface) plain() string { return strings.Replace(s.body, `"stream":true,`, "", 1) }

// script is what a target writes: the head, then each event in a chunk and a write of its own.
func script(events []string) []string {
	out := []string{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"}
	for _, e := range events {
		out = append(out, chunkOf(e))
	}
	return append(out, "0\r\n\r\n")
}

// told is what the deltas of a stream say, joined; and the whole texts that its last events repeat.
func told(t testing.TB, stream string) (text string, repeated []string) {
	t.Helper()
	var b strings.Builder
	for l := range strings.Lines(stream) {
		data, ok := strings.CutPrefix(strings.TrimSpace(l), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var e struct {
			Type    string
			Text    string
			Delta   json.RawMessage
			Choices []struct {
				Text  string
				Delta struct{ Content string }
			}
			Part struct{ Text string }
			Item struct{ Content []struct{ Text string } }
			Res  struct {
				Output []struct{ Content []struct{ Text string } }
			} `json:"response"`
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		for _, c := range e.Choices {
			b.WriteString(c.Text + c.Delta.Content)
		}
		switch e.Type {
		case "content_block_delta":
			var d struct{ Text string }
			_ = json.Unmarshal(e.Delta, &d)
			b.WriteString(d.Text)
		case "response.output_text.delta":
			var d string
			_ = json.Unmarshal(e.Delta, &d)
			b.WriteString(d)
		case "response.output_text.done":
			repeated = append(repeated, e.Text)
		case "response.content_part.done":
			repeated = append(repeated, e.Part.Text)
		case "response.output_item.done":
			repeated = append(repeated, e.Item.Content[0].Text)
		case "response.completed":
			repeated = append(repeated, e.Res.Output[0].Content[0].Text)
		}
	}
	return b.String(), repeated
}
