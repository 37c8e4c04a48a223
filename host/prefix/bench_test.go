package prefix_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"

	"weir/host/prefix"
)

// BenchmarkChain hashes prompts as the gateway does: one Text per message, then its end. Two peers run beside it on the same bytes: a Digest reset
// for each block, with the last key written before the block, and one Sum64 of the whole, the least that anything here can cost.
func BenchmarkChain(b *testing.B) {
	for _, shape := range []struct{ messages, size int }{
		{1, 1 << 10}, {1, 16 << 10}, {1, 48 << 10}, {20, 48 << 10 / 20}, {1, 128 << 10}, {1, 40}, {1000, 40},
	} {
		text := randomBytes(1, shape.size)
		name := fmt.Sprintf("%dx%d", shape.messages, shape.size)
		run := func(peer string, f func()) {
			b.Run(name+"/"+peer, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(shape.messages * shape.size))
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(shape.messages), "ns/message")
			})
		}
		var c prefix.Chain
		run("chain", func() {
			c.Reset(1)
			for range shape.messages {
				c.Text(text)
				c.Boundary(3)
			}
		})
		var d xxhash.Digest
		var keys []uint64
		run("digest", func() {
			keys = keys[:0]
			var h [8]byte
			for range shape.messages {
				for p := text; len(p) > 0; p = p[min(len(p), prefix.Block):] {
					d.Reset()
					_, _ = d.Write(h[:])
					_, _ = d.Write(p[:min(len(p), prefix.Block)])
					keys = append(keys, d.Sum64())
					binary.LittleEndian.PutUint64(h[:], keys[len(keys)-1])
				}
			}
		})
		var sum uint64
		run("sum64", func() {
			for range shape.messages {
				sum ^= xxhash.Sum64(text)
			}
		})
		_ = sum
	}
}

// BenchmarkPieces cuts the same 16 KiB message into pieces, as many parts would.
func BenchmarkPieces(b *testing.B) {
	text := randomBytes(2, 16<<10)
	for _, size := range []int{7, 100, 256, 300, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var c prefix.Chain
			for b.Loop() {
				c.Reset(1)
				for p := text; len(p) > 0; p = p[min(size, len(p)):] {
					c.Text(p[:min(size, len(p))])
				}
				c.Boundary(3)
			}
		})
	}
}

func BenchmarkRoot(b *testing.B) {
	seed := prefix.NewSeed([]byte("benchmark"))
	b.ReportAllocs()
	for b.Loop() {
		sinkRoot = seed.Root("acme", "meta-llama/Llama-3.1-8B-Instruct")
	}
}

var sinkRoot uint64

// BenchmarkSeen observes prompts of 200 keys that are all known, and prompts of which none is, in a set that is full. The peer is a map under a mutex
// that knows all keys.
func BenchmarkSeen(b *testing.B) {
	const keys = 200
	chains := make([]prefix.Chain, prefix.DefaultSeen/2/keys)
	for i := range chains {
		chains[i].Reset(uint64(i) + 1)
		chains[i].Text(randomBytes(uint64(i), keys*prefix.Block))
	}
	perKey := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
	}
	b.Run("known", func(b *testing.B) {
		s := prefix.NewSeen(0)
		for i := range chains {
			s.Observe(&chains[i])
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			s.Observe(&chains[i])
			if i++; i == len(chains) {
				i = 0
			}
		}
		perKey(b)
	})
	b.Run("map", func(b *testing.B) {
		var mu sync.Mutex
		known := map[uint64]int{}
		for i := range chains {
			for k, key := range chains[i].Keys {
				known[key] = k
			}
		}
		b.ReportAllocs()
		i, sum := 0, 0
		for b.Loop() {
			mu.Lock()
			for _, key := range chains[i].Keys {
				sum += known[key]
			}
			mu.Unlock()
			i = (i + 1) % len(chains)
		}
		perKey(b)
	})
	b.Run("unknown", func(b *testing.B) {
		s := prefix.NewSeen(0)
		c := &chains[0]
		next := uint64(1)
		b.ReportAllocs()
		for b.Loop() {
			for i := range c.Keys { // a Weyl sequence with a multiplicative finish: as good as random here, and cheap
				next += 0x9e3779b97f4a7c15
				c.Keys[i] = (next ^ next>>31) * 0xd6e8feb86659fd93
			}
			s.Observe(c)
		}
		perKey(b)
	})
	b.Run("parallel", func(b *testing.B) {
		s := prefix.NewSeen(0)
		for i := range chains {
			s.Observe(&chains[i])
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			i := 0
			for pb.Next() {
				s.Observe(&chains[i])
				i = (i + 1) % len(chains)
			}
		})
		perKey(b)
	})
}
