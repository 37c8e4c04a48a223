package dialect

import (
	"strings"
	"testing"
)

// refusals are bodies Parse refuses, with the param and the words the client is given.
var refusals = []struct {
	name     string
	endpoint Endpoint
	body     string
	param    string
	message  string
}{
	{"empty", Chat, ``, "", "unexpected end at byte 0"},
	{"array", Chat, `[{"model":"m"}]`, "", "the body has to be an object, found an array at byte 0"},
	{"no JSON", Messages, `model=m`, "", `unexpected character 'm' at byte 0`},
	{"cut", Chat, `{"model":"m","messages":[`, "", "unexpected end at byte 25"},
	{"behind", Chat, `{"model":"m","messages":[]}{}`, "", "unexpected data after the JSON object at byte 27"},
	{"comma", Chat, `{"model":"m",}`, "", `unexpected character '}' at byte 13`},
	{"no model", Chat, `{"messages":[]}`, "model", "you must provide a model parameter"},
	{"empty model", Chat, `{"model":"","messages":[]}`, "model", "you must provide a model parameter"},
	{"no model for Anthropic", Messages, `{"messages":[]}`, "model", "model: Field required"},
	{"no messages", Chat, `{"model":"m"}`, "messages", "Missing required parameter: 'messages'."},
	{"no messages for Anthropic", CountTokens, `{"model":"m"}`, "messages", "messages: Field required"},
	{"no input", Embeddings, `{"model":"m"}`, "input", "Missing required parameter: 'input'."},
	{"model null", Chat, `{"model":null,"messages":[]}`, "model", "Invalid type for 'model': expected a string, but got null instead."},
	{"model for Anthropic", Messages, `{"model":4,"messages":[]}`, "model", "model: Input should be a valid string"},
	{"messages", Chat, `{"model":"m","messages":5}`, "messages", "Invalid type for 'messages': expected an array of objects, but got a number instead."},
	{"messages null", Chat, `{"model":"m","messages":null}`, "messages", "but got null instead."},
	{"message", Chat, `{"model":"m","messages":[{},"x"]}`, "messages[1]", "Invalid type for 'messages[1]': expected an object, but got a string instead."},
	{"role", Chat, `{"model":"m","messages":[{"role":7}]}`, "messages[0].role", "expected a string, but got a number"},
	{"content", Chat, `{"model":"m","messages":[{"content":true}]}`, "messages[0].content", "expected one of a string or an array of objects, but got a boolean"},
	{"content for Anthropic", Messages, `{"model":"m","messages":[{"role":"user","content":1}]}`, "messages[0].content", "messages.0.content: Input should be a valid string or list"},
	{"block", Chat, `{"model":"m","messages":[{"content":[{"type":"text","text":"a"},7]}]}`, "messages[0].content[1]", "expected an object"},
	{"text", Messages, `{"model":"m","messages":[{"content":[{"type":"text","text":{}}]}]}`, "messages[0].content[0].text", "messages.0.content.0.text: Input should be a valid string"},
	{"tool_calls", Chat, `{"model":"m","messages":[{"tool_calls":{}}]}`, "messages[0].tool_calls", "expected an array"},
	{"tools", Chat, `{"model":"m","messages":[],"tools":"all"}`, "tools", "expected an array of objects, but got a string"},
	{"stream", Chat, `{"model":"m","messages":[],"stream":"yes"}`, "stream", "expected a boolean, but got a string"},
	{"stream_options", Chat, `{"model":"m","messages":[],"stream_options":[]}`, "stream_options", "expected an object, but got an array"},
	{"include_usage", Chat, `{"model":"m","messages":[],"stream_options":{"include_usage":1}}`, "stream_options.include_usage", "expected a boolean"},
	{"max_tokens", Chat, `{"model":"m","messages":[],"max_tokens":"10"}`, "max_tokens", "expected an integer, but got a string"},
	{"max_tokens fraction", Chat, `{"model":"m","messages":[],"max_tokens":1.5}`, "max_tokens", "Invalid value for 'max_tokens': out of range."},
	{"max_tokens for Anthropic", Messages, `{"model":"m","messages":[],"max_tokens":1e18}`, "max_tokens", "max_tokens: Input is out of range"},
	{"temperature", Chat, `{"model":"m","messages":[],"temperature":true}`, "temperature", "expected a number, but got a boolean"},
	{"prompt", Completions, `{"model":"m","prompt":5}`, "prompt", "expected one of a string or an array"},
	{"prompt element", Completions, `{"model":"m","prompt":["a",null]}`, "prompt[1]", "expected a string, but got null"},
	{"input", Embeddings, `{"model":"m","input":true}`, "input", "expected one of a string or an array"},
	{"items", Responses, `{"model":"m","input":{}}`, "input", "expected one of a string or an array, but got an object"},
	{"instructions", Responses, `{"model":"m","instructions":{}}`, "instructions", "expected a string"},
	{"conversation", Responses, `{"model":"m","conversation":1}`, "conversation", "expected one of a string or an object"},
	{"stored prompt", Responses, `{"model":"m","prompt":"p"}`, "prompt", "expected an object"},
	{"system", Messages, `{"model":"m","system":{},"messages":[]}`, "system", "system: Input should be a valid string or list"},
	{"odd key", Chat, `{"model":"m","a\u0000\"b":{"c":1,"c":2},"messages":[]}`, `"a\x00\"b".c`, `duplicate key "c" at byte 33, in "a\x00\"b"`},
	{"long key", Chat, `{"` + strings.Repeat("é", 3000) + `":1,"` + strings.Repeat("é", 3000) + `":1}`, `"` + strings.Repeat(`\u00e9`, 20) + `"…`, "duplicate key"},
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r Request
			err := r.Parse(c.endpoint, []byte(c.body))
			if err == nil {
				t.Fatalf("accepted %s", c.body)
			}
			if err.Kind != BadRequest || err.Param != c.param || !strings.Contains(err.Message, c.message) {
				t.Errorf("got  %v\nwant param %q and %q", err, c.param, c.message)
			}
			if len(err.Message) > 400 {
				t.Errorf("%d bytes of message", len(err.Message))
			}
		})
	}
}

// TestParseAccepts has bodies at the border: providers take them or answer for themselves.
func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint Endpoint
		body     string
	}{
		{Chat, `{"model":"m","messages":[]}`},
		{Chat, "\n\t {\"model\" : \"m\" , \"messages\" : [ { } ] } \r\n"},
		{Chat, `{"model":"m","messages":[{"role":"user","content":null}],"stream":null,"stream_options":null,"tools":null,"max_tokens":null,"temperature":null,"n":null,"stop":null}`},
		{Chat, `{"model":"m","messages":[{"role":"user","content":"x","tool_calls":null,"function_call":null,"name":null}]}`},
		{Chat, `{"model":"m","messages":[],"seed":123456789012345678901234567890,"top_p":1e999}`},
		{Responses, `{"prompt":{"id":"p"}}`},
		{Responses, `{"model":"m"}`},
		{Responses, `{"model":"m","input":null,"instructions":null,"conversation":null,"previous_response_id":null,"prompt":null}`},
		{Completions, `{"model":"m"}`},
		{Completions, `{"model":"m","prompt":null}`},
		{Embeddings, `{"model":"m","messages":[{"role":"user","content":"x"}]}`},
		{Messages, `{"model":"m","messages":[],"system":null,"metadata":null}`},
		{None, `{}`},
		{Models, `{"anything":["goes"]}`},
	} {
		var r Request
		if err := r.Parse(c.endpoint, []byte(c.body)); err != nil {
			t.Errorf("%s %s: %v", c.endpoint, c.body, err)
			continue
		}
		checkView(t, &r)
		checkEdits(t, &r)
	}
}
