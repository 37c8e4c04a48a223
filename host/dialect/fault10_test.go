package dialect

import (
	"fmt"
	"strings"
	"testing"
)

// in puts a value where the channel of text varies: content, arguments, schemas, settings, and what is only walked over.
func in(value string) []struct {
	endpoint Endpoint
	body     string
} {
	body := func(format string) string { return fmt.Sprintf(format, value) }
	return []struct {
		endpoint Endpoint
		body     string
	}{
		{Chat, body(`{"model":"m","messages":[{"role":"user","content":%s}]}`)},
		{Chat, body(`{"model":"m","messages":[{"content":[{"type":"text","text":%s}]}]}`)},
		{Chat, body(`{"model":"m","messages":[],"metadata":{"a":%s}}`)},
		{Chat, body(`{"model":"m","messages":[],"tools":[{"function":{"parameters":%s}}]}`)},
		{Chat, body(`{"model":"m","messages":[{"content":[{"type":"image_url","image_url":%s}]}]}`)},
		{Completions, body(`{"model":"m","prompt":%s}`)},
		{Embeddings, body(`{"model":"m","input":[%s]}`)},
		{Responses, body(`{"model":"m","input":[{"type":"function_call","arguments":%s}]}`)},
		{Messages, body(`{"model":"m","system":%s,"messages":[]}`)},
		{Messages, body(`{"model":"m","messages":[{"content":[{"type":"tool_use","input":%s}]}]}`)},
		{CountTokens, body(`{"model":"m","messages":[{"content":[{"type":"x","data":%s}]}]}`)},
		{None, body(`{"anything":%s}`)},
		{Chat, body(`{"model":%s,"messages":[]}`)},
	}
}

// refuseIn holds that value is refused wherever it stands.
func refuseIn(t *testing.T, value, words string) {
	t.Helper()
	for _, c := range in(value) {
		refuse(t, c.endpoint, []byte(c.body), words)
	}
}

func refuse(t *testing.T, ep Endpoint, body []byte, words string) {
	t.Helper()
	var r Request
	if err := r.Parse(ep, body); err == nil || err.Kind != BadRequest || !strings.Contains(err.Message, words) {
		t.Errorf("%s %.100q: %v, want %q", ep, body, err, words)
	}
}

func TestFault10_Encoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, words string }{
		{"\"a\xffb\"", "invalid UTF-8"}, {"\"\xc0\xaf\"", "invalid UTF-8"}, {"\"\xed\xa0\x80\"", "invalid UTF-8"},
		{"\"\xf4\x90\x80\x80\"", "invalid UTF-8"}, {"\"caf\xc3\"", "invalid UTF-8"}, {"\"\xe2\x82\"", "invalid UTF-8"},
		{`"\ud800"`, "surrogate"}, {`"a\udfffb"`, "surrogate"}, {`"\ud83d\ud83d"`, "surrogate"}, {`"\ud83d\u0020"`, "surrogate"},
		{"\"a\x00b\"", "control character 0x00"}, {"\"a\nb\"", "control character 0x0a"}, {"\"a\x1bb\"", "control character 0x1b"},
		{`"\x41"`, "invalid escape"}, {`"\u00zz"`, "invalid escape"}, {"\ufeff\"a\"", "unexpected"},
	} {
		refuseIn(t, c.value, c.words)
	}
	for body, words := range map[string]string{
		"\ufeff{\"model\":\"m\",\"messages\":[]}": "byte order mark", "{\"model\":\"m\",\"messages\":[]}\ufeff": "unexpected data",
		"{\"model\":\"m\",\"messages\":[],\"k\xff\":1}": "invalid UTF-8", "{\"model\":\"m\",\"messages\":[],\"\\ud800\":1}": "surrogate",
	} {
		refuse(t, Chat, []byte(body), words)
	}
}

// TestFault10_EscapedControls: they are legal, reach plugins as they reach the model, and are counted.
func TestFault10_EscapedControls(t *testing.T) {
	t.Parallel()
	value := `"\u0000a\u001b[31m\b\f\u0007 \n\t\r\u000a\u0009\u007f"`
	for _, c := range in(value)[:1] {
		var r Request
		if err := r.Parse(c.endpoint, []byte(c.body)); err != nil {
			t.Fatal(err)
		}
		if want := "\x00a\x1b[31m\b\f\a \n\t\r\n\t\x7f"; string(r.Arena) != want || r.Controls != 5 {
			t.Errorf("%q with %d controls, want %q with 5", r.Arena, r.Controls, want)
		}
	}
	var r Request
	body := `{"model":"\u0001m","messages":[{"role":"user","content":[{"type":"tool_use","input":{"k\u0001":"v\u0002"}}]}],` +
		`"metadata":{"a\u0001":"\u0001"},"user":"\u0001"}`
	if err := r.Parse(Chat, []byte(body)); err != nil {
		t.Fatal(err)
	}
	if r.Controls != 2 {
		t.Errorf("%d controls, want those of the inspected key and value", r.Controls)
	}
}
