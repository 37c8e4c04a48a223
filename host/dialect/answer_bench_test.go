package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Ordinary events, as the providers send them.
const (
	benchChat = `data: {"id":"chatcmpl-abc123def456","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" hello\n"},"logprobs":null,` +
		`"finish_reason":null}],"usage":null,"obfuscation":"abcdefg"}` + "\n\n"
	benchMessages = "event: content_block_delta\ndata: " +
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" hello\n"}}` + "\n\n"
	benchResponses = "event: response.output_text.delta\ndata: " +
		`{"type":"response.output_text.delta","sequence_number":17,"item_id":"msg_0123456789abcdef","output_index":0,"content_index":0,` +
		`"delta":" hello\n","logprobs":[],"obfuscation":"abcdefg"}` + "\n\n"
)

var benchEvents = []struct {
	name     string
	endpoint Endpoint
	event    string
}{
	{"chat", Chat, benchChat},
	{"messages", Messages, benchMessages},
	{"responses", Responses, benchResponses},
}

func BenchmarkEvent(b *testing.B) {
	for _, c := range benchEvents {
		ev := []byte(c.event)
		b.Run(c.name, func(b *testing.B) {
			var a Answer
			a.Reset(c.endpoint, Options{HideUsage: true})
			b.SetBytes(int64(len(ev)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Event(ev); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/encoding-json", func(b *testing.B) {
			var v struct {
				ID, Model string
				Type      string
				Choices   []struct {
					Delta  struct{ Content string }
					Finish *string `json:"finish_reason"`
				}
				Usage *struct{ PromptTokens int64 }
			}
			b.SetBytes(int64(len(ev)))
			b.ReportAllocs()
			for b.Loop() {
				_, data, _ := bytes.Cut(ev, []byte("data: "))
				if err := json.Unmarshal(data, &v); err != nil && c.endpoint == Chat {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEventEnd(b *testing.B) {
	stream := []byte(strings.Repeat(benchChat, 50))
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		for p := stream; len(p) > 0; {
			end, _ := EventEnd(p, 0)
			p = p[end:]
		}
	}
}

// benchShort is an ordinary unstreamed chat answer of 580 bytes.
const benchShort = `{"id":"chatcmpl-abc123def456","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini-2024-07-18",` +
	`"choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris.","refusal":null,"annotations":[]},` +
	`"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":8,"total_tokens":27,` +
	`"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},` +
	`"service_tier":"default","system_fingerprint":"fp_0123456789"}`

func benchBody(size int) []byte {
	text, _ := json.Marshal(strings.Repeat("The quick brown fox \"jumps\" over the lazy dog.\n", size/48))
	return []byte(`{"id":"chatcmpl-abc","object":"chat.completion","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"message":` +
		`{"role":"assistant","content":` + string(text) + `,"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":` +
		`{"prompt_tokens":9,"completion_tokens":4000,"total_tokens":4009,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0}}}`)
}

func benchEmbeddings(n int) []byte {
	vector := strings.Repeat("-0.0123456789,0.23456789,", 512)
	item := `{"object":"embedding","index":0,"embedding":[` + vector + `0.5]},`
	return []byte(`{"object":"list","data":[` + strings.TrimSuffix(strings.Repeat(item, n), ",") +
		`],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`)
}

func BenchmarkBody(b *testing.B) {
	for _, c := range []struct {
		name     string
		endpoint Endpoint
		body     []byte
	}{
		{"chat-short", Chat, []byte(benchShort)},
		{"chat-1K", Chat, benchBody(1 << 10)},
		{"chat-16K", Chat, benchBody(16 << 10)},
		{"embeddings-1M", Embeddings, benchEmbeddings(80)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var a Answer
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				a.Reset(c.endpoint, Options{})
				if err := a.Body(c.body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				var v struct {
					ID, Model string
					Choices   []struct {
						Message struct{ Content string }
						Finish  string `json:"finish_reason"`
					}
					Usage struct {
						Prompt     int64 `json:"prompt_tokens"`
						Completion int64 `json:"completion_tokens"`
					}
				}
				if err := json.Unmarshal(c.body, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEmbedding shows from which length on sonic is faster than walker.
func BenchmarkEmbedding(b *testing.B) {
	for _, n := range []int{8, 64, 128, 256, 512, 1024, 16384} {
		vector := strings.Repeat("-0.0123456789,0.23456789,", n/2)
		p := []byte(`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + vector + `0.5]}],` +
			`"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`)
		b.Run(fmt.Sprintf("%dB/walker", len(p)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var e embedding
				w := walker{p: p}
				if !w.object() {
					b.Fatal("no object")
				}
				if e.walk(&w); !w.end() {
					b.Fatal("invalid")
				}
			}
		})
		b.Run(fmt.Sprintf("%dB/sonic", len(p)), func(b *testing.B) {
			var e embedding
			b.ReportAllocs()
			for b.Loop() {
				if !e.decode(p) {
					b.Fatal("invalid")
				}
			}
		})
	}
}
