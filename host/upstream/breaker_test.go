package upstream

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	var b Breaker
	now := time.Unix(0, 0)
	for i := range breakAfter {
		if !b.Allow(now) {
			t.Fatalf("closed after %d failures", i)
		}
		if opened := b.Fail(now); opened != (i == breakAfter-1) {
			t.Fatalf("failure %d: opened = %v", i, opened)
		}
	}
	if b.Allow(now.Add(breakFor - 1)) {
		t.Error("allowed before its time")
	}
	now = now.Add(breakFor)
	if !b.Allow(now) || b.Allow(now) {
		t.Error("want exactly one trial")
	}
	if b.Fail(now) {
		t.Error("a failed trial opened it again")
	}
	if b.Allow(now.Add(breakFor-1)) || !b.Allow(now.Add(breakFor)) {
		t.Error("the next trial is one period later")
	}
	if !b.Succeed() || b.Succeed() || !b.Allow(now) || b.Open() {
		t.Error("a success closes it, once")
	}
}

func TestBreakerNeedsFailuresInARow(t *testing.T) {
	t.Parallel()
	var b Breaker
	now := time.Unix(0, 0)
	for range 10 * breakAfter {
		for range breakAfter - 1 {
			b.Fail(now)
		}
		b.Succeed()
	}
	if b.Open() {
		t.Error("opened by failures that were not in a row")
	}
}
