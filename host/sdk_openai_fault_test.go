package host_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"

	"weir/host/sim"
)

func wantOpenAIError(t *testing.T, err error, status int, kind, code string) *openai.Error {
	t.Helper()
	var api *openai.Error
	if !errors.As(err, &api) {
		t.Fatalf("%T %v, want an *openai.Error", err, err)
	}
	if api.StatusCode != status || api.Type != kind || api.Code != code || api.Message == "" {
		t.Errorf("%d %s %s %q, want %d %s %s", api.StatusCode, api.Type, api.Code, api.Message, status, kind, code)
	}
	if !strings.HasPrefix(api.Response.Header.Get("x-request-id"), "req_") {
		t.Errorf("no x-request-id in %v", api.Response.Header)
	}
	return api
}

func TestFault09_OpenAISDKDuplicateKeys(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	_, err := c.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{},
		option.WithRequestBody("application/json", []byte(`{"model":"sim","model":"other","messages":[]}`)))
	api := wantOpenAIError(t, err, http.StatusBadRequest, "invalid_request_error", "")
	if api.Param != "model" || !strings.Contains(api.Message, "duplicate key") {
		t.Errorf("param %q, message %q", api.Param, api.Message)
	}
}

func TestOpenAISDKUnauthorized(t *testing.T) {
	t.Parallel()
	g := start(t, acme)
	for _, stream := range []bool{false, true} {
		c := newOpenAI(t, g, option.WithAPIKey("wrong"))
		_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"))
		if stream {
			_, _, err = accumulateChat(t.Context(), &c, openaiAsk("Hello"))
		}
		wantOpenAIError(t, err, http.StatusUnauthorized, "authentication_error", "invalid_api_key")
	}
	c := newOpenAI(t, g, option.WithAPIKey(acmeKey))
	if _, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello")); err != nil {
		t.Errorf("the right key: %v", err)
	}
}

func TestOpenAISDKNoRoute(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated+"routes: [ { match: { models: [sim] }, targets: [sim] } ]\n"))
	p := openaiAsk("Hello")
	p.Model = "gpt-none"
	_, err := c.Chat.Completions.New(t.Context(), p)
	if api := wantOpenAIError(t, err, http.StatusNotFound, "not_found_error", "model_not_found"); api.Param != "model" {
		t.Errorf("param %q", api.Param)
	}
	_, err = c.Models.Get(t.Context(), "gpt-none")
	wantOpenAIError(t, err, http.StatusNotFound, "not_found_error", "model_not_found")
}

// The target's own errors reach the client as they are.
func TestOpenAISDKTargetErrors(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	for fault, want := range map[string]struct {
		status     int
		kind, code string
	}{
		"status=400": {400, "invalid_request_error", ""},
		"status=401": {401, "invalid_request_error", "invalid_api_key"},
		"status=429": {429, "rate_limit_error", "rate_limit_exceeded"},
		"status=500": {500, "server_error", ""},
		"status=503": {503, "server_error", "overloaded"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), option.WithHeader("x-sim-fault", fault))
			wantOpenAIError(t, err, want.status, want.kind, want.code)
			_, _, err = accumulateChat(t.Context(), &c, openaiAsk("Hello"), option.WithHeader("x-sim-fault", fault))
			wantOpenAIError(t, err, want.status, want.kind, want.code)
		})
	}
}

// The SDK retries what Weir passes on to it, and the target sees each attempt.
func TestOpenAISDKRetries(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newOpenAI(t, start(t, m.config("")))
	_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), option.WithMaxRetries(1),
		option.WithHeader("x-sim-fault", "fail=1;status=503"), option.WithHeader("x-sim-key", t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	if n := m.Stats().Requests; n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

// retry-after reaches the SDK, which then waits for longer than it would.
func TestOpenAISDKRetryAfter(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	began := time.Now()
	_, _, err := accumulateChat(t.Context(), &c, openaiAsk("Hello"), option.WithMaxRetries(1),
		option.WithHeader("x-sim-fault", "fail=1;status=429;retry-after=1"), option.WithHeader("x-sim-key", t.Name()))
	if took := time.Since(began); err != nil || took < time.Second {
		t.Errorf("retried after %v, %v; the SDK's own pause is at most 500 ms, retry-after 1 s", took, err)
	}
}

// What fails before the first byte is retried by Weir, unseen by the client.
func TestFault14_OpenAISDKRetriedByWeir(t *testing.T) {
	t.Parallel()
	t.Run("another connection", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		c := newOpenAI(t, start(t, m.config("")))
		_, _, err := accumulateChat(t.Context(), &c, openaiAsk("Hello"),
			option.WithHeader("x-sim-fault", "fail=1;cut=headers"), option.WithHeader("x-sim-key", t.Name()))
		if n := m.Stats().Requests; err != nil || n != 2 {
			t.Errorf("%d attempts, %v", n, err)
		}
	})
	t.Run("a pooled connection that has died", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		c := newOpenAI(t, start(t, m.config("")))
		for range 3 { // each answer's connection ends behind it, unannounced
			if _, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), option.WithHeader("x-sim-fault", "stale")); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("next target", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		g := start(t, "targets: { full: { kind: openai, url: "+m.url+", headers: { x-sim-fault: status=503 } }, free: { kind: openai, url: "+m.url+" } }\n"+
			"routes: [ { targets: [full, free] } ]\n")
		c := newOpenAI(t, g)
		var resp *http.Response
		_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Hello"), option.WithHeader("x-weir-target", "1"), option.WithResponseInto(&resp))
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("x-weir-target"); got != "free" || m.Stats().Requests != 2 {
			t.Errorf("answered by %q after %d attempts", got, m.Stats().Requests)
		}
	})
}

func TestFault08_OpenAISDKAbort(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"before the first byte", "in mid-stream", "in mid-response"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			m, left := newWatched(t)
			c := newOpenAI(t, start(t, m.config("")), option.WithHeader("x-sim-tokens", "10000"))
			ctx, abort := context.WithCancel(t.Context())
			defer abort()
			var aborted time.Time
			var err error
			switch phase {
			case "in mid-stream":
				stream := c.Chat.Completions.NewStreaming(ctx, openaiAsk("Go on."))
				for n := 0; stream.Next(); n++ {
					if n == 3 {
						aborted = time.Now()
						abort()
					}
				}
				err = stream.Err()
			case "in mid-response":
				stream := c.Responses.NewStreaming(ctx, responses.ResponseNewParams{Model: "sim", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Go on.")}})
				for n := 0; stream.Next(); n++ {
					if n == 8 {
						aborted = time.Now()
						abort()
					}
				}
				err = stream.Err()
			default:
				done := make(chan error, 1)
				go func() {
					_, err := c.Chat.Completions.New(ctx, openaiAsk("Go on."))
					done <- err
				}()
				waitGenerating(t, m)
				aborted = time.Now()
				abort()
				err = <-done
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the client's error is %v", err)
			}
			wantLeft(t, m, left, aborted)
		})
	}
}

func TestFault13_14_OpenAISDKBrokenStreams(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newOpenAI(t, start(t, m.config(", idle: 300ms")))
	asks := map[string]func(ctx context.Context, o option.RequestOption) error{
		"chat": func(ctx context.Context, o option.RequestOption) error {
			_, _, err := accumulateChat(ctx, &c, openaiAsk("Tell me."), o)
			return err
		},
		"responses": func(ctx context.Context, o option.RequestOption) error {
			_, _, err := streamResponse(ctx, &c, responses.ResponseNewParams{Model: "sim", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Tell me.")}}, o)
			return err
		},
		"completions": func(ctx context.Context, o option.RequestOption) error {
			stream := c.Completions.NewStreaming(ctx, openai.CompletionNewParams{Model: "sim", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("Tell me.")}}, o)
			for stream.Next() {
				_ = stream.Current()
			}
			return stream.Err()
		},
	}
	for name, ask := range asks {
		for _, fault := range brokenStreams {
			t.Run(name+" "+fault, func(t *testing.T) {
				t.Parallel()
				err := ask(t.Context(), option.WithHeader("x-sim-fault", fault))
				var broken *ssestream.StreamError
				if !errors.As(err, &broken) {
					var api *openai.Error // it failed before a byte of it was sent on
					if fault != "malformed=chunk" || !errors.As(err, &api) || api.StatusCode != http.StatusBadGateway {
						t.Fatalf("%T %v, want the SDK's error of a broken stream", err, err)
					}
				}
			})
		}
	}
}

// An unstreamed answer that breaks off is an error too, not half a JSON object.
func TestFault14_OpenAISDKBrokenAnswers(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	for fault, want := range map[string]struct {
		status     int
		kind, code string
	}{
		"cut=headers":         {502, "server_error", "reset"},
		"short=10":            {502, "server_error", "cut"},
		"malformed=status":    {502, "server_error", "malformed"},
		"garbage=html":        {502, "server_error", "garbage"},
		"gzip":                {502, "server_error", "compressed"},
		"stall=headers":       {504, "timeout_error", "first_byte_timeout"},
		"stall=after-headers": {504, "timeout_error", "idle_timeout"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			g := start(t, m.config(", idle: 300ms, first_byte: 300ms")+"routes: [ { targets: [t], retries: 0 } ]\n")
			c := newOpenAI(t, g) // of its own: on a pooled connection a reset is called stale
			_, err := c.Chat.Completions.New(t.Context(), openaiAsk("Tell me."), option.WithHeader("x-sim-fault", fault))
			wantOpenAIError(t, err, want.status, want.kind, want.code)
		})
	}
}
