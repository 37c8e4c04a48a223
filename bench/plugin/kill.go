package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
)

const (
	killDeadline = 2 * time.Millisecond // of a call: the default
	killStart    = 20 * time.Millisecond
	noFuelLimit  = 1 << 40 // so that time is what ends a guest
)

// killed are guests that never end by themselves, or end by what they may not do, in on_request.
var killed = []string{
	"loop-request", "loop-work", "loop-import", "memory-fill", "memory-copy", "memory-init", "memory-bomb", "table-fill", "table-bomb",
	"recursion-direct", "recursion-mutual", "recursion-indirect", "recursion-wide", "recursion-results", "recursion-import",
}

// kill has guests stopped, many times each, and looks how late that was.
func (b *bench) kill(ctx context.Context) error {
	worst, stack := 0.0, 0.0
	for _, name := range killed {
		late, largest, err := b.killOne(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		worst, stack = max(worst, late), max(stack, largest)
	}
	for _, name := range []string{"loop-start", "loop-initialize", "loop-configure", "recursion-start"} {
		late, err := b.killStart(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		worst = max(worst, late)
	}
	b.aim("kill", "the end of a guest after its deadline, p99 of the worst kind", "ms", 5, worst)
	b.aim("kill", "the largest stack the host made for a guest", "KiB", 1024, stack)
	return nil
}

// killOne tells the p99 of how late calls of a guest ended, in ms, and the largest stack made for one, in KiB.
func (b *bench) killOne(ctx context.Context, name string) (late, stack float64, err error) {
	wasm, err := b.guest(name)
	if err != nil {
		return 0, 0, err
	}
	pools, err := openPools(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer pools.close()
	p, err := pools.plugin(ctx, name, wasm, plugin.Limits{Deadline: killDeadline, Wait: time.Minute, Fuel: noFuelLimit})
	if err != nil {
		return 0, 0, err
	}
	pool := p.For("acme")
	if stack, err = largestStack(func() error { return killCall(ctx, pool, nil) }); err != nil {
		return 0, 0, err
	}
	before := resident()
	took := make([]time.Duration, b.Kills)
	for i := range took {
		if err := killCall(ctx, pool, &took[i]); err != nil {
			return 0, 0, err
		}
	}
	late = b.tellKills(name, took, killDeadline)
	if after := resident(); before > 0 {
		b.figure("kill", name, "rss_growth_mb", []float64{float64(after-before) / 1e6})
	}
	b.figure("kill", name, "host_stack_kib", []float64{stack})
	return late, stack, nil
}

// killCall waits until there is an instance, then has it killed.
func killCall(ctx context.Context, p *plugin.Pool, took *time.Duration) error {
	if err := p.Warm(ctx); err != nil {
		return err
	}
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(nil)}
	switch f := p.Call(&c); {
	case f == nil:
		return errors.New("it was not killed")
	case f.Class != frame.Deadline && f.Class != frame.Trap:
		return fmt.Errorf("it was stopped by something else: %w", f)
	}
	if took != nil {
		*took = c.Took()
	}
	return nil
}

// tellKills notes how long after the deadline guests ended, below zero where something else ended them before it, and tells the p99 in ms.
func (b *bench) tellKills(name string, took []time.Duration, deadline time.Duration) float64 {
	slices.Sort(took)
	late := func(q float64) float64 { return (took[int(q*float64(len(took)-1))] - deadline).Seconds() * 1e3 }
	for _, q := range []struct {
		metric string
		at     float64
	}{{"late_p50_ms", 0.5}, {"late_p99_ms", 0.99}, {"late_max_ms", 1}} {
		b.figure("kill", name, q.metric, []float64{late(q.at)})
	}
	return late(0.99)
}

// killStart is the same for guests that never start: what is timed holds decoding, metering and compiling them, some hundred µs.
func (b *bench) killStart(ctx context.Context, name string) (late float64, err error) {
	wasm, err := b.guest(name)
	if err != nil {
		return 0, err
	}
	pools, err := openPools(ctx)
	if err != nil {
		return 0, err
	}
	defer pools.close()
	took := make([]time.Duration, min(b.Kills, 50))
	for i := range took {
		begin := time.Now()
		if _, err := pools.plugin(ctx, name, wasm, plugin.Limits{Start: killStart}); err == nil {
			return 0, errors.New("it was not killed")
		}
		took[i] = time.Since(begin)
	}
	return b.tellKills(name, took, killStart), nil
}

// largestStack is the largest stack that wazero makes for a guest while do runs, in KiB; 0 when the one it began with did. wazero keeps guests' stacks on Go's
// heap, and grows one by making another that is twice as large: each is one allocation.
func largestStack(do func() error) (float64, error) {
	rate := runtime.MemProfileRate
	defer func() { runtime.MemProfileRate = rate }()
	before := stacks()
	runtime.MemProfileRate = 1
	err := do()
	runtime.MemProfileRate = rate
	largest := int64(0)
	for made, n := range stacks() {
		if n > before[made] {
			largest = max(largest, made.bytes)
		}
	}
	return float64(largest) / 1024, err
}

// made is where in the program a stack was made, and how large.
type made struct {
	by    [32]uintptr
	bytes int64
}

// stacks are how many were made so far, of those that the runtime's profile of memory noticed.
func stacks() map[made]int64 {
	runtime.GC() // the profile is of the time before the last collection but one
	runtime.GC()
	var records []runtime.MemProfileRecord
	for n, ok := runtime.MemProfile(nil, true); !ok; n, ok = runtime.MemProfile(records, true) {
		records = make([]runtime.MemProfileRecord, n+50)
	}
	all := map[made]int64{}
	for i := range records {
		r := &records[i]
		if r.AllocObjects > 0 && growsStack(r.Stack()) { // a record is of allocations of one size
			all[made{r.Stack0, r.AllocBytes / r.AllocObjects}] += r.AllocObjects
		}
	}
	return all
}

// growsStack tells whether an allocation is the stack of a guest.
func growsStack(stack []uintptr) bool {
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "callEngine).cloneStack") || strings.Contains(f.Function, "callEngine).growStack") {
			return true
		}
		if !more {
			return false
		}
	}
}
