package plugins_test

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

const (
	forbidden = "this request holds a phrase that the policy forbids"
	locked    = "this request holds a phrase that the policy redacts, in a place where it cannot be redacted"
)

// tool is a chat with a tool call of these arguments, which are JSON, and a result.
func tool(arguments, result string) string {
	return `{"model":"m","messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",` +
		`"function":{"name":"f","arguments":` + quoted(arguments) + `}}]},{"role":"tool","tool_call_id":"c1","content":` + quoted(result) + `}]}`
}

func TestPhrasesInRequests(t *testing.T) {
	t.Parallel()
	const redact = `{"redact":{"secret":"[hidden]"}}`
	tests := []struct {
		name, config, body string
		want               result
	}{
		{"nothing is found", `{"deny":["swordfish"],"redact":{"a b":"c"},"route":{"poem":"local"},"tag":["x y"]}`, chat("hello"), result{}},
		{"answers only", `{"stop":["swordfish"]}`, chat("swordfish"), result{}},
		{"deny", `{"deny":["other","Swordfish"]}`, chat("a SWORDFISH!"), result{refused: forbidden}},
		{"deny in one's own words", `{"deny":["swordfish"],"message":"no \"fish\" \u2013 please"}`, chat("swordfish"), result{refused: `no "fish" – please`}},
		{"deny is before all else", `{"deny":["b"],"redact":{"a":"x"},"route":{"a":"local"},"tag":["a"]}`, chat("a b a"), result{refused: forbidden}},
		{"an escape in the settings", `{"deny":["\ud83d\ude42 caf\u00e9\t\""]}`, chat("🙂 CAFÉ\t\""), result{refused: forbidden}},
		{"what two texts make is no phrase", `{"deny":["onetwo"]}`,
			`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]}]}`, result{}},
		{"a channel that is looked at", `{"deny":["swordfish"],"channels":["tool_result","document"]}`, tool(`{}`, "swordfish"), result{refused: forbidden}},
		{"channels that are not", `{"deny":["swordfish"],"channels":["user","tool_result"]}`, tool(`{"q":"swordfish"}`, "x"), result{}},
		{"a channel between others", `{"deny":["go"],"redact":{"x":"y"},"channels":["tool_result"]}`, tool(`{"q":"x"}`, "axb"), result{body: tool(`{"q":"x"}`, "ayb")}},

		{"redact", redact, chat("my Secret, your secret"), result{body: chat("my [hidden], your [hidden]")}},
		{"redact to nothing", `{"redact":{"secret ":""}}`, chat("my secret word"), result{body: chat("my word")}},
		{"the first counts, then the longest", `{"redact":{"bc":"1","ab":"2","abcd":"3","d":"4"}}`, chat("abcd abd bcd"), result{body: chat("3 24 14")}},
		{"side by side", `{"redact":{"aa":"b"}}`, chat("aaaaa"), result{body: chat("bba")}},
		{"in several messages", redact, tool(`{"q":"x"}`, "secret secret"), result{body: tool(`{"q":"x"}`, "[hidden] [hidden]")}},
		{"in arguments", redact, tool(`{"q":"a secret"}`, ""), result{body: tool(`{"q":"a [hidden]"}`, "")}},
		{"in arguments behind escapes", redact, tool(`{"q":"\n\\secret\nsecret\u00e9secret\ud83d\ude42secret"}`, ""),
			result{body: tool(`{"q":"\n\\[hidden]\n[hidden]\u00e9[hidden]\ud83d\ude42[hidden]"}`, "")}},
		{"spelled by escapes", redact, tool(`{"q":"\u0073ecret"}`, ""), result{refused: locked}},
		{"one beside one that is spelled by escapes", redact, tool(`{"q":"\u0073ecret secret"}`, ""), result{refused: locked}},
		{"an escape that looks like a phrase does not stand for one", `{"redact":{"nsecret":"x"}}`, tool(`{"q":"\nsecret \u006esecret"}`, ""), result{refused: locked}},
		{"in an object", redact, `{"model":"m","messages":[{"role":"user","content":"go"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"secret":1}}}]}`,
			result{refused: locked}},
		{"in an object that is not looked at", `{"redact":{"secret":"x"},"channels":["user"]}`,
			`{"model":"m","messages":[{"role":"user","content":"go"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"secret":1}}}]}`, result{}},

		{"route", `{"route":{"poem":"local"}}`, chat("a Poem"), result{target: "local"}},
		{"the first route counts", `{"route":{"poem":"local","prose":"cloud"}}`, chat("prose, poem"), result{target: "local"}},
		{"tag", `{"tag":["one","Two","three"]}`, chat("one two ONE"), result{tags: "one=2 Two=1"}},
		{"tags overlap", `{"tag":["aa"]}`, chat("aaaa"), result{tags: "aa=3"}},
		{"a tag counts arguments once", `{"tag":["secret"]}`, tool(`{"q":"\nsecret \u0073ecret"}`, "secret"), result{tags: "secret=3"}},
		{"all at once", `{"redact":{"secret":"x"},"route":{"secret":"cloud"},"tag":["secret"]}`, chat("secret"),
			result{body: chat("x"), target: "cloud", tags: "secret=1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			run := new(policy.Run)
			if got := request(t, run, chain(t, "phrases", test.config), dialect.Chat, test.body); got != test.want {
				t.Errorf("\n got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// TestPhrasesInOtherDialects: what a body calls its texts does not matter.
func TestPhrasesInOtherDialects(t *testing.T) {
	t.Parallel()
	c := chain(t, "phrases", `{"redact":{"secret":"[hidden]"},"deny":["swordfish"]}`)
	for _, test := range []struct {
		ep         dialect.Endpoint
		body, want string
	}{
		{dialect.Messages, `{"model":"m","max_tokens":9,"system":"a secret","messages":[{"role":"user","content":"my secret"}]}`,
			`{"model":"m","max_tokens":9,"system":"a [hidden]","messages":[{"role":"user","content":"my [hidden]"}]}`},
		{dialect.Responses, `{"model":"m","instructions":"a secret","input":"my secret"}`, `{"model":"m","instructions":"a [hidden]","input":"my [hidden]"}`},
		{dialect.Completions, `{"model":"m","prompt":"my secret"}`, `{"model":"m","prompt":"my [hidden]"}`},
	} {
		if got := request(t, new(policy.Run), c, test.ep, test.body); got != (result{body: test.want}) {
			t.Errorf("%v: %+v", test.ep, got)
		}
		if got := request(t, new(policy.Run), c, test.ep, strings.ReplaceAll(test.body, "secret", "swordfish")); got.refused != forbidden {
			t.Errorf("%v: %+v", test.ep, got)
		}
	}
}

// TestPhrasesFoundOften: however many matches there are, each is done with.
func TestPhrasesFoundOften(t *testing.T) {
	t.Parallel()
	c := chain(t, "phrases", `{"redact":{"ab":"x"},"tag":["b"],"deny":["forbidden"]}`)
	for _, n := range []int{1000, 1024, 1025, 2047, 2048, 2049, 20_000} {
		want := result{body: chat(strings.Repeat("x,", n)), tags: fmt.Sprintf("b=%d", n)}
		if got := request(t, new(policy.Run), c, dialect.Chat, chat(strings.Repeat("ab,", n))); got != want {
			t.Errorf("%d: %.60q, tags %q, refused %q", n, got.body, got.tags, got.refused)
		}
		if got := request(t, new(policy.Run), c, dialect.Chat, chat(strings.Repeat("ab,", n)+"forbidden")); got.refused != forbidden {
			t.Errorf("%d: %.60q", n, got.body)
		}
		if out, _ := whole(t, c, strings.Repeat("ab,", n)); out != strings.Repeat("x,", n) {
			t.Errorf("%d: the answer is %.60q", n, out)
		}
	}
	// Nested phrases: all thousand of them begin at one character.
	var nested []string
	for n := range 40 {
		nested = append(nested, quoted(strings.Repeat("a", n+1))+`:"x"`)
	}
	c = chain(t, "phrases", `{"redact":{`+strings.Join(nested, ",")+`}}`)
	if got := request(t, new(policy.Run), c, dialect.Chat, chat(strings.Repeat("a", 401))); got != (result{body: chat(strings.Repeat("x", 11))}) {
		t.Errorf("nested: %+v", got)
	}
	// More texts to edit than there may be edits.
	parts := strings.Repeat(`{"type":"text","text":"ab"},`, 4001)
	body := `{"model":"m","messages":[{"role":"user","content":[` + parts[:len(parts)-1] + `]}]}`
	c = chain(t, "phrases", `{"redact":{"ab":"x"}}`)
	if got := request(t, new(policy.Run), c, dialect.Chat, body); !strings.Contains(got.refused, "more phrases") {
		t.Errorf("4001 texts: %+v", got)
	}
	// More text than a verdict holds, in pieces and as one edit.
	huge := strings.Repeat("ab"+strings.Repeat("-", 998), 1100)
	if got := request(t, new(policy.Run), c, dialect.Chat, chat(huge)); !strings.Contains(got.refused, "more phrases") {
		t.Errorf("huge: %.60q, refused %q", got.body, got.refused)
	}
	if got := request(t, new(policy.Run), c, dialect.Chat, chat(huge[:1_000_000])); got.body != chat(strings.ReplaceAll(huge[:1_000_000], "ab", "x")) {
		t.Errorf("large: %.60q, refused %q", got.body, got.refused)
	}
}

// TestPhrasesLeaveNothingBehind: a used instance says of a request what a fresh one says.
func TestPhrasesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	const config = `{"deny":["swordfish"],"redact":{"secret":"[hidden]"},"stop":["halt"],"route":{"poem":"local"},"tag":["one","two"]}`
	bodies := []string{
		chat("one secret poem"), chat("hello"), tool(`{"q":"\nsecret two"}`, "one"), chat(strings.Repeat("secret two ", 3000)), chat("swordfish"),
		tool(`{"q":"\u0073ecret"}`, "one"), chat("two"), chat(strings.Repeat("large ", 100_000)),
	}
	used := chain(t, "phrases", config)
	for range 2 {
		for _, b := range bodies {
			want := request(t, new(policy.Run), chain(t, "phrases", config), dialect.Chat, b)
			if got := request(t, new(policy.Run), used, dialect.Chat, b); got != want {
				t.Errorf("%.60s:\n used %.200q\nfresh %.200q", b, got, want)
			}
		}
		if text, stopped := streamed(t, used, "a sec", "ret, ha", "lt"); text != "a [hidden]" || stopped == "" {
			t.Errorf("%q, %q", text, stopped)
		}
	}
}
