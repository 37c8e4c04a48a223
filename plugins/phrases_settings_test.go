package plugins_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestPhrasesSettingsAreRefused(t *testing.T) {
	t.Parallel()
	many := func(n, size int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%0*d",`, size, i)
		}
		return "[" + strings.TrimSuffix(b.String(), ",") + "]"
	}
	tests := []struct{ config, want string }{
		{``, "not one object"}, {`[]`, "not one object"}, {`{"deny":["a"]`, "not one object"}, {`{"deny":["a"],}`, "not one object"},
		{`{"deny":["a"]} {}`, "not one object"}, {`{deny:["a"]}`, "not one object"}, {`{"deny" ["a"]}`, "not one object"},
		{`{}`, "there is no phrase"}, {`{"deny":[],"redact":{}}`, "there is no phrase"}, {`{"message":"x"}`, "there is no phrase"},
		{`{"denny":["a"]}`, `"denny": there is no such setting`}, {`{"":1}`, `"": there is no such setting`},
		{`{"deny":["a"],"deny":["b"]}`, `"deny": the setting is there twice`},
		{`{"deny":"a"}`, "deny: a list of phrases"}, {`{"deny":["a",1]}`, "deny: a list of phrases"}, {`{"deny":["a" "b"]}`, "deny: a list of phrases"},
		{`{"stop":{"a":"b"}}`, "stop: a list of phrases"}, {`{"tag":null}`, "tag: a list of phrases"}, {`{"deny":["a",]}`, "deny: a list of phrases"},
		{`{"redact":["a"]}`, "redact: an object"}, {`{"redact":{"a":null}}`, "redact: an object"}, {`{"route":{"a":["b"]}}`, "route: an object"},
		{`{"deny":[""]}`, "deny: a phrase is empty"}, {`{"deny":["a\nb"]}`, "line end"}, {`{"deny":["a\rb"]}`, "line end"},
		{`{"deny":["` + strings.Repeat("a", 1025) + `"]}`, "1024"}, {`{"deny":["a","b","a"]}`, `deny: the phrase "a" is there twice`},
		{`{"redact":{"a":"1","a":"2"}}`, "twice"},
		{`{"redact":{"a":"\""}}`, "quotation mark"}, {`{"redact":{"a":"\\"}}`, "backslash"}, {`{"redact":{"a":"\t"}}`, "control character"},
		{`{"redact":{"a":"[A]"}}`, `the replacement "[A]" holds the phrase "a" of redact`}, {`{"redact":{"a":"b"},"deny":["B"]}`, `of deny`},
		{`{"redact":{"a":"b"},"stop":["b"]}`, `of stop`},
		{`{"route":{"a":""}}`, `the phrase "a": its target`}, {`{"route":{"a":"` + strings.Repeat("b", 129) + `"}}`, "its target"}, {`{"route":{"a":"\u0085"}}`, "its target"},
		{`{"tag":["` + strings.Repeat("a", 129) + `"]}`, "tag: the phrase"}, {`{"tag":["a\u0001"]}`, "name of a tag"}, {`{"tag":` + many(33, 3) + `}`, "more than 32"},
		{`{"deny":` + many(1001, 4) + `}`, "more than 1000"}, {`{"deny":` + many(999, 4) + `,"stop":["a","b"]}`, "stop: with it there are more than 1000"},
		{`{"deny":` + many(70, 1000) + `}`, "70070 bytes"},
		{`{"deny":["a"],"channels":"user"}`, "channels: a list"}, {`{"deny":["a"],"channels":[]}`, "channels: a list"},
		{`{"deny":["a"],"channels":["users"]}`, `no channel "users"`}, {`{"deny":["a"],"channels":[""]}`, `no channel ""`},
		{`{"deny":["a"],"message":""}`, "message: a string of 1"}, {`{"deny":["a"],"stop_message":7}`, "stop_message: a string"},
		{`{"deny":["a"],"message":"` + strings.Repeat("x", 1025) + `"}`, "message: a string"},
		// Strings that are none.
		{`{"deny":["\ud800"]}`, "deny: a list"}, {`{"deny":["\ud800\u0041"]}`, "deny: a list"}, {`{"deny":["\udc00"]}`, "deny: a list"}, {`{"deny":["\x"]}`, "deny: a list"},
		{`{"deny":["\u12g4"]}`, "deny: a list"}, {`{"deny":["\u12`, "deny: a list"}, {`{"deny":["a`, "deny: a list"}, {`{"deny":["a\`, "deny: a list"}, {"{\"deny\":[\"a\tb\"]}", "deny: a list"},
		{"{\"deny\":[\"\xff\"]}", "deny: a list"}, {"{\"deny\":[\"\xed\xa0\x80\"]}", "deny: a list"}, {"{\"deny\":[\"\xc0\x80\"]}", "deny: a list"}, {"{\"deny\":[\"\xe2\x82\"]}", "deny: a list"},
		// A long name is cut, at a character.
		{`{"` + strings.Repeat("é", 40) + `":1}`, `"` + strings.Repeat("é", 30) + `…": there is no such setting`},
	}
	for _, test := range tests {
		_, err := configure(t, "phrases", test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80s: error %v, want one that says %q", test.config, err, test.want)
		}
	}
	for _, good := range []string{
		`{"deny":` + many(1000, 4) + `}`, `{"redact":{"a":""}}`, " {\n\t\"deny\" : [ \"a\" , \"b\" ] , \"channels\":[\"user\",\"user\"]}\r\n", `{"tag":` + many(32, 3) + `}`,
		`{"deny":["a"],"redact":{"a":"c"},"tag":["a"],"route":{"a":"nowhere"}}`, `{"deny":["\/\b\f\u0000"]}`, `{"redact":{"a":"t"},"tag":["t"]}`,
	} {
		if _, err := configure(t, "phrases", good); err != nil {
			t.Errorf("%.80s: %v", good, err)
		}
	}
}
