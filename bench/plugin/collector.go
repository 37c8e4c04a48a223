package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"weir/bench/overhead/stat"
	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
)

// beside are what runs on half of the processors while garbage is collected: nothing, a loop of Go's, a plugin that ends at once, and guests that do not end.
var beside = []string{
	"nothing", "go-loop", "noop", "loop-request", "loop-work", "memory-fill", "memory-copy", "memory-init", "memory-bomb", "table-fill", "recursion-import", "flood-log",
}

// Metrics of the runtime: how long stopping all goroutines took, and how long they stood still in all.
const (
	stoppingMetric = "/sched/pauses/stopping/gc:seconds"
	totalMetric    = "/sched/pauses/total/gc:seconds"
	pauseRounds    = 10
)

// A pauses is what the collector met beside one guest, in all rounds.
type pauses struct {
	name            string
	turn            func() error // one call
	stopping, total metrics.Float64Histogram
}

// collector collects garbage again and again beside each of them.
func (b *bench) collector(ctx context.Context) error {
	pools, err := openPools(ctx)
	if err != nil {
		return err
	}
	defer pools.close()
	all := make([]*pauses, len(beside))
	for i, name := range beside {
		all[i] = &pauses{name: name}
		if all[i].turn, err = b.turn(ctx, pools, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	rounds := min(pauseRounds, b.Collections)
	for round := range rounds {
		for _, p := range stat.Rotated(all, round) {
			if err := p.collect(ctx, b.Collections/rounds); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	b.tellPauses(all)
	return nil
}

func (b *bench) tellPauses(all []*pauses) {
	none, loop, worst := math.NaN(), math.NaN(), 0.0
	for _, p := range all {
		b.figure("gc", p.name, "stopping_p50_us", []float64{quantile(&p.stopping, 0.5) * 1e6})
		p99 := quantile(&p.stopping, 0.99)
		b.figure("gc", p.name, "stopping_p99_us", []float64{p99 * 1e6})
		b.figure("gc", p.name, "total_p99_us", []float64{quantile(&p.total, 0.99) * 1e6})
		switch p.name {
		case "nothing":
			none = p99
		case "go-loop":
			loop = p99
		default:
			worst = max(worst, p99)
		}
	}
	b.aim("gc", "p99 of stopping beside the worst guest, beyond that beside nothing", "ms", 0.5, (worst-none)*1e3)
	// What is left when the kernel takes the processor from a thread that runs: that is no guest's doing.
	b.aim("gc", "the same, beyond that beside a loop of Go's", "ms", 0.5, (worst-loop)*1e3)
}

// turn is what a goroutine beside the collector does over and over; nil for nothing.
func (b *bench) turn(ctx context.Context, pools *pools, name string) (func() error, error) {
	switch name {
	case "nothing":
		return nil, nil
	case "go-loop":
		return func() error {
			for begin := time.Now(); time.Since(begin) < time.Millisecond; {
			}
			return nil
		}, nil
	}
	wasm, err := b.guest(name)
	if err != nil {
		return nil, err
	}
	// Calls that last, so that a guest is in hand nearly all of the time.
	limits := plugin.Limits{Deadline: 50 * time.Millisecond, Wait: time.Minute, Fuel: noFuelLimit, Pool: 64}
	p, err := pools.plugin(ctx, name, wasm, limits)
	if err != nil {
		return nil, err
	}
	pool := p.For("acme")
	return func() error {
		c := frame.Call{Hook: abi.HookRequest, Frame: newText(nil)}
		if f := pool.Call(&c); f != nil && f.Class != frame.Deadline && f.Class != frame.Trap {
			return f
		}
		return nil
	}, nil
}

// collect keeps half of the processors busy, collects n times, and adds what that took.
func (p *pauses) collect(ctx context.Context, n int) error {
	var busy sync.WaitGroup
	quit := make(chan struct{})
	failed := make(chan error, runtime.GOMAXPROCS(0))
	if p.turn != nil {
		for range max(1, runtime.GOMAXPROCS(0)/2) {
			busy.Go(func() {
				for {
					select {
					case <-quit:
						return
					default:
					}
					if err := p.turn(); err != nil {
						failed <- err
						return
					}
				}
			})
		}
	}
	samples := []metrics.Sample{{Name: stoppingMetric}, {Name: totalMetric}}
	metrics.Read(samples)
	before := [2]*metrics.Float64Histogram{copied(samples[0]), copied(samples[1])}
	var err error
	for i := 0; i < n && err == nil; i++ {
		runtime.GC()
		err = ctx.Err()
	}
	metrics.Read(samples)
	close(quit)
	busy.Wait()
	add(&p.stopping, before[0], samples[0].Value.Float64Histogram())
	add(&p.total, before[1], samples[1].Value.Float64Histogram())
	select {
	case err = <-failed:
	default:
	}
	return err
}

// copied is a histogram that the next Read does not change.
func copied(s metrics.Sample) *metrics.Float64Histogram {
	h := s.Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
}

// add adds to sum what came between two readings.
func add(sum, before, after *metrics.Float64Histogram) {
	if sum.Counts == nil {
		sum.Counts, sum.Buckets = make([]uint64, len(after.Counts)), append([]float64(nil), after.Buckets...)
	}
	for i := range after.Counts {
		sum.Counts[i] += after.Counts[i] - before.Counts[i]
	}
}

// quantile is the upper end of the bucket that holds it; NaN of nothing.
func quantile(h *metrics.Float64Histogram, q float64) float64 {
	total, seen := uint64(0), uint64(0)
	for _, n := range h.Counts {
		total += n
	}
	for i, n := range h.Counts {
		if seen += n; n > 0 && float64(seen) >= q*float64(total) {
			return h.Buckets[i+1]
		}
	}
	return math.NaN()
}
