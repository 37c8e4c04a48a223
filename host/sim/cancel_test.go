package sim

import (
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// leaverTrials is how often each way of leaving is measured.
const leaverTrials = 100

// TestCancellationIsSeenAtOnce measures the time from a client's leaving to its
// being noticed, in every state that an answer can be in. The bound is generous;
// the figures are logged.
func TestCancellationIsSeenAtOnce(t *testing.T) {
	for _, row := range []struct {
		name, body, until string
		headers           []string
		slots             int
	}{
		{"before the first token, streamed", chatStreams, "\r\n\r\n", []string{"x-sim-ttft: 1h"}, 0},
		{"before the first token, whole", chatOnce, "", []string{"x-sim-ttft: 1h"}, 0},
		{"between tokens", chatStreams, `"content":"`, []string{"x-sim-tpot: 1h"}, 0},
		{"waiting for a slot", chatStreams, "\r\n\r\n", nil, 1},
		{"waiting for a slot, whole", chatOnce, "", nil, 1},
		{"stalled", chatStreams, "\r\n\r\n", []string{faulty("stall=after-headers")}, 0},
		{"while it dribbles", chatStreams, "H", []string{faulty("slow=1h")}, 0},
	} {
		t.Run(row.name, func(t *testing.T) { // one after another: they measure
			seen := make(chan time.Time, 1)
			s, addr := launch(t, Options{Slots: row.slots, OnCancel: func(at time.Time) { seen <- at }})
			others := int64(0)
			if row.slots > 0 {
				ask(t, addr, rawPost(chatPath, chatOnce, "x-sim-ttft: 1h"))
				others = 1
			}
			eventually(t, "the slot is taken", func() bool { return s.Stats().Generating == int(others) })
			delays := make([]time.Duration, leaverTrials)
			for i := range delays {
				c := ask(t, addr, rawPost(chatPath, row.body, row.headers...))
				eventually(t, "the request arrives", func() bool { return s.Stats().InFlight == others+1 })
				readUntil(t, c, row.until)
				if i%2 == 1 {
					_ = c.SetLinger(0) // leave by RST
				}
				left := time.Now()
				_ = c.Close()
				select {
				case at := <-seen:
					delays[i] = at.Sub(left)
				case <-time.After(patience):
					t.Fatal("not noticed")
				}
				eventually(t, "the request ends", func() bool { return s.Stats().InFlight == others })
			}
			slices.Sort(delays)
			p99 := delays[leaverTrials*99/100]
			t.Logf("median %v, p99 %v, of %d", delays[leaverTrials/2], p99, leaverTrials)
			if p99 > time.Second {
				t.Errorf("p99 %v", p99)
			}
			if got := s.Stats().Cancelled; got != leaverTrials {
				t.Errorf("%d cancellations counted, want %d", got, leaverTrials)
			}
		})
	}
}

// A client that leaves while events are being written as fast as they go is seen
// by the write that fails.
func TestCancellationWhileWriting(t *testing.T) {
	t.Parallel()
	seen := make(chan time.Time, 1)
	s, addr := launch(t, Options{OnCancel: func(at time.Time) { seen <- at }})
	c := ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-tokens: 1000000"))
	readUntil(t, c, "\r\n\r\n")
	_ = c.Close()
	select {
	case <-seen:
	case <-time.After(patience):
		t.Fatal("not noticed")
	}
	eventually(t, "the request ends", func() bool { return s.Stats().InFlight == 0 })
}

// TestThousandStreams opens streams that wait, and abandons them all.
func TestThousandStreams(t *testing.T) {
	const streams = 1000
	s, addr := launch(t, Options{TTFT: time.Hour})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	request := rawPost(chatPath, chatStreams)
	conns := make([]net.Conn, streams)
	var dialling sync.WaitGroup
	for i := range conns {
		dialling.Go(func() { conns[i] = ask(t, addr, request) })
		if i%50 == 49 {
			dialling.Wait()
		}
	}
	dialling.Wait()
	eventually(t, "all streams wait", func() bool { return s.Stats().Generating == streams })
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("a waiting stream costs %d bytes of heap, %d of stack, %.2f goroutines (both ends of the connection counted)",
		int(after.HeapInuse-before.HeapInuse)/streams, int(after.StackInuse-before.StackInuse)/streams, float64(runtime.NumGoroutine()-goroutines)/streams)
	for _, c := range conns {
		_ = c.Close()
	}
	eventually(t, "all are noticed", func() bool {
		st := s.Stats()
		return st.Cancelled == streams && st.OpenConns == 0 && st.InFlight == 0 && st.Generating == 0
	})
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestSlotsAreFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	s, addr := launch(t, Options{Slots: 2})
	holders := []net.Conn{
		ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-ttft: 1h")),
		ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-ttft: 1h")),
	}
	eventually(t, "the slots are taken", func() bool { return s.Stats().Generating == 2 })
	const waiters = 8
	var conns [waiters]net.Conn
	for i := range conns {
		// Each keeps its slot, so that they come through one by one.
		conns[i] = ask(t, addr, rawPost(chatPath, chatStreams, fiveTokens, faulty("stall=7")))
		eventually(t, "it queues", func() bool { return s.Stats().Waiting == i+1 })
		readUntil(t, conns[i], "\r\n\r\n")
	}
	_ = conns[3].Close() // one leaves the queue
	eventually(t, "it leaves", func() bool { return s.Stats().Waiting == waiters-1 })
	_ = holders[0].Close()
	for i, c := range conns {
		if i == 3 {
			continue
		}
		if got := readUntil(t, c, `"stop"}`); !strings.Contains(got, "data: ") {
			t.Errorf("waiter %d: %q", i, got)
		}
		if st := s.Stats(); st.Generating != 2 {
			t.Errorf("%d generate at once", st.Generating)
		}
		_ = c.Close()
	}
	_ = holders[1].Close()
	eventually(t, "all slots are free", func() bool { st := s.Stats(); return st.Generating == 0 && st.Waiting == 0 })
}

func TestPace(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{TTFT: time.Hour, TPOT: time.Hour})
	client := httpClient(t)
	const ttft, tpot, n = 60 * time.Millisecond, 10 * time.Millisecond, 6
	headers := []string{"x-sim-ttft: " + ttft.String(), "x-sim-tpot: " + tpot.String(), fmt.Sprintf("x-sim-tokens: %d", n)}
	for _, body := range []string{chatStreams, chatOnce} {
		begin := time.Now()
		post(t, client, addr, chatPath, body, headers...)
		if took, want := time.Since(begin), ttft+(n-1)*tpot; took < want {
			t.Errorf("took %v, must take %v", took, want)
		}
	}
	// The head comes before the first token, the tokens one by one.
	c := ask(t, addr, rawPost(chatPath, chatStreams, headers...))
	begin := time.Now()
	head := readUntil(t, c, "\r\n\r\n")
	if strings.Contains(head, "data:") {
		t.Error("the head waits for the first token")
	}
	readUntil(t, c, `"role":"assistant"`)
	if took := time.Since(begin); took < ttft/2 {
		t.Errorf("the first event came after %v", took)
	}
}
