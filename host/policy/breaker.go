package policy

import (
	"sync"
	"sync/atomic"
	"time"

	"weir/host/frame"
)

// What a breaker does.
const (
	breakerFaults = 5 // in a row open it
	breakerFirst  = time.Second
	breakerLast   = time.Minute
)

// breaker keeps a hook of a plugin that fails time after time from being called: after breakerFaults faults in a row for breakerFirst,
// then one call is let through as a probe; for twice as long with each probe that fails, up to breakerLast. Times are
// frame.Nanotime's. A plugin that does not fail costs one atomic load.
type breaker struct {
	trouble atomic.Bool  // there was a fault since the last success
	told    atomic.Int64 // when a fault was last logged

	mu     sync.Mutex
	faults int // in a row
	open   bool
	until  int64 // nobody calls before
	wait   time.Duration
}

// allow tells whether the plugin may be called at now. While the breaker is open one caller may each time the wait is over: its
// answer decides; should none come, another is let through when as much time has passed again.
func (b *breaker) allow(now int64) bool {
	if !b.trouble.Load() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if now < b.until {
		return false
	}
	b.until = now + int64(b.wait)
	return true
}

// refuses tells, without letting a probe through, whether the plugin may not be called at now.
func (b *breaker) refuses(now int64) bool {
	if !b.trouble.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open && now < b.until
}

// change is what a call's outcome did to a breaker.
type change uint8

const (
	same change = iota
	opened
	closed
)

// succeeded notes a call that went well. One that began before the breaker opened says nothing about what is now.
func (b *breaker) succeeded(began int64) change {
	if !b.trouble.Load() {
		return same
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open && began < b.until-int64(b.wait) {
		return same
	}
	was := b.open
	b.open, b.faults, b.wait = false, 0, 0
	b.trouble.Store(false)
	if was {
		return closed
	}
	return same
}

// failed notes a fault of a call that began at began and ended at now.
func (b *breaker) failed(began, now int64) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble.Store(true)
	b.faults++
	switch {
	case b.open:
		if began >= b.until-int64(b.wait) { // a probe
			b.wait = min(2*b.wait, breakerLast)
			b.until = now + int64(b.wait)
		}
		return same
	case b.faults < breakerFaults:
		return same
	}
	b.open, b.wait = true, breakerFirst
	b.until = now + int64(b.wait)
	return opened
}

// tells tells whether a fault at now is worth a line in the log: one a second is.
func (b *breaker) tells(now int64) bool {
	last := b.told.Load()
	return (last == 0 || now-last >= int64(time.Second)) && b.told.CompareAndSwap(last, now)
}

// blames tells whether a fault speaks against the plugin: not when it was not called, and not when there was no room for it.
func blames(c frame.Class) bool {
	switch c {
	case frame.ClassNone, frame.Busy, frame.Open, frame.Load, frame.Unreadable:
		return false
	}
	return true
}
