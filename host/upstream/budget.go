package upstream

import "sync/atomic"

// RetryBudget bounds retries to a share of requests, so that a failing target
// is not buried under the attempts to reach it. Every request deposits a fifth
// of a retry, every retry withdraws a whole one; a small reserve lets a quiet
// target be retried too. (Finagle's RetryBudget, without its time window: the
// reserve is bounded instead, so an hour of success buys no storm.)
type RetryBudget struct{ milli atomic.Int64 }

const (
	retryDeposit = 200   // thousandths of a retry per request: 20 %
	retryReserve = 10000 // thousandths of a retry that can be saved up
)

// NewRetryBudget returns a budget with its reserve filled.
func NewRetryBudget() *RetryBudget {
	b := &RetryBudget{}
	b.milli.Store(retryReserve)
	return b
}

// Deposit counts one first attempt.
func (b *RetryBudget) Deposit() {
	for {
		v := b.milli.Load()
		if v >= retryReserve || b.milli.CompareAndSwap(v, min(v+retryDeposit, retryReserve)) {
			return
		}
	}
}

// Withdraw takes one retry, or reports that none is left.
func (b *RetryBudget) Withdraw() bool {
	for {
		v := b.milli.Load()
		if v < 1000 {
			return false
		}
		if b.milli.CompareAndSwap(v, v-1000) {
			return true
		}
	}
}
