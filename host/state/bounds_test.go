package state

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func key(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

// Row 22: a flood of keys costs the namespace that makes it, in what it used least, and nobody else.
func TestFault22_StateFlood(t *testing.T) {
	t.Parallel()
	m := open(t, Options{NamespaceEntries: 1000, NamespaceBytes: 1 << 20})
	flooded, healthy := m.Namespace("bad", "p"), m.Namespace("good", "p")
	for i := range 100 {
		healthy.Add(key(i), 1, 0)
	}
	flooded.Add([]byte("its own limit"), 1, 0)
	for i := range 100_000 {
		flooded.Add(key(i), 1, 0)
		if i%10 == 0 {
			flooded.Add([]byte("its own limit"), 1, 0)
		}
	}
	if got := flooded.Add([]byte("its own limit"), 0, 0); got != 10_001 {
		t.Errorf("what is used often was given up: %d", got)
	}
	for i := range 100 {
		if healthy.Add(key(i), 0, 0) != 1 {
			t.Errorf("key %d of another tenant is gone", i)
		}
	}
	if s := m.Stats(); s.Entries != 1100 || s.Evicted != 100_001-1000 {
		t.Errorf("%+v", s)
	}
	check(t, m)

	for i := range 1000 {
		flooded.Set(key(i), make([]byte, MaxValue), 0)
		flooded.Once(key(i), 0)
		if s := m.Stats(); s.Entries > 1100 || s.Bytes > 2<<20 {
			t.Fatalf("beyond the bounds: %+v", s)
		}
	}
	check(t, m)
}

// What has expired goes before what has not.
func TestExpiredGoesFirst(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := open(t, Options{NamespaceEntries: 64, Now: c.now})
	n := m.Namespace("a", "p")
	for i := range 64 {
		ttl := time.Hour
		if i%2 == 0 {
			ttl = time.Second
		}
		n.Add(key(i), 1, ttl)
		n.Add(key(i), 1, ttl) // used
	}
	c.advance(time.Minute)
	_ = m.Close() // it sweeps no more
	s := m.all(nil)[0].shards[0].Load()
	due, others := 0, 0
	for i := range s.slots {
		if s.slots[i].expires < c.now() {
			due++
		}
	}
	for ; due > 0; due-- { // as many as have expired in that shard
		if _, expired := s.evict(c.now()); !expired {
			others++
		}
	}
	if _, expired := s.evict(c.now()); expired || others > 0 {
		t.Errorf("%d gave way to what had expired", others)
	}
}

// When all is full, the namespace that holds most makes room.
func TestTheLargestMakesRoom(t *testing.T) {
	t.Parallel()
	m := open(t, Options{Entries: 10_000})
	large := m.Namespace("large", "p")
	for i := range 20_000 {
		large.Add(key(i), 1, 0)
	}
	for tenant := range 100 {
		n := m.Namespace(fmt.Sprint(tenant), "p")
		for i := range 50 {
			n.Add(key(i), 1, 0)
		}
	}
	for tenant := range 100 {
		for i := range 50 {
			if m.Namespace(fmt.Sprint(tenant), "p").Add(key(i), 0, 0) != 1 {
				t.Fatalf("key %d of tenant %d is gone, though another holds more", i, tenant)
			}
		}
	}
	if s := m.Stats(); s.Entries != 10_000 || s.Namespaces != 101 {
		t.Errorf("%+v", s)
	}
	check(t, m)
}

// Row 29: a million tenants take no more than the store's bound, and the newest are served.
func TestFault29_StateOfAMillionTenants(t *testing.T) {
	t.Parallel()
	tenants := 1_000_000
	if testing.Short() || raceEnabled {
		tenants = 50_000
	}
	m := open(t, Options{Bytes: 8 << 20})
	for i := range tenants {
		n := m.Namespace(string(key(i)), "p")
		if n.Add([]byte("requests"), 1, time.Hour) != 1 || n.Add([]byte("requests"), 1, time.Hour) != 2 {
			t.Fatalf("tenant %d is not counted", i)
		}
	}
	s := m.Stats()
	if s.Bytes > 8<<20 || s.Namespaces < 1000 || s.Namespaces > 8000 {
		t.Errorf("%+v", s)
	}
	check(t, m)
}

// A store too small for anything answers nevertheless.
func TestNoRoomAtAll(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Bytes: 1}, {Bytes: spaceCost + 8}, {NamespaceBytes: 1}} {
		m := open(t, o)
		n := m.Namespace("a", "p")
		if n.Add([]byte("k"), 2, 0) != 2 || n.Add([]byte("k"), 3, 0) != 3 || n.Set([]byte("k"), nil, 0) || n.Once([]byte("k"), 0) {
			t.Errorf("%+v: kept", o)
		}
		if s := m.Stats(); s.Entries != 0 {
			t.Errorf("%+v", s)
		}
		check(t, m)
	}
}

// Memory comes back when keys expire, without anybody calling; a namespace that went and comes back is the same one for all who hold it.
func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := open(t, Options{})
		a, b := m.Namespace("a", "p"), m.Namespace("a", "p")
		for i := range 5000 {
			a.Add(key(i), 1, time.Duration(1+i%3)*time.Second)
			b.Set(key(i), key(i), time.Duration(1+i%3)*time.Second)
		}
		a.Once([]byte("stays"), 4*time.Second)
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if s := m.Stats(); s.Entries != 1 || s.Expired != 10_000 || s.Namespaces != 1 || s.Evicted != 0 {
			t.Errorf("%+v", s)
		}
		check(t, m)
		sp := m.all(nil)[0]
		for i := range sp.shards {
			s := sp.shards[i].Load()
			s.mu.Lock()
			if n := cap(s.slots); n > 16 {
				t.Errorf("%d slots are kept for one entry", n)
			}
			s.mu.Unlock()
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := m.Stats(); s != (Stats{Expired: 10_001}) {
			t.Errorf("%+v", s)
		}
		a.Add(key(1), 1, 0)
		if b.Add(key(1), 1, 0) != 2 || a.Add(key(1), 1, 0) != 3 {
			t.Error("two namespaces of one name")
		}
	})
}

// Whatever calls meet, the books are right in the end, no counter is lost while there is room, and nothing deadlocks.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	m := open(t, Options{Entries: 400, Bytes: 1 << 20, NamespaceEntries: 100, NamespaceBytes: 64 << 10})
	roomy := open(t, Options{})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			var dst [MaxValue]byte
			var w sweeper
			for i := range 5000 {
				n := m.Namespace(fmt.Sprint(r.IntN(20)), "p")
				k := key(r.IntN(60))
				ttl := time.Duration(r.IntN(3)) * time.Microsecond
				switch r.IntN(4) {
				case 0:
					n.Add(k, 1, ttl)
				case 1:
					n.Set(k, dst[:r.IntN(600)], ttl)
				case 2:
					n.Get(k, dst[:])
				case 3:
					n.Once(k, ttl)
				}
				roomy.Namespace(fmt.Sprint(i%3), "p").Add(k[:3], 1, 0)
				if i%1000 == 0 {
					w.sweep(m) // not what a Memory does: its own goroutine alone sweeps; here for more of it at a time
				}
				if s := m.Stats(); s.Entries > 400+8 || s.Bytes > 1<<20+8*(MaxValue+1000) { // what is promised in flight is counted beside what is kept
					t.Errorf("%+v", s)
				}
			}
		})
	}
	all.Wait()
	_ = m.Close() // it sweeps no more
	check(t, m)
	check(t, roomy)
	var sum int64
	for i := range 3 {
		sum += roomy.Namespace(fmt.Sprint(i), "p").Add(key(0)[:3], 0, 0)
	}
	if sum != 8*5000 {
		t.Errorf("%d counted", sum)
	}
}

// What is reckoned is at least what the process takes.
func TestBytesAreReckonedHonestly(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	for _, test := range []struct {
		name              string
		spaces, keys, len int
	}{{"counters", 1, 50_000, 0}, {"values", 1, 3_000, 1000}, {"large", 1, 1500, MaxValue}, {"odd", 1, 5_000, 545}, {"tenants", 20_000, 1, 0}, {"some", 1000, 20, 20}} {
		var before, after runtime.MemStats
		m := open(t, Options{Bytes: 1 << 30, NamespaceBytes: 1 << 30})
		data := make([]byte, test.len)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range test.spaces {
			n := m.Namespace(string(key(i)), "plugin")
			for j := range test.keys {
				if test.len > 0 {
					n.Set(key(j), data, time.Hour)
				} else {
					n.Add(fmt.Appendf(nil, "user:%016x", j), 1, time.Hour)
				}
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		took, reckoned := int64(after.HeapAlloc)-int64(before.HeapAlloc), m.Stats().Bytes
		if t.Logf("%s: took %d, reckoned %d", test.name, took, reckoned); took > reckoned {
			t.Errorf("%s: takes %d bytes, reckons %d", test.name, took, reckoned)
		}
		runtime.KeepAlive(m)
	}
}
