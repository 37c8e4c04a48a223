package state

import "math"

// chunk is how many slots are looked at without letting the lock go: some microseconds.
const chunk = 64

// sweeper removes what has expired and gives back what is empty. It belongs to the store's goroutine, as whatever moves slots does.
type sweeper struct{ spaces []*space } // kept for its capacity

func (w *sweeper) sweep(m *Memory) {
	w.spaces = m.all(w.spaces[:0])
	var largest *space
	for _, sp := range w.spaces {
		w.space(m, sp)
		if sp.entries.Load() == 0 {
			m.drop(sp)
			continue
		}
		if largest == nil || sp.bytes.Load() > largest.bytes.Load() {
			largest = sp
		}
	}
	m.largest.Store(largest)
	if clear(w.spaces); cap(w.spaces) > 1024 {
		w.spaces = nil
	}
}

// all appends the spaces there are.
func (m *Memory) all(dst []*space) []*space {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return append(dst, m.list...)
}

func (w *sweeper) space(m *Memory, sp *space) {
	now := m.opt.Now()
	for i := range sp.shards {
		s := sp.shards[i].Load()
		if s == nil {
			continue
		}
		if n, bytes := s.expire(now); n > 0 {
			sp.kept.Add(-n)
			m.account(sp, -bytes, -n)
			m.expired.Add(n)
		}
		s.mu.Lock()
		s.shrink()
		s.mu.Unlock()
	}
}

// expire removes what has expired and returns how many entries that were, and what they cost.
func (s *shard) expire(now int64) (n, bytes int64) {
	s.mu.Lock()
	due := s.earliest <= now
	if due {
		s.earliest = math.MaxInt64
	}
	s.mu.Unlock()
	if !due {
		return 0, 0
	}
	s.visit(func(i int, e *slot) {
		if !e.live(now) {
			bytes += s.remove(i)
			n++
		} else {
			s.until(e, e.expires)
		}
	})
	return n, bytes
}

// visit calls f for every entry, with the lock held for some of them at a time. Entries that come or go meanwhile may be left out, or come twice.
func (s *shard) visit(f func(i int, e *slot)) {
	for at, more := 0, true; more; {
		s.mu.Lock()
		for end := min(at+chunk, len(s.slots)); at < end; at++ {
			if e := &s.slots[at]; e.kind != free {
				f(at, e)
			}
		}
		more = at < len(s.slots)
		s.mu.Unlock()
	}
}
