package dialect

import (
	"strings"
	"testing"
)

var bodyCases = []struct {
	name     string
	endpoint Endpoint
	body     string
	want     outcome
}{
	{
		"OpenAI chat", Chat,
		`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi \"usage\":{\"prompt_tokens\":99}","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
		"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3,"accepted_prediction_tokens":0}},"service_tier":"default"}`,
		outcome{usage: Usage{Input: 19, Cached: 4, Output: 10, Reasoning: 3, Present: true}, id: "chatcmpl-1", model: "gpt-4o", finish: "stop", done: true, bytes: 31, text: `Hi "usage":{"prompt_tokens":99}`},
	},
	{
		"tools, reasoning, two choices, no usage", Chat,
		`{"id":"c","model":"m","choices":[{"index":1,"message":{"content":"B"},"finish_reason":"length"},{"index":0,"message":{"content":null,"reasoning_content":"abc","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"type":"custom","custom":{"name":"g","input":"x"}}],"function_call":{"name":"h","arguments":"{}"}},"finish_reason":"tool_calls"}]}`,
		outcome{id: "c", model: "m", finish: "tool_calls", done: true, bytes: 1 + 3 + 3 + 2 + 3},
	},
	{
		"Azure", Chat,
		`{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"finish_reason":"content_filter","index":0,"message":{"content":"","role":"assistant","refusal":"No"}}],"id":"a","model":"gpt-4o","prompt_filter_results":[{"prompt_index":0}],"usage":{"completion_tokens":0,"prompt_tokens":5,"total_tokens":5}}`,
		outcome{usage: Usage{Input: 5, Present: true}, id: "a", model: "gpt-4o", finish: "content_filter", done: true, bytes: 2, text: "No"},
	},
	{
		"llama.cpp", Completions,
		`{"choices":[{"text":"ok","index":0,"logprobs":null,"finish_reason":"length"}],"model":"l","id":"x","usage":{"completion_tokens":2,"prompt_tokens":36,"total_tokens":38},"timings":{"cache_n":30,"prompt_n":6,"predicted_n":2}}`,
		outcome{usage: Usage{Input: 36, Cached: 30, Output: 2, Present: true}, id: "x", model: "l", finish: "length", done: true, bytes: 2, text: "ok"},
	},
	{
		"vLLM: escaped slash, null details, a figure as float", Chat,
		`{"id":"v","model":"meta-llama\/L","choices":[{"index":0,"message":{"content":"\u4f60\u597d","reasoning":"x","reasoning_content":"x","tool_calls":[]},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":7.0,"total_tokens":9,"completion_tokens":2,"prompt_tokens_details":null},"prompt_logprobs":null}`,
		outcome{usage: Usage{Input: 7, Output: 2, Present: true}, id: "v", model: "meta-llama/L", finish: "stop", done: true, bytes: 7, text: "你好"},
	},
	{
		"embeddings", Embeddings,
		`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[-0.1,2e-3,5]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}`,
		outcome{usage: Usage{Input: 8, Present: true}, model: "e", done: true, silent: true},
	},
	{
		"Anthropic", Messages,
		`{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"abc","signature":"AAAA"},{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"get","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":200,"cache_read_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":200,"ephemeral_1h_input_tokens":0},"output_tokens":42}}`,
		outcome{usage: Usage{Input: 240, Cached: 30, CacheWrite: 200, Output: 42, Present: true}, id: "msg_1", model: "claude", finish: "tool_use", done: true, bytes: 3 + 2 + 3 + 7, text: "Hi"},
	},
	{
		"Anthropic's error with status 200", Messages,
		`{"type":"error","error":{"type":"api_error","message":"boom"},"request_id":"r"}`,
		outcome{done: true, failed: true, silent: true},
	},
	{
		"count_tokens", CountTokens, `{"input_tokens":14}`,
		outcome{usage: Usage{Present: true}, done: true, silent: true},
	},
	{
		"models", Models, `{"object":"list","data":[{"id":"gpt-4o","object":"model"}]}`,
		outcome{usage: Usage{Present: true}, done: true, silent: true},
	},
	{
		"Responses", Responses,
		`{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,"instructions":"say usage","model":"gpt-5","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"abc"}],"content":[{"type":"reasoning_text","text":"de"}]},{"type":"message","content":[{"type":"output_text","text":"Hi","annotations":[]},{"type":"refusal","refusal":"No"}]},{"type":"function_call","name":"f","arguments":"{}"},{"type":"custom_tool_call","name":"g","input":"x"}],"text":{"format":{"type":"text"}},"tools":[],"usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":8},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":48},"metadata":{}}`,
		outcome{usage: Usage{Input: 37, Cached: 8, Output: 11, Reasoning: 5, Present: true}, id: "resp_1", model: "gpt-5", finish: "completed", done: true, bytes: 3 + 2 + 2 + 2 + 3 + 2, text: "HiNo"},
	},
	{
		"Responses, incomplete", Responses,
		`{"id":"r","status":"incomplete","incomplete_details":{"reason":"content_filter"},"model":"m","output":[],"usage":{"input_tokens":3,"output_tokens":0,"total_tokens":3}}`,
		outcome{usage: Usage{Input: 3, Present: true}, id: "r", model: "m", finish: "content_filter", done: true, silent: true},
	},
	{
		"Responses, in the background", Responses, `{"id":"r","status":"queued","model":"m","output":[],"usage":null}`,
		outcome{id: "r", model: "m", done: true, silent: true},
	},
	{
		"values of other types are passed over", Chat,
		`{"id":7,"model":null,"choices":{"a":1},"usage":[1],"error":"","Usage":{"prompt_tokens":9},"content":"x","output":3}`,
		outcome{done: true, silent: true},
	},
	{
		"the last of two keys, as a client reads it", Chat,
		`{"model":"a","usage":{"prompt_tokens":1,"completion_tokens":1},"model":"b","us\u0061ge":{"prompt_tokens":2,"completion_tokens":1}}`,
		outcome{usage: Usage{Input: 2, Output: 1, Present: true}, model: "b", done: true, silent: true},
	},
	{
		"figures no count can have", Chat,
		`{"usage":{"prompt_tokens":99999999999999999999999,"completion_tokens":-4,"prompt_tokens_details":{"cached_tokens":1e30},"completion_tokens_details":{"reasoning_tokens":"9"}}}`,
		outcome{usage: Usage{Input: maxFigure, Cached: maxFigure, Present: true}, done: true, silent: true},
	},
	{
		"an error with status 200", Chat, `{"error":{"message":"boom"}}`,
		outcome{done: true, failed: true, silent: true},
	},
}

func TestBodies(t *testing.T) {
	t.Parallel()
	var a Answer                                       // one for all: nothing may leak from one answer into the next
	for round, blanks := range []int{1, 1, longBody} { // sonic reads the long ones of embeddings
		for _, tt := range bodyCases {
			p := []byte(strings.Repeat(" ", blanks) + tt.body + "\n")
			a.Reset(tt.endpoint, Options{KeepText: true})
			if err := a.Body(p); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			for i := range p {
				p[i] = 'x' // whoever kept a reference shows it
			}
			if got := outcomeOf(&a); got != tt.want {
				t.Errorf("%s, round %d:\n got %+v\nwant %+v", tt.name, round, got, tt.want)
			}
		}
	}
}

func TestBodyFaults(t *testing.T) {
	t.Parallel()
	whole := strings.TrimSpace(bodyCases[0].body)
	faults := map[string]string{
		"empty": "", "blank": " \n", "HTML": "<html>", "array": "[]", "string": `"x"`, "null": "null", "number": "1",
		"trailing": whole + "x", "two": "{}{}", "invalid UTF-8": "{\"a\":\"\xff\"}", "raw control": "{\"a\":\"\n\"}",
		"bad escape": `{"a":"\q"}`, "comma": `{"a":1,}`, "bad number": `{"a":01}`, "BOM": "\ufeff{}", "mismatch, then cut": `{"choices":3,"a":`,
		"a million levels": `{"a":` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6) + "}", "levels of choices": `{"choices":` + strings.Repeat(`[{"message":`, 1e5),
	}
	for i := range len(whole) {
		faults["cut at "+whole[:i]] = whole[:i]
	}
	for name, body := range faults {
		for _, endpoint := range []Endpoint{Chat, Embeddings} {
			for _, p := range []string{body, strings.Repeat(" ", longBody) + body} {
				var a Answer
				a.Reset(endpoint, Options{KeepText: true})
				if err := a.Body([]byte(p)); err == nil {
					t.Errorf("%s: no error", name)
				}
				if s := stateOf(&a); s.done || s.usage.Present || s.bytes > 0 || s.text != "" || s.id != "" || s.first || s.failed {
					t.Errorf("%s: %v read as %+v", name, endpoint, s)
				}
			}
		}
	}
	var a Answer
	a.Reset(None, Options{})
	if err := a.Body([]byte("<html>")); err != nil {
		t.Errorf("a body of no endpoint is nobody's business: %v", err)
	}
}

// TestTail: the usage at the end of every body is found from any tail that holds all of it, and never a wrong one.
func TestTail(t *testing.T) {
	t.Parallel()
	for _, tt := range bodyCases {
		if tt.endpoint == CountTokens || tt.endpoint == Models || strings.Contains(tt.name, "two keys") {
			continue
		}
		found := 0
		for i := range tt.body {
			var a Answer
			a.Reset(tt.endpoint, Options{})
			a.Tail([]byte(tt.body[i:] + " \n"))
			switch a.Usage {
			case tt.want.usage:
				found++
			case Usage{}:
			default:
				t.Errorf("%s: tail %s: %+v, want %+v", tt.name, tt.body[i:], a.Usage, tt.want.usage)
			}
		}
		if tt.want.usage.Present && found == 0 {
			t.Errorf("%s: usage found in no tail", tt.name)
		}
	}
}

func TestTailFalseFriends(t *testing.T) {
	t.Parallel()
	text := `\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9}`
	for name, tail := range map[string]string{
		"text alone":            text + `"}`,
		"text, then the end":    text + `"}}]}`,
		"text that looks final": `x` + text + `}","finish_reason":"stop"}]}`,
		"deeper usage":          `"x"}],"meta":{"usage":{"prompt_tokens":9,"completion_tokens":9}}}`,
		"in an array":           `[{"usage":{"prompt_tokens":9,"completion_tokens":9}}]`,
		"cut inside a string":   `{"usage":{"prompt_tokens":9},"a":"}`,
		"usage as a string":     `"a":1,"usage":"{"}`,
		"another key":           `"a":1,"my_usage":{"prompt_tokens":9}}`,
		"an escaped quote":      `\"usage":{"prompt_tokens":9}}`,
		"invalid after it":      `"usage":{"prompt_tokens":9},}`,
		"no end":                `"usage":{"prompt_tokens":9}`,
		"trailing":              `"usage":{"prompt_tokens":9}} x`,
		"null":                  `"usage":null}`,
		"empty":                 ``,
	} {
		var a Answer
		a.Reset(Chat, Options{})
		if a.Tail([]byte(tail)); a.Usage != (Usage{}) {
			t.Errorf("%s: %+v from %s", name, a.Usage, tail)
		}
	}
	var a Answer
	a.Reset(Embeddings, Options{})
	if a.Tail(benchEmbeddings(20)); a.Usage.Input != 8 {
		t.Errorf("long embeddings: %+v", a.Usage)
	}
}
