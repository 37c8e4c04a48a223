package state

import (
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a Memory. Zero fields take the defaults.
type Options struct {
	Entries          int   // in all: 1,000,000
	Bytes            int64 // in all, what it takes to keep entries included: 64 MiB; with a snapshot 1 GiB at most
	NamespaceEntries int   // of one namespace: 65,536
	NamespaceBytes   int64 // of one namespace: 8 MiB

	Snapshot string        // file to keep the state in over restarts; "": none
	Every    time.Duration // how often it is written while something changes: 10 s

	// Now is the monotonic clock, in nanoseconds; nil: the process's.
	Now func() int64
	// Log hears of snapshots that cannot be read or written; nil: nobody.
	Log *slog.Logger
	// Degraded is told when snapshots begin to fail, and when they succeed again. nil: nobody.
	Degraded func(on bool)
}

func (o *Options) setDefaults() {
	if o.Entries <= 0 {
		o.Entries = 1_000_000
	}
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	if o.Snapshot != "" {
		o.Bytes = min(o.Bytes, maxSnapshot) // whose file takes less
	}
	if o.NamespaceEntries <= 0 {
		o.NamespaceEntries = 65_536
	}
	if o.NamespaceBytes <= 0 {
		o.NamespaceBytes = 8 << 20
	}
	if o.Every <= 0 {
		o.Every = 10 * time.Second
	}
	if o.Now == nil {
		start := time.Now()
		o.Now = func() int64 { return int64(time.Since(start)) + 1 }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Degraded == nil {
		o.Degraded = func(bool) {}
	}
}

// name says whose a namespace is. As two fields, so that no name can be made to look like another pair.
type name struct{ tenant, plugin string }

// Memory keeps namespaces in this process. All methods are safe for concurrent use.
type Memory struct {
	opt  Options
	seed maphash.Seed

	mu     sync.RWMutex
	spaces map[name]*space
	list   []*space // the same, to choose from at random

	entries, bytes   atomic.Int64 // what is kept and what is promised to entries on their way in
	evicted, expired atomic.Int64
	largest          atomic.Pointer[space] // the one that holds most, about

	file   *file // nil: no snapshots
	stop   chan struct{}
	done   chan struct{}
	closed sync.Once
}

// Open makes a store with what its snapshot holds. A snapshot that cannot be understood is set aside and the store begins empty; the only error is that
// another process keeps its state in the same file.
func Open(o Options) (*Memory, error) {
	o.setDefaults()
	m := &Memory{opt: o, seed: maphash.MakeSeed(), spaces: make(map[name]*space), stop: make(chan struct{}), done: make(chan struct{})}
	if o.Snapshot != "" {
		f, err := openFile(&o)
		if err != nil {
			return nil, err
		}
		m.file = f
		m.load()
	}
	go m.run()
	return m, nil
}

// Close writes a last snapshot and stops the store's goroutine. Namespaces keep answering. It is idempotent.
func (m *Memory) Close() error {
	m.closed.Do(func() { close(m.stop) })
	<-m.done
	return nil
}

// Namespace is what a plugin keeps for a tenant. A plugin whose scope is the plugin itself has one for all tenants, of the tenant "". A namespace
// that is not used costs nothing but its handle; handles of the same names are one namespace.
func (m *Memory) Namespace(tenant, plugin string) *Namespace {
	return &Namespace{m: m, name: name{tenant, plugin}}
}

// Stats is what a store holds.
type Stats struct {
	Namespaces, Entries int
	Bytes               int64 // what it takes to keep them included
	Evicted             int64 // entries given up for want of room, since Open
	Expired             int64 // entries that ended with their time, since Open
}

// Stats may be called at any time; it costs little.
func (m *Memory) Stats() Stats {
	m.mu.RLock()
	n := len(m.list)
	m.mu.RUnlock()
	return Stats{
		Namespaces: n, Entries: int(m.entries.Load()), Bytes: m.bytes.Load(), Evicted: m.evicted.Load(), Expired: m.expired.Load(),
	}
}

// run sweeps once a second and writes snapshots until Close.
func (m *Memory) run() {
	defer close(m.done)
	sweep := time.NewTicker(time.Second)
	defer sweep.Stop()
	var save <-chan time.Time
	if m.file != nil {
		t := time.NewTicker(m.opt.Every)
		defer t.Stop()
		save = t.C
	}
	var s sweeper
	for {
		select {
		case <-sweep.C:
			s.sweep(m)
		case <-save:
			m.save(false)
		case <-m.stop:
			if m.file != nil {
				m.save(true)
				m.file.close()
			}
			return
		}
	}
}

// lookup is the space of that name; nil when there is none.
func (m *Memory) lookup(n name) *space {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.spaces[n]
}

// create is the space of that name, made if need be; nil when there is no room for one more.
func (m *Memory) create(n name) *space {
	for range maxEvictions {
		if sp := m.lookup(n); sp != nil {
			return sp
		}
		if m.bytes.Load()+spaceCost <= m.opt.Bytes {
			return m.add(n)
		}
		if !m.evictAny(nil, 0) {
			return nil
		}
	}
	return nil
}

func (m *Memory) add(n name) *space {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sp := m.spaces[n]; sp != nil {
		return sp
	}
	sp := &space{name: n, at: len(m.list)}
	sp.fixed = spaceCost + int64(len(n.tenant)+len(n.plugin))
	m.bytes.Add(sp.fixed)
	m.spaces[n] = sp
	m.list = append(m.list, sp)
	return sp
}

// drop forgets a space that holds nothing. One with an entry on its way in is not empty: the entry is promised its place already.
func (m *Memory) drop(sp *space) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !sp.leave() {
		return
	}
	m.bytes.Add(-sp.fixed)
	delete(m.spaces, sp.name)
	last := m.list[len(m.list)-1]
	m.list[sp.at], last.at = last, sp.at
	m.list[len(m.list)-1] = nil
	m.list = m.list[:len(m.list)-1]
	m.largest.CompareAndSwap(sp, nil)
}

// maxEvictions bounds what one call gives up for its own entry; the largest entry takes the place of some thirty of the smallest.
const maxEvictions = 128

// reserve promises bytes, and an entry if entries is 1, to sp, at the cost of others if it must. The hash says where in sp to begin. false: there is no
// room, because all there is is promised to other calls.
func (m *Memory) reserve(sp *space, hash uint64, bytes, entries int64) bool {
	m.account(sp, bytes, entries)
	for range maxEvictions {
		switch {
		case sp.entries.Load() > int64(m.opt.NamespaceEntries) || sp.bytes.Load() > m.opt.NamespaceBytes:
			if !m.evict(sp, hash) {
				m.account(sp, -bytes, -entries)
				return false
			}
		case m.entries.Load() > int64(m.opt.Entries) || m.bytes.Load() > m.opt.Bytes:
			if !m.evictAny(sp, hash) {
				m.account(sp, -bytes, -entries)
				return false
			}
		default:
			m.grown(sp)
			return true
		}
	}
	m.account(sp, -bytes, -entries)
	return false
}

func (m *Memory) account(sp *space, bytes, entries int64) {
	sp.bytes.Add(bytes)
	sp.entries.Add(entries)
	m.bytes.Add(bytes)
	m.entries.Add(entries)
}

// grown remembers the space that holds most. One that shrinks afterwards stays until another outgrows it or the sweeper looks.
func (m *Memory) grown(sp *space) {
	if l := m.largest.Load(); l == nil || sp.bytes.Load() > l.bytes.Load() {
		m.largest.Store(sp)
	}
}

// evictAny gives up one entry, of the space that should.
func (m *Memory) evictAny(own *space, hash uint64) bool {
	victim := m.victim(own)
	if victim == nil || !m.evict(victim, hash) {
		return false
	}
	if victim != own && victim.entries.Load() == 0 {
		m.drop(victim)
	}
	return true
}

// sampled is how many spaces victim looks at beside the caller's and the largest known.
const sampled = 8

// victim is the space that holds most, of those it looks at; nil when none holds anything. own may be nil.
func (m *Memory) victim(own *space) *space {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var victim *space
	most := int64(-1)
	consider := func(sp *space) {
		if sp == nil || sp.kept.Load() == 0 {
			return
		}
		if b := sp.bytes.Load(); b > most {
			victim, most = sp, b
		}
	}
	consider(m.largest.Load())
	consider(own)
	for range min(sampled, len(m.list)) {
		consider(m.list[rand.IntN(len(m.list))])
	}
	if victim == nil { // hardly ever: spaces that hold nothing do not stay
		for _, sp := range m.list {
			consider(sp)
		}
	}
	return victim
}

// evict gives up one entry of sp, beginning with the shard of the hash.
func (m *Memory) evict(sp *space, hash uint64) bool {
	now := m.opt.Now()
	for i := range uint64(shards) {
		s := sp.shards[(hash+i)%shards].Load()
		if s == nil {
			continue
		}
		s.mu.Lock()
		cost, expired := s.evict(now)
		s.mu.Unlock()
		if cost == 0 {
			continue
		}
		sp.kept.Add(-1)
		m.account(sp, -cost, -1)
		if expired {
			m.expired.Add(1)
		} else {
			m.evicted.Add(1)
		}
		return true
	}
	return false
}
