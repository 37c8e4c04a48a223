package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"

	"weir/host/sim"
)

// README promises stock clients that one variable and any key will do.
func TestSDKsFromTheEnvironment(t *testing.T) {
	g := start(t, simulated)
	t.Setenv("OPENAI_BASE_URL", g.url+"/v1")
	t.Setenv("OPENAI_API_KEY", "any")
	t.Setenv("ANTHROPIC_BASE_URL", g.url)
	t.Setenv("ANTHROPIC_API_KEY", "any")
	transport := client(t)
	oai, ant := openai.NewClient(openaioption.WithHTTPClient(transport)), anthropic.NewClient(anthropicoption.WithHTTPClient(transport))
	if r, err := oai.Chat.Completions.New(t.Context(), openaiAsk("Hello")); err != nil || r.Choices[0].Message.Content == "" {
		t.Errorf("%+v, %v", r, err)
	}
	if m, err := ant.Messages.New(t.Context(), anthropicAsk("Hello")); err != nil || m.Content[0].Text == "" {
		t.Errorf("%+v, %v", m, err)
	}
}

const acmeKey = "acme-key-0123456789"

const acme = simulated + "tenants: { acme: { keys: [ { value: " + acmeKey + " } ] } }\n"

// waitCancel is how long a test waits for a client's leaving to reach the model.
const waitCancel = 5 * time.Second

// newWatched is a slow model that tells of clients that leave.
func newWatched(t testing.TB) (*model, chan time.Time) {
	t.Helper()
	left := make(chan time.Time, 16)
	return newModel(t, sim.Options{TPOT: 10 * time.Millisecond, OnCancel: func(at time.Time) { left <- at }}), left
}

func wantLeft(t *testing.T, m *model, left <-chan time.Time, aborted time.Time) {
	t.Helper()
	select {
	case at := <-left:
		t.Logf("the abort reached the model in %v", at.Sub(aborted))
	case <-time.After(waitCancel):
		t.Fatal("the model still generates")
	}
	if n := m.Stats().Cancelled; n != 1 {
		t.Errorf("%d generations cancelled, want 1", n)
	}
}

// brokenStreams are the ways in which a target breaks off or spoils a stream.
// Each must end in an error that the client's SDK raises.
var brokenStreams = []string{
	"cut=between:3", "cut=inside:3", "cut=clean:3", "reset:3", "stall=3", "malformed=chunk",
	"garbage=json:2", "garbage=utf8:2", "garbage=binary:2", "garbage=html:2",
}

// waitGenerating waits until the model is at work on a request.
func waitGenerating(t testing.TB, m *model) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(waitCancel); m.Stats().Generating == 0; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("no request has reached the model")
		}
	}
}

// The prefix cache shows in the SDK's usage, and cache_blocks: 0 turns it off.
func TestOpenAISDKCachedTokens(t *testing.T) {
	t.Parallel()
	for setting, cached := range map[string]bool{"": true, ", cache_blocks: 0": false} {
		c := newOpenAI(t, start(t, "targets: { sim: { kind: sim, ttft: 0s, tpot: 0s"+setting+" } }\n"))
		p := openaiAsk(strings.Repeat("The same beginning. ", 100))
		for n := range 2 {
			r, err := c.Chat.Completions.New(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Usage.PromptTokensDetails.CachedTokens; (got > 0) != (cached && n > 0) {
				t.Errorf("request %d of a model with %q: %d cached tokens", n, setting, got)
			}
		}
	}
}
