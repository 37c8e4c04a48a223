package dialect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/sdk/abi"
)

// described says what a Deltas holds, one line an item: channel, index.block.part, marks and text.
func described(d *Deltas) []string {
	var out []string
	for i, t := range d.Items {
		line := fmt.Sprintf("%s %d.%d.%d %s", t.Channel, t.Index, t.Block, t.Part, d.Text(i))
		if t.Repeat {
			line = "again " + line
		}
		if t.Raw {
			line = "raw " + line
		}
		if t.Same >= 0 {
			line = fmt.Sprintf("same as %d: %s", t.Same, line)
		}
		out = append(out, line)
	}
	for _, e := range d.Ends {
		out = append(out, fmt.Sprintf("end %d.%d", e.Index, e.Block))
	}
	if d.Final {
		out = append(out, "final")
	}
	return out
}

// checkSpans: every item's span is its token, as the source has it.
func checkSpans(t failer, d *Deltas, source []byte) {
	t.Helper()
	if d.Joined {
		source = d.source
	}
	end := int32(0)
	for i, it := range d.Items {
		if it.Start < end || it.End <= it.Start || int(it.End) > len(source) || it.Length == 0 {
			t.Fatalf("item %d: %+v, the one before ends at %d", i, it, end)
		}
		end = it.End
		token := source[it.Start:it.End]
		want := token
		if !it.Raw {
			want = unescaped(quoted(token))
		}
		if !bytes.Equal(want, d.Text(i)) {
			t.Fatalf("item %d: %q for %s", i, d.Text(i), token)
		}
		if s := it.Shadow; s.End > 0 && source[s.Start] != '{' && source[s.Start] != '[' {
			t.Fatalf("item %d: shadow %s", i, source[s.Start:s.End])
		}
	}
}

var deltaCases = []struct {
	name     string
	endpoint Endpoint
	event    string
	want     []string
}{
	{"chat", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi\n\"you\""},"finish_reason":null}]}`), []string{"text 0.0.0 Hi\n\"you\""}},
	{"empty", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`), nil},
	{"finish with text", Chat, dataEvent(`{"choices":[{"finish_reason":"stop","delta":{"content":"!"},"index":3}]}`), []string{"text 3.0.0 !", "end 3.-1"}},
	{"choices", Chat, dataEvent(`{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}`), []string{"text 1.0.0 b", "text 0.0.0 a"}},
	{"refusal", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"refusal":"no"}}]}`), []string{"refusal 0.0.0 no"}},
	{"reasoning twice", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"reasoning":"h\u0069","content":"x","reasoning_content":"hi","reasoning_details":[{"type":"reasoning.text","text":"hi"},{"type":"reasoning.encrypted","data":"AAAA"}]}}]}`), []string{"reasoning 0.0.0 hi", "text 0.0.0 x", "same as 0: reasoning 0.0.0 hi", "same as 0: reasoning 0.0.0 hi"}},
	{"calls", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c","function":{"name":"get","arguments":"{\"a\""}},{"function":{"arguments":"z"},"index":0}]}}]}`), []string{"name 0.1.0 get", `tool 0.1.0 {"a"`, "tool 0.0.0 z"}},
	{"custom call", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"name":"sh","input":"ls"}}]}}]}`), []string{"name 0.0.0 sh", "tool 0.0.0 ls"}},
	{"function call", Chat, dataEvent(`{"choices":[{"index":2,"delta":{"function_call":{"name":"get","arguments":"{}"}}}]}`), []string{"name 2.0.0 get", "tool 2.0.0 {}"}},
	{"content parts", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"abc"}]},{"type":"text","text":"d"}]}}]}`), []string{"reasoning 0.0.0 abc", "text 0.0.0 d"}},
	{"speech", Chat, dataEvent(`{"choices":[{"index":0,"delta":{"audio":{"id":"x","data":"AAAA","transcript":"Hi"}}}]}`), []string{"text 0.0.0 Hi"}},
	{"error", Chat, dataEvent(`{"error":{"message":"boom"}}`), []string{"final"}},
	{"done", Chat, dataEvent(`[DONE]`), []string{"final"}},
	{"comment", Chat, ": ping\n\n", nil},
	{"several lines", Chat, "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"a\"}}]}\n\n", []string{"text 0.0.0 a"}},
	{"bom", Chat, "\ufeffdata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", []string{"text 0.0.0 a"}},
	{"half a pair", Chat, dataEvent(`{"choices":[{"delta":{"content":"a\ud83d"}}]}`), []string{"text 0.0.0 a\ufffd"}},
	{"completions", Completions, dataEvent(`{"choices":[{"index":1,"text":"abc","logprobs":{"tokens":["abc"]},"finish_reason":"length"}]}`), []string{"text 1.0.0 abc", "end 1.-1"}},
	{"embeddings", Embeddings, dataEvent(`{"choices":[{"index":1,"text":"abc"}]}`), nil},
	{"block start", Messages, typedEvent(`{"type":"content_block_start","content_block":{"type":"text","text":"a"},"index":2}`), []string{"text 0.2.0 a"}},
	{"tool start", Messages, typedEvent(`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"get","input":{}}}`), []string{"name 0.1.0 get"}},
	{"tool start, whole", Messages, typedEvent(`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","name":"get","input":{"a": 1}}}`), []string{"name 0.1.0 get", `raw tool 0.1.0 {"a": 1}`}},
	{"text delta", Messages, typedEvent(`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"x"}}`), []string{"text 0.1.0 x"}},
	{"thinking delta", Messages, typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}`), []string{"reasoning 0.0.0 x"}},
	{"signature", Messages, typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"AAA"}}`), nil},
	{"json delta", Messages, typedEvent(`{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}`), []string{`tool 0.4.0 {"a`}},
	{"block stop", Messages, typedEvent(`{"type":"content_block_stop","index":4}`), []string{"end 0.4"}},
	{"message start", Messages, typedEvent(`{"type":"message_start","message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}`), []string{"text 0.0.0 a", "text 0.1.0 b"}},
	{"message delta", Messages, typedEvent(`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`), []string{"end 0.-1"}},
	{"message stop", Messages, typedEvent(`{"type":"message_stop"}`), []string{"final"}},
	{"named only", Messages, "event: message_stop\ndata: {}\n\n", []string{"final"}},
	{"output text", Responses, typedEvent(`{"type":"response.output_text.delta","delta":"x","output_index":1,"content_index":2,"logprobs":[{"token":"x"}]}`), []string{"text 0.1.2 x"}},
	{"arguments", Responses, typedEvent(`{"delta":"{","type":"response.function_call_arguments.delta","output_index":1}`), []string{"tool 0.1.0 {"}},
	{"custom input", Responses, typedEvent(`{"type":"response.custom_tool_call_input.delta","delta":"ls","output_index":1}`), []string{"tool 0.1.0 ls"}},
	{"summary", Responses, typedEvent(`{"type":"response.reasoning_summary_text.delta","delta":"x","output_index":0,"summary_index":1}`), []string{"reasoning 0.0.65537 x"}},
	{"reasoning text", Responses, typedEvent(`{"type":"response.reasoning_text.delta","delta":"x","output_index":0,"content_index":1}`), []string{"reasoning 0.0.1 x"}},
	{"transcript", Responses, typedEvent(`{"type":"response.output_audio_transcript.delta","delta":"x"}`), []string{"text 0.0.0 x"}},
	{"audio", Responses, typedEvent(`{"type":"response.output_audio.delta","delta":"AAAA"}`), nil},
	{"unknown delta", Responses, typedEvent(`{"type":"response.new_thing.delta","delta":"x"}`), []string{"text 0.0.0 x"}},
	{"text done", Responses, typedEvent(`{"type":"response.output_text.done","output_index":1,"content_index":0,"text":"xy"}`), []string{"again text 0.1.0 xy", "end 0.1"}},
	{"arguments done", Responses, typedEvent(`{"type":"response.function_call_arguments.done","output_index":1,"arguments":"{}"}`), []string{"again tool 0.1.0 {}", "end 0.1"}},
	{"summary part done", Responses, typedEvent(`{"type":"response.reasoning_summary_part.done","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"why"}}`), []string{"again reasoning 0.0.65536 why", "end 0.0"}},
	{"part added", Responses, typedEvent(`{"type":"response.content_part.added","output_index":0,"content_index":3,"part":{"type":"output_text","text":"s"}}`), []string{"text 0.0.3 s"}},
	{"item added", Responses, typedEvent(`{"item":{"type":"function_call","name":"get","arguments":""},"output_index":2,"type":"response.output_item.added"}`), []string{"name 0.2.0 get"}},
	{"item done", Responses, typedEvent(`{"type":"response.output_item.done","output_index":2,"item":{"content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"b"}],"type":"message"}}`), []string{"again text 0.2.0 a", "again refusal 0.2.1 b", "end 0.2"}},
	{"reasoning item done", Responses, typedEvent(`{"type":"response.output_item.done","output_index":0,"item":{"summary":[{"type":"summary_text","text":"s"}],"content":[{"type":"reasoning_text","text":"r"}],"type":"reasoning"}}`), []string{"again reasoning 0.0.65536 s", "again reasoning 0.0.0 r", "end 0.0"}},
	{"completed", Responses, typedEvent(`{"type":"response.completed","response":{"instructions":"x","output":[{"type":"function_call","name":"get","arguments":"{}"},{"type":"message","content":[{"type":"output_text","text":"a"}]}]}}`), []string{"again name 0.0.0 get", "again tool 0.0.0 {}", "again text 0.1.0 a", "final"}},
	{"error event", Responses, typedEvent(`{"type":"error","code":"rate_limit","message":"slow"}`), []string{"final"}},
}

func TestDeltaEvents(t *testing.T) {
	t.Parallel()
	var d Deltas
	for _, c := range deltaCases {
		for _, eol := range []string{"\n", "\r\n", "\r"} {
			ev := []byte(strings.ReplaceAll(c.event, "\n", eol))
			if strings.Contains(c.event, `\n`) {
				ev = []byte(c.event)
			}
			if err := d.Event(c.endpoint, ev); err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if got := described(&d); !slices.Equal(got, c.want) {
				t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
			}
			checkSpans(t, &d, ev)
		}
	}
}

func TestDeltaBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint Endpoint
		body     string
		want     []string
	}{
		{Chat, `{"choices":[{"index":0,"message":{"role":"assistant","content":"a","tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"[]"}}]},"logprobs":{"content":[{"token":"a"}]},"finish_reason":"stop"},{"index":1,"message":{"content":"b"}}]}`,
			[]string{"text 0.0.0 a", "name 0.0.0 f", "tool 0.0.0 {}", "name 0.1.0 g", "tool 0.1.0 []", "text 1.0.0 b", "end 0.-1", "final"}},
		{Completions, `{"choices":[{"text":"a","index":0}]}`, []string{"text 0.0.0 a", "final"}},
		{Messages, `{"content":[{"type":"thinking","thinking":"t","signature":"x"},{"type":"text","text":"a"},{"type":"tool_use","name":"f","input":{"q":["x"]}}],"stop_reason":"tool_use"}`,
			[]string{"reasoning 0.0.0 t", "text 0.1.0 a", "name 0.2.0 f", `raw tool 0.2.0 {"q":["x"]}`, "final"}},
		{Responses, `{"output":[{"type":"reasoning","summary":[{"text":"s"}]},{"type":"message","content":[{"type":"output_text","text":"a"}]},{"type":"code_interpreter_call","code":"1+1"}]}`,
			[]string{"reasoning 0.0.65536 s", "text 0.1.0 a", "tool 0.2.0 1+1", "final"}},
		{Embeddings, `{"data":[]}`, []string{"final"}},
	} {
		var d Deltas
		if err := d.Body(c.endpoint, []byte(c.body)); err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if got := described(&d); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.endpoint, got, c.want)
		}
		checkSpans(t, &d, []byte(c.body))
	}
}

func TestDeltaRefusals(t *testing.T) {
	t.Parallel()
	var d Deltas
	for _, c := range []struct {
		ev   string
		want error
	}{
		{"data: {\"a\":\"\xff\"}\n\n", errNotUTF8}, {"<html>\n\n", errNotEvents}, {"data: [1]\n\n", errEventJSON},
		{"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}\n\n", errEventJSON},
	} {
		if err := d.Event(Chat, []byte(c.ev)); err != c.want || len(d.Items) != 0 {
			t.Errorf("%q: %v, %d items", c.ev, err, len(d.Items))
		}
	}
	for body, want := range map[string]error{"[1]": errBodyObject, `{"a":1`: errBodyJSON, "{\"a\":\"\xff\"}": errNotUTF8} {
		if err := d.Body(Chat, []byte(body)); err != want || len(d.Items) != 0 {
			t.Errorf("%q: %v, %d items", body, err, len(d.Items))
		}
	}
}

// TestDeltaChannelsOfABI: the numbers are the plugin ABI's.
func TestDeltaChannelsOfABI(t *testing.T) {
	t.Parallel()
	for ch, want := range map[DeltaChannel]int{
		DeltaText: abi.DeltaText, DeltaReasoning: abi.DeltaReasoning, DeltaTool: abi.DeltaTool, DeltaRefusal: abi.DeltaRefusal, DeltaName: abi.DeltaName,
	} {
		if int(ch) != want {
			t.Errorf("%s is %d, the ABI says %d", ch, ch, want)
		}
	}
}
