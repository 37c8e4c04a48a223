package plugins_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/host/policy/stream"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/plugins"
	"weir/sdk/abi"
)

// TestMain looks for goroutines that are left. Those of fasthttp's servers, of which a gateway with a simulated model has one, end when they
// next wake up, or never.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// patient are limits that no test reaches, however busy the machine is.
var patient = plugin.Limits{Deadline: time.Minute, Wait: time.Minute, Start: time.Minute, Fuel: 1e12, Pool: 1}

// configure makes a built-in plugin ready for use, as a gateway does.
func configure(tb testing.TB, name, config string) (*plugin.Plugin, error) {
	tb.Helper()
	r, err := plugin.Open(context.Background(), plugin.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	wasm, err := plugins.Module(name)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := r.Admit(context.Background(), plugin.Source{Name: name, Wasm: wasm, Trusted: true}, patient)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.Close)
	p, err := r.Configure(context.Background(), m, plugin.Setting{
		Name: name, Config: []byte(config), Limits: patient, SelfTest: policy.SelfTest("", m.Manifest()),
	})
	if err == nil {
		tb.Cleanup(p.Close)
	}
	return p, err
}

// source is a configured plugin as chains see it.
type source struct{ *plugin.Plugin }

func (s source) Manifest() *frame.Manifest  { return s.Module().Manifest() }
func (s source) Digest() string             { return s.Module().Digest() }
func (s source) Config() string             { return "" }
func (s source) Has(h abi.Hook) bool        { return s.Module().Has(h) }
func (s source) For(t string) policy.Plugin { return s.Plugin.For(t) }

// chain is a policy of one built-in plugin.
func chain(tb testing.TB, name, config string) *policy.Chain {
	tb.Helper()
	p, err := configure(tb, name, config)
	if err != nil {
		tb.Fatal(err)
	}
	return policy.NewChain("acme", policy.Spec{Before: []*policy.Entry{{Name: name, Source: source{p}}}, Budget: time.Minute}, policy.Options{})
}

// facts are of a request that can go to the targets local and cloud.
type facts struct{}

func (facts) Signals(*dialect.Request) *signal.Vector { return new(signal.Vector) }
func (facts) Keys(*dialect.Request) *prefix.Chain     { return new(prefix.Chain) }
func (facts) Targets() []frame.Target                 { return nil }
func (facts) Header(string, int) ([]byte, bool)       { return nil, false }
func (facts) Reach(_ uint32, name []byte) policy.Reach {
	if s := string(name); s == "local" || s == "cloud" {
		return policy.Candidate
	}
	return policy.Unknown
}

func parse(tb testing.TB, ep dialect.Endpoint, body string) *dialect.Request {
	tb.Helper()
	q := new(dialect.Request)
	if err := q.Parse(ep, []byte(body)); err != nil {
		tb.Fatalf("%v: %s", err, body)
	}
	return q
}

// result is what became of a request.
type result struct {
	body    string // as edited; "" when it was not
	target  string
	refused string
	tags    string // name=value, in order
}

// request takes a body through a chain. The run stays good for the answer.
func request(tb testing.TB, run *policy.Run, c *policy.Chain, ep dialect.Endpoint, body string) result {
	tb.Helper()
	d, refusal := run.Request(c, &policy.Subject{Tenant: "acme", Route: "r", Model: "m", Request: parse(tb, ep, body), Facts: facts{}})
	for _, v := range run.Verdicts() {
		if v.Fault != frame.ClassNone {
			tb.Fatalf("%s failed: %v", v.Plugin, v.Fault)
		}
	}
	var tags []string
	for _, t := range run.Tags() {
		tags = append(tags, string(t.Name)+"="+string(t.Value))
	}
	r := result{tags: strings.Join(tags, " ")}
	if refusal != nil {
		r.refused = refusal.Err.Message
		return r
	}
	r.target = string(d.Target)
	if d.Edited {
		r.body = string(d.Request.Body)
	}
	return r
}

// quoted is s as a string of JSON.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// chat is a chat of one user message.
func chat(text string) string {
	return `{"model":"m","messages":[{"role":"user","content":` + quoted(text) + `}]}`
}

// pieceOf is a batch of one piece.
func pieceOf(text string) policy.Batch {
	return policy.Batch{Items: []frame.Delta{{Length: uint32(len(text))}}, Text: []byte(text)}
}

// streamed is what a client reads when the model says these pieces, and how a plugin stopped it.
func streamed(tb testing.TB, c *policy.Chain, pieces ...string) (text, stopped string) {
	tb.Helper()
	run, s := new(policy.Run), new(stream.Stream)
	request(tb, run, c, dialect.Chat, chat("hello"))
	defer run.End(&policy.End{})
	s.Begin(run, stream.Options{Endpoint: dialect.Chat})
	defer s.Close()
	var out []byte
	var refusal *policy.Refusal
	for i := 0; i <= len(pieces) && refusal == nil; i++ {
		event := `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
		if i < len(pieces) {
			event = `{"choices":[{"index":0,"delta":{"content":` + quoted(pieces[i]) + `},"finish_reason":null}]}`
		}
		if err := s.Event([]byte("data: " + event + "\n\n")); err != nil {
			tb.Fatal(err)
		}
		out, refusal = s.Flush(out, frame.Nanotime(), i == len(pieces))
	}
	if refusal != nil {
		stopped = refusal.Err.Message
		if refusal.Fault {
			tb.Fatalf("the plugin failed: %s", stopped)
		}
	}
	return content(tb, out), stopped
}

// content is the text that events hold.
func content(tb testing.TB, events []byte) string {
	tb.Helper()
	var b strings.Builder
	for line := range strings.Lines(string(events)) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var e struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			tb.Fatalf("%v: %s", err, data)
		}
		b.WriteString(e.Choices[0].Delta.Content)
	}
	return b.String()
}

// whole is what a client reads of an answer that is not streamed.
func whole(tb testing.TB, c *policy.Chain, text string) (out, stopped string) {
	tb.Helper()
	run, s := new(policy.Run), new(stream.Stream)
	request(tb, run, c, dialect.Chat, chat("hello"))
	defer run.End(&policy.End{})
	s.Begin(run, stream.Options{Endpoint: dialect.Chat})
	defer s.Close()
	body := `{"choices":[{"index":0,"message":{"role":"assistant","content":` + quoted(text) + `},"finish_reason":"stop"}]}`
	got, refusal, err := s.Whole(nil, []byte(body), frame.Nanotime())
	if err != nil {
		tb.Fatal(err)
	}
	if refusal != nil {
		return "", refusal.Err.Message
	}
	var v struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(got, &v); err != nil {
		tb.Fatal(err)
	}
	return v.Choices[0].Message.Content, ""
}
