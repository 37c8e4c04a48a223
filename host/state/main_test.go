package state

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childMarker {
		keepSaving(os.Args[2])
		os.Exit(1) // it ends when it is killed
	}
	goleak.VerifyTestMain(m)
}

// clock is a monotonic clock that stands still until it is told.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(1)
	return c
}

func (c *clock) now() int64              { return c.at.Load() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// open makes a store that the test closes.
func open(tb testing.TB, o Options) *Memory {
	tb.Helper()
	m, err := Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(); err != nil {
			tb.Error(err)
		}
	})
	return m
}

// journal is what a store tells; one to write and one to read it at a time.
type journal struct {
	mu       sync.Mutex
	log      bytes.Buffer
	degraded []bool
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.Write(p)
}

// into has o tell the journal.
func (j *journal) into(o Options) Options {
	o.Log = slog.New(slog.NewTextHandler(j, nil))
	o.Degraded = func(on bool) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.degraded = append(j.degraded, on)
	}
	return o
}

// told is the log, and the calls of Degraded.
func (j *journal) told() (string, []bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.String(), slices.Clone(j.degraded)
}

// get is what a key holds, and whether there is one.
func get(n *Namespace, key string) (string, bool) {
	var dst [MaxValue]byte
	size, ok := n.Get([]byte(key), dst[:])
	return string(dst[:size]), ok
}

// check holds what is reckoned to what is kept, in a store that nobody calls and whose sweeper has nothing to do.
func check(tb testing.TB, m *Memory) {
	tb.Helper()
	var entries, bytes int64
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i, sp := range m.list {
		if sp.at != i || m.spaces[sp.name] != sp {
			tb.Errorf("space %v is not where it should be", sp.name)
		}
		var n, b int64
		for j := range sp.shards {
			s := sp.shards[j].Load()
			if s == nil {
				continue
			}
			s.mu.Lock()
			indexed := 0
			for k := range s.index {
				indexed += len(s.index[k])
			}
			if indexed != len(s.slots)-len(s.vacant) {
				tb.Errorf("%d entries in the index, %d in slots", indexed, len(s.slots)-len(s.vacant))
			}
			for k := range s.slots {
				if e := &s.slots[k]; e.kind != free {
					n++
					b += e.cost()
				}
			}
			s.mu.Unlock()
		}
		if n != sp.entries.Load() || n != sp.kept.Load() || b != sp.bytes.Load() {
			tb.Errorf("%v: %d entries of %d bytes, reckoned %d (%d kept) of %d", sp.name, n, b, sp.entries.Load(), sp.kept.Load(), sp.bytes.Load())
		}
		entries, bytes = entries+n, bytes+b+sp.fixed
	}
	if entries != m.entries.Load() || bytes != m.bytes.Load() || len(m.spaces) != len(m.list) {
		tb.Errorf("%d entries of %d bytes in all, reckoned %d of %d", entries, bytes, m.entries.Load(), m.bytes.Load())
	}
}
