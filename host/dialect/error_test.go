package dialect

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	anthropicstream "github.com/anthropics/anthropic-sdk-go/packages/ssestream"
	openaistream "github.com/openai/openai-go/v3/packages/ssestream"
)

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind              Kind
		status            int
		openai, anthropic string
	}{
		{BadRequest, 400, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}`, "invalid_request_error"},
		{Unauthorized, 401, `{"error":{"message":"m","type":"authentication_error","param":null,"code":"invalid_api_key"}}`, "authentication_error"},
		{Forbidden, 403, `{"error":{"message":"m","type":"permission_error","param":null,"code":null}}`, "permission_error"},
		{NotFound, 404, `{"error":{"message":"m","type":"not_found_error","param":null,"code":null}}`, "not_found_error"},
		{MethodNotAllowed, 405, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"method_not_supported"}}`, "invalid_request_error"},
		{RequestTimeout, 408, `{"error":{"message":"m","type":"timeout_error","param":null,"code":null}}`, "timeout_error"},
		{TooLarge, 413, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"request_too_large"}}`, "request_too_large"},
		{UnsupportedMedia, 415, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}`, "invalid_request_error"},
		{RateLimited, 429, `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`, "rate_limit_error"},
		{HeadersTooLarge, 431, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}`, "invalid_request_error"},
		{ClientClosed, 499, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"client_closed_request"}}`, "invalid_request_error"},
		{Internal, 500, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, "api_error"},
		{BadGateway, 502, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, "api_error"},
		{Unavailable, 503, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, "overloaded_error"},
		{GatewayTimeout, 504, `{"error":{"message":"m","type":"timeout_error","param":null,"code":null}}`, "timeout_error"},
		{0, 500, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, "api_error"},
		{kinds, 500, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, "api_error"},
	}
	for _, tt := range tests {
		e := &Error{Kind: tt.kind, Message: "m"}
		if got := tt.kind.Status(); got != tt.status {
			t.Errorf("Kind %d: status %d, want %d", tt.kind, got, tt.status)
		}
		for _, d := range []Dialect{OpenAI, Unknown} {
			if got := string(AppendError(nil, d, e, "req_1")); got != tt.openai {
				t.Errorf("Kind %d in %v:\n got %s\nwant %s", tt.kind, d, got, tt.openai)
			}
		}
		want := `{"type":"error","error":{"type":"` + tt.anthropic + `","message":"m"},"request_id":"req_1"}`
		if got := string(AppendError(nil, Anthropic, e, "req_1")); got != want {
			t.Errorf("Kind %d in Anthropic's shape:\n got %s\nwant %s", tt.kind, got, want)
		}
	}
}

func TestErrorFields(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: NotFound, Message: "no model \"x\"", Param: "model", Code: "model_not_found"}
	want := `{"error":{"message":"no model \"x\"","type":"not_found_error","param":"model","code":"model_not_found"}}`
	if got := string(AppendError([]byte{}, OpenAI, e, "")); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	want = `{"type":"error","error":{"type":"not_found_error","message":"no model \"x\""},"request_id":null}`
	if got := string(AppendError(nil, Anthropic, e, "")); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got, want := e.Error(), `404 no model "x" (at model) [model_not_found]`; got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
	if got, want := (&Error{Kind: BadGateway, Message: "gone"}).Error(), "502 gone"; got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
}

func TestErrorStrings(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"escapes", "a\"b\\c\nd\re\tf\x00g\x1fh\x7f", `"a\"b\\c\nd\re\tf\u0000g\u001fh\u007f"`},
		{"line separators", "a\u2028b\u2029c", `"a\u2028b\u2029c"`},
		{"invalid UTF-8", "a\xffb\xc3", "\"a\ufffdb\ufffd\""},
		{"other scripts", "héllo 你好 🙂", `"héllo 你好 🙂"`},
		{"SSE injection", "x\n\ndata: [DONE]\n\n", `"x\n\ndata: [DONE]\n\n"`},
	}
	for _, tt := range tests {
		if got := string(appendString(nil, tt.in, maxMessage)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// FuzzError holds every error to valid JSON of bounded size on one line, whatever the fields hold.
func FuzzError(f *testing.F) {
	f.Add(uint8(1), "message", "param", "code", "id")
	f.Add(uint8(3), "\xff\u2028\x00\"\\", "", "\n\r", "\ufeff")
	f.Add(uint8(255), strings.Repeat("é", 1000), strings.Repeat("\x80", 1000), strings.Repeat("x", 99), strings.Repeat("🙂", 99))
	f.Fuzz(func(t *testing.T, kind uint8, message, param, code, id string) {
		e := &Error{Kind: Kind(kind), Message: message, Param: param, Code: code}
		const most = 6*(2*maxMessage+2*maxParam+2*maxCode+maxID) + 256
		for _, d := range []Dialect{OpenAI, Anthropic} {
			b := AppendError(nil, d, e, id)
			if !json.Valid(b) || !utf8.Valid(b) || len(b) > most {
				t.Fatalf("%d bytes: %q", len(b), b)
			}
			var v struct{ Error struct{ Message string } }
			if json.Unmarshal(b, &v) != nil || v.Error.Message == "" && message != "" {
				t.Fatalf("message lost: %s", b)
			}
		}
		for _, ep := range []Endpoint{None, Chat, Responses, Messages} {
			ev := AppendErrorEvent(nil, ep, e, id)
			if end, _ := EventEnd(ev, 0); end != len(ev) || len(ev) > most {
				t.Fatalf("%v: not one event: %q", ep, ev)
			}
			var a Answer
			a.Reset(Chat, Options{HideUsage: true})
			if hide, err := a.Event(ev); hide || err != nil || !a.Failed || a.Done {
				t.Fatalf("%v: hide %v, err %v, %+v: %q", ep, hide, err, a, ev)
			}
		}
	})
}

func TestErrorEventShapes(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: BadGateway, Message: "upstream closed", Code: "upstream_cut"}
	tests := []struct {
		endpoint Endpoint
		want     string
	}{
		{Chat, `data: {"error":{"message":"upstream closed","type":"server_error","param":null,"code":"upstream_cut"}}` + "\n\n"},
		{None, `data: {"error":{"message":"upstream closed","type":"server_error","param":null,"code":"upstream_cut"}}` + "\n\n"},
		{Messages, `event: error` + "\n" + `data: {"type":"error","error":{"type":"api_error","message":"upstream closed"},"request_id":"r"}` + "\n\n"},
		{Responses, `event: error` + "\n" + `data: {"type":"error","code":"upstream_cut","message":"upstream closed","param":null,` +
			`"sequence_number":0,"error":{"message":"upstream closed","type":"server_error","param":null,"code":"upstream_cut"}}` + "\n\n"},
	}
	for _, tt := range tests {
		if got := string(AppendErrorEvent(nil, tt.endpoint, e, "r")); got != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.endpoint, got, tt.want)
		}
	}
	var a Answer
	a.Reset(Responses, Options{})
	if _, err := a.Event([]byte("data: {\"type\":\"response.in_progress\",\"sequence_number\":41}\n\n")); err != nil {
		t.Fatal(err)
	}
	if got := string(a.AppendErrorEvent(nil, e, "r")); !strings.Contains(got, `"sequence_number":42,`) {
		t.Errorf("sequence not continued: %s", got)
	}
}

func streamed(events ...string) *http.Response {
	return &http.Response{
		StatusCode: 200,
		Header:     http.Header{"Content-Type": {"text/event-stream"}},
		Body:       io.NopCloser(strings.NewReader(strings.Join(events, ""))),
		Request:    &http.Request{Method: http.MethodPost},
	}
}

type sdkEvent struct{ ID, Type string }

// TestErrorEventsRaise: the vendors' own SDKs raise an error on Weir's events, after the chunks that came before.
func TestErrorEventsRaise(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: BadGateway, Message: "upstream closed", Code: "upstream_cut"}

	t.Run("chat", func(t *testing.T) {
		t.Parallel()
		s := openaistream.NewStream[sdkEvent](openaistream.NewDecoder(streamed(
			"data: {\"id\":\"c\",\"choices\":[]}\n\n", string(AppendErrorEvent(nil, Chat, e, "r")))), nil)
		n := 0
		for s.Next() {
			n++
		}
		var raised *openaistream.StreamError
		if n != 1 || !errors.As(s.Err(), &raised) || !strings.Contains(raised.Message, "upstream closed") {
			t.Errorf("%d chunks, error %v", n, s.Err())
		}
	})
	t.Run("responses", func(t *testing.T) {
		t.Parallel()
		s := openaistream.NewStream[sdkEvent](openaistream.NewDecoder(streamed(
			"event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\n",
			string(AppendErrorEvent(nil, Responses, e, "r")))), nil)
		n := 0
		for s.Next() {
			n++
		}
		var raised *openaistream.StreamError
		if n != 1 || !errors.As(s.Err(), &raised) || !strings.Contains(raised.Message, "upstream closed") {
			t.Errorf("%d events, error %v", n, s.Err())
		}
	})
	t.Run("messages", func(t *testing.T) {
		t.Parallel()
		s := anthropicstream.NewStream[sdkEvent](anthropicstream.NewDecoder(streamed(
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", string(AppendErrorEvent(nil, Messages, e, "r")))), nil)
		n := 0
		for s.Next() {
			n++
		}
		if n != 1 || s.Err() == nil || !strings.Contains(s.Err().Error(), "upstream closed") {
			t.Errorf("%d events, error %v", n, s.Err())
		}
	})
}

func TestErrorAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	e := &Error{Kind: RateLimited, Message: "budget \"day\" is spent\n", Param: "p", RetryAfter: time.Second}
	dst := make([]byte, 0, 1024)
	n := testing.AllocsPerRun(100, func() {
		dst = AppendError(dst[:0], OpenAI, e, "req")
		dst = AppendError(dst[:0], Anthropic, e, "req")
		dst = AppendErrorEvent(dst[:0], Chat, e, "req")
		dst = AppendErrorEvent(dst[:0], Responses, e, "req")
		dst = AppendErrorEvent(dst[:0], Messages, e, "req")
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkAppendErrorEvent(b *testing.B) {
	e := &Error{Kind: BadGateway, Message: "the upstream closed the connection in the middle of the stream", Code: "upstream_cut"}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendErrorEvent(dst[:0], Responses, e, "req_0123456789")
	}
}
