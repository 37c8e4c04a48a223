package dialect

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// relayed passes a stream on as the relay does, cut at the given lengths, and returns what the client gets.
func relayed(t interface{ Fatalf(string, ...any) }, a *Answer, stream []byte, cuts ...int) (sent []byte) {
	events, rest := framed(stream, cuts...)
	for _, ev := range events {
		hide, err := a.Event(ev)
		if err != nil {
			t.Fatalf("%v: %q", err, ev)
		}
		if !hide {
			sent = append(sent, ev...)
		}
		for i := range ev {
			ev[i] = 'x' // whoever kept a reference shows it
		}
	}
	return append(sent, rest...)
}

// wire is a case's stream with a line end of choice, and what of it a client may see.
func (c *streamCase) wire(eol string) (stream, visible []byte) {
	for _, ev := range c.events {
		ev, hide := strings.CutPrefix(ev, "hide ")
		ev = strings.ReplaceAll(ev, "\n", eol)
		stream = append(stream, ev...)
		if !hide {
			visible = append(visible, ev...)
		}
	}
	return stream, visible
}

// TestStreamCuts: wherever a stream is cut on its way, the same is read from it and the same bytes are sent on.
func TestStreamCuts(t *testing.T) {
	t.Parallel()
	var a Answer
	for i := range streamCases {
		c := &streamCases[i]
		stream, visible := c.wire("\n")
		for cut := range stream {
			a.Reset(c.endpoint, Options{HideUsage: true, KeepText: true})
			sent := relayed(t, &a, stream, cut)
			if !bytes.Equal(sent, visible) {
				t.Fatalf("%s, cut at %d: sent %q, want %q", c.name, cut, sent, visible)
			}
			if got := outcomeOf(&a); got != c.want {
				t.Fatalf("%s, cut at %d:\n got %+v\nwant %+v", c.name, cut, got, c.want)
			}
		}
	}
}

// TestStreamChunks is TestStreamCuts for any chunks and line ends, and for Answers that read something else before.
func TestStreamChunks(t *testing.T) {
	t.Parallel()
	var a Answer
	rapid.Check(t, func(t *rapid.T) {
		c := &streamCases[rapid.IntRange(0, len(streamCases)-1).Draw(t, "case")]
		if strings.Contains(c.name, "line ends") {
			t.Skip("has its own line ends")
		}
		eol := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
		stream, visible := c.wire(eol)
		size := rapid.IntRange(1, 400).Draw(t, "largest chunk")
		var cuts []int
		for at := 0; at < len(stream); {
			at += rapid.IntRange(1, size).Draw(t, "chunk")
			cuts = append(cuts, at)
		}
		hide := rapid.Bool().Draw(t, "hide usage")
		if !hide {
			visible = stream
		}
		a.Reset(c.endpoint, Options{HideUsage: hide, KeepText: true})
		if sent := relayed(t, &a, stream, cuts...); !bytes.Equal(sent, visible) {
			t.Fatalf("sent %q, want %q", sent, visible)
		}
		// An event whose last CR may yet become CRLF stays behind; nothing else does.
		if got := outcomeOf(&a); got != c.want {
			t.Fatalf("got %+v\nwant %+v", got, c.want)
		}
	})
}

func TestHide(t *testing.T) {
	t.Parallel()
	usage := `"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}`
	tests := []struct {
		name     string
		endpoint Endpoint
		data     string
		hide     bool
	}{
		{"usage alone", Chat, `{"id":"c","choices":[],` + usage + `}`, true},
		{"usage alone, completions", Completions, `{"choices":[],` + usage + `}`, true},
		{"usage first", Chat, `{` + usage + `,"choices":[ ]}`, true},
		{"escaped keys", Chat, `{"choi\u0063es":[],"\u0075sage":{"prompt_tokens":1}}`, true},
		{"null choices", Chat, `{"choices":null,` + usage + `}`, true},
		{"no choices", Chat, `{` + usage + `}`, true},
		{"usage along with a choice", Chat, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],` + usage + `}`, false},
		{"an empty choice", Chat, `{"choices":[{}],` + usage + `}`, false},
		{"a choice that is none", Chat, `{"choices":[0],` + usage + `}`, false},
		{"null usage", Chat, `{"choices":[],"usage":null}`, false},
		{"no usage", Chat, `{"choices":[],"prompt_filter_results":[]}`, false},
		{"usage as text", Chat, `{"choices":[],"x":"\"usage\":{\"prompt_tokens\":1}"}`, false},
		{"nested usage", Chat, `{"choices":[],"x_groq":{` + usage + `}}`, false},
		{"an error along", Chat, `{"choices":[],"error":{"message":"x"},` + usage + `}`, false},
		{"case variant", Chat, `{"choices":[],"Usage":{"prompt_tokens":1}}`, false},
		{"another format", Messages, `{"type":"x","choices":[],` + usage + `}`, false},
		{"another format", Responses, `{"type":"x","choices":[],` + usage + `}`, false},
	}
	for _, tt := range tests {
		var a Answer
		a.Reset(tt.endpoint, Options{HideUsage: true})
		hide, err := a.Event([]byte(dataEvent(tt.data)))
		if err != nil || hide != tt.hide {
			t.Errorf("%s: hide %v, err %v, want %v: %s", tt.name, hide, err, tt.hide, tt.data)
		}
	}
}

// TestTextBounds: the text is whole up to the limit and cut between characters at it, whatever its escapes and pieces
// are.
func TestTextBounds(t *testing.T) {
	t.Parallel()
	const text, escaped = "a\"é\n🙂z\ufffd!", `a\"\u00e9\n\ud83d\ude42z\udc00!`
	for limit := 1; limit <= len(text)+1; limit++ {
		want := clipText([]byte(text), limit)
		for _, event := range []string{
			`{"choices":[{"delta":{"content":"` + escaped + `"}}]}`,
			`{"choices":[{"delta":{"content":"a\"é\n🙂"}},{"delta":{"content":"z\udc00!"}}]}`,
		} {
			var a Answer
			a.Reset(Chat, Options{KeepText: true, MaxText: limit})
			if _, err := a.Event([]byte(dataEvent(event))); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a.Text, want) || a.TextCut != (limit < len(text)) || a.OutputBytes != len(text) {
				t.Errorf("limit %d: %q, cut %v, %d bytes; want %q", limit, a.Text, a.TextCut, a.OutputBytes, want)
			}
		}
	}
	var a Answer
	a.Reset(Chat, Options{})
	if _, err := a.Event([]byte(dataEvent(`{"choices":[{"delta":{"content":"x"}}]}`))); err != nil || len(a.Text) != 0 || a.OutputBytes != 1 {
		t.Errorf("text kept unasked: %q, %v", a.Text, err)
	}
}

// TestNames: names are copied once and bounded, and a reused Answer forgets them.
func TestNames(t *testing.T) {
	t.Parallel()
	var a Answer
	a.Reset(Chat, Options{})
	long := strings.Repeat("é", 1000)
	if _, err := a.Event([]byte(dataEvent(`{"id":"` + long + `","model":"m\/1","choices":[]}`))); err != nil {
		t.Fatal(err)
	}
	if a.ID != long[:maxWord] || a.Model != "m/1" {
		t.Errorf("id %q, model %q", a.ID, a.Model)
	}
	a.Reset(Chat, Options{})
	if a.ID != "" || a.Model != "" || a.Finish != "" {
		t.Errorf("names left after Reset: %+v", a)
	}
}

// TestManyChoices: more choices than are told apart need [DONE].
func TestManyChoices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		index    string
		complete bool
	}{{"127", true}, {"128", false}, {"999999999999", false}} {
		var a Answer
		a.Reset(Chat, Options{})
		if _, err := a.Event([]byte(dataEvent(`{"choices":[{"index":` + tt.index + `,"delta":{},"finish_reason":"stop"}]}`))); err != nil {
			t.Fatal(err)
		}
		if a.Complete() != tt.complete {
			t.Errorf("index %s: complete %v", tt.index, a.Complete())
		}
	}
}

func TestEventAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for i := range streamCases {
		c := &streamCases[i]
		var events [][]byte
		for _, ev := range c.events {
			events = append(events, []byte(strings.TrimPrefix(ev, "hide ")))
		}
		var a Answer
		n := testing.AllocsPerRun(20, func() {
			a.Reset(c.endpoint, Options{HideUsage: true, KeepText: true})
			for _, ev := range events {
				if _, err := a.Event(ev); err != nil {
					t.Fatal(err)
				}
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations for %d events, want none", c.name, n, len(events))
		}
	}
}

// TestBodyAllocations: on amd64 sonic, which reads long embeddings, needs one small object a call; on arm64 it builds a
// tree first.
func TestBodyAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	type body struct {
		endpoint Endpoint
		body     []byte
		most     float64
	}
	bodies := []body{{Chat, benchBody(16 << 10), 0}, {Chat, []byte(benchShort), 0}}
	for _, c := range bodyCases {
		bodies = append(bodies, body{c.endpoint, []byte(c.body), float64(strings.Count(c.body, `us\u0061ge`))})
	}
	if runtime.GOARCH == "amd64" && Runs() == "native" {
		bodies = append(bodies, body{Embeddings, benchEmbeddings(4), 1})
	}
	for _, c := range bodies {
		var a Answer
		n := testing.AllocsPerRun(100, func() {
			a.Reset(c.endpoint, Options{})
			if err := a.Body(c.body); err != nil {
				t.Fatal(err)
			}
		})
		if n > c.most {
			t.Errorf("%v: %v allocations, want at most %v: %.200s", c.endpoint, n, c.most, c.body)
		}
	}
}
