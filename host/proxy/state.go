package proxy

import (
	"sync/atomic"
	"time"

	"weir/host/dialect"
	"weir/host/route"
	"weir/host/tenant"
	"weir/host/upstream"
)

// State is what requests are served by. It is immutable once handed to SetState.
type State struct {
	Table   *route.Table
	Routes  []Route // in the order of Table's rules
	Tenants *tenant.Directory
	Limits  Limits
	Text    bool // records keep messages and answers
}

// Route is where the requests of one rule go.
type Route struct {
	Name    string
	Targets []*Target // in order of preference
	Inspect bool      // false: any path, nothing read
	Retries int       // attempts after the first
}

// Target is an upstream with what Weir has to know about it.
type Target struct {
	*upstream.Target
	Kind      string // gen_ai.provider.name
	OpenAI    bool   // dialects it speaks
	Anthropic bool
	Models    map[string]string // renames: the client's name → the target's
	AskUsage  bool
	Idle      time.Duration // longest silence inside an answer
}

func (t *Target) speaks(d dialect.Dialect) bool {
	switch d {
	case dialect.OpenAI:
		return t.OpenAI
	case dialect.Anthropic:
		return t.Anthropic
	default:
		return true
	}
}

// Limits bound what a client may ask for, in bytes and time.
type Limits struct {
	Body, Headers, Event, Response          int
	Connections                             int
	HeaderTimeout, BodyTimeout, Idle, Write time.Duration
}

// current is the State in force.
type current struct{ atomic.Pointer[State] }
