package state

import (
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"

	"weir/sdk/abi"
)

// Bounds of what one call may bring, in bytes. Those of the ABI: the runtime refuses a guest's call that breaks them.
const (
	MaxKey   = abi.MaxStateKey // at least 1
	MaxValue = abi.MaxStateData
)

// Namespace is the part of the store that a plugin has for a tenant. All methods are safe for concurrent use, take the keys [MaxKey] allows and keep
// nothing of the slices they are given. A time to live of 0 or less means none.
type Namespace struct {
	m    *Memory
	name name
	cur  atomic.Pointer[space] // where it was last found
}

// Add adds delta to a counter and returns the sum, which stays at the bounds of int64 instead of wrapping. A counter begins at 0 and lives for ttl
// from its first Add: later ones do not prolong it, so that a counter with a time to live is a window that ends. Adding 0 to one that is not
// there reads 0 and makes none. 0 allocations for a counter that is there.
func (n *Namespace) Add(key []byte, delta int64, ttl time.Duration) int64 {
	hash := n.hash(key)
	if s := n.lock(hash); s != nil {
		if e := s.find(counter, key); e != nil {
			sum := n.add(s, e, delta, ttl)
			s.mu.Unlock()
			return sum
		}
		s.mu.Unlock()
	}
	if delta == 0 {
		return 0
	}
	s, e, made := n.claim(counter, key, 0, hash)
	if s == nil {
		return delta
	}
	defer s.mu.Unlock()
	if made {
		s.until(e, n.expiry(ttl))
	}
	sum := n.add(s, e, delta, ttl)
	e.used = !made
	return sum
}

// add counts in a counter whose shard is locked.
func (n *Namespace) add(s *shard, e *slot, delta int64, ttl time.Duration) int64 {
	if e.expires != 0 && !e.live(n.m.opt.Now()) {
		if delta == 0 {
			return 0
		}
		e.count = 0
		s.until(e, n.expiry(ttl))
	}
	e.used = true
	if delta == 0 {
		return e.count
	}
	s.dirty = true
	sum := e.count + delta
	if (sum > e.count) != (delta > 0) {
		sum = math.MaxInt64
		if delta < 0 {
			sum = math.MinInt64
		}
	}
	e.count = sum
	return sum
}

// Get copies the value that Set gave a key into dst, as much of it as there is room for, and returns its whole length; false when there is none. 0 allocations.
func (n *Namespace) Get(key, dst []byte) (int, bool) {
	s := n.lock(n.hash(key))
	if s == nil {
		return 0, false
	}
	defer s.mu.Unlock()
	e := s.find(value, key)
	if e == nil || e.expires != 0 && !e.live(n.m.opt.Now()) {
		return 0, false
	}
	e.used = true
	copy(dst, e.data)
	return len(e.data), true
}

// Set gives a key a value of at most [MaxValue] bytes, for ttl from now on, in place of what it had. false: the key or the value is too long, or there is
// no room at all.
func (n *Namespace) Set(key, data []byte, ttl time.Duration) bool {
	if len(data) > MaxValue {
		return false
	}
	s, e, made := n.claim(value, key, len(data), n.hash(key))
	if s == nil {
		return false
	}
	defer s.mu.Unlock()
	e.data = append(e.data[:0], data...)
	e.used, s.dirty = !made, true
	s.until(e, n.expiry(ttl))
	return true
}

// Once is true for the first caller that names a key, and for whoever comes first after ttl. In a fleet two may be first until they have heard of each other. false
// also when the key is too long or there is no room at all: what cannot be remembered must not happen twice.
func (n *Namespace) Once(key []byte, ttl time.Duration) bool {
	s, e, made := n.claim(once, key, 0, n.hash(key))
	if s == nil {
		return false
	}
	defer s.mu.Unlock()
	if !made {
		e.used = true
		if e.expires == 0 || e.live(n.m.opt.Now()) {
			return false
		}
	}
	s.dirty = true
	s.until(e, n.expiry(ttl))
	return true
}

func (n *Namespace) hash(key []byte) uint64 { return maphash.Bytes(n.m.seed, key) }

// expiry is when what lives for ttl from now on expires.
func (n *Namespace) expiry(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	if now := n.m.opt.Now(); now < math.MaxInt64-int64(ttl) {
		return now + int64(ttl)
	}
	return math.MaxInt64
}

// space is the namespace's space, which another handle may have made; nil when it keeps nothing. Once empty it may go, and another take its place.
func (n *Namespace) space() *space {
	sp := n.cur.Load()
	if sp != nil && !sp.gone.Load() {
		return sp
	}
	if sp = n.m.lookup(n.name); sp != nil {
		n.cur.Store(sp)
	}
	return sp
}

// lock locks the shard of a hash; nil when nothing is kept there.
func (n *Namespace) lock(hash uint64) *shard {
	for {
		sp := n.space()
		if sp == nil {
			return nil
		}
		s := sp.shards[hash%shards].Load()
		if s == nil {
			return nil
		}
		s.mu.Lock()
		if !sp.gone.Load() {
			return s
		}
		s.mu.Unlock()
	}
}

// claim finds or makes the entry of a key, with room for size bytes of data, and returns it with its shard locked, and whether it was made. The shard is nil
// when the key is too long or there is no room.
func (n *Namespace) claim(k kind, key []byte, size int, hash uint64) (*shard, *slot, bool) {
	if len(key) == 0 || len(key) > MaxKey {
		return nil, nil, false
	}
	var held promise // given back where it was made, should the space have gone meanwhile
	for {
		sp := n.space()
		if sp == nil {
			if sp = n.m.create(n.name); sp == nil {
				held.cancel(n.m)
				return nil, nil, false
			}
			n.cur.Store(sp)
		}
		s := sp.shard(n.m, hash%shards)
		if s == nil {
			continue // it went this moment
		}
		if held.space != sp {
			held.cancel(n.m)
			held = promise{space: sp}
		}
		s.mu.Lock()
		if sp.gone.Load() {
			s.mu.Unlock()
			continue
		}
		e := s.find(k, key)
		need := requirement(e, len(key), size)
		if need.bytes <= held.bytes && need.entries <= held.entries {
			made := e == nil
			if made {
				e = s.insert(k, string(key))
				sp.kept.Add(1)
			}
			e.resize(size)
			if need != held.room {
				n.m.account(sp, need.bytes-held.bytes, need.entries-held.entries)
			}
			return s, e, made
		}
		s.mu.Unlock()
		if !n.m.reserve(sp, hash, need.bytes-held.bytes, max(need.entries-held.entries, 0)) {
			held.cancel(n.m)
			return nil, nil, false
		}
		held.bytes, held.entries = need.bytes, max(need.entries, held.entries)
	}
}

// room is what entries take.
type room struct{ bytes, entries int64 }

// promise is room reserved in a space.
type promise struct {
	room
	space *space
}

func (p promise) cancel(m *Memory) {
	if p.space != nil {
		m.account(p.space, -p.bytes, -p.entries)
	}
}

// requirement is what an entry takes beyond what it has: all of it when e is nil.
func requirement(e *slot, key, size int) room {
	if e == nil {
		return room{bytes: entryCost + int64(key+rounded(size)), entries: 1}
	}
	return room{bytes: int64(e.fitting(size) - cap(e.data))}
}

// rounded is the capacity made for size bytes.
func rounded(size int) int { return (size + 31) &^ 31 }

// fitting is the capacity for size bytes: the one there is, unless it is too small or far too large.
func (e *slot) fitting(size int) int {
	if c := cap(e.data); size <= c && c <= 4*rounded(size) {
		return c
	}
	return rounded(size)
}

func (e *slot) resize(size int) {
	if c := e.fitting(size); c != cap(e.data) {
		e.data = make([]byte, 0, c)
	}
}
