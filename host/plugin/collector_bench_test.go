package plugin

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// BenchmarkCollectorDelay measures how long the garbage collector waits for goroutines to stop (metric
// /sched/pauses/stopping/gc:seconds), while one goroutine does nothing but call a guest. "spin" is the same with a loop of Go's.
func BenchmarkCollectorDelay(b *testing.B) {
	for _, guest := range []string{
		"none", "spin", "noop", "loop-request", "loop-work", "memory-bomb", "memory-fill", "memory-copy", "memory-init", "table-fill", "table-bomb",
		"recursion-import", "flood-log", "scan-walk",
	} {
		b.Run(guest, func(b *testing.B) { collectorDelay(b, guest) })
	}
}

func collectorDelay(b *testing.B, guest string) {
	stop := make(chan struct{})
	var busy sync.WaitGroup
	defer busy.Wait()
	defer close(stop)
	turn := func() {}
	switch guest {
	case "none":
		turn = func() { <-stop }
	case "spin":
		x := 0
		turn = func() { x++ }
	case "scan-walk": // loads that miss the processor's caches, each waiting for the one before
		p := walker(b)
		turn = func() { p() }
	default:
		p := configure(b, open(b, Options{}), guest, Limits{Deadline: 200 * time.Millisecond, Fuel: 1 << 40}, Setting{}).For("a")
		c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, nil)}
		turn = func() { c.Begin = 0; p.Call(&c) }
	}
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				turn()
			}
		}
	})
	before := pauses()
	for b.Loop() {
		runtime.GC()
	}
	after := pauses()
	for i := range after.Counts {
		after.Counts[i] -= before.Counts[i]
	}
	b.ReportMetric(quantile(after, 0.5)*1e6, "p50-µs")
	b.ReportMetric(quantile(after, 0.99)*1e6, "p99-µs")
}

func pauses() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64Histogram()
}

// quantile is the upper bound of the bucket that holds it.
func quantile(h *metrics.Float64Histogram, q float64) float64 {
	total, seen := uint64(0), uint64(0)
	for _, n := range h.Counts {
		total += n
	}
	for i, n := range h.Counts {
		if seen += n; float64(seen) >= q*float64(total) {
			return h.Buckets[i+1]
		}
	}
	return math.Inf(1)
}

// walk is a guest that follows a chain of pointers through 8 MiB, in an order no processor foresees:
//
//	(func (export "weir_on_request") … (loop (local.set $p (i32.load offset=64 (i32.load offset=64 … (local.get $p)))) (br_if 0 …)))
const walk = "" +
	"\x00\x61\x73\x6d\x01\x00\x00\x00\x01\x0f\x03\x60\x00\x00\x60\x01\x7f\x01\x7f\x60\x02\x7f\x7f\x01\x7e\x03\x05\x04\x00\x01\x00\x02\x05\x04\x01\x00\x80\x01\x07\x36" +
	"\x04\x06\x6d\x65\x6d\x6f\x72\x79\x02\x00\x0a\x77\x65\x69\x72\x5f\x61\x62\x69\x5f\x31\x00\x00\x0a\x77\x65\x69\x72\x5f\x61\x6c\x6c\x6f\x63\x00\x01\x0f\x77\x65\x69" +
	"\x72\x5f\x6f\x6e\x5f\x72\x65\x71\x75\x65\x73\x74\x00\x03\x08\x01\x02\x0a\x71\x04\x02\x00\x0b\x05\x00\x41\x80\x08\x0b\x33\x01\x02\x7f\x03\x40\x20\x00\x41\x07\x74" +
	"\x20\x00\x41\xfd\xb8\x02\x6c\x41\xb9\xe0\x00\x6a\x41\xff\xff\x03\x71\x41\x07\x74\x36\x02\x40\x20\x00\x41\x01\x6a\x21\x00\x20\x00\x41\x80\x80\x04\x49\x0d\x00\x0b" +
	"\x0b\x32\x01\x02\x7f\x41\x80\xe8\x07\x21\x02\x03\x40\x20\x02\x28\x02\x40\x28\x02\x40\x28\x02\x40\x28\x02\x40\x28\x02\x40\x28\x02\x40\x28\x02\x40\x28\x02\x40\x21" +
	"\x02\x20\x02\x41\x01\x47\x0d\x00\x0b\x42\x00\x0b"

// walker calls it.
func walker(b *testing.B) (call func()) {
	b.Helper()
	r := open(b, Options{})
	m, err := r.Admit(context.Background(), Source{Name: "walk", Wasm: []byte(walk), Trusted: true}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(m.Close)
	plugin, err := r.Configure(context.Background(), m, Setting{Name: "walk", Limits: Limits{Deadline: 200 * time.Millisecond, Wait: time.Minute, Fuel: 1 << 40}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(plugin.Close)
	p := plugin.For("a")
	return func() {
		if f := request(p); f == nil || f.Class != frame.Deadline {
			b.Error(f)
		}
	}
}
