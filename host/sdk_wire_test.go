package host_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"weir/host/sim"
)

// echo is a request as the simulated model received it (x-sim-echo: headers).
type echo struct {
	Target  string
	Headers [][2]string
	Body    struct {
		Length int
		Text   string
	}
}

// get gives the values of a header, in the order they came.
func (e *echo) get(name string) (values []string) {
	for _, h := range e.Headers {
		if strings.EqualFold(h[0], name) {
			values = append(values, h[1])
		}
	}
	return values
}

func (e *echo) want(t *testing.T, name string, values ...string) {
	t.Helper()
	if got := e.get(name); !slices.Equal(got, values) {
		t.Errorf("%s arrives as %q, want %q", name, got, values)
	}
}

func (e *echo) wantNowhere(t *testing.T, secret string) {
	t.Helper()
	if raw, err := json.Marshal(e); err != nil || strings.Contains(string(raw), secret) {
		t.Errorf("%q reaches the target: %s, %v", secret, raw, err)
	}
}

func TestOpenAISDKHeadersArrive(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", key: target-key, headers: { x-team: search }")+"tenants: { acme: { keys: [ { value: client-key } ] } }\n")
	c := newOpenAI(t, g, option.WithAPIKey("client-key"), option.WithOrganization("org-1"), option.WithProject("proj-1"))
	var e echo
	_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), option.WithResponseBodyInto(&e), option.WithHeader("x-sim-echo", "headers"),
		option.WithHeader("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), option.WithHeader("tracestate", "a=1,b=2"),
		option.WithHeader("Cookie", "session=client-key"), option.WithHeader("X-Team", "forged"), option.WithHeader("x-weir-tenant", "acme"),
		option.WithHeader("X-Api-Key", "client-key"), option.WithHeaderAdd("X-Many", "one"), option.WithHeaderAdd("X-Many", "two"))
	if err != nil {
		t.Fatal(err)
	}
	e.want(t, "Authorization", "Bearer target-key")
	e.want(t, "OpenAI-Organization", "org-1")
	e.want(t, "OpenAI-Project", "proj-1")
	e.want(t, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	e.want(t, "tracestate", "a=1,b=2")
	e.want(t, "x-team", "search")
	e.want(t, "X-Many", "one", "two")
	e.want(t, "X-Stainless-Lang", "go")
	e.want(t, "Host", strings.TrimPrefix(m.url, "http://"))
	e.want(t, "Content-Type", "application/json")
	e.want(t, "Accept-Encoding", "identity")
	for _, name := range []string{"Cookie", "x-weir-tenant", "x-api-key"} {
		e.want(t, name)
	}
	e.wantNowhere(t, "client-key")
	e.wantNowhere(t, "forged")
}

func TestAnthropicSDKHeadersArrive(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, "targets: { t: { kind: anthropic, url: "+m.url+", key: target-key } }\ntenants: { acme: { keys: [ { value: client-key } ] } }\n")
	c := newAnthropic(t, g, anthropicoption.WithAPIKey("client-key"))
	var e echo
	_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"), anthropicoption.WithResponseBodyInto(&e), anthropicoption.WithHeader("x-sim-echo", "headers"),
		anthropicoption.WithHeader("anthropic-beta", "context-1m-2025-08-07,interleaved-thinking-2025-05-14"))
	if err != nil {
		t.Fatal(err)
	}
	e.want(t, "x-api-key", "target-key")
	e.want(t, "Authorization")
	e.want(t, "anthropic-version", "2023-06-01")
	e.want(t, "anthropic-beta", "context-1m-2025-08-07,interleaved-thinking-2025-05-14")
	e.wantNowhere(t, "client-key")
}

// oddBody is JSON that a parser and writer would not give back as it is.
const oddBody = "{ \"zeta\" : 1e2,\t\"model\":\"s\\u0069m\" ,\n \"unknown\":{\"b\":[1.0,-0,\"\\u00e9\\/\"],\"a\":null}, \"messages\":[{\"content\":\"Hi\\u0021\",\"role\":\"user\",\"x\":true}] %s}"

func TestBodyArrivesByteForByte(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", models: { renamed: \"mapped \\\"name\\\"\" }"))
	ask := func(body string) (e echo) {
		t.Helper()
		resp, text := post(t, client(t), g.url+"/v1/chat/completions?a=%20b&c", body, "x-sim-echo", "headers")
		if err := json.Unmarshal([]byte(text), &e); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d %s, %v", resp.StatusCode, text, err)
		}
		if e.Target != "/v1/chat/completions?a=%20b&c" || e.Body.Length != len(e.Body.Text) {
			t.Errorf("target %q, %d bytes", e.Target, e.Body.Length)
		}
		return e
	}
	t.Run("untouched", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			strings.ReplaceAll(oddBody, "%s", ""),
			strings.ReplaceAll(oddBody, "%s", `, "stream":true,"stream_options":{"include_usage":true}`),
		} {
			if got := ask(body).Body.Text; got != body {
				t.Errorf("arrives as %q\nsent as    %q", got, body)
			}
		}
	})
	t.Run("usage asked for", func(t *testing.T) {
		t.Parallel()
		body := strings.ReplaceAll(oddBody, "%s", `, "stream":true`)
		wantSplice(t, body, ask(body).Body.Text, `"include_usage":true`)
	})
	t.Run("model renamed", func(t *testing.T) {
		t.Parallel()
		body := strings.ReplaceAll(strings.ReplaceAll(oddBody, `"s\u0069m"`, `"rename\u0064"`), "%s", "")
		want := strings.Replace(body, `"rename\u0064"`, `"mapped \"name\""`, 1)
		if got := ask(body).Body.Text; got != want {
			t.Errorf("arrives as %q\nwant       %q", got, want)
		}
	})
}

// wantSplice checks that got is body with one insertion, which contains piece.
func wantSplice(t *testing.T, body, got, piece string) {
	t.Helper()
	if !json.Valid([]byte(got)) {
		t.Fatalf("not JSON: %s", got)
	}
	front := 0
	for front < len(body) && front < len(got) && body[front] == got[front] {
		front++
	}
	added := len(got) - len(body)
	if added <= 0 || got[front+added:] != body[front:] || !strings.Contains(got, piece) {
		t.Errorf("arrives as %q\nsent as    %q", got, body)
	}
}

func TestOpenAISDKModelMap(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newOpenAI(t, start(t, m.config(", models: { llama-3: meta-llama/Llama-3.1-8B }")))
	for asked, want := range map[string]string{"llama-3": "meta-llama/Llama-3.1-8B", "other": "other"} {
		p := openaiAsk("Hello")
		p.Model = asked
		if r, err := c.Chat.Completions.New(t.Context(), p); err != nil || r.Model != want {
			t.Errorf("%s is served by %+v, %v", asked, r, err)
		}
		if acc, _, err := accumulateChat(t.Context(), &c, p); err != nil || acc.Model != want {
			t.Errorf("%s streams from %q, %v", asked, acc.Model, err)
		}
		if one, err := c.Models.Get(t.Context(), asked); err != nil || one.ID != want {
			t.Errorf("model %s is %+v, %v", asked, one, err)
		}
	}
}

// newAnswering is a target that gives every request the same answer.
func newAnswering(t testing.TB, status int, header http.Header, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestProviderHeadersAreKept(t *testing.T) {
	t.Parallel()
	const completion = `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}]}`
	const chunk = `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
	sent := http.Header{
		"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}, "Server": {"cloud"}, "openai-processing-ms": {"12"}, "X-Request-Id": {"req_provider"},
		"x-ratelimit-remaining-tokens": {"149984"}, "anthropic-ratelimit-tokens-reset": {"2026-01-01T00:00:00Z"}, "CF-Ray": {"abc-FRA"},
		"Set-Cookie": {"a=1; Path=/", "b=2; Path=/"}, "Retry-After": {"7"}, "X-Should-Retry": {"false"}, "Vary": {"Origin", "Accept"},
		"X-Weir-Target": {"forged"}, "Keep-Alive": {"timeout=5"},
	}
	for name, a := range map[string]struct {
		status     int
		mime, body string
	}{
		"whole":  {200, "application/json; charset=utf-8", completion},
		"stream": {200, "text/event-stream", chunk},
		"error":  {429, "application/json", `{"error":{"message":"slow down","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := sent.Clone()
			header["Content-Type"] = []string{a.mime}
			g := start(t, targetAt(newAnswering(t, a.status, header, a.body)))
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(name == "stream", "x"))
			if resp.StatusCode != a.status || body != a.body {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			for key, want := range header {
				switch got := resp.Header.Values(key); key {
				case "X-Weir-Target", "Keep-Alive":
					if len(got) > 0 {
						t.Errorf("%s reaches the client as %q", key, got)
					}
				case "Date": // written anew, as nginx does; but there, and once
					if len(got) != 1 {
						t.Errorf("Date reaches the client as %q", got)
					}
				default:
					if !slices.Equal(got, want) {
						t.Errorf("%s reaches the client as %q, want %q", key, got, want)
					}
				}
			}
		})
	}
}

// A client's own request id is Weir's for that request; the provider's wins on
// the answer, and Weir's is shown on answers of its own and when asked for.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	c := newOpenAI(t, g, option.WithHeader("x-weir-request-id", "1"))
	ask := func(id string) (resp *http.Response, e echo) {
		t.Helper()
		opts := []option.RequestOption{option.WithResponseInto(&resp), option.WithResponseBodyInto(&e), option.WithHeader("x-sim-echo", "headers")}
		if id != "" {
			opts = append(opts, option.WithHeader("x-request-id", id))
		}
		if _, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), opts...); err != nil {
			t.Fatal(err)
		}
		return resp, e
	}
	for id, kept := range map[string]bool{"": false, "mine-42": true, strings.Repeat("x", 129): false, "two words": false} {
		resp, e := ask(id)
		weirs, provider := resp.Header.Get("x-weir-request-id"), resp.Header.Get("x-request-id")
		e.want(t, "x-request-id", weirs)
		if kept && weirs != id || !kept && !strings.HasPrefix(weirs, "req_") {
			t.Errorf("id %q becomes %q", id, weirs)
		}
		if provider == weirs || provider == "" {
			t.Errorf("the answer's id is %q, Weir's %q: want the provider's", provider, weirs)
		}
	}
	resp, body := post(t, client(t), g.url+"/v1/messages", `{"model":1}`, "x-request-id", "mine-43")
	if got := resp.Header.Get("request-id"); got != "mine-43" || !strings.Contains(body, `"request_id":"mine-43"`) {
		t.Errorf("an answer of Weir's own has id %q: %s", got, body)
	}
	resp, _ = post(t, client(t), newAnsweringGateway(t)+"/v1/chat/completions", chat(false, "x"), "x-request-id", "mine-44")
	if got := resp.Header.Get("x-request-id"); got != "mine-44" {
		t.Errorf("a provider without an id: the answer's is %q", got)
	}
}

func newAnsweringGateway(t *testing.T) string {
	t.Helper()
	return start(t, targetAt(newAnswering(t, 200, http.Header{"Content-Type": {"application/json"}}, `{"object":"chat.completion","choices":[]}`))).url
}

// What Weir says of itself is off unless asked for.
func TestWeirHeadersOnRequest(t *testing.T) {
	t.Parallel()
	g := start(t, simulated)
	oai, ant := newOpenAI(t, g), newAnthropic(t, g)
	for _, asked := range []bool{false, true} {
		var whole, streamed, refused, message *http.Response
		opts, aopts := []option.RequestOption{}, []anthropicoption.RequestOption{anthropicoption.WithResponseInto(&message)}
		if asked {
			opts = append(opts, option.WithHeader("x-weir-overhead-us", "1"), option.WithHeader("x-weir-target", "1"))
			aopts = append(aopts, anthropicoption.WithHeader("x-weir-overhead-us", "1"), anthropicoption.WithHeader("x-weir-target", "1"))
		}
		_, err := oai.Chat.Completions.New(t.Context(), openaiAsk("Hello"), append(opts, option.WithResponseInto(&whole))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = accumulateChat(t.Context(), &oai, openaiAsk("Hello"), append(opts, option.WithResponseInto(&streamed))...); err != nil {
			t.Fatal(err)
		}
		if _, err = ant.Messages.New(t.Context(), anthropicAsk("Hello"), aopts...); err != nil {
			t.Fatal(err)
		}
		_, err = oai.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{}, append(opts, option.WithResponseInto(&refused))...)
		wantOpenAIError(t, err, http.StatusBadRequest, "invalid_request_error", "")
		for name, resp := range map[string]*http.Response{"whole": whole, "streamed": streamed, "refused": refused, "message": message} {
			overhead, target := resp.Header.Get("x-weir-overhead-us"), resp.Header.Get("x-weir-target")
			if !asked && (overhead != "" || target != "") {
				t.Errorf("%s: not asked for, and told: %q, %q", name, overhead, target)
			}
			if !asked {
				continue
			}
			if us, err := strconv.Atoi(overhead); err != nil || us < 0 || us > 5_000_000 {
				t.Errorf("%s: overhead %q", name, overhead)
			}
			if want := map[bool]string{true: "", false: "sim"}[name == "refused"]; target != want {
				t.Errorf("%s: target %q, want %q", name, target, want)
			}
		}
	}
}
