package proxy

import (
	"sync/atomic"
	"time"

	"weir/host/dialect"
	"weir/host/policy"
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
	Facts   Facts

	// Released is called once, when the State is no longer in force and no request
	// is served by it. It must not block: a request may be what calls it. May be nil.
	Released func()
}

// Route is where the requests of one rule go.
type Route struct {
	Name    string
	Targets []*Target // in order of preference
	Inspect bool      // false: any path, nothing read
	// Chain gives the policy of a tenant on this route; nil: no plugins run. The function may be nil too. It is asked once
	// a request and must be quick.
	Chain   func(tenant.Identity) *policy.Chain
	Retries int // attempts after the first
}

// Target is an upstream with what Weir has to know about it.
type Target struct {
	*upstream.Target
	Kind      string // gen_ai.provider.name
	Data      string // data class
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

// term is a State's time in force, and the requests that began in it.
type term struct {
	*State
	users atomic.Int64 // these requests, and one for being in force
}

// current is the State in force.
type current struct{ p atomic.Pointer[term] }

// Load gives the State in force; nil before the first.
func (c *current) Load() *State {
	if t := c.p.Load(); t != nil {
		return t.State
	}
	return nil
}

// Store puts st in force.
func (c *current) Store(st *State) {
	t := &term{State: st}
	t.users.Store(1)
	if old := c.p.Swap(t); old != nil {
		old.leave()
	}
}

// enter gives a request the State in force; leave must follow.
func (c *current) enter() *term {
	for {
		t := c.p.Load()
		// None are left only of a term that ended since it was loaded.
		for n := t.users.Load(); n > 0; n = t.users.Load() {
			if t.users.CompareAndSwap(n, n+1) {
				return t
			}
		}
	}
}

func (t *term) leave() {
	if t.users.Add(-1) == 0 && t.Released != nil {
		t.Released()
	}
}
