package policy

import (
	"fmt"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/sdk/abi"
)

// still is a plugin that has the frame written and answers nothing, at no cost of its own.
type still struct {
	fake
	room []byte
}

func (p *still) For(string) Plugin { return p }
func (p *still) Call(c *frame.Call) *frame.Fault {
	c.Size = c.Frame.Size()
	c.Frame.Encode(p.room[:c.Size])
	c.End = c.Begin + 100
	return nil
}

// void does not even have the frame written.
type void struct{ still }

func (p *void) For(string) Plugin { return p }
func (p *void) Call(c *frame.Call) *frame.Fault {
	c.Size, c.End = c.Frame.Size(), c.Begin+100
	return nil
}

func chainOf(n int, source func() Source) *Chain {
	var s Spec
	for i := range n {
		s.Before = append(s.Before, entry(fmt.Sprintf("p%d", i), source()))
	}
	return NewChain("acme", s, Options{})
}

// plain makes a plugin what one without a manifest is.
func (f *fake) plain() {
	f.hooks()
	f.digest, f.manifest = "0123456789abcdef", frame.DefaultManifest(f.Has)
}

func (f *fake) hooks() {
	f.on = map[abi.Hook]func(*frame.Frame, *frame.VerdictWriter) *frame.Fault{abi.HookRequest: quiet}
}

func longChat(tb testing.TB, size int) *Subject {
	tb.Helper()
	return subject(tb, fmt.Sprintf(`{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"%s"}]}`,
		strings.Repeat("All work and no play. ", size/22)))
}

func stillSource() Source {
	p := &still{room: make([]byte, 1<<20)}
	p.plain()
	return p
}

func voidSource() Source {
	p := new(void)
	p.plain()
	return p
}

// BenchmarkChain is what the chain itself costs a request: plugins answer nothing, at once. "own" leaves out the copying of the frame, which
// the runtime asks for.
func BenchmarkChain(b *testing.B) {
	for _, c := range []struct {
		name   string
		n      int
		source func() Source
	}{{"own/1", 1, voidSource}, {"own/3", 3, voidSource}, {"framed/1", 1, stillSource}, {"framed/3", 3, stillSource}} {
		b.Run(c.name, func(b *testing.B) {
			chain, s := chainOf(c.n, c.source), longChat(b, 1024)
			var r Run
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if _, refusal := r.Request(chain, s); refusal != nil {
					b.Fatal(refusal.Err.Message)
				}
			}
		})
	}
}

func TestChainAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	chain, s := chainOf(3, stillSource), longChat(t, 1024)
	var r Run
	end := End{}
	if n := testing.AllocsPerRun(200, func() {
		r.Reset()
		if _, refusal := r.Request(chain, s); refusal != nil {
			t.Fatal(refusal.Err.Message)
		}
		r.End(&end)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(r.Verdicts()) != 3 {
		t.Errorf("%d verdicts", len(r.Verdicts()))
	}
}

func TestNumbersAreTheABIs(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]int{
		{int(dialect.RoleSystem), abi.RoleSystem}, {int(dialect.RoleDeveloper), abi.RoleDeveloper}, {int(dialect.RoleUser), abi.RoleUser},
		{int(dialect.RoleAssistant), abi.RoleAssistant}, {int(dialect.RoleTool), abi.RoleTool}, {int(dialect.RoleNone), abi.RoleNone},
		{int(dialect.ChannelNone), abi.ChannelNone}, {int(dialect.ChannelInstruction), abi.ChannelInstruction},
		{int(dialect.ChannelUser), abi.ChannelUser}, {int(dialect.ChannelAssistant), abi.ChannelAssistant},
		{int(dialect.ChannelToolResult), abi.ChannelToolResult}, {int(dialect.ChannelToolDefinition), abi.ChannelToolDefinition},
		{int(dialect.ChannelToolArguments), abi.ChannelToolArguments}, {int(dialect.ChannelDocument), abi.ChannelDocument},
		{int(dialect.ChannelParameter), abi.ChannelParameter}, {int(dialect.PartString), abi.PartString},
		{int(dialect.PartJoined), abi.PartJoined}, {int(dialect.PartDecoded), abi.PartDecoded},
		{int(dialect.None), abi.EndpointNone}, {int(dialect.Chat), abi.EndpointChat}, {int(dialect.Completions), abi.EndpointCompletions},
		{int(dialect.Responses), abi.EndpointResponses}, {int(dialect.Embeddings), abi.EndpointEmbeddings},
		{int(dialect.Models), abi.EndpointModels}, {int(dialect.Messages), abi.EndpointMessages},
		{int(dialect.CountTokens), abi.EndpointCountTokens}, {int(dialect.Unknown), abi.DialectUnknown},
		{int(dialect.OpenAI), abi.DialectOpenAI}, {int(dialect.Anthropic), abi.DialectAnthropic},
	} {
		if pair[0] != pair[1] {
			t.Errorf("dialect says %d where the ABI says %d", pair[0], pair[1])
		}
	}
}
