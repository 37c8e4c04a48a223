package plugin

import (
	"fmt"
	"time"

	"weir/host/plugin/meter"
)

// Limits bound what a plugin may spend. A zero field means its default. Errors and faults name the fields as the configuration
// does: limits.deadline.
type Limits struct {
	Deadline time.Duration // of one call of a hook; default 2ms
	Wait     time.Duration // for an instance to become free; default 10ms
	Start    time.Duration // of making an instance: start function, _initialize, configure; default 2s
	Fuel     int64         // units of one call; default 20,000,000
	Memory   int64         // of one instance's linear memory, in bytes, rounded up to pages of 64 KiB; default 8 MiB
	Stack    int64         // of all frames of a call, in estimated bytes; default 512 KiB
	Pool     int           // instances for one tenant; default 4
}

// Most of what Limits may say.
const (
	maxDeadline = time.Minute
	maxFuel     = 1 << 48
	maxMemory   = 1 << 30
	maxStack    = 4 << 20
	maxPool     = 1 << 10
)

// A slice is the fuel that a guest is granted at a time. It bounds how long a guest runs without a look at the clock, and so how long it can hold up
// the garbage collector. What a unit takes differs by two orders: 0.2 ns where straight-line code computes, 25 ns where every
// load misses all caches. So an instance's slices follow what it does, between bounds that keep a look, which costs a hundred nanoseconds, rare
// in fast code, and the first slow slice short. How much fuel is spent does not depend on them.
const (
	firstSlice = 20_000
	leastSlice = 5_000
	mostSlice  = 60_000
	fastSlice  = int64(20 * time.Microsecond)  // took less: the next may be longer
	slowSlice  = int64(100 * time.Microsecond) // took more: the next is shorter
)

// tableElements bounds the tables of one instance together: a Go guest has some thousands of entries.
const tableElements = 1 << 16

// withDefaults fills zero fields and refuses what is out of range.
func (l Limits) withDefaults() (Limits, error) {
	durations := []struct {
		key   string
		field *time.Duration
		value time.Duration
	}{
		{"deadline", &l.Deadline, 2 * time.Millisecond}, {"wait", &l.Wait, 10 * time.Millisecond}, {"start", &l.Start, 2 * time.Second},
	}
	for _, d := range durations {
		if *d.field == 0 {
			*d.field = d.value
		}
		if *d.field < 0 || *d.field > maxDeadline {
			return l, fmt.Errorf("limits.%s of %s is not between 0 and %s", d.key, *d.field, maxDeadline)
		}
	}
	if l.Pool == 0 {
		l.Pool = 4
	}
	amounts := []struct {
		key         string
		field       *int64
		value, most int64
	}{
		{"fuel", &l.Fuel, 20_000_000, maxFuel}, {"memory", &l.Memory, 8 << 20, maxMemory}, {"stack", &l.Stack, 512 << 10, maxStack},
	}
	for _, a := range amounts {
		if *a.field == 0 {
			*a.field = a.value
		}
		if *a.field < 0 || *a.field > a.most {
			return l, fmt.Errorf("limits.%s of %d is not between 1 and %d", a.key, *a.field, a.most)
		}
	}
	if l.Pool < 0 || l.Pool > maxPool {
		return l, fmt.Errorf("limits.pool of %d is not between 1 and %d", l.Pool, maxPool)
	}
	return l, nil
}

// pages is Memory in pages.
func (l Limits) pages() uint32 { return uint32((l.Memory + meter.PageSize - 1) / meter.PageSize) }

// meter is what the module is rewritten with: the limits that are part of it.
func (l Limits) meter() meter.Options {
	return meter.Options{StartFuel: firstSlice, MemoryPages: l.pages(), TableElements: tableElements, StackBytes: l.Stack}
}
