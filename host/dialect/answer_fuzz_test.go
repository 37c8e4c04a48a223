package dialect

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// The oracle of these tests is encoding/json, which accepts the same texts once UTF-8 is checked. Two things are out
// of its sight: it goes deeper, and of two keys it takes the last where Answer does too but not in the same order of
// events.

// depthOf is how deep a valid text nests; twice tells whether an object in it has a key two times.
func depthOf(p []byte) (depth int, twice bool) {
	type level struct {
		keys map[string]bool
		key  bool
	}
	var open []level
	d := json.NewDecoder(bytes.NewReader(p))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return depth, twice
		}
		if err != nil {
			return depth, true
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
		} else {
			if top := len(open) - 1; top >= 0 && open[top].keys != nil {
				if open[top].key = !open[top].key; open[top].key {
					key := token.(string)
					twice = twice || open[top].keys[key]
					open[top].keys[key] = true
					continue
				}
			}
			if ok {
				open = append(open, level{})
				depth = max(depth, len(open))
				if delim == '{' {
					open[len(open)-1].keys = map[string]bool{}
				}
			}
		}
	}
}

func asObject(v any) map[string]any { m, _ := v.(map[string]any); return m }

func asList(v any) []any { l, _ := v.([]any); return l }

func asFigure(v any) int64 {
	n, ok := v.(json.Number)
	if !ok || len(n) > 32 || n[0] == '-' {
		return 0
	}
	f, _ := n.Float64()
	return int64(min(f, maxFigure))
}

// expect reads a chunk with encoding/json: whether it is hidden, its usage, the text of the first choices.
func expect(p []byte) (hide bool, input int64, text string) {
	d := json.NewDecoder(bytes.NewReader(p))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return false, 0, ""
	}
	usage, isUsage := asObject(v)["usage"].(map[string]any)
	choices := asList(asObject(v)["choices"])
	failure := asObject(v)["error"]
	failed := failure != nil && failure != false && failure != ""
	for _, c := range choices {
		if index, ok := asObject(c)["index"].(json.Number); ok && asFigure(index) != 0 {
			continue
		}
		content, _ := asObject(asObject(c)["delta"])["content"].(string)
		completion, _ := asObject(c)["text"].(string)
		text += completion + content
	}
	if prompt, ok := usage["prompt_tokens"]; ok {
		input = asFigure(prompt)
	}
	return isUsage && len(choices) == 0 && !failed, input, text
}

// FuzzAnswerEvent: an event is accepted exactly when its data is a JSON object in valid UTF-8, and read as
// encoding/json reads it.
func FuzzAnswerEvent(f *testing.F) {
	for i := range streamCases {
		for _, ev := range streamCases[i].events {
			if _, payload, ok := strings.Cut(ev, "data: "); ok {
				f.Add([]byte(strings.TrimSpace(payload)))
			}
		}
	}
	f.Add([]byte(`{"choices":[],"usage":{"prompt_tokens":1.5e1}}`))
	f.Add([]byte(`{"choices":[{"index":1e0,"delta":{"content":"\ud800\u0041"}}],"us\u0061ge":{"prompt_tokens":0}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if bytes.ContainsAny(payload, "\r\n") {
			return
		}
		trimmed := bytes.TrimSpace(payload)
		valid := json.Valid(payload) && utf8.Valid(payload) && trimmed[0] == '{'
		var depth int
		var twice bool
		if valid {
			if depth, twice = depthOf(payload); depth > answerDepth {
				return
			}
		}
		accepted := valid || string(trimmed) == "[DONE]" || len(payload) == 0
		for _, ep := range []Endpoint{Chat, Completions, Messages, Responses, Embeddings} {
			var a Answer
			a.Reset(ep, Options{HideUsage: true, KeepText: true})
			ev := append(append([]byte("data: "), payload...), '\n', '\n')
			whole := bytes.Clone(ev)
			hide, err := a.Event(ev)
			if (err == nil) != accepted {
				t.Fatalf("%v: err %v, valid %v: %q", ep, err, valid, payload)
			}
			if !bytes.Equal(ev, whole) {
				t.Fatalf("the event was changed: %q", ev)
			}
			checkUsage(t, a.Usage)
			if a.Done && a.OutputBytes < len(a.Text) {
				t.Fatalf("%d bytes of %q", a.OutputBytes, a.Text)
			}
			if ep != Chat || !valid || twice {
				continue
			}
			wantHide, input, text := expect(payload)
			if hide != wantHide {
				t.Fatalf("hide %v, want %v: %s", hide, wantHide, payload)
			}
			if input > 0 && a.Usage.Input != input && !strings.Contains(string(payload), `input_tokens`) {
				t.Fatalf("input %d, want %d: %s", a.Usage.Input, input, payload)
			}
			if simple := !bytes.ContainsAny(payload, "\\") && !bytes.Contains(payload, []byte("refusal")) &&
				!bytes.Contains(payload, []byte("transcript")) && !bytes.Contains(payload, []byte(`"content":[`)); simple && string(a.Text) != text {
				t.Fatalf("text %q, want %q: %s", a.Text, text, payload)
			}
		}
	})
}

func checkUsage(t *testing.T, u Usage) {
	t.Helper()
	if u.Cached < 0 || u.Cached > u.Input || u.CacheWrite < 0 || u.CacheWrite > u.Input || u.CacheWriteHour < 0 || u.CacheWriteHour > u.CacheWrite ||
		u.Output < 0 || u.Reasoning < 0 || u.Reasoning > u.Output || !u.Present && u != (Usage{}) {
		t.Fatalf("impossible usage %+v", u)
	}
}

// FuzzAnswerBody: a body is accepted exactly when it is a JSON object in valid UTF-8, whoever reads it.
func FuzzAnswerBody(f *testing.F) {
	for _, c := range bodyCases {
		f.Add([]byte(c.body))
	}
	f.Add([]byte(`{"choices":[{"message":3,"index":{}}],"content":[[]],"output":[{"content":{}}],"usage":3}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		valid := json.Valid(p) && utf8.Valid(p)
		if valid {
			if depth, _ := depthOf(p); depth > answerDepth {
				return
			}
			valid = bytes.TrimSpace(p)[0] == '{'
		}
		for ep := Chat; ep <= CountTokens; ep++ {
			var a Answer
			a.Reset(ep, Options{KeepText: true})
			if err := a.Body(p); (err == nil) != valid {
				t.Fatalf("%v: err %v, valid %v: %q", ep, err, valid, p)
			}
			checkUsage(t, a.Usage)
			if a.embedding.Model != nil || a.embedding.Error != nil || a.embedding.Usage != nil {
				t.Fatalf("references kept: %+v", a.embedding)
			}
			if ep == Embeddings && utf8.Valid(p) {
				checkReadings(t, p, valid)
			}
		}
	})
}

// checkReadings: walker and sonic accept the same, and read the same of it.
func checkReadings(t *testing.T, p []byte, valid bool) {
	t.Helper()
	var walked, decoded embedding
	w := walker{p: p}
	ok := w.object()
	walked.walk(&w)
	ok = ok && w.end()
	if byDecoder := decoded.decode(p); ok != valid || byDecoder != valid {
		t.Fatalf("walker accepts %v, sonic %v, want %v: %q", ok, byDecoder, valid, p)
	}
	if valid && (!bytes.Equal(walked.Model, decoded.Model) || !bytes.Equal(walked.Error, decoded.Error) || !bytes.Equal(walked.Usage, decoded.Usage)) {
		t.Fatalf("walker reads %q, sonic %q of %q", walked, decoded, p)
	}
}

// FuzzAnswerTail: whatever the tail, what it yields is what the whole answer says, or nothing.
func FuzzAnswerTail(f *testing.F) {
	for _, c := range bodyCases {
		f.Add([]byte(c.body), uint16(len(c.body)/2))
	}
	f.Fuzz(func(t *testing.T, p []byte, cut uint16) {
		tail := p[min(int(cut), len(p)):]
		for _, ep := range []Endpoint{Chat, Messages, Responses} {
			var a, whole Answer
			a.Reset(ep, Options{})
			a.Tail(tail)
			checkUsage(t, a.Usage)
			whole.Reset(ep, Options{})
			if whole.Body(p) != nil {
				continue
			}
			if _, twice := depthOf(p); twice || !a.Usage.Present || len(p) > 16<<10 || bytes.Contains(p, []byte("timings")) {
				continue
			}
			if a.Usage != whole.Usage {
				t.Fatalf("%v: tail %q gives %+v, whole %q gives %+v", ep, tail, a.Usage, p, whole.Usage)
			}
		}
	})
}

// FuzzWalker: the walker accepts what encoding/json accepts, and its strings are the same.
func FuzzWalker(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,null,"x\u00e9\ud83d\ude42\\"],"b":{}}`, `"\ud800\ud800\udc00"`, ` [ ] `, `[1 2]`, "\"\x7f\"", `"aaaaaaa\"aaaaaaa\\"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		w := walker{p: p}
		token := w.skip()
		ok := w.end()
		valid := json.Valid(p)
		if valid {
			if depth, _ := depthOf(p); depth > answerDepth {
				return
			}
		}
		if ok != valid {
			t.Fatalf("valid %v, want %v: %q", ok, valid, p)
		}
		if s := quoted(token); ok && s != nil && utf8.Valid(p) {
			var want string
			if err := json.Unmarshal(p, &want); err != nil {
				t.Fatal(err)
			}
			if got := unescaped(s); string(got) != want || textLen(s) != len(want) {
				t.Fatalf("%s: %q (%d), want %q", p, got, textLen(s), want)
			}
		}
	})
}
