package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"weir/host/sim"
)

// newAnthropic is the official client, set up as its documents say: a base URL
// and a key. It does not retry unless a test asks it to.
func newAnthropic(t testing.TB, g *gateway, opts ...option.RequestOption) anthropic.Client {
	t.Helper()
	return anthropic.NewClient(append([]option.RequestOption{
		option.WithBaseURL(g.url), option.WithAPIKey("any"),
		option.WithHTTPClient(client(t)), option.WithMaxRetries(0),
	}, opts...)...)
}

func anthropicAsk(text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "sim", MaxTokens: 1000,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

// accumulateMessage reads a stream to its end with the SDK's accumulator.
func accumulateMessage(ctx context.Context, c *anthropic.Client, p anthropic.MessageNewParams, opts ...option.RequestOption) (m anthropic.Message, err error) {
	stream := c.Messages.NewStreaming(ctx, p, opts...)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			return m, err
		}
	}
	return m, stream.Err()
}

func TestAnthropicSDKMessages(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated))
	p := anthropicAsk("Count the stars.")
	p.System = []anthropic.TextBlockParam{{Text: "Be brief."}}
	whole, err := c.Messages.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	text := whole.Content[0].Text
	if text == "" || whole.StopReason != "end_turn" || whole.Usage.InputTokens == 0 || whole.Usage.OutputTokens == 0 {
		t.Fatalf("answer %s", whole.RawJSON())
	}
	streamed, err := accumulateMessage(t.Context(), &c, p)
	if err != nil {
		t.Fatal(err)
	}
	if streamed.Content[0].Text != text || streamed.StopReason != whole.StopReason || streamed.Usage.OutputTokens != whole.Usage.OutputTokens || streamed.Usage.InputTokens != whole.Usage.InputTokens {
		t.Errorf("streamed %s, unstreamed %s", streamed.RawJSON(), whole.RawJSON())
	}
	p.MaxTokens = 2
	if limited, err := accumulateMessage(t.Context(), &c, p); err != nil || limited.StopReason != "max_tokens" || !strings.HasPrefix(text, limited.Content[0].Text) {
		t.Errorf("limited to two tokens: %s, %v", limited.RawJSON(), err)
	}
}

func TestAnthropicSDKTools(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated))
	p := anthropicAsk("What is the weather in Paris?")
	p.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
		Name: "get_weather", InputSchema: anthropic.ToolInputSchemaParam{Properties: weatherSchema["properties"], Required: []string{"city", "unit", "days"}},
	}}}
	whole, err := c.Messages.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if whole.StopReason != "tool_use" {
		t.Fatalf("no tool call in %s", whole.RawJSON())
	}
	use := whole.Content[0].AsToolUse()
	wantWeather(t, use.Name, string(use.Input))
	streamed, err := accumulateMessage(t.Context(), &c, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := streamed.Content[0].AsToolUse(); string(got.Input) != string(use.Input) || streamed.StopReason != "tool_use" {
		t.Errorf("streamed %s, unstreamed %s", streamed.RawJSON(), whole.RawJSON())
	}
	p.Messages = append(p.Messages, whole.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(use.ID, "hail", false)))
	final, err := c.Messages.New(t.Context(), p)
	if err != nil || !strings.Contains(final.Content[0].Text, `"hail"`) {
		t.Errorf("the tool's result is not in the answer: %+v, %v", final, err)
	}
}

func TestAnthropicSDKCountTokens(t *testing.T) {
	t.Parallel()
	c := newAnthropic(t, start(t, simulated))
	p := anthropicAsk("Hello there")
	n, err := c.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: p.Model, Messages: p.Messages})
	if err != nil || n.InputTokens == 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	m, err := c.Messages.New(t.Context(), p)
	if err != nil || m.Usage.InputTokens != n.InputTokens {
		t.Errorf("counted %d, used %+v, %v", n.InputTokens, m, err)
	}
}

func TestAnthropicSDKModels(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{Models: []string{"a", "b"}})
	c := newAnthropic(t, start(t, m.config("")))
	page, err := c.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(page.Data) != 2 || page.Data[1].ID != "b" || page.Data[0].DisplayName == "" {
		t.Fatalf("models %+v, %v", page, err)
	}
	one, err := c.Models.Get(t.Context(), "b", anthropic.ModelGetParams{})
	if err != nil || one.ID != "b" {
		t.Errorf("model %+v, %v", one, err)
	}
}
