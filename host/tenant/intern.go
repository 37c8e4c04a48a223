package tenant

import "sync"

// maxNames bounds each generation of the interner: at most 2 × 16,384 names of ≤ 128 bytes, some 6 MiB.
const maxNames = 16_384

// interner keeps one string per acted-for name, so that a name seen lately costs no allocation, however many names there are. It is a cache, not a
// register: a name that has fallen out is simply made anew, so two tenants are never merged.
//
// Two generations give the bound and keep what is in use: names enter young; when young is full it becomes old and the former old is let go; a hit in old
// moves the name to young.
type interner struct {
	mu         sync.RWMutex
	young, old map[string]string
	max        int
}

func newInterner(limit int) *interner {
	return &interner{young: make(map[string]string), max: limit}
}

func (t *interner) intern(name []byte) string {
	t.mu.RLock()
	s, ok := t.young[string(name)]
	t.mu.RUnlock()
	if ok {
		return s
	}
	return t.promote(name)
}

func (t *interner) promote(name []byte) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.young[string(name)]; ok {
		return s
	}
	s, ok := t.old[string(name)]
	if !ok {
		s = string(name)
	}
	if len(t.young) >= t.max {
		t.old, t.young = t.young, make(map[string]string)
	}
	t.young[s] = s
	return s
}

func (t *interner) size() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.young) + len(t.old)
}
