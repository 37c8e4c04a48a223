package state

import (
	"math"
	"sync"
	"sync/atomic"
)

// kind is what an entry is. Each has keys of its own.
type kind uint8

const (
	counter kind = iota
	value
	once
	kinds
	free // a slot without an entry
)

// shards is how many locks a namespace has, once it has that many entries: enough that the cores of a machine seldom meet.
const shards = 8

// What is reckoned beside keys and values, in bytes. A test holds them to what the process really takes.
const (
	entryCost = 192 // slot, place in the index, slack of both, rounding of key and value
	shardCost = 768
	spaceCost = 512
)

// space is what one namespace keeps. Its shards are made when a key falls to them.
type space struct {
	name   name
	shards [shards]atomic.Pointer[shard]

	entries, bytes atomic.Int64 // kept, or promised to an entry on its way in; without fixed
	kept           atomic.Int64 // entries in the shards

	mu    sync.Mutex  // held to make a shard, and to go
	fixed int64       // bytes of the space and its shards themselves
	gone  atomic.Bool // dropped; set with every lock held
	at    int         // place in Memory.list, under Memory.mu
}

// shard is the shard of that number, made if need be; nil when the space is gone.
func (sp *space) shard(m *Memory, i uint64) *shard {
	if s := sp.shards[i].Load(); s != nil {
		return s
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.gone.Load() {
		return nil
	}
	if s := sp.shards[i].Load(); s != nil {
		return s
	}
	s := &shard{earliest: math.MaxInt64}
	sp.fixed += shardCost
	m.bytes.Add(shardCost)
	sp.shards[i].Store(s)
	return s
}

// leave marks the space as gone unless it is, or holds something. Whoever has locked a shard and sees it not gone may rely on that until they unlock.
func (sp *space) leave() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for i := range sp.shards {
		if s := sp.shards[i].Load(); s != nil {
			s.mu.Lock()
		}
	}
	leaves := !sp.gone.Load() && sp.entries.Load() == 0
	if leaves {
		sp.gone.Store(true)
	}
	for i := range sp.shards {
		if s := sp.shards[i].Load(); s != nil { // the same as above: none is made while mu is held
			s.mu.Unlock()
		}
	}
	return leaves
}

// shard is a part of a namespace under one lock. Entries live in slots; a hand goes round them when something must go.
type shard struct {
	mu       sync.Mutex
	dirty    bool // changed since the last snapshot
	index    [kinds]map[string]int32
	slots    []slot
	vacant   []int32 // slots without an entry
	hand     int     // the slot looked at next
	earliest int64   // nothing expires before

	_ [64]byte // no other shard in the same cache line
}

// slot holds an entry, or none.
type slot struct {
	key     string
	data    []byte // of a value; its capacity is what is reckoned
	count   int64  // of a counter
	expires int64  // on the store's clock; 0: never
	kind    kind
	used    bool // since the hand passed
}

// live tells whether the entry has not expired at now.
func (e *slot) live(now int64) bool { return e.expires == 0 || now < e.expires }

func (e *slot) cost() int64 { return entryCost + int64(len(e.key)+cap(e.data)) }

func (s *shard) find(k kind, key []byte) *slot {
	i, ok := s.index[k][string(key)]
	if !ok {
		return nil
	}
	return &s.slots[i]
}

// insert makes an entry. The slot is good until the lock is let go.
func (s *shard) insert(k kind, key string) *slot {
	if s.index[k] == nil {
		s.index[k] = make(map[string]int32)
	}
	var i int32
	if n := len(s.vacant); n > 0 {
		i = s.vacant[n-1]
		s.vacant = s.vacant[:n-1]
	} else {
		i = int32(len(s.slots))
		s.slots = append(s.slots, slot{})
	}
	s.slots[i] = slot{key: key, kind: k}
	s.index[k][key] = i
	return &s.slots[i]
}

// remove empties a slot and returns what its entry cost.
func (s *shard) remove(i int) int64 {
	e := &s.slots[i]
	cost := e.cost()
	delete(s.index[e.kind], e.key)
	*e = slot{kind: free}
	s.vacant = append(s.vacant, int32(i))
	s.dirty = true
	return cost
}

// until sets when an entry expires.
func (s *shard) until(e *slot, expires int64) {
	e.expires = expires
	if expires != 0 && expires < s.earliest {
		s.earliest = expires
	}
}

// Bounds of the work one eviction does, in slots.
const (
	maxSearched = 64 // looked at for one that has expired
	maxSpared   = 64 // used entries that the hand passes before it takes one nevertheless
)

// evict removes an entry that has expired, if one is near the hand, else the next one that was not used since the hand's last round. It returns what the entry
// cost; 0 when there is none.
func (s *shard) evict(now int64) (cost int64, expired bool) {
	if len(s.slots) == len(s.vacant) {
		return 0, false
	}
	if s.earliest <= now {
		for i := range min(maxSearched, len(s.slots)) {
			i = (s.hand + i) % len(s.slots)
			if e := &s.slots[i]; e.kind != free && !e.live(now) {
				return s.remove(i), true
			}
		}
	}
	for spared := 0; ; {
		s.hand %= len(s.slots)
		e := &s.slots[s.hand]
		switch {
		case e.kind == free:
		case e.used && spared < maxSpared:
			e.used = false
			spared++
		default:
			expired := !e.live(now)
			cost := s.remove(s.hand)
			s.hand++
			return cost, expired
		}
		s.hand++
	}
}

// shrink gives memory back when most slots are vacant.
func (s *shard) shrink() {
	live := len(s.slots) - len(s.vacant)
	if len(s.slots) <= 16 || live > len(s.slots)/4 {
		return
	}
	old := s.slots
	s.index, s.slots, s.vacant, s.hand = [kinds]map[string]int32{}, nil, nil, 0
	if live == 0 {
		return
	}
	s.slots = make([]slot, 0, live+live/4)
	for i := range old {
		if e := &old[i]; e.kind != free {
			*s.insert(e.kind, e.key) = *e
		}
	}
}
