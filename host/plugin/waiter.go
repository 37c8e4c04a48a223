package plugin

import "weir/host/frame"

// answer is what a waiter gets: an instance, or why there is none.
type answer struct {
	i     *instance
	fault *frame.Fault
}

// waiter is a call that waits for an instance.
type waiter struct {
	ready      chan answer // of one element: whoever answers does not wait
	next, prev *waiter
	queued     bool
}

// waiters is a queue, first come first served. Its pool's lock guards it.
type waiters struct{ first, last *waiter }

func (q *waiters) push() *waiter {
	w := &waiter{ready: make(chan answer, 1), prev: q.last, queued: true}
	if q.last == nil {
		q.first = w
	} else {
		q.last.next = w
	}
	q.last = w
	return w
}

// pop removes the first waiter, which there must be, and gives the channel it must be answered on.
func (q *waiters) pop() chan<- answer {
	w := q.first
	q.remove(w)
	return w.ready
}

// remove takes w out of the queue; false when it was answered already.
func (q *waiters) remove(w *waiter) bool {
	if !w.queued {
		return false
	}
	w.queued = false
	if w.prev == nil {
		q.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev = nil, nil
	return true
}

// fail answers everybody with a fault.
func (q *waiters) fail(f *frame.Fault) {
	for q.first != nil {
		q.pop() <- answer{fault: f}
	}
}
