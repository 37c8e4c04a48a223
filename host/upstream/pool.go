package upstream

import (
	"sync"
	"time"
)

// idleTimeout closes connections that no request has used for so long.
const idleTimeout = 90 * time.Second

// pool holds the connections of one target: the last one used is the first used
// again, so that surplus ones age and are closed. Requests wait only while max
// connections are open and all of them are in use.
type pool struct {
	max int

	mu     sync.Mutex
	idle   []*conn
	open   int // idle ones and rights to open one included
	queue  queue
	timer  *time.Timer
	closed bool
}

// take returns an idle connection; or nothing, which is the right to open one,
// given up with forget; or a waiter when as many are open as may be.
func (p *pool) take() (*conn, *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.pop(); c != nil {
		return c, nil
	}
	if p.open < p.max {
		p.open++
		return nil, nil
	}
	w := &waiter{ch: make(chan *conn, 1)}
	p.queue.push(w)
	return nil, w
}

// next returns the next idle connection to a caller that has closed the one it
// was given, or nil: it keeps the right to open one in its place.
func (p *pool) next() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.pop()
	if c != nil {
		p.open--
	}
	return c
}

// pop takes the connection off that was used last.
func (p *pool) pop() *conn {
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	c := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	return c
}

// put takes back a connection that can carry another request.
func (p *pool) put(c *conn, now time.Time) {
	p.mu.Lock()
	if w := p.queue.pop(); w != nil {
		p.mu.Unlock()
		w.ch <- c // buffered: does not block
		return
	}
	if p.closed {
		p.open--
		p.mu.Unlock()
		_ = c.Close()
		return
	}
	c.idle = now
	p.idle = append(p.idle, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(idleTimeout, p.expire)
	}
	p.mu.Unlock()
}

// forget gives up a connection or the right to open one.
func (p *pool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.queue.pop(); w != nil {
		w.ch <- nil
		return
	}
	p.open--
}

// leave withdraws a waiter; what it was given meanwhile is handed on.
func (p *pool) leave(w *waiter, now time.Time) {
	p.mu.Lock()
	waiting := p.queue.remove(w)
	p.mu.Unlock()
	if waiting {
		return
	}
	if c := <-w.ch; c != nil {
		p.put(c, now)
		return
	}
	p.forget()
}

// purge closes all idle connections: one of them was found dead, and the others
// have rested longer.
func (p *pool) purge() { p.closeIdle(time.Time{}) }

// expire closes what has rested too long and comes again for the others.
func (p *pool) expire() { p.closeIdle(time.Now().Add(-idleTimeout)) }

// closeIdle closes the connections idle since t or longer, or all when t is zero.
func (p *pool) closeIdle(t time.Time) {
	p.mu.Lock()
	n := len(p.idle)
	if !t.IsZero() {
		for n = 0; n < len(p.idle) && !p.idle[n].idle.After(t); n++ {
		}
	}
	old := append([]*conn(nil), p.idle[:n]...)
	rest := copy(p.idle, p.idle[n:])
	clear(p.idle[rest:])
	p.idle = p.idle[:rest]
	p.open -= n
	switch {
	case p.timer == nil:
	case rest == 0:
		p.timer.Stop()
		p.timer = nil
	default:
		p.timer.Reset(time.Until(p.idle[0].idle.Add(idleTimeout)) + time.Millisecond)
	}
	p.mu.Unlock()
	for _, c := range old {
		_ = c.Close()
	}
}

// close closes idle connections now and those in use when they come back.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.purge()
}

func (p *pool) counts() (open, idle, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, len(p.idle), p.queue.len
}

// waiter is a request waiting for a connection. Its channel gets a connection,
// or nil: the right to open one.
type waiter struct {
	ch         chan *conn
	prev, next *waiter
	queued     bool
}

// queue holds waiters in their order. Any of them can leave in constant time:
// thousands may at once, when clients give up on a target that hangs.
type queue struct {
	head, tail *waiter
	len        int
}

func (q *queue) push(w *waiter) {
	w.prev, w.queued = q.tail, true
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	q.len++
}

// pop takes the first waiter out; nil when there is none.
func (q *queue) pop() *waiter {
	w := q.head
	if w != nil {
		q.remove(w)
	}
	return w
}

// remove takes w out, or reports that it is not in.
func (q *queue) remove(w *waiter) bool {
	if !w.queued {
		return false
	}
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next, w.queued = nil, nil, false
	q.len--
	return true
}
