package dialect

import (
	"strings"
	"testing"
)

func TestAppendEdited(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		endpoint Endpoint
		event    string
		list     []Replacement
		want     string
	}{
		{"one", Chat, dataEvent(`{"id":1, "choices":[{"delta":{"content" : "secret" }}]}`), []Replacement{{0, []byte("[x]")}}, dataEvent(`{"id":1, "choices":[{"delta":{"content" : "[x]" }}]}`)},
		{"emptied", Chat, dataEvent(`{"choices":[{"delta":{"content":"secret"}}]}`), []Replacement{{0, nil}}, dataEvent(`{"choices":[{"delta":{"content":""}}]}`)},
		{"spelling kept", Chat, dataEvent(`{"choices":[{"delta":{"content":"\u0061\/b secret \u00e9\n"}}]}`), []Replacement{{0, []byte("a/b <\"\u2028\x7f> é\n")}}, dataEvent(`{"choices":[{"delta":{"content":"\u0061\/b <\"\u2028\u007f> \u00e9\n"}}]}`)},
		{"characters are not cut", Chat, dataEvent(`{"choices":[{"delta":{"content":"\u00e9è"}}]}`), []Replacement{{0, []byte("èé")}}, dataEvent(`{"choices":[{"delta":{"content":"èé"}}]}`)},
		{"halves of pairs", Chat, dataEvent(`{"choices":[{"delta":{"content":"\u0061\ud83dx\ude00"}}]}`), []Replacement{{0, []byte("a\ufffd\ufffd")}}, dataEvent("{\"choices\":[{\"delta\":{\"content\":\"a\ufffd\ufffd\"}}]}")},
		{"log probabilities", Chat, dataEvent(`{"choices":[{"logprobs":{"content":[{"token":"secret"}]},"delta":{"content":"secret","refusal":"no"}},{"index":1,"logprobs":{"content":[{}]},"delta":{"content":"b"}}]}`), []Replacement{{0, []byte("x")}, {1, []byte("y")}}, dataEvent(`{"choices":[{"logprobs":null,"delta":{"content":"x","refusal":"y"}},{"index":1,"logprobs":{"content":[{}]},"delta":{"content":"b"}}]}`)},
		{"log probabilities of Responses", Responses, typedEvent(`{"type":"response.output_text.delta","delta":"secret","logprobs":[{"token":"secret"}]}`), []Replacement{{0, []byte("x")}}, typedEvent(`{"type":"response.output_text.delta","delta":"x","logprobs":[]}`)},
		{"under two names", Chat, dataEvent(`{"choices":[{"delta":{"reasoning":"h\u0069","reasoning_content":"hi"}}]}`), []Replacement{{0, []byte("hu")}}, dataEvent(`{"choices":[{"delta":{"reasoning":"hu","reasoning_content":"hu"}}]}`)},
		{"several lines", Chat, "id: 1\r\ndata: {\"choices\":\r\ndata: [{\"delta\":{\"content\":\"a\"}}]}\r\nevent: x\r\n\r\n", []Replacement{{0, []byte("b")}}, "id: 1\r\ndata: {\"choices\": [{\"delta\":{\"content\":\"b\"}}]}\r\nevent: x\r\n\r\n"},
		{"a BOM", Chat, "\ufeffdata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", []Replacement{{0, []byte("b")}}, "\ufeffdata:{\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"},
		{"an object", Messages, typedEvent(`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","name":"get","input":{"a": 1}}}`), []Replacement{{1, []byte("{\"a\":\n2}")}}, typedEvent(`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","name":"get","input":{"a": 2}}}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d Deltas
			if err := d.Event(c.endpoint, []byte(c.event)); err != nil {
				t.Fatal(err)
			}
			got, err := d.AppendEdited([]byte("before"), []byte(c.event), c.list)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != "before"+c.want {
				t.Fatalf("\n got %q\nwant %q", got, c.want)
			}
			if err := d.Event(c.endpoint, got[len("before"):]); err != nil {
				t.Fatalf("%v: %q", err, got)
			}
		})
	}
}

func TestAppendEditedRefuses(t *testing.T) {
	t.Parallel()
	ev := []byte(typedEvent(`{"type":"content_block_start","content_block":{"name":"get","input":{"a":1}}}`))
	var d Deltas
	if err := d.Event(Messages, ev); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Replacement
		want string
	}{
		{Replacement{2, []byte("x")}, "it has 2"}, {Replacement{-1, nil}, "it has 2"}, {Replacement{0, []byte("\xff")}, "UTF-8"},
		{Replacement{1, []byte("[1]")}, "stay so"}, {Replacement{1, []byte(`{"a":`)}, "stay so"}, {Replacement{1, []byte(`{} {}`)}, "stay so"},
		{Replacement{1, nil}, "stay so"}, {Replacement{1, []byte(`{`)}, "stay so"},
	} {
		got, err := d.AppendEdited([]byte("before"), ev, []Replacement{c.r})
		if err == nil || !strings.Contains(err.Error(), c.want) || string(got) != "before" {
			t.Errorf("%d %q: %v, %q", c.r.Item, c.r.Text, err, got)
		}
	}
}

// TestDeltasAllocate: reading and editing take the storage they have.
func TestDeltasAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	var d Deltas
	var dst []byte
	replaced := []byte("replaced")
	for _, c := range deltaCases {
		ev := []byte(c.event)
		list := make([]Replacement, 0, 8)
		n := testing.AllocsPerRun(20, func() {
			if err := d.Event(c.endpoint, ev); err != nil {
				t.Fatal(err)
			}
			list = list[:0]
			for i := range d.Items {
				if !d.Items[i].Raw && d.Items[i].Same < 0 {
					list = append(list, Replacement{i, replaced})
				}
			}
			var err error
			if dst, err = d.AppendEdited(dst[:0], ev, list); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func BenchmarkDeltas(b *testing.B) {
	ev := []byte(dataEvent(`{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}]}`))
	var d Deltas
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Event(Chat, ev); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("edit", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		list := []Replacement{{0, []byte(" world")}}
		for b.Loop() {
			dst, _ = d.AppendEdited(dst[:0], ev, list)
		}
	})
}
