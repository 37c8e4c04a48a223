package sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// content is the text of the first choice of a chat answer.
func content(t *testing.T, body string) (text, finish string, output int) {
	t.Helper()
	var a struct {
		Choices []struct {
			Message      struct{ Content string }
			FinishReason string `json:"finish_reason"`
		}
		Usage struct {
			Output int `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Choices) == 0 {
		t.Fatalf("%s: %v", body, err)
	}
	return a.Choices[0].Message.Content, a.Choices[0].FinishReason, a.Usage.Output
}

func TestDeterminism(t *testing.T) {
	t.Parallel()
	say := func(seed uint64, model, prompt, more string) string {
		_, body, err := offline(New(Options{Seed: seed}), chatPath, fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]%s}`, model, prompt, more))
		if err != nil {
			t.Fatal(err)
		}
		text, _, n := content(t, body)
		if n < minAnswer || n > maxAnswer || n != tokens(len(text)) {
			t.Errorf("%d tokens of %q", n, text)
		}
		return text
	}
	base := say(1, "m", "Hello", "")
	if say(1, "m", "Hello", `,"temperature":2,"seed":99`) != base {
		t.Error("temperature matters")
	}
	for name, other := range map[string]string{"seed": say(2, "m", "Hello", ""), "model": say(1, "n", "Hello", ""), "prompt": say(1, "m", "Hello!", "")} {
		if other == base {
			t.Errorf("%s does not matter", name)
		}
	}
	// Identifiers too, by the number of the request.
	a, b := New(Options{}), New(Options{})
	for range 2 {
		_, first, _ := offline(a, chatPath, chatOnce)
		_, second, _ := offline(b, chatPath, chatOnce)
		if first != second || first == "" {
			t.Errorf("%s\n%s", first, second)
		}
	}
}

func TestLimitsAndStops(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	ask := func(more string) (string, string, int) {
		_, body, err := offline(s, chatPath, `{"model":"m","messages":[{"role":"user","content":"Tell me"}]`+more+`}`)
		if err != nil {
			t.Fatal(err)
		}
		return content(t, body)
	}
	full, finish, n := ask("")
	if finish != "stop" {
		t.Errorf("finish %q", finish)
	}
	for limit := 1; limit <= n+2; limit++ {
		text, finish, used := ask(fmt.Sprintf(`,"max_tokens":%d`, limit))
		want, reason := full, "stop"
		if limit < n {
			want, reason = full[:limit*tokenBytes], "length"
		}
		if text != want || finish != reason || used != min(limit, n) {
			t.Errorf("limit %d of %d: %q (%s, %d), want %q", limit, n, text, finish, used, want)
		}
	}
	for i := range len(full) - 3 {
		stop := full[i : i+3]
		text, finish, used := ask(fmt.Sprintf(`,"stop":["\u0000",%q]`, stop))
		if want := full[:strings.Index(full, stop)]; text != want || finish != "stop" || used != tokens(len(want)) {
			t.Errorf("stop %q: %q (%s), want %q", stop, text, finish, want)
		}
	}
}

func TestForcedLength(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	for _, n := range []int{1, 2, 17, 5000} {
		forced := fmt.Sprintf("x-sim-tokens: %d", n)
		for _, more := range []string{"", `,"response_format":{"type":"json_object"}`} {
			body := `{"model":"m","messages":[{"role":"user","content":"x"}]` + more
			_, text := post(t, client, addr, chatPath, body+`}`, forced)
			if _, finish, used := content(t, text); used != max(n, more2tokens(more)) || finish != "stop" {
				t.Errorf("forced %d: %d (%s)", n, used, finish)
			}
			_, text = post(t, client, addr, chatPath, body+`,"stream":true}`, forced)
			if events := strings.Count(text, `"delta":{"content":`); events != max(n, more2tokens(more)) {
				t.Errorf("forced %d: %d events", n, events)
			}
		}
	}
}

// more2tokens is the least a JSON answer can have: {"answer":"… with four bytes.
func more2tokens(more string) int {
	if more == "" {
		return 0
	}
	return tokens(len(`{"answer":"abc."}`))
}

func TestToolResultIsQuotedWithoutBreakingRunes(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for _, result := range []string{"short", strings.Repeat("界", 500), "a" + strings.Repeat("😀", 300)} {
		_, body, err := offline(s, chatPath, fmt.Sprintf(`{"model":"m","messages":[{"role":"tool","content":%q}]}`, result))
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := content(t, body)
		quoted, _, _ := strings.Cut(strings.TrimPrefix(text, `The tool says "`), `"`)
		if !utf8.ValidString(text) || !strings.HasPrefix(result, quoted) || len(quoted) < min(len(result), maxQuote-utf8.UTFMax) {
			t.Errorf("%.40q: %q", result, text)
		}
	}
}

// usageFields are those of all dialects.
type usageFields struct {
	Usage struct {
		Input    int `json:"input_tokens"`
		Read     int `json:"cache_read_input_tokens"`
		Write    int `json:"cache_creation_input_tokens"`
		Prompt   int `json:"prompt_tokens"`
		PDetails struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		IDetails struct {
			Cached int `json:"cached_tokens"`
		} `json:"input_tokens_details"`
	}
}

func TestUsageAndCache(t *testing.T) {
	t.Parallel()
	s, addr := launch(t, Options{})
	client := httpClient(t)
	long := strings.Repeat("a word and another, ", 100) // 2,000 bytes: 7 blocks and a bit
	const blocks = 7 * blockTokens
	var u usageFields
	ask := func(path, body string) {
		t.Helper()
		u = usageFields{}
		_, text := post(t, client, addr, path, body)
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			t.Fatal(err)
		}
	}
	prompt := tokens(len("user: " + long + "\n"))
	ask("/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"`+long+`","cache_control":{"type":"ephemeral"}}]}]}`)
	if u.Usage.Write != blocks || u.Usage.Read != 0 || u.Usage.Input != prompt-blocks {
		t.Errorf("written: %+v", u)
	}
	ask("/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"`+long+`"}]}`)
	if u.Usage.Write != 0 || u.Usage.Read != blocks || u.Usage.Input != prompt-blocks {
		t.Errorf("read: %+v", u)
	}
	ask(chatPath, `{"model":"m","messages":[{"role":"user","content":"`+long+`"}]}`)
	if u.Usage.Prompt != prompt || u.Usage.PDetails.Cached != blocks {
		t.Errorf("chat: %+v", u)
	}
	ask("/v1/responses", `{"model":"m","input":"`+long+`"}`)
	if u.Usage.Input != prompt || u.Usage.IDetails.Cached != blocks {
		t.Errorf("responses: %+v", u)
	}
	if st := s.Stats(); st.CachedTokens != 3*blocks || st.CacheHits != 3 || st.PromptTokens != uint64(4*prompt) {
		t.Errorf("stats: %+v", st)
	}
}

func TestCompletionPromptsAndEcho(t *testing.T) {
	t.Parallel()
	x, body, err := offline(New(Options{}), "/v1/completions", `{"model":"m","prompt":["One ","Two "],"n":2,"echo":true,"max_tokens":3}`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"One ", "One ", "Two ", "Two "} {
		if got := string(x.gen.choices[i].text); !strings.HasPrefix(got, want) || len(got) != len(want)+3*tokenBytes {
			t.Errorf("choice %d: %q", i, got)
		}
	}
	if !strings.Contains(body, `"completion_tokens":12`) || !strings.Contains(body, `"prompt_tokens":2`) {
		t.Errorf("usage: %s", body)
	}
	x, _, err = offline(New(Options{}), "/v1/completions", `{"model":"m","prompt":[[1,2,3],[4]]}`)
	if err != nil || x.gen.usage.prompt != 4 || len(x.gen.choices) != 2 {
		t.Errorf("token prompts: %+v, %v", x.gen.usage, err)
	}
}
