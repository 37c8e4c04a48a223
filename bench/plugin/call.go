package main

import (
	"context"
	"errors"
	"time"

	"github.com/http-wasm/http-wasm-host-go/api/handler"
	httpwasm "github.com/http-wasm/http-wasm-host-go/handler"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
)

// httpWasmNoop is the guest of http-wasm that does nothing, assembled from
//
//	(module
//	  (memory (export "memory") 1)
//	  (func (export "handle_request") (result i64) (i64.const 1)) ;; go on to the next handler
//	  (func (export "handle_response") (param i32 i32)))
const httpWasmNoop = "\x00asm\x01\x00\x00\x00" +
	"\x01\x0a\x02\x60\x00\x01\x7e\x60\x02\x7f\x7f\x00" +
	"\x03\x03\x02\x00\x01" +
	"\x05\x03\x01\x00\x01" +
	"\x07\x2d\x03\x06memory\x02\x00\x0ehandle_request\x00\x00\x0fhandle_response\x00\x01" +
	"\x0a\x09\x02\x04\x00\x42\x01\x0b\x02\x00\x0b"

// call times a plugin that does nothing. All but http-wasm, whose guests fetch what they want, are handed the frame of 1 KiB.
func (b *bench) call(ctx context.Context) error {
	wasm, err := b.guest("noop")
	if err != nil {
		return err
	}
	pools, err := openPools(ctx)
	if err != nil {
		return err
	}
	defer pools.close()
	p, err := pools.plugin(ctx, "noop", wasm, plugin.Limits{})
	if err != nil {
		return err
	}
	f := textOf(b.Seed, 1<<10)
	plain, err := noopCall(ctx, false, wasm, f)
	if err != nil {
		return err
	}
	defer plain.close()
	flag, err := noopCall(ctx, true, wasm, f)
	if err != nil {
		return err
	}
	defer flag.close()
	middleware, err := httpwasm.NewMiddleware(ctx, []byte(httpWasmNoop), handler.UnimplementedHost{})
	if err != nil {
		return err
	}
	defer func() { _ = middleware.Close(ctx) }()
	all := []*subject{
		{name: "weir", do: pooled(p.For("acme"), f)},
		{name: "wazero", do: plain.times(ctx, false)},
		{name: "wazero, interruptible", do: flag.times(ctx, true)},
		{name: "http-wasm", do: times(func() error { return roundTrip(ctx, middleware) })},
	}
	if err := b.interleave(ctx, all); err != nil {
		return err
	}
	return b.tellCalls("call", all)
}

// tellCalls notes figures of subjects, the first being Weir's, with their allocations.
func (b *bench) tellCalls(group string, all []*subject) error {
	for _, s := range all {
		allocs, err := s.allocations()
		if err != nil {
			return err
		}
		b.figure(group, s.name, "call_ns", s.ns)
		if s != all[0] {
			b.compare(all[0].name, s.ns, all[0].ns)
		}
		b.figure(group, s.name, "allocs", []float64{allocs})
		if s == all[0] {
			b.aim(group, "a call, median", "ns", 250, b.Figures[len(b.Figures)-2].Median)
			b.aim(group, "a call", "allocations", 0, allocs)
		}
	}
	return nil
}

// pooled calls on_request through a pool, as a chain does: the end of one call is the beginning of the next.
func pooled(p *plugin.Pool, f frame.Encoder) func(n int) error {
	c := &frame.Call{Hook: abi.HookRequest, Frame: f}
	return func(n int) error {
		c.Begin = frame.Nanotime()
		for range n {
			if fault := p.Call(c); fault != nil {
				return fault
			}
			c.Begin = c.End
		}
		return nil
	}
}

// A noop is an instance whose on_request is called with a frame.
type noop struct {
	*bare
	frame frame.Encoder
	ptr   uint64
}

func noopCall(ctx context.Context, interruptible bool, wasm []byte, f frame.Encoder) (*noop, error) {
	i, err := instantiate(ctx, compiler().WithCloseOnContextDone(interruptible), wasm, false)
	if err != nil {
		return nil, err
	}
	n := &noop{bare: i, frame: f}
	if n.ptr, err = i.place(ctx, f); err != nil {
		i.close()
		return nil, err
	}
	return n, nil
}

// times writes the frame and calls; with limited set under a context with a deadline, which is what makes wazero stop a guest.
func (n *noop) times(ctx context.Context, limited bool) func(int) error {
	f := n.module.ExportedFunction(abi.HookRequest.Export())
	return times(func() error {
		if err := n.write(n.ptr, n.frame); err != nil {
			return err
		}
		if !limited {
			return n.bare.call(ctx, f, n.ptr, uint64(n.frame.Size())) // #nosec G115 -- some KiB
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute) // a busy machine must not end the run; how far the deadline is costs nothing
		defer cancel()
		return n.bare.call(ctx, f, n.ptr, uint64(n.frame.Size())) // #nosec G115 -- some KiB
	})
}

// roundTrip is a request and its answer, through http-wasm's middleware without any server.
func roundTrip(ctx context.Context, m httpwasm.Middleware) error {
	out, next, err := m.HandleRequest(ctx)
	if err != nil {
		return err
	}
	if uint32(next) == 0 { // #nosec G115 -- its low half
		return errors.New("http-wasm: the guest did not go on")
	}
	return m.HandleResponse(out, uint32(next>>32), nil) // #nosec G115 -- its high half
}
