package host_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"weir/host/sim"
)

// Seen through the official SDKs: what a plugin edits arrives as text, streamed and not; what it stops is an error of the SDK's.
func TestPolicySDKs(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	edited := start(t, m.config("")+policed(t, "edit", guest(t, "edit", `config: { word: "e", by: "3\"\n" }`)))
	stopped := start(t, m.config("")+policed(t, "deny", guest(t, "deny", `config: { word: " " }`)))
	prompt := "Hello" // which the model's answers depend on, and has no space
	type asked struct {
		text string
		err  error
	}
	asks := map[string]func(g *gateway, stream bool) asked{
		"chat": func(g *gateway, stream bool) asked {
			c := newOpenAI(t, g)
			if stream {
				acc, _, err := accumulateChat(t.Context(), &c, openaiAsk(prompt))
				if err != nil {
					return asked{"", err}
				}
				return asked{acc.Choices[0].Message.Content, nil}
			}
			r, err := c.Chat.Completions.New(t.Context(), openaiAsk(prompt))
			if err != nil {
				return asked{"", err}
			}
			return asked{r.Choices[0].Message.Content, nil}
		},
		"completions": func(g *gateway, stream bool) asked {
			c := newOpenAI(t, g)
			p := openai.CompletionNewParams{Model: "sim", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt(prompt)}}
			if !stream {
				r, err := c.Completions.New(t.Context(), p)
				if err != nil {
					return asked{"", err}
				}
				return asked{r.Choices[0].Text, nil}
			}
			s := c.Completions.NewStreaming(t.Context(), p)
			var b strings.Builder
			for s.Next() {
				for _, choice := range s.Current().Choices {
					b.WriteString(choice.Text)
				}
			}
			return asked{b.String(), s.Err()}
		},
		"responses": func(g *gateway, stream bool) asked {
			c := newOpenAI(t, g)
			p := responses.ResponseNewParams{Model: "sim", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(prompt)}}
			if !stream {
				r, err := c.Responses.New(t.Context(), p)
				if err != nil {
					return asked{"", err}
				}
				return asked{r.OutputText(), nil}
			}
			text, final, err := streamResponse(t.Context(), &c, p)
			if err == nil && final.Response.OutputText() != text {
				t.Errorf("the last event says %q, the deltas %q", final.Response.OutputText(), text)
			}
			return asked{text, err}
		},
		"messages": func(g *gateway, stream bool) asked {
			c := newAnthropic(t, g)
			var r anthropic.Message
			var err error
			if stream {
				r, err = accumulateMessage(t.Context(), &c, anthropicAsk(prompt))
			} else {
				var p *anthropic.Message
				if p, err = c.Messages.New(t.Context(), anthropicAsk(prompt)); p != nil {
					r = *p
				}
			}
			if err != nil {
				return asked{"", err}
			}
			return asked{r.Content[0].Text, nil}
		},
	}
	plain := start(t, m.config(""))
	for name, ask := range asks {
		for _, stream := range []bool{false, true} {
			clean := ask(plain, stream)
			if clean.err != nil || !strings.Contains(clean.text, "e") {
				t.Fatalf("%s: %+v", name, clean)
			}
			// The plugin edits the prompt too, on which the model's answer depends.
			if got := ask(edited, stream); got.err != nil || strings.Contains(got.text, "e") || !strings.Contains(got.text, "3\"\n") {
				t.Errorf("%s, streamed %v: %+v", name, stream, got)
			}
			got := ask(stopped, stream)
			said := fmt.Sprint(got.err)
			if api := (*openai.Error)(nil); errors.As(got.err, &api) {
				said = api.Message
			}
			if got.err == nil || !strings.Contains(said, "not allowed here") {
				t.Errorf("%s, streamed %v: %T %v, %q", name, stream, got.err, said, got.text)
			}
		}
	}
}
