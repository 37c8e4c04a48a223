package upstream

import (
	"sync"
	"time"
)

// Breaker takes a target out of turn after failures in a row and lets one
// request through now and then to see whether it is back (Nygard, "Release It!",
// circuit breaker with a half-open state). It is driven by the clock it is given.
type Breaker struct {
	mu       sync.Mutex
	failures int
	retryAt  time.Time // when open: the next trial
}

const (
	// breakAfter is how many failures in a row open the breaker.
	breakAfter = 5
	// breakFor is how long an open breaker waits for its next trial.
	breakFor = 5 * time.Second
)

// Allow tells whether a request may go to the target now. On an open breaker it
// grants one trial each breakFor.
func (b *Breaker) Allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return true
	}
	if now.Before(b.retryAt) {
		return false
	}
	b.retryAt = now.Add(breakFor)
	return true
}

// Open tells whether the target is out of turn.
func (b *Breaker) Open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= breakAfter
}

// Succeed notes an answer; it reports whether that closed the breaker.
func (b *Breaker) Succeed() (closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	closed = b.failures >= breakAfter
	b.failures = 0
	return closed
}

// Fail notes a failure; it reports whether that opened the breaker.
func (b *Breaker) Fail(now time.Time) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.failures >= breakAfter {
		b.retryAt = now.Add(breakFor)
	}
	return b.failures == breakAfter
}
