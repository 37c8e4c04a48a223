package dialect

import (
	"strings"
	"testing"
)

// A streamCase is a stream as one kind of server sends it, and what has to be read from it. Events that have to be
// hidden when Weir asked for usage begin with "hide ".
type streamCase struct {
	name     string
	endpoint Endpoint
	events   []string
	want     outcome
}

type outcome struct {
	usage             Usage
	id, model, finish string
	done, failed      bool
	silent            bool // no first token
	cut               bool // not complete
	bytes             int
	text              string
}

func outcomeOf(a *Answer) outcome {
	return outcome{
		usage: a.Usage, id: a.ID, model: a.Model, finish: a.Finish, done: a.Done, failed: a.Failed,
		silent: !a.FirstToken, cut: !a.Complete(), bytes: a.OutputBytes, text: string(a.Text),
	}
}

func dataEvent(s string) string { return "data: " + s + "\n\n" }

func namedEvent(name, s string) string { return "event: " + name + "\ndata: " + s + "\n\n" }

// typedEvent is an Anthropic event, named after its type.
func typedEvent(s string) string {
	_, name, _ := strings.Cut(s, `"type":"`)
	name, _, _ = strings.Cut(name, `"`)
	return namedEvent(name, s)
}

var streamCases = []streamCase{
	{
		name: "OpenAI chat", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}`),
			dataEvent(`{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"content":"Hé"},"finish_reason":null}],"usage":null}`),
			dataEvent(`{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{"content":"\ud83d\ude42\n"},"finish_reason":null}],"usage":null}`),
			dataEvent(`{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`),
			"hide " + dataEvent(`{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024","choices":[],"usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"audio_tokens":0,"cache_write_tokens":64},"completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":0,"accepted_prediction_tokens":0}}}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{
			usage: Usage{Input: 2006, Cached: 1920, CacheWrite: 64, Output: 300, Reasoning: 128, Present: true},
			id:    "chatcmpl-1", model: "gpt-4o-2024", finish: "stop", done: true, bytes: 8, text: "Hé🙂\n",
		},
	},
	{
		name: "OpenAI chat with tools, no usage", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]},"finish_reason":null}]}`),
			dataEvent(`{"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"usage\":{\"prompt_tokens\":9}}"}}]},"finish_reason":null}]}`),
			dataEvent(`{"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{id: "c", model: "m", finish: "tool_calls", done: true, bytes: len("get_weather") + len(`{"usage":{"prompt_tokens":9}}`)},
	},
	{
		name: "Azure begins with a chunk without choices", endpoint: Chat,
		events: []string{
			dataEvent(`{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}`),
			dataEvent(`{"choices":[],"created":0,"id":"","model":"","object":"","usage":null,"prompt_filter_results":[]}`),
			dataEvent(`{"choices":[{"content_filter_results":{},"delta":{"content":"Hi"},"finish_reason":null,"index":0,"logprobs":null}],"created":1,"id":"chatcmpl-2","model":"gpt-4o","object":"chat.completion.chunk"}`),
			dataEvent(`{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"id":"chatcmpl-2","model":"gpt-4o"}`),
			"hide " + dataEvent(`{"choices":[],"id":"chatcmpl-2","model":"gpt-4o","usage":{"completion_tokens":1,"prompt_tokens":9,"total_tokens":10}}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{usage: Usage{Input: 9, Output: 1, Present: true}, id: "chatcmpl-2", model: "gpt-4o", finish: "stop", done: true, bytes: 2, text: "Hi"},
	},
	{
		name: "vLLM with usage on every chunk and reasoning under two names", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"chatcmpl-3","object":"chat.completion.chunk","model":"qwen","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":20,"total_tokens":20,"completion_tokens":0}}`),
			dataEvent(`{"id":"chatcmpl-3","model":"qwen","choices":[{"index":0,"delta":{"reasoning":"Hm.","reasoning_content":"Hm."},"finish_reason":null}],"usage":{"prompt_tokens":20,"total_tokens":22,"completion_tokens":2}}`),
			dataEvent(`{"id":"chatcmpl-3","model":"qwen","choices":[{"index":0,"delta":{"content":"usage"},"finish_reason":"length"}],"usage":{"prompt_tokens":20,"total_tokens":23,"completion_tokens":3}}`),
			"hide " + dataEvent(`{"id":"chatcmpl-3","model":"qwen","choices":[],"usage":{"prompt_tokens":20,"total_tokens":23,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":16}}}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{usage: Usage{Input: 20, Cached: 16, Output: 3, Present: true}, id: "chatcmpl-3", model: "qwen", finish: "length", done: true, bytes: 8, text: "usage"},
	},
	{
		name: "llama.cpp with timings on the usage chunk", endpoint: Chat,
		events: []string{
			dataEvent(`{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-4","model":"llama","system_fingerprint":"b6000","object":"chat.completion.chunk"}`),
			dataEvent(`{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"ok"}}],"id":"chatcmpl-4","model":"llama"}`),
			dataEvent(`{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"id":"chatcmpl-4","model":"llama"}`),
			"hide " + dataEvent(`{"choices":[],"id":"chatcmpl-4","model":"llama","usage":{"completion_tokens":2,"prompt_tokens":36,"total_tokens":38},"timings":{"cache_n":30,"prompt_n":6,"prompt_ms":12.5,"predicted_n":2,"predicted_ms":30.1}}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{usage: Usage{Input: 36, Cached: 30, Output: 2, Present: true}, id: "chatcmpl-4", model: "llama", finish: "stop", done: true, bytes: 2, text: "ok"},
	},
	{
		name: "llama.cpp with timings and no usage", endpoint: Completions,
		events: []string{
			dataEvent(`{"choices":[{"text":"ok","index":0,"logprobs":null,"finish_reason":null}],"model":"llama","object":"text_completion","id":"cmpl-5","timings":{"cache_n":30,"prompt_n":6,"predicted_n":1}}`),
			dataEvent(`{"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"model":"llama","id":"cmpl-5","timings":{"cache_n":30,"prompt_n":6,"predicted_n":2}}`),
		},
		want: outcome{usage: Usage{Input: 36, Cached: 30, Output: 2, Present: true}, id: "cmpl-5", model: "llama", finish: "stop", bytes: 2, text: "ok"},
	},
	{
		name: "SGLang: two choices, no [DONE]", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"6","model":"s","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null,"tool_calls":null},"finish_reason":null,"matched_stop":null}],"usage":null}`),
			dataEvent(`{"id":"6","model":"s","choices":[{"index":1,"delta":{"content":"B"},"finish_reason":null}],"usage":null}`),
			dataEvent(`{"id":"6","model":"s","choices":[{"index":0,"delta":{"content":"A"},"finish_reason":null}],"usage":null}`),
			dataEvent(`{"id":"6","model":"s","choices":[{"index":1,"delta":{},"finish_reason":"length","matched_stop":null}],"usage":null}`),
			dataEvent(`{"id":"6","model":"s","choices":[{"index":0,"delta":{},"finish_reason":"stop","matched_stop":2}],"usage":null}`),
		},
		want: outcome{id: "6", model: "s", finish: "stop", bytes: 2, text: "A"},
	},
	{
		name: "a chat cut before its second choice ends", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"7","model":"s","choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"},{"index":1,"delta":{"content":"B"},"finish_reason":null}]}`),
		},
		want: outcome{id: "7", model: "s", finish: "stop", bytes: 2, text: "A", cut: true},
	},
	{
		name: "a placeholder for usage", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"0","model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`),
			"hide " + dataEvent(`{"id":"0","model":"m","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}`),
		},
		want: outcome{usage: Usage{Input: 3, Output: 1, Present: true}, id: "0", model: "m", finish: "stop", bytes: 2, text: "Hi"},
	},
	{
		name: "xAI counts reasoning beside the completion", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"8","model":"grok","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{usage: Usage{Input: 32, Output: 103, Reasoning: 94, Present: true}, id: "8", model: "grok", finish: "stop", done: true, bytes: 2, text: "Hi"},
	},
	{
		name: "Mistral sends parts", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"9","model":"magistral","choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"abc"}]}]},"finish_reason":null}]}`),
			dataEvent(`{"id":"9","model":"magistral","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"Hi"}]},"finish_reason":"stop"}]}`),
			dataEvent(`[DONE]`),
		},
		want: outcome{id: "9", model: "magistral", finish: "stop", done: true, bytes: 5, text: "Hi"},
	},
	{
		name: "speech", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"10","model":"a","choices":[{"index":0,"delta":{"audio":{"id":"x","transcript":"Hi"}},"finish_reason":null}]}`),
			dataEvent(`{"id":"10","model":"a","choices":[{"index":0,"delta":{"audio":{"data":"AAAA"}},"finish_reason":"stop"}]}`),
		},
		want: outcome{id: "10", model: "a", finish: "stop", bytes: 2, text: "Hi"},
	},
	{
		name: "an error in the stream", endpoint: Chat,
		events: []string{
			dataEvent(`{"id":"11","model":"m","choices":[{"index":0,"delta":{"content":"H"},"finish_reason":null}]}`),
			dataEvent(`{"error":{"message":"boom","type":"server_error","param":null,"code":null}}`),
		},
		want: outcome{id: "11", model: "m", failed: true, bytes: 1, text: "H"},
	},
	{
		name: "old vLLM's error object", endpoint: Chat,
		events: []string{dataEvent(`{"object":"error","message":"boom","type":"BadRequestError","code":400}`), dataEvent(`[DONE]`)},
		want:   outcome{failed: true, done: true, silent: true},
	},
	{
		name: "old llama.cpp's error field", endpoint: Chat,
		events: []string{"error: {\"code\":500,\"message\":\"boom\"}\n\n"},
		want:   outcome{failed: true, silent: true},
	},
	{
		name: "nothing but comments", endpoint: Chat,
		events: []string{": OPENROUTER PROCESSING\n\n", "\n", "event: ping\n\n", "id: 1\nretry: 10\n\n", "data\n\n", "data:\n\n", "x-field: 1\n\n"},
		want:   outcome{silent: true, cut: true},
	},
	{
		name: "line ends, blanks, a BOM, several data lines", endpoint: Chat,
		events: []string{
			"\ufeffdata:{\"id\":\"12\",\r\ndata: \"model\":\"m\",\r\ndata: \"choices\" : [ {\"delta\":{\"content\":\"a\"},\r\nid: 7\r\ndata: \"finish_reason\":\"stop\"} ] }\r\n\r\n",
			"data:  [DONE] \r\r",
		},
		want: outcome{id: "12", model: "m", finish: "stop", done: true, bytes: 1, text: "a"},
	},
	{
		name: "Anthropic", endpoint: Messages,
		events: []string{
			typedEvent(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":2000,"cache_read_input_tokens":300,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1500},"output_tokens":1}}}`),
			typedEvent(`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`),
			typedEvent(`{"type":"ping"}`),
			typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"abc"}}`),
			typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"AAAAAAAA"}}`),
			typedEvent(`{"type":"content_block_stop","index":0}`),
			typedEvent(`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`),
			typedEvent(`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi \"usage\""}}`),
			typedEvent(`{"type":"content_block_stop","index":1}`),
			typedEvent(`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"get","input":{}}}`),
			typedEvent(`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}`),
			typedEvent(`{"type":"content_block_stop","index":2}`),
			typedEvent(`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":15}}`),
			typedEvent(`{"type":"message_delta","delta":{},"usage":{"output_tokens":42,"output_tokens_details":{"thinking_tokens":12}}}`),
			typedEvent(`{"type":"message_stop"}`),
		},
		want: outcome{
			usage: Usage{Input: 2310, Cached: 300, CacheWrite: 2000, CacheWriteHour: 1500, Output: 42, Reasoning: 12, Present: true},
			id:    "msg_1", model: "claude", finish: "tool_use", done: true, bytes: 3 + 10 + 3 + 7, text: `Hi "usage"`,
		},
	},
	{
		name: "Anthropic: message_delta states the input anew", endpoint: Messages,
		events: []string{
			typedEvent(`{"type":"message_start","message":{"id":"msg_2","model":"claude","usage":{"input_tokens":0,"output_tokens":0}}}`),
			typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`),
			typedEvent(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":null,"output_tokens":2}}`),
			typedEvent(`{"type":"message_stop"}`),
		},
		want: outcome{usage: Usage{Input: 16, Cached: 5, Output: 2, Present: true}, id: "msg_2", model: "claude", finish: "end_turn", done: true, bytes: 2, text: "Hi"},
	},
	{
		name: "Anthropic, cut", endpoint: Messages,
		events: []string{
			typedEvent(`{"type":"message_start","message":{"id":"msg_3","model":"claude","usage":{"input_tokens":7,"output_tokens":3}}}`),
			typedEvent(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`),
		},
		want: outcome{usage: Usage{Input: 7, Output: 3, Present: true, Partial: true}, id: "msg_3", model: "claude", bytes: 2, text: "Hi", cut: true},
	},
	{
		name: "Anthropic, overloaded", endpoint: Messages,
		events: []string{typedEvent(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)},
		want:   outcome{failed: true, silent: true},
	},
	{
		name: "Responses", endpoint: Responses,
		events: []string{
			typedEvent(`{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-5","output":[],"usage":null}}`),
			typedEvent(`{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}`),
			typedEvent(`{"type":"response.reasoning_summary_text.delta","sequence_number":2,"delta":"abc"}`),
			typedEvent(`{"type":"response.output_text.delta","sequence_number":3,"item_id":"msg","content_index":0,"delta":"Hi\n","logprobs":[]}`),
			typedEvent(`{"type":"response.output_text.done","sequence_number":4,"text":"Hi\n"}`),
			typedEvent(`{"type":"response.output_item.added","sequence_number":5,"item":{"type":"function_call","name":"get","arguments":""}}`),
			typedEvent(`{"type":"response.function_call_arguments.delta","sequence_number":6,"delta":"{}"}`),
			typedEvent(`{"type":"response.completed","sequence_number":7,"response":{"id":"resp_1","status":"completed","error":null,"model":"gpt-5-2025","output":[{"type":"message","content":[{"type":"output_text","text":"Hi\n"}]}],"usage":{"input_tokens":328,"input_tokens_details":{"cached_tokens":256,"cache_write_tokens":7},"output_tokens":52,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":380}}}`),
		},
		want: outcome{
			usage: Usage{Input: 328, Cached: 256, CacheWrite: 7, Output: 52, Reasoning: 20, Present: true},
			id:    "resp_1", model: "gpt-5-2025", finish: "completed", done: true, bytes: 3 + 3 + 3 + 2, text: "Hi\n",
		},
	},
	{
		name: "Responses, incomplete", endpoint: Responses,
		events: []string{
			typedEvent(`{"type":"response.refusal.delta","sequence_number":1,"delta":"No"}`),
			typedEvent(`{"type":"response.incomplete","sequence_number":2,"response":{"id":"resp_2","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"gpt-5","usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}`),
		},
		want: outcome{usage: Usage{Input: 3, Output: 4, Present: true}, id: "resp_2", model: "gpt-5", finish: "max_output_tokens", done: true, bytes: 2, text: "No"},
	},
	{
		name: "Responses, failed", endpoint: Responses,
		events: []string{
			typedEvent(`{"type":"response.failed","sequence_number":1,"response":{"id":"resp_3","status":"failed","error":{"code":"server_error","message":"boom"},"model":"gpt-5","usage":null}}`),
		},
		want: outcome{id: "resp_3", model: "gpt-5", finish: "failed", done: true, failed: true, silent: true},
	},
	{
		name: "Responses, cut before its last event", endpoint: Responses,
		events: []string{typedEvent(`{"type":"response.audio.delta","sequence_number":3,"delta":"AAAA"}`)},
		want:   outcome{cut: true},
	},
}

func TestEventStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range streamCases {
		for _, hideUsage := range []bool{true, false} {
			var a Answer
			a.Reset(tt.endpoint, Options{HideUsage: hideUsage, KeepText: true})
			for _, ev := range tt.events {
				ev, hide := strings.CutPrefix(ev, "hide ")
				got, err := a.Event([]byte(ev))
				if err != nil {
					t.Errorf("%s: %v on %s", tt.name, err, ev)
				}
				if got != (hide && hideUsage) {
					t.Errorf("%s: hide is %v with HideUsage %v: %s", tt.name, got, hideUsage, ev)
				}
			}
			if got := outcomeOf(&a); got != tt.want {
				t.Errorf("%s:\n got %+v\nwant %+v", tt.name, got, tt.want)
			}
		}
	}
}
