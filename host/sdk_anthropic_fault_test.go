package host_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"weir/host/sim"
)

func wantAnthropicError(t *testing.T, err error, status int, kind string) *anthropic.Error {
	t.Helper()
	var api *anthropic.Error
	if !errors.As(err, &api) {
		t.Fatalf("%T %v, want an *anthropic.Error", err, err)
	}
	if api.StatusCode != status || string(api.Type()) != kind {
		t.Errorf("%d %s, want %d %s: %s", api.StatusCode, api.Type(), status, kind, api.RawJSON())
	}
	if !strings.HasPrefix(api.RequestID, "req_") || !strings.Contains(api.RawJSON(), `"request_id":"`+api.RequestID+`"`) {
		t.Errorf("request id %q, body %s", api.RequestID, api.RawJSON())
	}
	return api
}

func TestFault09_AnthropicSDKDuplicateKeys(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated))
	_, err := c.Messages.New(t.Context(), anthropic.MessageNewParams{},
		option.WithRequestBody("application/json", []byte(`{"model":"sim","max_tokens":9,"max_tokens":10,"messages":[]}`)))
	if api := wantAnthropicError(t, err, http.StatusBadRequest, "invalid_request_error"); !strings.Contains(api.RawJSON(), "duplicate key") {
		t.Errorf("%s", api.RawJSON())
	}
}

func TestAnthropicSDKUnauthorized(t *testing.T) {
	t.Parallel()
	g := start(t, acme)
	c := newAnthropic(t, g, option.WithAPIKey("wrong"))
	_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"))
	wantAnthropicError(t, err, http.StatusUnauthorized, "authentication_error")
	_, err = accumulateMessage(t.Context(), &c, anthropicAsk("Hello"))
	wantAnthropicError(t, err, http.StatusUnauthorized, "authentication_error")
	for name, o := range map[string]option.RequestOption{"x-api-key": option.WithAPIKey(acmeKey), "bearer": option.WithAuthToken(acmeKey)} {
		c := anthropic.NewClient(option.WithBaseURL(g.url), o, option.WithHTTPClient(client(t)), option.WithMaxRetries(0))
		if _, err := c.Messages.New(t.Context(), anthropicAsk("Hello")); err != nil {
			t.Errorf("the right key as %s: %v", name, err)
		}
	}
}

func TestAnthropicSDKNoRoute(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated+"routes: [ { match: { models: [sim] }, targets: [sim] } ]\n"))
	p := anthropicAsk("Hello")
	p.Model = "claude-none"
	_, err := c.Messages.New(t.Context(), p)
	wantAnthropicError(t, err, http.StatusNotFound, "not_found_error")
	_, err = c.Models.Get(t.Context(), "claude-none", anthropic.ModelGetParams{})
	wantAnthropicError(t, err, http.StatusNotFound, "not_found_error")
}

// A target that does not speak the dialect is not asked in it.
func TestAnthropicSDKDialectNotSpoken(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newAnthropic(t, start(t, targetAt(m.url)))
	_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"))
	wantAnthropicError(t, err, http.StatusNotFound, "not_found_error")
	if n := m.Stats().Requests; n != 0 {
		t.Errorf("the target got %d requests", n)
	}
}

// The target's own errors reach the client as they are.
func TestAnthropicSDKTargetErrors(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated))
	for fault, want := range map[string]struct {
		status int
		kind   string
	}{
		"status=401": {401, "authentication_error"},
		"status=429": {429, "rate_limit_error"},
		"status=500": {500, "api_error"},
		"status=503": {503, "overloaded_error"},
		"status=529": {529, "overloaded_error"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"), option.WithHeader("x-sim-fault", fault))
			wantAnthropicError(t, err, want.status, want.kind)
			_, err = accumulateMessage(t.Context(), &c, anthropicAsk("Hello"), option.WithHeader("x-sim-fault", fault))
			wantAnthropicError(t, err, want.status, want.kind)
		})
	}
}

func TestAnthropicSDKRetries(t *testing.T) {
	t.Parallel()
	t.Run("by the SDK", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		c := newAnthropic(t, start(t, m.config("")))
		_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"), option.WithMaxRetries(1),
			option.WithHeader("x-sim-fault", "fail=1;status=529"), option.WithHeader("x-sim-key", t.Name()))
		if n := m.Stats().Requests; err != nil || n != 2 {
			t.Errorf("%d attempts, %v", n, err)
		}
	})
	t.Run("by the SDK, after retry-after", func(t *testing.T) {
		t.Parallel()
		c := newAnthropic(t, start(t, simulated))
		began := time.Now()
		_, err := c.Messages.New(t.Context(), anthropicAsk("Hello"), option.WithMaxRetries(1),
			option.WithHeader("x-sim-fault", "fail=1;status=429;retry-after=1"), option.WithHeader("x-sim-key", t.Name()))
		if took := time.Since(began); err != nil || took < time.Second {
			t.Errorf("retried after %v, %v; retry-after is 1 s", took, err)
		}
	})
	t.Run("by Weir", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		c := newAnthropic(t, start(t, m.config("")))
		_, err := accumulateMessage(t.Context(), &c, anthropicAsk("Hello"),
			option.WithHeader("x-sim-fault", "fail=1;cut=headers"), option.WithHeader("x-sim-key", t.Name()))
		if n := m.Stats().Requests; err != nil || n != 2 {
			t.Errorf("%d attempts, %v", n, err)
		}
	})
}

func TestFault08_AnthropicSDKAbort(t *testing.T) {
	t.Parallel()
	for _, streamed := range []bool{false, true} {
		name := map[bool]string{false: "before the first byte", true: "in mid-stream"}[streamed]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, left := newWatched(t)
			c := newAnthropic(t, start(t, m.config("")), option.WithHeader("x-sim-tokens", "10000"))
			ctx, abort := context.WithCancel(t.Context())
			defer abort()
			p := anthropicAsk("Go on.")
			p.MaxTokens = 100000
			var aborted time.Time
			var err error
			if streamed {
				stream := c.Messages.NewStreaming(ctx, p)
				for n := 0; stream.Next(); n++ {
					if n == 5 {
						aborted = time.Now()
						abort()
					}
				}
				err = stream.Err()
			} else {
				done := make(chan error, 1)
				go func() {
					_, err := c.Messages.New(ctx, p, option.WithRequestTimeout(time.Minute))
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

func TestFault13_14_AnthropicSDKBrokenStreams(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newAnthropic(t, start(t, m.config(", idle: 300ms")))
	for _, fault := range brokenStreams {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, err := accumulateMessage(t.Context(), &c, anthropicAsk("Tell me."), option.WithHeader("x-sim-fault", fault))
			var api *anthropic.Error
			if !errors.As(err, &api) || api.Type() == "" {
				t.Fatalf("%T %v, want the SDK's error of a broken stream", err, err)
			}
			if strings.Contains(api.RawJSON(), "127.0.0.1") {
				t.Errorf("the client learns of the upstream's network: %s", api.RawJSON())
			}
		})
	}
}

// An unstreamed answer that breaks off is an error too, not half a JSON object.
func TestFault14_AnthropicSDKBrokenAnswers(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	c := newAnthropic(t, start(t, m.config(", idle: 300ms, first_byte: 300ms")+"routes: [ { targets: [t], retries: 0 } ]\n"))
	for fault, want := range map[string]struct {
		status int
		kind   string
	}{
		"cut=headers":         {502, "api_error"},
		"short=10":            {502, "api_error"},
		"malformed=status":    {502, "api_error"},
		"garbage=html":        {502, "api_error"},
		"stall=headers":       {504, "timeout_error"},
		"stall=after-headers": {504, "timeout_error"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			_, err := c.Messages.New(t.Context(), anthropicAsk("Tell me."), option.WithHeader("x-sim-fault", fault))
			wantAnthropicError(t, err, want.status, want.kind)
		})
	}
}
