package stream

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

// phrase is what plugins look for here.
const phrase = `leak "the é😀 key"`

// shapes are the ways in which the dialects say two pieces of one text.
var shapes = map[string]struct {
	endpoint   dialect.Endpoint
	first, end string
	second     string
}{
	"chat":            {dialect.Chat, data(`{"choices":[{"index":0,"delta":{"content":%%s}}]}`), finished + done, data(`{"choices":[{"index":0,"delta":{"content":%%s}}]}`)},
	"chat, choice 1":  {dialect.Chat, data(`{"choices":[{"index":1,"delta":{"content":%%s}}]}`) + said("other"), done, data(`{"choices":[{"index":1,"delta":{"content":%%s}}]}`)},
	"chat, reasoning": {dialect.Chat, data(`{"choices":[{"index":0,"delta":{"reasoning_content":%%s}}]}`), finished, data(`{"choices":[{"index":0,"delta":{"reasoning_content":%%s}}]}`)},
	"chat, arguments": {dialect.Chat, data(`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"name":"f","arguments":%%s}}]}}]}`), done, data(`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":%%s}}]}}]}`)},
	"chat, refusal":   {dialect.Chat, data(`{"choices":[{"index":0,"delta":{"refusal":%%s}}]}`), done, data(`{"choices":[{"index":0,"delta":{"refusal":%%s}}]}`)},
	"completions":     {dialect.Completions, data(`{"choices":[{"index":0,"text":%%s}]}`), done, data(`{"choices":[{"index":0,"text":%%s}]}`)},
	"messages":        {dialect.Messages, typed(`{"type":"content_block_delta","index":0,"delta":{"text":%%s}}`), typed(`{"type":"message_stop"}`), typed(`{"type":"content_block_delta","index":0,"delta":{"text":%%s}}`)},
	"messages, start": {dialect.Messages, typed(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":%%s}}`), typed(`{"type":"message_stop"}`), typed(`{"type":"content_block_delta","index":0,"delta":{"text":%%s}}`)},
	"messages, blocks": {dialect.Messages, typed(`{"type":"content_block_delta","index":0,"delta":{"text":%%s}}`) + typed(`{"type":"content_block_stop","index":0}`), typed(`{"type":"message_stop"}`),
		typed(`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":%%s}}`)},
	"messages, json": {dialect.Messages, typed(`{"type":"content_block_delta","index":2,"delta":{"partial_json":%%s}}`), typed(`{"type":"message_stop"}`), typed(`{"type":"content_block_delta","index":2,"delta":{"partial_json":%%s}}`)},
	"responses":      {dialect.Responses, typed(`{"type":"response.output_text.delta","delta":%%s}`), typed(`{"type":"response.completed"}`), typed(`{"type":"response.output_text.delta","delta":%%s}`)},
	"responses, parts": {dialect.Responses, typed(`{"type":"response.output_text.delta","content_index":0,"delta":%%s}`) + typed(`{"type":"response.content_part.done","content_index":0}`), typed(`{"type":"response.completed"}`),
		typed(`{"type":"response.output_text.delta","content_index":1,"delta":%%s}`)},
	"responses, arguments": {dialect.Responses, typed(`{"type":"response.function_call_arguments.delta","delta":%%s}`), typed(`{"type":"response.completed"}`), typed(`{"type":"response.function_call_arguments.delta","delta":%%s}`)},
}

// spellings are ways to spell a text as JSON.
var spellings = map[string]func(string) string{
	"plain": quote,
	"escaped": func(s string) string {
		var b strings.Builder
		for _, c := range s {
			if c > 0xffff {
				fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(c-0x10000)>>10, 0xdc00+(c-0x10000)&0x3ff)
			} else {
				fmt.Fprintf(&b, `\u%04x`, c)
			}
		}
		return `"` + b.String() + `"`
	},
}

// splits calls f with the events of an answer that says the phrase, cut at every place.
func splits(f func(name string, ep dialect.Endpoint, events []string)) {
	for name, shape := range shapes {
		for spelling, spell := range spellings {
			for i := range phrase {
				if i == 0 {
					continue
				}
				first, second := spell("so "+phrase[:i]), spell(phrase[i:]+" it is")
				stream := fmt.Sprintf(shape.first, first) + fmt.Sprintf(shape.second, second) + shape.end
				var events []string
				for stream != "" {
					end, _ := dialect.EventEnd([]byte(stream), 0)
					events, stream = append(events, stream[:end]), stream[end:]
				}
				f(fmt.Sprintf("%s, %s, cut at %d", name, spelling, i), shape.endpoint, events)
			}
		}
	}
}

// TestFault12_AnswersEdited: a phrase that is split over events, blocks, parts and escapes is replaced as if it were one piece.
func TestFault12_AnswersEdited(t *testing.T) {
	t.Parallel()
	splits(func(name string, ep dialect.Endpoint, events []string) {
		for _, each := range []bool{true, false} {
			s := open(t, ep, replacer(phrase, "[x]"))
			var out string
			for i, ev := range events {
				feed(t, s, ev)
				if each {
					out += flush(t, s, int64(i+1)*tick, false)
				}
			}
			out += flush(t, s, 1000*tick, true)
			found := false
			for _, text := range texts(t, ep, out) {
				found = found || text == "so [x] it is"
			}
			if !found || strings.Contains(out, "leak") {
				t.Fatalf("%s: %q", name, out)
			}
			s.Close()
		}
	})
}

// TestFault12_AnswersStopped: an answer is stopped at a phrase before the client has it, wherever it is split.
func TestFault12_AnswersStopped(t *testing.T) {
	t.Parallel()
	splits(func(name string, ep dialect.Endpoint, events []string) {
		s := open(t, ep, &plugin{delta: func(b *policy.Batch) policy.Reply {
			for i := range b.Items {
				if strings.Contains(entry(b, i), phrase) {
					return policy.Reply{Stop: &policy.Refusal{}}
				}
			}
			return policy.Reply{Hold: len(phrase) - 1}
		}})
		var out []byte
		var stop *policy.Refusal
		for i, ev := range events {
			feed(t, s, ev)
			if out, stop = s.Flush(out, int64(i+1)*tick, false); stop != nil {
				break
			}
		}
		if stop == nil {
			t.Fatalf("%s: not stopped", name)
		}
		for _, text := range texts(t, ep, string(out)) {
			if strings.Contains(text, "leak") {
				t.Fatalf("%s: the client has %q", name, text)
			}
		}
		s.Close()
	})
}

// TestFault12_AnswersWhole: the same for answers that are not streamed, whose parts split the phrase.
func TestFault12_AnswersWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		endpoint dialect.Endpoint
		body     string
	}{
		"chat parts":      {dialect.Chat, `{"choices":[{"index":0,"message":{"content":[{"type":"text","text":%s},{"type":"text","text":%s}]}}]}`},
		"messages blocks": {dialect.Messages, `{"content":[{"type":"text","text":%s},{"type":"text","text":%s}]}`},
		"responses parts": {dialect.Responses, `{"output":[{"type":"message","content":[{"type":"output_text","text":%s},{"type":"output_text","text":%s}]}]}`},
		"responses items": {dialect.Responses, `{"output":[{"type":"message","content":[{"type":"output_text","text":%s}]},{"type":"message","content":[{"text":%s}]}]}`},
	} {
		for spelling, spell := range spellings {
			for i := range phrase {
				body := fmt.Sprintf(c.body, spell("so "+phrase[:i]), spell(phrase[i:]+" it is"))
				s := open(t, c.endpoint, replacer(phrase, "[x]"))
				out, stop, err := s.Whole(nil, []byte(body), 1)
				if stop != nil || err != nil {
					t.Fatal(stop, err)
				}
				var d dialect.Deltas
				if err := d.Body(c.endpoint, out); err != nil || string(d.Arena) != "so [x] it is" {
					t.Fatalf("%s, %s, cut at %d: %s, %v", name, spelling, i, out, err)
				}
				s.Close()
			}
		}
	}
}
