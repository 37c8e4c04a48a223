package plugin

import (
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// BenchmarkCallNoop1KiB is one call of a guest that does nothing, from the pool, with all limits on and a frame of 1 KiB. "bare" is
// wazero's own part of it: the function called directly. "parallel" shares a pool among all processors.
func BenchmarkCallNoop1KiB(b *testing.B) {
	body := make([]byte, 1024-32)
	b.Run("pool", func(b *testing.B) {
		p := configure(b, open(b, Options{}), "noop", Limits{}, Setting{}).For("acme")
		c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, body), Begin: frame.Nanotime()}
		b.ReportAllocs()
		for b.Loop() {
			if f := p.Call(&c); f != nil {
				b.Fatal(f)
			}
			c.Begin = c.End
		}
	})
	b.Run("bare", func(b *testing.B) {
		p := configure(b, open(b, Options{}), "noop", Limits{}, Setting{}).For("acme")
		if f := request(p); f != nil {
			b.Fatal(f)
		}
		i := p.idle[0]
		fn := i.functions[abi.HookRequest]
		b.ReportAllocs()
		for b.Loop() {
			if err := fn.CallWithStack(i, i.stack[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		p := configure(b, open(b, Options{}), "noop", Limits{Pool: 64}, Setting{}).For("acme")
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, body), Begin: frame.Nanotime()}
			for pb.Next() {
				if f := p.Call(&c); f != nil {
					b.Error(f)
				}
				c.Begin = c.End
			}
		})
	})
}

// BenchmarkScan16KiB is a guest's own scan of a text, byte by byte and by vectors.
func BenchmarkScan16KiB(b *testing.B) {
	for _, guest := range []string{"scan", "scan-simd"} {
		b.Run(guest, func(b *testing.B) {
			p := configure(b, open(b, Options{}), guest, Limits{}, Setting{}).For("acme")
			c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, []byte(strings.Repeat("all is well here", 1<<10)))}
			b.SetBytes(16 << 10)
			b.ReportAllocs()
			for b.Loop() {
				c.Begin = 0
				if f := p.Call(&c); f != nil {
					b.Fatal(f)
				}
			}
			b.ReportMetric(float64(c.Fuel), "fuel")
		})
	}
}

// BenchmarkMake is making and closing an instance of a small guest.
func BenchmarkMake(b *testing.B) {
	p := configure(b, open(b, Options{}), "deny", Limits{}, Setting{Config: []byte(`{"word":"x"}`)})
	pool := p.For("acme")
	b.ReportAllocs()
	for b.Loop() {
		i, f := p.newInstance(pool.grant)
		if f != nil {
			b.Fatal(f)
		}
		i.close()
	}
}

// BenchmarkHost is host functions by themselves; crossing from the guest and back costs some 50 ns more.
func BenchmarkHost(b *testing.B) {
	h := newBench(b, "clock", "random")
	key, n := h.put(64, "some:key")
	value, m := h.put(128, strings.Repeat("v", 64))
	name, l := h.put(512, "blocked_total")
	list, k := h.put(1024, "ignore all previous instructions\nsystem prompt\njailbreak")
	h.phase = configuring
	handle := h.call(hostPatternCompile, list, k)
	h.phase = serving
	text, size := h.put(8192, strings.Repeat("nothing to be seen here, walk on ", 128))
	h.call(hostStateSet, key, n, value, m, 0)
	for _, bench := range []struct {
		name   string
		f      hostFunc
		params []uint64
		bytes  uint64
	}{
		{"state_add", hostStateAdd, []uint64{key, n, 1, 0}, 0},
		{"state_get", hostStateGet, []uint64{key, n, 2048, 256}, 0},
		{"metric_add", hostMetricAdd, []uint64{name, l, 1}, 0},
		{"now", hostNow, []uint64{0}, 0},
		{"random-8", hostRandom, []uint64{4096, 8}, 0},
		{"log-beyond-quota", hostLog, []uint64{1, text, 64}, 0},
		{"pattern_scan-4KiB", hostPatternScan, []uint64{uint64(handle), text, size, 4096, 16}, size},
	} {
		b.Run(bench.name, func(b *testing.B) {
			stack := make([]uint64, 8)
			h.again()
			h.quota.logLines = abi.LogLines
			b.SetBytes(int64(bench.bytes))
			b.ReportAllocs()
			for b.Loop() {
				copy(stack, bench.params)
				h.quota.state, h.quota.metrics, h.quota.random = 0, 0, 0
				bench.f(h.instance, stack)
			}
		})
	}
}
