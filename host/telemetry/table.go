package telemetry

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
)

// table maps keys to values that never change or go away: a fixed array of chains with lock-free reads, and a bound on how much it takes. A lookup costs
// one hash (seeded per table, so chains cannot be made long from outside) and allocates nothing. Keys handed to put must own their memory.
type table[K comparable, V any] struct {
	seed  maphash.Seed
	slots []atomic.Pointer[node[K, V]]

	mu  sync.Mutex // writers
	n   atomic.Int64
	max int64
}

type node[K comparable, V any] struct {
	key   K
	value *V
	next  *node[K, V]
}

func newTable[K comparable, V any](limit int) *table[K, V] {
	limit = max(limit, 1)
	return &table[K, V]{
		seed:  maphash.MakeSeed(),
		slots: make([]atomic.Pointer[node[K, V]], 1<<bits.Len(uint(limit))),
		max:   int64(limit),
	}
}

func (t *table[K, V]) slot(k K) *atomic.Pointer[node[K, V]] {
	return &t.slots[maphash.Comparable(t.seed, k)&uint64(len(t.slots)-1)]
}

// get returns the value of k, nil if there is none.
func (t *table[K, V]) get(k K) *V {
	for n := t.slot(k).Load(); n != nil; n = n.next {
		if n.key == k {
			return n.value
		}
	}
	return nil
}

func (t *table[K, V]) full() bool { return t.n.Load() >= t.max }

// put stores v under k unless k has a value already or the table is full, and returns the value k has now: nil when it was full.
func (t *table[K, V]) put(k K, v *V) *V {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have := t.get(k); have != nil {
		return have
	}
	if t.full() {
		return nil
	}
	slot := t.slot(k)
	slot.Store(&node[K, V]{key: k, value: v, next: slot.Load()})
	t.n.Add(1)
	return v
}

// each calls f with every value there is.
func (t *table[K, V]) each(f func(*V)) {
	for i := range t.slots {
		for n := t.slots[i].Load(); n != nil; n = n.next {
			f(n.value)
		}
	}
}
