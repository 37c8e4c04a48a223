package policy

import (
	"math"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/sdk/abi"
)

// selfTest is the request that every new instance is tried with: each role, a tool, what is escaped, what is not ASCII.
const selfTest = `{"model":"self-test","messages":[{"role":"system","content":"Answer in one sentence."},` +
	`{"role":"user","content":"Is \"caf\u00e9\" a word?\n\ud83d\ude42"},` +
	`{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"look_up","arguments":"{\"word\":\"caf\u00e9\"}"}}]},` +
	`{"role":"tool","tool_call_id":"call_1","content":"A noun."},{"role":"user","content":[{"type":"text","text":"Thank you."}]}],` +
	`"tools":[{"type":"function","function":{"name":"look_up","description":"Looks a word up.","parameters":{"type":"object","properties":{"word":{"type":"string"}}}}}],` +
	`"max_tokens":64,"temperature":0.5,"stream":true}`

// SelfTest is an on_request frame of a small made-up chat, with what a plugin of that manifest wants to see. A plugin that cannot take it is
// not put to work. The encoder may be used any number of times, by one goroutine at a time.
func SelfTest(tenant string, m *frame.Manifest) frame.Encoder {
	q := new(dialect.Request)
	if err := q.Parse(dialect.Chat, []byte(selfTest)); err != nil {
		panic("policy: the self-test's chat: " + err.Message)
	}
	r := new(Run)
	c := &Chain{tenant: tenant, stages: []stage{{
		entry: new(Entry), manifest: m, headers: m.Headers, sections: [abi.Hooks]abi.Set{
			abi.HookRequest: m.Sections[abi.HookRequest] & frame.SectionsOf(abi.HookRequest),
		},
	}}}
	r.begin(c, &Subject{
		Tenant: tenant, Route: "self-test", Model: "self-test", RequestID: "self-test", Session: []byte("self-test"),
		Request: q, Facts: &madeUp{}, Wall: time.Unix(1_700_000_000, 0), Now: 1,
	})
	if fault := r.frame.lay(r, 0, abi.HookRequest); fault != nil {
		panic("policy: the self-test's frame: " + fault.Detail)
	}
	return &r.frame
}

// madeUp are the facts about the self-test's chat.
type madeUp struct {
	signals signal.Vector
	chain   prefix.Chain
}

func (m *madeUp) Signals(q *dialect.Request) *signal.Vector {
	signal.Scan(&m.signals, q.Arena)
	return &m.signals
}

func (m *madeUp) Keys(q *dialect.Request) *prefix.Chain {
	m.chain.Reset(1)
	m.chain.Text(q.Arena)
	m.chain.Boundary(byte(dialect.RoleUser))
	return &m.chain
}

func (*madeUp) Targets() []frame.Target {
	return []frame.Target{{
		Name: "self-test", Kind: "sim", Data: "local", Weight: 1, Flags: abi.TargetHealthy,
		InFlight: 0, TTFT: -1, InputPrice: math.NaN(), OutputPrice: math.NaN(),
	}}
}

func (*madeUp) Header(string, int) ([]byte, bool) { return nil, false }
func (*madeUp) Reach(uint32, []byte) Reach        { return Unknown }
