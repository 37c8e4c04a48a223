package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

const prose = "The quick brown fox jumps over the lazy dog and then considers, at length, what it has done. "

// longChat is a chat body of about size bytes: a system prompt and four turns of plain prose.
func longChat(size int) []byte {
	text := strings.Repeat(prose, size/len(prose)+1)[:max(size-260, 8)]
	n := len(text) / 4
	return fmt.Appendf(nil, `{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},`+
		`{"role":"user","content":"%s"},{"role":"assistant","content":"%s"},{"role":"user","content":"%s"},`+
		`{"role":"assistant","content":"%s"}],"temperature":0.2,"max_tokens":512,"stream":true}`,
		text[:n], text[n:2*n], text[2*n:3*n], text[3*n:])
}

// smallChat is a chat body of about size bytes in many short messages.
func smallChat(size int) []byte {
	b := []byte(`{"model":"gpt-4o-mini","stream":true,"messages":[`)
	for i := 0; len(b) < size; i++ {
		b = fmt.Appendf(b, `{"role":"user","content":"message number %d"},`, i)
	}
	return append(b[:len(b)-1], `]}`...)
}

// codeChat is a chat body of about size bytes whose text has an escape every forty bytes or so.
func codeChat(size int) []byte {
	line := `\tif err := run(\"a\"); err != nil {\n\t\treturn fmt.Errorf(\"run: %w\", err)\n\t}\n`
	return fmt.Appendf(nil, `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"%s"}]}`,
		strings.Repeat(line, size/len(line)+1))
}

// proseChat is a chat body of about size bytes whose text has an escape every eighty bytes or so.
func proseChat(size int) []byte {
	line := prose[:80] + `\n` + prose[20:90] + `\"so\" `
	return fmt.Appendf(nil, `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"%s"}]}`,
		strings.Repeat(line, size/len(line)+1))
}

// wideChat is a chat body of about size bytes whose text is not ASCII.
func wideChat(size int) []byte {
	text := "Съешь же ещё этих мягких французских булок. 天地玄黄宇宙洪荒日月盈昃。"
	return fmt.Appendf(nil, `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"%s"}]}`,
		strings.Repeat(text, size/len(text)+1))
}

var benchBodies = []struct {
	name string
	body []byte
}{
	{"long/1KB", longChat(1 << 10)},
	{"long/16KB", longChat(16 << 10)},
	{"long/128KB", longChat(128 << 10)},
	{"prose/1KB", proseChat(1 << 10)},
	{"prose/16KB", proseChat(16 << 10)},
	{"small/16KB", smallChat(16 << 10)},
	{"code/16KB", codeChat(16 << 10)},
	{"wide/16KB", wideChat(16 << 10)},
}

func BenchmarkParse(b *testing.B) {
	for _, c := range benchBodies {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			var r Request
			for b.Loop() {
				if err := r.Parse(Chat, c.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// chatBody is what a struct decoder would be given for the same view.
type chatBody struct {
	Model    string `json:"model"`
	Stream   bool   `json:"stream"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
}

func BenchmarkParseEncodingJSON(b *testing.B) {
	for _, c := range benchBodies {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				var v chatBody
				if err := json.Unmarshal(c.body, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseJSONText validates only: the strictness of Parse without its view.
func BenchmarkParseJSONText(b *testing.B) {
	for _, c := range benchBodies {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				if !jsontext.Value(c.body).IsValid() {
					b.Fatal("refused")
				}
			}
		})
	}
}
