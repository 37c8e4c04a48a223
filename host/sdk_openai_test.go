package host_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"weir/host/sim"
)

// newOpenAI is the official client, set up as its documents say: a base URL and
// a key. It does not retry unless a test asks it to.
func newOpenAI(t testing.TB, g *gateway, opts ...option.RequestOption) openai.Client {
	t.Helper()
	return openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(g.url + "/v1"), option.WithAPIKey("any"),
		option.WithHTTPClient(client(t)), option.WithMaxRetries(0),
	}, opts...)...)
}

func openaiAsk(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "sim", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// accumulateChat reads a stream to its end with the SDK's accumulator.
func accumulateChat(ctx context.Context, c *openai.Client, p openai.ChatCompletionNewParams, opts ...option.RequestOption) (acc openai.ChatCompletionAccumulator, chunks []openai.ChatCompletionChunk, err error) {
	stream := c.Chat.Completions.NewStreaming(ctx, p, opts...)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		chunk := stream.Current()
		chunks = append(chunks, chunk)
		if !acc.AddChunk(chunk) {
			return acc, chunks, fmt.Errorf("the accumulator refuses %s", chunk.RawJSON())
		}
	}
	return acc, chunks, stream.Err()
}

func TestOpenAISDKChat(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	p := openaiAsk("Count the stars.")
	p.N = openai.Int(3)
	whole, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Choices) != 3 || whole.Model != "sim" || whole.Usage.TotalTokens == 0 {
		t.Fatalf("answer %s", whole.RawJSON())
	}
	streamed, _, err := accumulateChat(t.Context(), &c, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(streamed.Choices) != 3 {
		t.Fatalf("%d choices in the stream", len(streamed.Choices))
	}
	for i, want := range whole.Choices {
		got := streamed.Choices[i]
		if want.Message.Content == "" || got.Message.Content != want.Message.Content || got.FinishReason != want.FinishReason {
			t.Errorf("choice %d: streamed %q (%s), unstreamed %q (%s)", i, got.Message.Content, got.FinishReason, want.Message.Content, want.FinishReason)
		}
	}
}

// Weir asks every stream for its usage. A client that did not ask must not
// notice; one that did gets what it would get from the model.
func TestOpenAISDKStreamedUsage(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	c := newOpenAI(t, g)
	p := openaiAsk("How much was that?")
	whole, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []bool{false, true} {
		t.Run(fmt.Sprintf("asked=%t", asked), func(t *testing.T) {
			t.Parallel()
			p := p
			if asked {
				p.StreamOptions.IncludeUsage = openai.Bool(true)
			}
			acc, chunks, err := accumulateChat(t.Context(), &c, p)
			if err != nil {
				t.Fatal(err)
			}
			shown := 0
			for _, chunk := range chunks {
				if len(chunk.Choices) == 0 {
					shown++
				}
			}
			switch {
			case asked && (shown != 1 || acc.Usage.TotalTokens != whole.Usage.TotalTokens):
				t.Errorf("%d usage chunks, %d tokens; want 1 and %d", shown, acc.Usage.TotalTokens, whole.Usage.TotalTokens)
			case !asked && (shown != 0 || acc.Usage.TotalTokens != 0):
				t.Errorf("%d usage chunks, %d tokens reach a client that did not ask", shown, acc.Usage.TotalTokens)
			}
		})
	}
}

// weatherSchema is a tool's schema that the arguments of a call are held to.
var weatherSchema = map[string]any{
	"type": "object",
	"properties": map[string]any{
		"city": map[string]any{"type": "string"},
		"unit": map[string]any{"enum": []string{"celsius", "fahrenheit"}},
		"days": map[string]any{"type": "integer", "minimum": 1, "maximum": 7},
	},
	"required": []string{"city", "unit", "days"},
}

func wantWeather(t *testing.T, name, args string) {
	t.Helper()
	var a struct {
		City, Unit string
		Days       int
	}
	if err := json.Unmarshal([]byte(args), &a); err != nil || name != "get_weather" {
		t.Fatalf("call %s(%s): %v", name, args, err)
	}
	if a.City == "" || a.Unit != "celsius" && a.Unit != "fahrenheit" || a.Days < 1 || a.Days > 7 {
		t.Errorf("arguments %s do not fit the schema", args)
	}
}

func TestOpenAISDKTools(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	p := openaiAsk("What is the weather in Paris?")
	p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "get_weather", Parameters: weatherSchema})}
	whole, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Choices[0].FinishReason != "tool_calls" || len(whole.Choices[0].Message.ToolCalls) != 1 {
		t.Fatalf("no tool call in %s", whole.RawJSON())
	}
	call := whole.Choices[0].Message.ToolCalls[0]
	wantWeather(t, call.Function.Name, call.Function.Arguments)

	streamed, _, err := accumulateChat(t.Context(), &c, p)
	if err != nil {
		t.Fatal(err)
	}
	calls := streamed.Choices[0].Message.ToolCalls
	if len(calls) != 1 || calls[0].Function.Name != call.Function.Name || calls[0].Function.Arguments != call.Function.Arguments {
		t.Errorf("streamed calls %+v, unstreamed %+v", calls, call)
	}

	p.Messages = append(p.Messages, whole.Choices[0].Message.ToParam(), openai.ToolMessage("18 °C and \"sunny\"", call.ID))
	final, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if got := final.Choices[0].Message.Content; final.Choices[0].FinishReason != "stop" || !strings.Contains(got, `18 °C and "sunny"`) {
		t.Errorf("the tool's result is not in the answer: %q", got)
	}
}

func TestOpenAISDKEmbeddings(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	p := openai.EmbeddingNewParams{
		Model: "sim", Dimensions: openai.Int(16),
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two", "one"}},
	}
	floats, err := c.Embeddings.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(floats.Data) != 3 || len(floats.Data[1].Embedding) != 16 || floats.Usage.PromptTokens == 0 {
		t.Fatalf("answer %s", floats.RawJSON())
	}
	p.EncodingFormat = openai.EmbeddingNewParamsEncodingFormatBase64
	var packed struct{ Data []struct{ Embedding string } }
	if _, err := c.Embeddings.New(t.Context(), p, option.WithResponseBodyInto(&packed)); err != nil {
		t.Fatal(err)
	}
	for i := range packed.Data {
		raw, err := base64.StdEncoding.DecodeString(packed.Data[i].Embedding)
		if err != nil || len(raw) != 4*16 {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		for j := range 16 {
			f := math.Float32frombits(uint32(raw[4*j]) | uint32(raw[4*j+1])<<8 | uint32(raw[4*j+2])<<16 | uint32(raw[4*j+3])<<24)
			if math.Abs(float64(f)-floats.Data[i].Embedding[j]) > 1e-6 {
				t.Fatalf("vector %d, element %d: %v in base64, %v in decimal", i, j, f, floats.Data[i].Embedding[j])
			}
		}
	}
}

func TestOpenAISDKModels(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{Models: []string{"a", "b"}})
	c := newOpenAI(t, start(t, m.config("")))
	page, err := c.Models.List(t.Context())
	if err != nil || len(page.Data) != 2 || page.Data[1].ID != "b" {
		t.Fatalf("models %+v, %v", page, err)
	}
	for _, id := range []string{"b", "meta-llama/Llama-3.1-8B", "gpt 5", "käse"} {
		one, err := c.Models.Get(t.Context(), id)
		if err != nil || one.ID != id {
			t.Errorf("model %q: %+v, %v", id, one, err)
		}
	}
}

func TestOpenAISDKCompletions(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	p := openai.CompletionNewParams{Model: "sim", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("Once upon a time")}}
	whole, err := c.Completions.New(t.Context(), p)
	if err != nil || len(whole.Choices) != 1 || whole.Choices[0].Text == "" {
		t.Fatalf("answer %+v, %v", whole, err)
	}
	stream := c.Completions.NewStreaming(t.Context(), p)
	var text strings.Builder
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			text.WriteString(choice.Text)
		}
	}
	if err := stream.Err(); err != nil || text.String() != whole.Choices[0].Text {
		t.Errorf("streamed %q, unstreamed %q, %v", text.String(), whole.Choices[0].Text, err)
	}
}

// streamResponse joins a response's deltas; final is the response of its last event.
func streamResponse(ctx context.Context, c *openai.Client, p responses.ResponseNewParams, opts ...option.RequestOption) (deltas string, final responses.ResponseStreamEventUnion, err error) {
	stream := c.Responses.NewStreaming(ctx, p, opts...)
	defer func() { _ = stream.Close() }()
	var b strings.Builder
	for stream.Next() {
		final = stream.Current()
		switch final.Type {
		case "response.output_text.delta", "response.function_call_arguments.delta":
			b.WriteString(final.Delta)
		}
	}
	return b.String(), final, stream.Err()
}

func TestOpenAISDKResponses(t *testing.T) {
	t.Parallel()
	c := newOpenAI(t, start(t, simulated))
	p := responses.ResponseNewParams{
		Model: "sim", Instructions: openai.String("Be brief."),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hello")},
	}
	whole, err := c.Responses.New(t.Context(), p)
	if err != nil || whole.Status != "completed" || whole.OutputText() == "" {
		t.Fatalf("answer %+v, %v", whole, err)
	}
	text, final, err := streamResponse(t.Context(), &c, p)
	if err != nil {
		t.Fatal(err)
	}
	if final.Type != "response.completed" || text != whole.OutputText() || final.Response.OutputText() != text || final.Response.Usage.TotalTokens != whole.Usage.TotalTokens {
		t.Errorf("streamed %q (%s), unstreamed %q", text, final.Type, whole.OutputText())
	}

	p.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("get_weather", weatherSchema, true)}
	whole, err = c.Responses.New(t.Context(), p)
	if err != nil || len(whole.Output) == 0 {
		t.Fatalf("answer %+v, %v", whole, err)
	}
	call := whole.Output[0].AsFunctionCall()
	wantWeather(t, call.Name, call.Arguments)
	if args, _, err := streamResponse(t.Context(), &c, p); err != nil || args != call.Arguments {
		t.Errorf("streamed arguments %q, unstreamed %q, %v", args, call.Arguments, err)
	}
}
