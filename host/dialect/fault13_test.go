package dialect

import (
	"bytes"
	"strings"
	"testing"
)

// The rows of the fault matrix this file prepares for are the proxy's to survive; here is what it needs from the
// dialect: garbage is told from answers, and framing an endless event costs linear time and keeps nothing.

func TestFault13_GarbageEvents(t *testing.T) {
	t.Parallel()
	endpoints := []Endpoint{Chat, Completions, Messages, Responses, Embeddings}
	garbage := map[string]string{
		"HTML":                    "<html><body>502 Bad Gateway</body></html>\n\n",
		"plain text":              "Internal Server Error\n\n",
		"a bare JSON answer":      `{"error":{"message":"x"}}` + "\n\n",
		"a status line":           "HTTP/1.1 500 oops\n\n",
		"binary":                  "\x1f\x8b\x08\x00\x00\n\n",
		"NUL":                     "\x00\n\n",
		"a field with blanks":     "my data: 1\n\n",
		"text in data":            dataEvent("upstream exploded"),
		"cut JSON":                dataEvent(`{"choices":[{"index":0,"delta":{"content":"a`),
		"two values":              dataEvent(`{} {}`),
		"an array":                dataEvent(`[]`),
		"a number":                dataEvent(`1`),
		"null":                    dataEvent(`null`),
		"blank data lines":        "data:\ndata:\n\n",
		"a trailing comma":        dataEvent(`{"a":1,}`),
		"a leading comma":         dataEvent(`{,"a":1}`),
		"no colon":                dataEvent(`{"a" 1}`),
		"no value":                dataEvent(`{"a":}`),
		"a key that is none":      dataEvent(`{a:1}`),
		"wrong brackets":          dataEvent(`{"a":[1}}`),
		"a leading zero":          dataEvent(`{"a":01}`),
		"a bare fraction":         dataEvent(`{"a":.5}`),
		"no digits":               dataEvent(`{"a":-}`),
		"no exponent":             dataEvent(`{"a":1e}`),
		"a literal cut short":     dataEvent(`{"a":tru}`),
		"NaN":                     dataEvent(`{"a":NaN}`),
		"an unknown escape":       dataEvent(`{"a":"\q"}`),
		"a short escape":          dataEvent(`{"a":"\u12"}`),
		"a raw tab":               dataEvent("{\"a\":\"\t\"}"),
		"a raw control byte":      dataEvent("{\"choices\":[{\"delta\":{\"content\":\"\x01\"}}]}"),
		"invalid UTF-8 in data":   dataEvent("{\"a\":\"\xff\"}"),
		"half a character":        dataEvent("{\"a\":\"\xe4\xbd\"}"),
		"an overlong character":   dataEvent("{\"a\":\"\xc0\xaf\"}"),
		"invalid UTF-8 elsewhere": ": \xff\n" + dataEvent(`{}`),
		"too deep":                dataEvent(`{"a":` + strings.Repeat("[", answerDepth+1) + strings.Repeat("]", answerDepth+1) + "}"),
		"a BOM inside":            dataEvent(`{}`) + "\ufeff" + dataEvent(`{}`),
		"nearly [DONE]":           dataEvent(`[DONE]x`),
		"an error that is none":   namedEvent("error", "boom"),
	}
	for name, event := range garbage {
		for _, ep := range endpoints {
			var a Answer
			a.Reset(ep, Options{HideUsage: true})
			hide, err := false, error(nil)
			events, rest := framed([]byte(event))
			for _, ev := range events {
				var h bool
				if h, err = a.Event(ev); err != nil {
					break
				}
				hide = hide || h
			}
			if err == nil || hide || len(rest) != 0 {
				t.Errorf("%s, %v: err %v, hide %v, rest %q", name, ep, err, hide, rest)
			}
			if a.Done {
				t.Errorf("%s, %v: taken for a clean end", name, ep)
			}
		}
		var a Answer
		a.Reset(None, Options{})
		if _, err := a.Event([]byte(event)); err != nil {
			t.Errorf("%s: a stream of no endpoint is nobody's business: %v", name, err)
		}
	}
}

func TestFault13_DeepButLegal(t *testing.T) {
	t.Parallel()
	var a Answer
	a.Reset(Chat, Options{})
	for _, open := range []string{"[", `{"a":`} {
		event := dataEvent(`{"a":` + strings.Repeat(open, answerDepth) + "1" + strings.Repeat(string(open[0]+2), answerDepth) + "}")
		if _, err := a.Event([]byte(event)); err != nil {
			t.Errorf("%d levels: %v", answerDepth, err)
		}
	}
}

// TestFault13_SplitCharacters: a character cut in two by the network is no garbage once its event is whole.
func TestFault13_SplitCharacters(t *testing.T) {
	t.Parallel()
	stream := []byte(dataEvent(`{"choices":[{"delta":{"content":"é你🙂"}}]}`) + dataEvent(`{"choices":[{"delta":{"content":"🙂"},"finish_reason":"stop"}]}`))
	for cut := range stream {
		var a Answer
		a.Reset(Chat, Options{KeepText: true})
		if sent := relayed(t, &a, stream, cut); !bytes.Equal(sent, stream) || string(a.Text) != "é你🙂🙂" {
			t.Errorf("cut at %d: %q", cut, a.Text)
		}
	}
}

// TestFault13_EndlessEvent: an event that never ends is never complete and is looked at once, byte by byte; the
// relay's bound on its buffer decides.
func TestFault13_EndlessEvent(t *testing.T) {
	t.Parallel()
	chunk := []byte(strings.Repeat("data: {\"a\":\"aaaaaaaa\n", 1<<10))
	var buf []byte
	from := 0
	for len(buf) < 8<<20 {
		buf = append(buf, chunk...)
		end, next := EventEnd(buf, from)
		if end != 0 || next < len(buf)-1 {
			t.Fatalf("end %d, next %d of %d", end, next, len(buf))
		}
		from = next
	}
}

// TestFault13_Unterminated: a stream that ends without its format's end is not complete, whichever event is last.
func TestFault13_Unterminated(t *testing.T) {
	t.Parallel()
	for i := range streamCases {
		c := &streamCases[i]
		if c.want.cut {
			continue
		}
		var a Answer
		a.Reset(c.endpoint, Options{})
		for _, ev := range c.events {
			if a.Complete() && (c.endpoint == Messages || c.endpoint == Responses) {
				t.Errorf("%s: complete before its last event", c.name)
			}
			if _, err := a.Event([]byte(strings.TrimPrefix(ev, "hide "))); err != nil {
				t.Fatal(err)
			}
		}
		if !a.Complete() {
			t.Errorf("%s: not complete at its end", c.name)
		}
	}
}
