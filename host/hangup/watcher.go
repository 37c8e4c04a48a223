package hangup

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// ErrUnsupported is returned for connections that have no file descriptor.
var ErrUnsupported = errors.New("hangup: connection has no socket to watch")

// Watcher watches many sockets with one goroutine.
type Watcher struct {
	poll poller

	mu    sync.Mutex
	slots []slot
	free  []int32
	done  chan struct{}
	once  sync.Once
}

// slot is one registered socket. gen tells events of an earlier socket with the
// same slot, or the same reused descriptor, from events of this one.
type slot struct {
	gen int32
	fn  func()
}

// Entry is one registered socket.
type Entry struct{ slot, gen int32 }

// New starts a Watcher. Close ends it.
func New() (*Watcher, error) {
	w := &Watcher{done: make(chan struct{})}
	if err := w.poll.open(); err != nil {
		return nil, err
	}
	go func() {
		defer close(w.done)
		w.poll.run(w.fire)
	}()
	return w, nil
}

// Add calls fn once, on the Watcher's goroutine, when the peer of c closes or
// half-closes its side or the connection breaks. fn must not block. Closing c
// ends the registration in the kernel; Remove frees it here and must be called
// once after c was closed.
func (w *Watcher) Add(c net.Conn, fn func()) (Entry, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return Entry{}, ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return Entry{}, err
	}
	e := w.take(fn)
	var addErr error
	if err := raw.Control(func(fd uintptr) { addErr = w.poll.add(int(fd), e) }); err != nil || addErr != nil {
		w.Remove(e)
		return Entry{}, errors.Join(err, addErr)
	}
	return e, nil
}

// Remove frees the entry. fn is not called after Remove has returned, unless it
// is running at that moment.
func (w *Watcher) Remove(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.slots[e.slot]
	if s.gen != e.gen {
		return
	}
	s.gen, s.fn = s.gen+1, nil
	w.free = append(w.free, e.slot)
}

// Close ends the Watcher's goroutine and waits for it. It is idempotent.
func (w *Watcher) Close() {
	w.once.Do(w.poll.close)
	<-w.done
}

func (w *Watcher) take(fn func()) Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.free); n > 0 {
		i := w.free[n-1]
		w.free = w.free[:n-1]
		w.slots[i].fn = fn
		return Entry{i, w.slots[i].gen}
	}
	w.slots = append(w.slots, slot{gen: 1, fn: fn})
	return Entry{int32(len(w.slots) - 1), 1}
}

func (w *Watcher) fire(e Entry) {
	w.mu.Lock()
	var fn func()
	if int(e.slot) < len(w.slots) && w.slots[e.slot].gen == e.gen {
		fn, w.slots[e.slot].fn = w.slots[e.slot].fn, nil
	}
	w.mu.Unlock()
	if fn != nil {
		fn()
	}
}
