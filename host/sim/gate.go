package sim

import (
	"container/list"
	"sync"
	"time"
)

// gate admits a bounded number of generations at once; the rest wait in order of
// arrival. A waiter sleeps in a read of its own connection, which its client's
// leaving ends; the gate ends it with a read deadline in the past.
type gate struct {
	mu    sync.Mutex
	slots int // 0: unbounded
	busy  int
	queue list.List // of *ticket
}

// ticket is one generation's place at the gate.
type ticket struct {
	conn    *conn
	element *list.Element // while queued
	holding bool
}

// enter takes a slot, or queues t and reports false; then t.conn.watch returns
// once the slot is there.
func (g *gate) enter(t *ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.slots <= 0 || g.busy < g.slots {
		g.busy++
		t.holding = true
		return true
	}
	// Before the ticket is visible: the deadline set on a grant must be the last one.
	t.conn.deadline(time.Time{})
	t.element = g.queue.PushBack(t)
	return false
}

// granted reports whether t holds a slot.
func (g *gate) granted(t *ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return t.holding
}

// leave gives t's slot to the first waiter, or its place in the queue up. It may
// be called in any state and more than once.
func (g *gate) leave(t *ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.element != nil {
		g.queue.Remove(t.element)
		t.element = nil
	}
	if !t.holding {
		return
	}
	t.holding = false
	front := g.queue.Front()
	if front == nil {
		g.busy--
		return
	}
	next := g.queue.Remove(front).(*ticket)
	next.element, next.holding = nil, true
	next.conn.deadline(past)
}

// load is the number of generations running and waiting.
func (g *gate) load() (busy, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy, g.queue.Len()
}
