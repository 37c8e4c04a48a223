package upstream

import (
	"sync"
	"time"
)

const (
	// idleTimeout closes connections that no request has used for so long.
	idleTimeout = 90 * time.Second
	// peekAfter is how long a connection may rest before it is looked at again
	// before use. Under load connections rest for less and the look is saved.
	peekAfter = 5 * time.Millisecond
)

// pool holds the connections of one target: the last one used is the first used
// again, so that surplus ones age and are closed.
type pool struct {
	max int

	mu      sync.Mutex
	idle    []*conn
	open    int // idle ones included
	waiters []*waiter
	timer   *time.Timer
	closed  bool
}

// waiter is a request waiting for a connection. Its channel gets a connection,
// or nil: the right to dial one.
type waiter struct{ ch chan *conn }

// take returns an idle connection, or nil and a right to dial one (release it
// with forget), or a waiter when the target has as many as it may have.
func (p *pool) take() (*conn, *waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrPoolClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return c, nil, nil
	}
	if p.open < p.max {
		p.open++
		return nil, nil, nil
	}
	w := &waiter{make(chan *conn, 1)}
	p.waiters = append(p.waiters, w)
	return nil, w, nil
}

// put takes back a connection that can carry another request.
func (p *pool) put(c *conn, now time.Time) {
	p.mu.Lock()
	if w := p.nextWaiter(); w != nil {
		p.mu.Unlock()
		w.ch <- c
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

// forget gives up a connection or the right to dial one.
func (p *pool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.nextWaiter(); w != nil {
		w.ch <- nil // buffered: does not block
		return
	}
	p.open--
}

func (p *pool) nextWaiter() *waiter {
	if len(p.waiters) == 0 {
		return nil
	}
	w := p.waiters[0]
	p.waiters[0] = nil
	p.waiters = p.waiters[1:]
	return w
}

// leave withdraws a waiter; what it was given meanwhile is handed on.
func (p *pool) leave(w *waiter, now time.Time) {
	p.mu.Lock()
	for i, x := range p.waiters {
		if x == w {
			p.waiters = append(p.waiters[:i], p.waiters[i+1:]...)
			p.mu.Unlock()
			return
		}
	}
	p.mu.Unlock()
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

// closeIdle closes the connections idle since before t, or all when t is zero.
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
	if p.timer != nil && (rest == 0 || p.closed) {
		p.timer.Stop()
		p.timer = nil
	} else if p.timer != nil {
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
	return p.open, len(p.idle), len(p.waiters)
}
