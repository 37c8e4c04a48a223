package sdk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
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

func openaiClient(t testing.TB, addr string) openai.Client {
	return openai.NewClient(option.WithBaseURL("http://"+addr+"/v1"), option.WithAPIKey("k"),
		option.WithHTTPClient(httpClient(t)), option.WithMaxRetries(0))
}

var weather = openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
	Name: "get_weather",
	Parameters: shared.FunctionParameters{
		"type": "object",
		"properties": map[string]any{
			"city": map[string]any{"type": "string"},
			"unit": map[string]any{"enum": []string{"celsius", "fahrenheit"}},
			"days": map[string]any{"type": "integer", "minimum": 1, "maximum": 7},
		},
		"required": []string{"city", "unit", "days"},
	},
})

func TestOpenAISDKChat(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	r, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "gpt-x", N: openai.Int(2),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage("Hello")},
	})
	if err != nil {
		t.Fatal(err)
	}
	complete(t, r)
	if r.Model != "gpt-x" || len(r.Choices) != 2 || r.Choices[1].Index != 1 || r.Choices[0].FinishReason != "stop" {
		t.Errorf("answer: %s", r.RawJSON())
	}
	want := 0
	for _, c := range r.Choices {
		want += tokens(c.Message.Content)
	}
	if got := int(r.Usage.CompletionTokens); got != want || r.Usage.TotalTokens != r.Usage.PromptTokens+r.Usage.CompletionTokens {
		t.Errorf("usage %s for texts of %d tokens", r.Usage.RawJSON(), want)
	}
	if want := tokens("system: Be brief.\nuser: Hello\n"); int(r.Usage.PromptTokens) != want {
		t.Errorf("prompt tokens %d, want %d", r.Usage.PromptTokens, want)
	}
}

func TestOpenAISDKChatStream(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	params := openai.ChatCompletionNewParams{
		Model: "gpt-x", N: openai.Int(3), Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Count the stars")},
	}
	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		chunk := stream.Current()
		complete(t, chunk)
		if !acc.AddChunk(chunk) {
			t.Fatalf("chunk refused: %s", chunk.RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if len(acc.Choices) != 3 {
		t.Fatalf("%d choices", len(acc.Choices))
	}
	for i := range acc.Choices {
		got, want := acc.Choices[i], whole.Choices[i]
		if got.Message.Content != want.Message.Content || got.FinishReason != want.FinishReason {
			t.Errorf("choice %d: streamed %q (%s), whole %q (%s)", i, got.Message.Content, got.FinishReason, want.Message.Content, want.FinishReason)
		}
	}
	if acc.Usage.TotalTokens != whole.Usage.TotalTokens {
		t.Errorf("usage: streamed %d, whole %d", acc.Usage.TotalTokens, whole.Usage.TotalTokens)
	}
}

func TestOpenAISDKTools(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	params := openai.ChatCompletionNewParams{
		Model: "gpt-x", Tools: []openai.ChatCompletionToolUnionParam{weather},
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Weather in Paris?")},
	}
	r, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, r)
	if r.Choices[0].FinishReason != "tool_calls" || len(r.Choices[0].Message.ToolCalls) != 1 {
		t.Fatalf("no tool call: %s", r.RawJSON())
	}
	call := r.Choices[0].Message.ToolCalls[0]
	checkWeather(t, call.Function.Name, call.Function.Arguments)

	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		acc.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	streamed := acc.Choices[0].Message.ToolCalls[0]
	if streamed.Function.Arguments != call.Function.Arguments || streamed.Function.Name != call.Function.Name {
		t.Errorf("streamed call %+v, whole %+v", streamed.Function, call.Function)
	}

	params.Messages = append(params.Messages, r.Choices[0].Message.ToParam(), openai.ToolMessage("18 °C and \"sunny\"", call.ID))
	r, err = client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Choices[0].Message.Content; !strings.Contains(got, `18 °C and "sunny"`) || r.Choices[0].FinishReason != "stop" {
		t.Errorf("the answer does not quote the result: %q", got)
	}
}

func checkWeather(t *testing.T, name, args string) {
	t.Helper()
	var a struct {
		City string
		Unit string
		Days int
	}
	if err := json.Unmarshal([]byte(args), &a); err != nil || name != "get_weather" {
		t.Fatalf("%s(%s): %v", name, args, err)
	}
	if a.City == "" || a.Unit != "celsius" && a.Unit != "fahrenheit" || a.Days < 1 || a.Days > 7 {
		t.Errorf("arguments do not fit the schema: %s", args)
	}
}

func TestOpenAISDKResponses(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	params := responses.ResponseNewParams{
		Model: "gpt-x", Instructions: openai.String("Be brief."),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hello")},
	}
	r, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, r)
	if r.Status != "completed" || tokens(r.OutputText()) != int(r.Usage.OutputTokens) {
		t.Errorf("answer: %s", r.RawJSON())
	}
	text, final := streamResponse(t, client, params)
	if text != r.OutputText() || final.OutputText() != text || final.Usage.TotalTokens != r.Usage.TotalTokens {
		t.Errorf("streamed %q, whole %q", text, r.OutputText())
	}
	params.MaxOutputTokens = openai.Int(3)
	text, final = streamResponse(t, client, params)
	if final.Status != "incomplete" || final.IncompleteDetails.Reason != "max_output_tokens" || len(text) != 12 {
		t.Errorf("limited: %q, %s", text, final.RawJSON())
	}
}

// streamResponse returns the deltas joined, and the response of the last event.
func streamResponse(t *testing.T, client openai.Client, params responses.ResponseNewParams) (string, responses.Response) {
	t.Helper()
	stream := client.Responses.NewStreaming(t.Context(), params)
	var text strings.Builder
	var last responses.ResponseStreamEventUnion
	for n := 0; stream.Next(); n++ {
		last = stream.Current()
		complete(t, last)
		if last.SequenceNumber != int64(n) {
			t.Errorf("event %d has sequence number %d", n, last.SequenceNumber)
		}
		switch last.Type {
		case "response.output_text.delta", "response.function_call_arguments.delta":
			text.WriteString(last.Delta)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return text.String(), last.Response
}

func TestOpenAISDKResponsesTools(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	params := responses.ResponseNewParams{
		Model: "gpt-x",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Weather?")},
		Tools: []responses.ToolUnionParam{responses.ToolParamOfFunction("get_weather", weather.OfFunction.Function.Parameters, true)},
	}
	r, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, r)
	call := r.Output[0].AsFunctionCall()
	checkWeather(t, call.Name, call.Arguments)
	args, final := streamResponse(t, client, params)
	if args != call.Arguments || final.Output[0].AsFunctionCall().Arguments != args {
		t.Errorf("streamed %q, whole %q", args, call.Arguments)
	}
	output := responses.ResponseInputItemParamOfFunctionCallOutput("rain")
	output.OfFunctionCallOutput.CallID = openai.String(call.CallID)
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
		responses.ResponseInputItemParamOfMessage("Weather?", "user"),
		responses.ResponseInputItemParamOfFunctionCall(call.Arguments, call.CallID, call.Name),
		output,
	}}
	if r, err = client.Responses.New(t.Context(), params); err != nil || !strings.Contains(r.OutputText(), `"rain"`) {
		t.Errorf("the answer does not quote the result: %v, %v", r, err)
	}
}

func TestOpenAISDKEmbeddings(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{})
	client := openaiClient(t, addr)
	params := openai.EmbeddingNewParams{
		Model: "emb", Dimensions: openai.Int(12),
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two", "one"}},
	}
	r, err := client.Embeddings.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, r)
	if len(r.Data) != 3 || len(r.Data[0].Embedding) != 12 || r.Usage.PromptTokens != 3 {
		t.Fatalf("answer: %s", r.RawJSON())
	}
	norm := 0.0
	for i, f := range r.Data[0].Embedding {
		norm += f * f
		if f != r.Data[2].Embedding[i] {
			t.Error("the same text has two vectors")
		}
	}
	if math.Abs(norm-1) > 1e-5 || fmt.Sprint(r.Data[0].Embedding) == fmt.Sprint(r.Data[1].Embedding) {
		t.Errorf("squared length %v", norm)
	}
	params.EncodingFormat = openai.EmbeddingNewParamsEncodingFormatBase64
	var packed struct{ Data []struct{ Embedding string } }
	if _, err := client.Embeddings.New(t.Context(), params, option.WithResponseBodyInto(&packed)); err != nil {
		t.Fatal(err)
	}
	b, err := base64.StdEncoding.DecodeString(packed.Data[1].Embedding)
	if err != nil || len(b) != 4*12 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	first := math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
	if math.Abs(float64(first)-r.Data[1].Embedding[0]) > 1e-7 {
		t.Errorf("base64 says %v, floats say %v", first, r.Data[1].Embedding[0])
	}
}

func TestOpenAISDKModelsCompletionsErrors(t *testing.T) {
	t.Parallel()
	addr := launch(t, sim.Options{Models: []string{"a", "b"}})
	client := openaiClient(t, addr)
	page, err := client.Models.List(t.Context())
	if err != nil || len(page.Data) != 2 || page.Data[1].ID != "b" {
		t.Fatalf("models: %v, %v", page, err)
	}
	complete(t, page.Data)
	one, err := client.Models.Get(t.Context(), "meta-llama/Llama")
	if err != nil || one.ID != "meta-llama/Llama" {
		t.Fatalf("model: %v, %v", one, err)
	}
	c, err := client.Completions.New(t.Context(), openai.CompletionNewParams{
		Model: "a", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("Once")}, MaxTokens: openai.Int(5),
	})
	if err != nil || len(c.Choices[0].Text) != 20 || c.Choices[0].FinishReason != "length" {
		t.Fatalf("completion: %v, %v", c, err)
	}
	complete(t, c)
	stream := client.Completions.NewStreaming(t.Context(), openai.CompletionNewParams{
		Model: "a", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("Once")}, MaxTokens: openai.Int(5),
	})
	text := ""
	for stream.Next() {
		text += stream.Current().Choices[0].Text
	}
	if stream.Err() != nil || text != c.Choices[0].Text {
		t.Errorf("streamed %q, whole %q, %v", text, c.Choices[0].Text, stream.Err())
	}
	_, err = client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{Model: "a"})
	var api *openai.Error
	if !errors.As(err, &api) || api.StatusCode != 400 || api.Type != "invalid_request_error" || api.Param != "messages" {
		t.Errorf("error: %v", err)
	}
}
