package upstream

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// Under total failure, with every client trying as often as it is let, attempts
// stay within 1.2 times the requests and the reserve, however many clients.
func TestFault14_RetryBudget(t *testing.T) {
	t.Parallel()
	const requests = 20000
	for _, clients := range []int{1, 16} {
		b := NewRetryBudget()
		var attempts atomic.Int64
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range requests / clients {
					b.Deposit()
					attempts.Add(1)
					for b.Withdraw() {
						attempts.Add(1)
					}
				}
			})
		}
		wg.Wait()
		const most = requests + requests/5 + retryReserve/1000
		if n := attempts.Load(); n > most || n < most-1 {
			t.Errorf("%d clients: %d attempts for %d requests, want %d", clients, n, requests, most)
		}
		if v := b.milli.Load(); v < 0 || v >= 1000 {
			t.Errorf("%d left", v)
		}
	}
}

// The reserve is all that an hour of success saves up.
func TestRetryReserve(t *testing.T) {
	t.Parallel()
	b := NewRetryBudget()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				b.Deposit()
				if v := b.milli.Load(); v > retryReserve {
					t.Errorf("%d saved up", v)
					return
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for b.Withdraw() {
		n++
	}
	if n != retryReserve/1000 {
		t.Errorf("%d retries saved up", n)
	}
}

func TestRetryBudgetProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := NewRetryBudget()
		have := int64(retryReserve)
		for _, deposit := range rapid.SliceOfN(rapid.Bool(), 0, 200).Draw(t, "deposits") {
			if deposit {
				b.Deposit()
				have = min(have+retryDeposit, retryReserve)
				continue
			}
			if got := b.Withdraw(); got != (have >= 1000) {
				t.Fatalf("with %d: %t", have, got)
			}
			if have >= 1000 {
				have -= 1000
			}
		}
		if v := b.milli.Load(); v != have {
			t.Fatalf("%d left, want %d", v, have)
		}
	})
}
