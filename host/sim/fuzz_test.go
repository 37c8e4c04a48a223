package sim

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"
)

var requestPaths = []string{
	"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens",
}

var requestSeeds = []string{
	chatOnce, chatStreams,
	`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}],"n":3,"stop":["e"],"max_tokens":5}`,
	`{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"enum":["é😀"]}}}}}]}`,
	`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"é\u0000\ud800"}]}`,
	`{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","items":{}}}},"max_tokens":2}`,
	`{"model":"m","prompt":["a","b"],"n":2,"echo":true}`, `{"model":"m","prompt":[1,2,3],"max_tokens":1}`,
	`{"model":"m","input":"x","instructions":"y","text":{"format":{"type":"json_object"}},"max_output_tokens":3,"metadata":{"a":"b\n"}}`,
	`{"model":"m","input":[{"type":"function_call_output","output":"z"}],"tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":"required"}`,
	`{"model":"m","input":["a",""],"dimensions":3,"encoding_format":"base64"}`,
	`{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{}}],"messages":[{"role":"user","content":[{"type":"tool_result","content":"r"}]}]}`,
	`{"model":"m","max_tokens":3,"messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":{"type":"object","properties":{"a":{}}}}],"tool_choice":{"type":"any"}}`,
	`{"model":"\u0022\\","max_tokens":3,"messages":[{"role":"user","content":"x"}],"stop_sequences":["a","b"]}`,
}

// FuzzRequest answers any body on any endpoint, whole and streamed: refusals and
// answers are JSON, and the deltas of the stream join to the whole.
func FuzzRequest(f *testing.F) {
	for _, s := range requestSeeds {
		for i := range requestPaths {
			f.Add(uint8(i), []byte(s))
		}
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		if len(body) > 1<<12 {
			return
		}
		path := requestPaths[int(which)%len(requestPaths)]
		x, answerBody, err := offline(s, path, string(body))
		if err != nil {
			a := x.refusal(err)
			if a.status != 400 || !json.Valid(a.body) {
				t.Fatalf("refusal %d: %s", a.status, a.body)
			}
			return
		}
		if x.req.stream {
			x.req.stream = false
			a := answer{generated: true}
			x.compose(&a)
			answerBody = string(a.body)
		}
		if !json.Valid([]byte(answerBody)) {
			t.Fatalf("answer: %s", answerBody)
		}
		if x.route.endpoint == endpointEmbeddings || x.route.endpoint == endpointCountTokens {
			return
		}
		whole := make([]string, len(x.gen.choices))
		for i := range whole {
			whole[i] = x.gen.choices[i].joined()
		}
		if streamed := streamed(t, x); strings.Join(streamed, "\x00") != strings.Join(whole, "\x00") {
			t.Fatalf("streamed %q, whole %q", streamed, whole)
		}
	})
}

// joined is the text of a choice, or its arguments one after another.
func (c *choice) joined() string {
	b := bytes.Clone(c.text)
	for _, t := range c.calls {
		b = append(b, t.args...)
	}
	return string(b)
}

// streamed streams the generation of x and joins the deltas of each choice.
func streamed(t *testing.T, x *exchange) []string {
	texts := make([]string, len(x.gen.choices))
	src := x.open()
	last := -1
	for {
		ev, at, ok := src.next(nil)
		if !ok {
			return texts
		}
		if at >= 0 && at < last {
			t.Fatalf("token %d after %d", at, last)
		}
		last = max(last, at)
		if !bytes.HasSuffix(ev, eventEnd) || bytes.Count(ev, eventEnd) != 1 {
			t.Fatalf("event %q", ev)
		}
		_, data, _ := bytes.Cut(ev, []byte("data: "))
		if string(data) == "[DONE]\n\n" {
			continue
		}
		var d struct {
			Type    string
			Delta   json.RawMessage
			Choices []struct {
				Index int
				Text  string
				Delta struct {
					Content   string
					ToolCalls []struct {
						Function struct{ Arguments string }
					} `json:"tool_calls"`
				}
			}
		}
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatalf("event %q: %v", ev, err)
		}
		for _, c := range d.Choices {
			texts[c.Index] += c.Text + c.Delta.Content
			for _, call := range c.Delta.ToolCalls {
				texts[c.Index] += call.Function.Arguments
			}
		}
		switch d.Type {
		case "content_block_delta":
			var delta struct {
				Text    string
				Partial string `json:"partial_json"`
			}
			_ = json.Unmarshal(d.Delta, &delta)
			texts[0] += delta.Text + delta.Partial
		case "response.output_text.delta", "response.function_call_arguments.delta":
			var delta string
			_ = json.Unmarshal(d.Delta, &delta)
			texts[0] += delta
		}
	}
}

// FuzzWire sends any bytes to the server, which must answer or close, and live.
func FuzzWire(f *testing.F) {
	for _, s := range []string{
		"", "\r\n", "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", "GET /v1/models HTTP/1.0\n\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		string(rawPost(chatPath, chatStreams, faulty("cut=inside:2"))), string(rawPost(chatPath, chatOnce, faulty("malformed=fold;slow=1ns"))),
		string(rawPost("/v1/messages", "{}", "x-sim-echo: headers", "Expect: 100-continue")), string(rawPost(chatPath, chatOnce, faulty("gzip;1xx;stale"))),
		string(rawPost(chatPath, chatStreams, "x-sim-tokens: 3", faulty("garbage=utf8:2;long"))),
	} {
		f.Add([]byte(s))
	}
	_, addr := launch(f, Options{MaxBody: 1 << 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = c.Write(b)
		_ = c.(*net.TCPConn).CloseWrite()
		// Stalls and endless answers end because the sending side is shut.
		for buf := make([]byte, 64<<10); ; {
			if _, err := c.Read(buf); err != nil {
				if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
					t.Fatalf("%q: neither answered nor closed", b)
				}
				return
			}
		}
	})
}
