package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"weir/bench/overhead/load"
	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/host/prefix"
	"weir/host/signal"
)

// chain times on_request of one and of three plugins that do nothing, and what comes after the answer.
func (b *bench) chain(ctx context.Context) error {
	wasm, err := b.guest("noop")
	if err != nil {
		return err
	}
	pools, err := openPools(ctx)
	if err != nil {
		return err
	}
	defer pools.close()
	var entries []*policy.Entry
	for i := range 3 {
		name := fmt.Sprintf("noop-%d", i+1)
		p, err := pools.plugin(ctx, name, wasm, plugin.Limits{})
		if err != nil {
			return err
		}
		entries = append(entries, &policy.Entry{Name: name, Source: &member{Plugin: p}, OnError: frame.OnErrorDeny})
	}
	chat, err := newChat(load.Body(rand.New(rand.NewPCG(b.Seed, 1)), 1<<10, "u000000", false)) // #nosec G404 -- input of a benchmark
	if err != nil {
		return err
	}
	chains := [2]*policy.Chain{
		policy.NewChain("acme", policy.Spec{Name: "bench", Before: entries[:1]}, policy.Options{}),
		policy.NewChain("acme", policy.Spec{Name: "bench", Before: entries}, policy.Options{}),
	}
	var run policy.Run
	end := policy.End{}
	all := []*subject{
		{name: "three plugins", do: times(func() error { return request(&run, chains[1], chat) })},
		{name: "one plugin", do: times(func() error { return request(&run, chains[0], chat) })},
		{name: "three plugins and their on_end", do: times(func() error {
			err := request(&run, chains[1], chat)
			run.End(&end)
			return err
		})},
	}
	if err := b.interleave(ctx, all); err != nil {
		return err
	}
	for _, s := range all {
		allocs, err := s.allocations()
		if err != nil {
			return err
		}
		b.figure("chain", s.name, "request_ns", s.ns)
		if s == all[0] {
			b.aim("chain", "three plugins, median", "ns", 1000, b.Figures[len(b.Figures)-1].Median)
			b.aim("chain", "three plugins", "allocations", 0, allocs)
		} else {
			b.compare(all[0].name, s.ns, all[0].ns)
		}
		b.figure("chain", s.name, "allocs", []float64{allocs})
	}
	return nil
}

// request is a request's way through a chain.
func request(r *policy.Run, c *policy.Chain, s *policy.Subject) error {
	r.Reset()
	s.Now = frame.Nanotime()
	if _, refusal := r.Request(c, s); refusal != nil {
		return errors.New("the chain refused a request: " + refusal.Err.Message)
	}
	return nil
}

// newChat is a chat as the proxy hands it to chains.
func newChat(body []byte) (*policy.Subject, error) {
	q := new(dialect.Request)
	if err := q.Parse(dialect.Chat, body); err != nil {
		return nil, fmt.Errorf("parse the chat: %w", err)
	}
	return &policy.Subject{
		Tenant: "acme", Route: "0", Model: "bench-model", RequestID: "0123456789abcdef", Request: q, Facts: noFacts{}, Wall: time.Unix(1_800_000_000, 0),
	}, nil
}

// noFacts is a request of which nothing is known beyond its texts: the plugins here ask for nothing else.
type noFacts struct{}

// Signals is policy.Facts.
func (noFacts) Signals(*dialect.Request) *signal.Vector { return new(signal.Vector) }

// Keys is policy.Facts.
func (noFacts) Keys(*dialect.Request) *prefix.Chain { return new(prefix.Chain) }

// Targets is policy.Facts.
func (noFacts) Targets() []frame.Target { return nil }

// Header is policy.Facts.
func (noFacts) Header(string, int) ([]byte, bool) { return nil, false }

// Reach is policy.Facts.
func (noFacts) Reach(uint32, []byte) policy.Reach { return policy.Unknown }
