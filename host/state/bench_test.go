package state

import (
	"testing"
	"time"
)

func BenchmarkNamespace(b *testing.B) {
	m := open(b, Options{})
	n := m.Namespace("acme", "limits")
	for i := range 10_000 {
		n.Add(key(i), 1, 0)
	}
	k, data, dst := []byte("user:0123456789"), make([]byte, 64), make([]byte, 64)
	n.Add(k, 1, time.Hour)
	n.Set(k, data, 0)
	n.Once(k, 0)
	for _, bench := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { n.Add(key(7), 1, 0) }},
		{"AddTimed", func() { n.Add(k, 1, time.Hour) }}, // looks at the clock
		{"Get64", func() { n.Get(k, dst) }},
		{"Set64", func() { n.Set(k, data, 0) }},
		{"Once", func() { n.Once(k, 0) }},
		{"Missing", func() { n.Get(data, dst) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.f()
			}
		})
	}
}

// BenchmarkContention: all cores count in one namespace, each client's key (spread) or one key of all (hot).
func BenchmarkContention(b *testing.B) {
	m := open(b, Options{})
	n := m.Namespace("acme", "limits")
	var keys [1024][]byte
	for i := range keys {
		keys[i] = key(i)
		n.Add(keys[i], 1, 0)
	}
	for name, mask := range map[string]int{"spread": len(keys) - 1, "hot": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for i := 0; p.Next(); i++ {
					n.Add(keys[i*7&mask], 1, 0)
				}
			})
		})
	}
}

// BenchmarkInsert: keys that are new, in a namespace that is full.
func BenchmarkInsert(b *testing.B) {
	n := open(b, Options{NamespaceEntries: 10_000}).Namespace("acme", "limits")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n.Add(key(i), 1, time.Hour)
	}
}
