package stream

import (
	"bytes"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

// leaks looks for the letter in any string that a client can read.
func leaks(t *testing.T, d *dialect.Deltas, source []byte) {
	t.Helper()
	for i := range d.Items {
		if bytes.ContainsRune(d.Text(i), 'a') {
			t.Fatalf("item %d says %q: %q", i, d.Text(i), source)
		}
	}
}

// FuzzAnswers: whatever a target sends, what an enforcing plugin wants replaced does not reach the client, nothing is lost, and what is not
// edited is not touched.
func FuzzAnswers(f *testing.F) {
	for _, events := range [][]string{
		{said("banana"), reasoned("a"), finished, done}, {outputText("a"), outputDone("a"), completed("a")}, {outputText("a"), outputDone("b"), completed("ba")},
		{anthropic("a"), typed(`{"type":"content_block_stop","index":0}`), anthropicAt(1, "ba"), typed(`{"type":"message_stop"}`)},
		{typed(`{"type":"content_block_start","content_block":{"name":"a","input":{"a":[1]}}}`)}, {said("\u00e9a"), ": a\n\n", "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"a\"}}]}\n\n"},
		{data(`{"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"},"finish_reason":"x"}]}`)},
	} {
		for ep := range uint8(8) {
			f.Add(ep, []byte(strings.Join(events, "")), uint16(0x55))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, p []byte, flushes uint16) {
		ep := dialect.Endpoint(n % 8)
		first, edit := holder(3), replacer("a", "bb")
		edit.deny = true
		observer := holder(2)
		observer.watcher.Observe = true
		s := new(Stream)
		defer s.Close()
		s.Begin(chain{first, observer, edit}, Options{Endpoint: ep})
		untouched := new(Stream)
		defer untouched.Close()
		untouched.Begin(chain{first, observer}, Options{Endpoint: ep})
		var a dialect.Answer
		a.Reset(ep, dialect.Options{})
		var in, out, same []byte
		var refusal *policy.Refusal
		events := 0
		for now := int64(1); ; now++ {
			end, _ := dialect.EventEnd(p, 0)
			if end == 0 {
				break
			}
			ev := p[:end]
			p = p[end:]
			if _, err := a.Event(ev); err != nil {
				break
			}
			if s.Event(ev) != nil || untouched.Event(ev) != nil {
				t.Fatalf("%q is refused", ev)
			}
			in = append(in, ev...)
			events++
			if flushes>>(now%16)&1 == 1 {
				if out, refusal = s.Flush(out, now, false); refusal != nil {
					return // an object was broken
				}
				same, _ = untouched.Flush(same, now, false)
			}
		}
		if out, refusal = s.Flush(out, 1000, true); refusal != nil {
			return
		}
		if same, _ = untouched.Flush(same, 1000, true); !bytes.Equal(same, in) {
			t.Fatalf("unedited\n%q became\n%q", in, same)
		}
		if s.Waiting() > 0 {
			t.Fatalf("%d bytes wait", s.Waiting())
		}
		var d dialect.Deltas
		for rest := out; len(rest) > 0; events-- {
			end, _ := dialect.EventEnd(rest, 0)
			if end == 0 && rest[len(rest)-1] == '\r' { // an LF could follow
				end = len(rest)
			}
			if end == 0 {
				t.Fatalf("half an event: %q\nfrom %q", rest, in)
			}
			if err := d.Event(ep, rest[:end]); err != nil {
				t.Fatalf("%v: %q\nfrom %q", err, rest[:end], in)
			}
			leaks(t, &d, rest[:end])
			rest = rest[end:]
		}
		if events != 0 {
			t.Fatalf("%d events are missing: %q\nfrom %q", events, out, in)
		}
	})
}

// FuzzWhole is FuzzAnswers for answers that are not streamed.
func FuzzWhole(f *testing.F) {
	for _, body := range []string{
		`{"choices":[{"message":{"content":"a","tool_calls":[{"function":{"arguments":{"a":1}}}]}}]}`, `{"content":[{"text":"ba"},{"input":{"a":"a"}}]}`,
		`{"output":[{"content":[{"text":"\u0061"}]},{"type":"reasoning","summary":[{"text":"a"}]}]}`,
	} {
		for ep := range uint8(8) {
			f.Add(ep, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		ep := dialect.Endpoint(n % 8)
		edit := replacer("a", "bb")
		edit.deny = true
		s := new(Stream)
		defer s.Close()
		s.Begin(chain{holder(3), edit}, Options{Endpoint: ep})
		var d dialect.Deltas
		want := d.Body(ep, body)
		out, refusal, err := s.Whole(nil, body, 1)
		if (err == nil) != (want == nil) || err != nil || refusal != nil {
			if (err == nil) != (want == nil) {
				t.Fatalf("%v, want %v", err, want)
			}
			return
		}
		if err := d.Body(ep, out); err != nil {
			t.Fatalf("%v: %q\nfrom %q", err, out, body)
		}
		leaks(t, &d, out)
	})
}
