package sdk

import (
	"errors"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"weir/host/sim"
)

func anthropicClient(t testing.TB, addr string) anthropic.Client {
	return anthropic.NewClient(option.WithBaseURL("http://"+addr), option.WithAPIKey("k"),
		option.WithHTTPClient(httpClient(t)), option.WithMaxRetries(0))
}

// accumulate joins the events of a stream, checking each.
func accumulate(t *testing.T, client anthropic.Client, params anthropic.MessageNewParams) anthropic.Message {
	t.Helper()
	stream := client.Messages.NewStreaming(t.Context(), params)
	var m anthropic.Message
	for stream.Next() {
		ev := stream.Current()
		if ev.Type != "ping" {
			complete(t, ev)
		}
		if err := m.Accumulate(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnthropicSDKMessages(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := anthropicClient(t, addr)
	params := anthropic.MessageNewParams{
		Model: "claude-x", MaxTokens: 1000, System: []anthropic.TextBlockParam{{Text: "Be brief."}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hello"))},
	}
	m, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, m)
	text := m.Content[0].Text
	if m.StopReason != "end_turn" || m.Model != "claude-x" || tokens(text) != int(m.Usage.OutputTokens) {
		t.Errorf("answer: %s", m.RawJSON())
	}
	if s := accumulate(t, client, params); s.Content[0].Text != text || s.StopReason != m.StopReason || s.Usage.OutputTokens != m.Usage.OutputTokens {
		t.Errorf("streamed %s, whole %s", s.RawJSON(), m.RawJSON())
	}
	params.StopSequences = []string{text[10:14]}
	for _, s := range []*anthropic.Message{ptr(accumulate(t, client, params)), must(client.Messages.New(t.Context(), params))} {
		if s.StopReason != "stop_sequence" || s.StopSequence != text[10:14] || s.Content[0].Text != text[:10] {
			t.Errorf("stopped: %s", s.RawJSON())
		}
	}
	params.StopSequences, params.MaxTokens = nil, 2
	for _, s := range []*anthropic.Message{ptr(accumulate(t, client, params)), must(client.Messages.New(t.Context(), params))} {
		if s.StopReason != "max_tokens" || s.Content[0].Text != text[:8] || s.Usage.OutputTokens != 2 {
			t.Errorf("limited: %s", s.RawJSON())
		}
	}
}

func ptr[T any](v T) *T { return &v }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAnthropicSDKTools(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := anthropicClient(t, addr)
	properties := weather.OfFunction.Function.Parameters["properties"]
	params := anthropic.MessageNewParams{
		Model: "claude-x", MaxTokens: 1000,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Weather?"))},
		Tools: []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
			Name: "get_weather", InputSchema: anthropic.ToolInputSchemaParam{Properties: properties},
		}}},
	}
	m, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, m)
	use := m.Content[0].AsToolUse()
	if m.StopReason != "tool_use" {
		t.Errorf("answer: %s", m.RawJSON())
	}
	checkWeather(t, use.Name, string(use.Input))
	s := accumulate(t, client, params)
	if got := s.Content[0].AsToolUse(); string(got.Input) != string(use.Input) || s.StopReason != "tool_use" {
		t.Errorf("streamed %s, whole %s", s.RawJSON(), m.RawJSON())
	}
	params.Messages = append(params.Messages, m.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(use.ID, "hail", false)))
	if m, err = client.Messages.New(t.Context(), params); err != nil || !strings.Contains(m.Content[0].Text, `"hail"`) {
		t.Errorf("the answer does not quote the result: %v, %v", m, err)
	}
}

func TestAnthropicSDKCountModelsErrors(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{Models: []string{"a", "b"}})
	client := anthropicClient(t, addr)
	messages := []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hello there"))}
	n, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: "a", Messages: messages})
	if err != nil {
		t.Fatal(err)
	}
	complete(t, n)
	m, err := client.Messages.New(t.Context(), anthropic.MessageNewParams{Model: "a", MaxTokens: 9, Messages: messages})
	if err != nil || m.Usage.InputTokens != n.InputTokens || int(n.InputTokens) != tokens("user: Hello there\n") {
		t.Errorf("counted %d, used %v, %v", n.InputTokens, m, err)
	}
	page, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(page.Data) != 2 || page.LastID != "b" {
		t.Fatalf("models: %v, %v", page, err)
	}
	complete(t, page.Data)
	one, err := client.Models.Get(t.Context(), "b", anthropic.ModelGetParams{})
	if err != nil || one.ID != "b" {
		t.Errorf("model: %v, %v", one, err)
	}
	_, err = client.Messages.New(t.Context(), anthropic.MessageNewParams{Model: "a", Messages: messages})
	var api *anthropic.Error
	if !errors.As(err, &api) || api.StatusCode != 400 || api.Type() != "invalid_request_error" || !strings.HasPrefix(api.RequestID, "req_") {
		t.Errorf("error: %v", err)
	}
	for status, want := range map[string]string{"429": "rate_limit_error", "529": "overloaded_error", "500": "api_error"} {
		_, err = client.Messages.New(t.Context(), anthropic.MessageNewParams{Model: "a", MaxTokens: 9, Messages: messages},
			option.WithHeader("x-sim-fault", "status="+status))
		if !errors.As(err, &api) || string(api.Type()) != want {
			t.Errorf("status %s: %v", status, err)
		}
	}
}
