package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// vocabulary is what random bodies are made of: the keys of all shapes, and a few nobody knows.
var vocabulary = strings.Fields(`role content name tool_calls function_call tool_call_id refusal audio type text image_url input_audio file
	file_id file_data filename source data media_type url signature thinking reasoning summary encrypted_content id call_id input arguments
	action output outputs results result queries code tools tool function custom description parameters input_schema format server_label
	server_url headers authorization container environment network_policy skills file_ids status caller citations title context cache_control
	logprobs annotations unknown Other x`)

var typeWords = strings.Fields(`text image_url input_text output_text image document search_result tool_use tool_result thinking redacted_thinking
	function_call function_call_output reasoning message image_generation_call item_reference base64 content hologram function custom mcp file
	web_search_tool_result compaction program_output input_audio`)

// drawValue writes a random value; keys of objects are distinct, as those of most bodies are.
func drawValue(t *rapid.T, b *strings.Builder, key string, depth int) {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	switch {
	case key == "type" && kind < 9:
		b.WriteString(strconv.Quote(rapid.SampledFrom(typeWords).Draw(t, "type")))
	case key == "role" && kind < 9:
		b.WriteString(rapid.SampledFrom([]string{`"user"`, `"assistant"`, `"system"`, `"tool"`, `"wizard"`}).Draw(t, "role"))
	case kind < 5 || depth == 0:
		b.WriteString(rapid.SampledFrom([]string{`"a"`, `"\u0062 \n"`, `"é\ud83d\ude00"`, `""`, `"{\"k\":\"\\u0061\"}"`, `"\\"`, `"\u0001"`}).Draw(t, "string"))
	case kind == 5:
		b.WriteString(rapid.SampledFrom([]string{`0`, `-1.5e3`, `null`, `true`, `false`}).Draw(t, "scalar"))
	case kind < 8:
		b.WriteByte('[')
		for i := range rapid.IntRange(0, 3).Draw(t, "elements") {
			if i > 0 {
				b.WriteByte(',')
			}
			drawValue(t, b, key, depth-1)
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		keys := rapid.SliceOfNDistinct(rapid.SampledFrom(vocabulary), 0, 5, rapid.ID[string]).Draw(t, "keys")
		for i, inner := range keys {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "%q:", inner)
			drawValue(t, b, inner, depth-1)
		}
		b.WriteByte('}')
	}
}

var tops = map[Endpoint]string{
	None:        "anything tools metadata",
	Chat:        "messages tools tool_choice response_format stop prediction documents unknown",
	Completions: "prompt suffix stop",
	Responses:   "input instructions tools text prompt conversation",
	Embeddings:  "input user",
	Messages:    "messages system tools mcp_servers container output_config",
	CountTokens: "messages system tools thinking",
}

// TestParseRandom parses random combinations of everything the shapes know, in any order and at any place, and looks for strings that hide,
// for parts that lie about their text and for edits that break the body.
func TestParseRandom(t *testing.T) {
	t.Parallel()
	accepted := 0
	var r Request
	rapid.Check(t, func(t *rapid.T) {
		ep, body := drawBody(t)
		if checkParse(t, &r, ep, body) {
			accepted++
		}
	})
	if accepted < 10 {
		t.Errorf("accepted only %d bodies", accepted)
	}
}

// drawBody writes a body of some endpoint.
func drawBody(t *rapid.T) (Endpoint, []byte) {
	ep := rapid.SampledFrom([]Endpoint{None, Chat, Completions, Responses, Embeddings, Messages, CountTokens}).Draw(t, "endpoint")
	var b strings.Builder
	b.WriteString(`{"model":"m"`)
	for key := range strings.FieldsSeq(tops[ep]) {
		fmt.Fprintf(&b, `,"%s":`, key)
		// Most arrays of messages and of tools have objects in them.
		if list := key == "messages" || key == "tools" || key == "input" && ep == Responses; list && rapid.IntRange(0, 9).Draw(t, "list") > 0 {
			b.WriteString(`[{"content":[{"type":`)
			drawValue(t, &b, "type", 0)
			b.WriteString(`,"x":`)
			drawValue(t, &b, "x", 5)
			b.WriteString(`}],"y":`)
			drawValue(t, &b, "y", 5)
			b.WriteString(`},`)
			drawObject(t, &b)
			b.WriteString(`]`)
			continue
		}
		drawValue(t, &b, key, 5)
	}
	fmt.Fprintf(&b, `,"stream":%v}`, rapid.Bool().Draw(t, "stream"))
	return ep, []byte(b.String())
}

// drawObject writes an object with several members of the vocabulary.
func drawObject(t *rapid.T, b *strings.Builder) {
	b.WriteByte('{')
	for i, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(vocabulary), 1, 6, rapid.ID[string]).Draw(t, "members") {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", key)
		drawValue(t, b, key, 4)
	}
	b.WriteByte('}')
}
