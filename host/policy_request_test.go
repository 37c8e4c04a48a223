package host_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"weir/host/frame"
	"weir/host/sim"
	"weir/sdk/abi"
)

const word = `config: { word: "forbidden" }`

// A request that a plugin denies is refused in the words of the client's dialect, and reaches nobody.
func TestPolicyDenies(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+policed(t, "deny", guest(t, "deny", word)))
	c := newOpenAI(t, g)
	p := openaiAsk("Something forbidden, please.")
	asks := map[string]func() error{
		"chat":          func() error { _, err := c.Chat.Completions.New(t.Context(), p); return err },
		"chat streamed": func() error { _, _, err := accumulateChat(t.Context(), &c, p); return err },
		"completions": func() error {
			_, err := c.Completions.New(t.Context(), openai.CompletionNewParams{Model: "sim", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("forbidden")}})
			return err
		},
		"responses": func() error {
			_, err := c.Responses.New(t.Context(), responses.ResponseNewParams{Model: "sim", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("forbidden")}})
			return err
		},
		"embeddings": func() error {
			_, err := c.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "sim", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("forbidden")}})
			return err
		},
	}
	for name, ask := range asks {
		api := wantOpenAIError(t, ask(), http.StatusForbidden, "permission_error", "policy_violation")
		if !strings.Contains(api.Message, "not allowed") || api.Response.Header.Get("x-should-retry") != "false" {
			t.Errorf("%s: %q, %v", name, api.Message, api.Response.Header)
		}
	}
	a := newAnthropic(t, g)
	_, err := a.Messages.New(t.Context(), anthropicAsk("forbidden"))
	wantAnthropicError(t, err, http.StatusForbidden, "permission_error")
	_, err = accumulateMessage(t.Context(), &a, anthropicAsk("forbidden"))
	wantAnthropicError(t, err, http.StatusForbidden, "permission_error")
	_, err = a.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: "sim", Messages: anthropicAsk("forbidden").Messages})
	wantAnthropicError(t, err, http.StatusForbidden, "permission_error")
	if n := m.Stats().Requests; n != 0 {
		t.Errorf("%d requests reached the target", n)
	}
	if _, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello")); err != nil {
		t.Error(err)
	}
}

// The status, the word and the message are the plugin's; what it leaves out is the gateway's.
func TestPolicyDeniesInItsOwnWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status             uint16
		kind, message      string
		want               int
		openai, code, said string
		anthropic          string
	}{
		{0, "", "", 403, "permission_error", "policy_denied", "refuses", "permission_error"},
		{451, "legal", "No.", 451, "permission_error", "legal", "No.", "permission_error"},
		{429, "busy", "Later.", 429, "rate_limit_error", "busy", "Later.", "rate_limit_error"},
		{400, "bad", "What\u2028is\u202e it?", 400, "invalid_request_error", "bad", "What is it?", "invalid_request_error"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			deny := func(w *frame.VerdictWriter) { w.Deny(c.status, c.kind, c.message) }
			g := start(t, simulated+policed(t, "no", saying(t, `{"sections":[]}`, said{abi.HookRequest: deny}, "")))
			o := newOpenAI(t, g)
			_, err := o.Chat.Completions.New(t.Context(), openaiAsk("x"))
			if api := wantOpenAIError(t, err, c.want, c.openai, c.code); !strings.Contains(api.Message, c.said) {
				t.Errorf("%q", api.Message)
			}
			a := newAnthropic(t, g)
			_, err = a.Messages.New(t.Context(), anthropicAsk("x"))
			wantAnthropicError(t, err, c.want, c.anthropic)
		})
	}
}

// An edit changes the bytes it is about, and no others; so it is for parameters and messages that are put in.
func TestPolicyEditsTheRequest(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", completion))
	target := targetAt(up.url)
	edit := guest(t, "edit", `config: { word: "secret", by: "\"[gone]\"\n" }`)
	for name, c := range map[string]struct{ policy, sent, want string }{
		"edit": {
			policed(t, "edit", edit),
			`{ "model" : "m", "unknown":[1.50, {"secret":"secret"}], "messages":[{"role":"user","content":"a \u0073ecret\u00e9 b"},{"content":[{"type":"text","text":"secretsecret"}],"role":"user","name":"n"}] , "temperature":0.10 }`,
			`{ "model" : "m", "unknown":[1.50, {"secret":"secret"}], "messages":[{"role":"user","content":"a \"[gone]\"\n\u00e9 b"},{"content":[{"type":"text","text":"\"[gone]\"\n\"[gone]\"\n"}],"role":"user","name":"n"}] , "temperature":0.10 }`,
		},
		"insert": {
			policed(t, "insert", guest(t, "insert", `config: { text: "Be \"brief\"." }`)),
			`{"model":"m","messages": [ {"role":"user","content":"hi"} ],"x":1}`,
			`{"model":"m","messages": [ {"role":"system","content":"Be \"brief\"."},{"role":"user","content":"hi"} ],"x":1}`,
		},
		"param": {
			policed(t, "tag", guest(t, "tag", `config: { max_tokens: 7 }`)),
			`{"model":"m","max_tokens": 900,"messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m","max_tokens": 7,"messages":[{"role":"user","content":"hi"}]}`,
		},
		"one after the other": {
			policed(t, "insert", guest(t, "insert", `config: { text: "a secret" }`), "edit", edit),
			`{"messages":[{"role":"user","content":"hi"}],"model":"m"}`,
			`{"messages":[{"role":"system","content":"a \"[gone]\"\n"},{"role":"user","content":"hi"}],"model":"m"}`,
		},
		"nothing to do": {
			policed(t, "edit", edit),
			` {"model":"m","messages":[{"role":"user","content":"h\u0069"}],"x":[{},[] ]}`,
			` {"model":"m","messages":[{"role":"user","content":"h\u0069"}],"x":[{},[] ]}`,
		},
	} {
		g := start(t, target+c.policy)
		resp, body := post(t, client(t), g.url+"/v1/chat/completions", c.sent)
		if resp.StatusCode != 200 || body != completion {
			t.Fatalf("%s: %d %s", name, resp.StatusCode, body)
		}
		if got := <-up.asks; got.body != c.want || got.head.Get("Content-Length") != fmt.Sprint(len(c.want)) {
			t.Errorf("%s:\n got %s\nwant %s\n%v", name, got.body, c.want, got.head)
		}
	}
}

// An edit, a renamed model and the usage that Weir asks for go together.
func TestPolicyEditsBesideTheHostsOwn(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", completion))
	g := start(t, "targets: { t: { kind: openai, url: "+up.url+", models: { mine: theirs } } }\n"+policed(t,
		"edit", guest(t, "edit", `config: { word: "secret", by: "longer than before" }`)))
	post(t, client(t), g.url+"/v1/chat/completions", `{"stream":true,"messages":[{"role":"user","content":"secret"}],"model":"mine"}`)
	const want = `{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"longer than before"}],"model":"theirs"}`
	if got := (<-up.asks).body; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A header that a plugin sets takes the place of the client's.
func TestPolicySetsHeaders(t *testing.T) {
	t.Parallel()
	up := newSpy(t, answerOf(200, "", completion))
	g := start(t, targetAt(up.url)+policed(t, "tag", guest(t, "tag", "")))
	post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"), "X-Guest", "spoofed", "x-other", "kept")
	if h := (<-up.asks).head; len(h.Values("x-guest")) != 1 || h.Get("x-guest") != "tag" || h.Get("x-other") != "kept" {
		t.Errorf("%v", h)
	}
}

// What plugins score and tag is in the record, and what they did.
func TestPolicyIsRecorded(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	variant := said{abi.HookRequest: func(w *frame.VerdictWriter) { w.Variant("b"); w.Score(0.25, -1, "risk"); w.Tag("who", "said") }}
	g := start(t, simulated+records+policed(t,
		"tag", guest(t, "tag", ""), "said", saying(t, `{"sections":[]}`, variant, ""), "edit", guest(t, "edit", `config: { word: "secret", by: "x" }`)))
	c := client(t)
	post(t, c, g.url+"/v1/chat/completions", chat(false, "a secret"))
	g.stop()
	r := readRuled(t, path)[0]
	if r.Tags["guest"] != "tag" || r.Tags["who"] != "said" || r.Variant != "b" || r.Action != "param" || r.Outcome != "ok" {
		t.Errorf("%+v", r)
	}
	if want := "tag/request=param said/request=variant edit/request=edit edit/delta=none"; r.of() != want {
		t.Errorf("verdicts\n got %s\nwant %s", r.of(), want)
	}
	if v := r.Verdicts[1]; v.Score == nil || *v.Score != 0.25 || len(v.Digest) != 12 || v.US <= 0 {
		t.Errorf("%+v", v)
	}
	if got := r.Text.Messages[0].Text; got != "a x" {
		t.Errorf("the record tells %q, and the target was told otherwise", got)
	}
	wantMetric(t, g, `weir_plugin_calls_total{plugin="edit",tenant="default",hook="request",action="edit"} 1`)
}
