package loop

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Handler is told what happens to a socket it added.
type Handler interface {
	// Ready is called when the socket may be read, written or both since it last could not be (edge-triggered): the handler reads until a read is
	// short of its buffer or says EAGAIN. An error ends Run.
	Ready(events uint32) error
}

// A Timer is something that is due from time to time.
type Timer interface {
	// Due is called at or after the time asked for, and returns the next one, or 0 for none. Times are those of Loop.Now. An error ends Run.
	Due(now int64) (next int64, err error)
}

// Readable and Broken test the events given to Ready.
const (
	Readable = unix.EPOLLIN
	Writable = unix.EPOLLOUT
	Broken   = unix.EPOLLERR | unix.EPOLLHUP | unix.EPOLLRDHUP
)

const edges = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// A Loop is used by one goroutine.
type Loop struct {
	fd       int
	base     time.Time
	handlers []slot // by file descriptor
	timers   heap
	events   [256]unix.EpollEvent
	stopped  bool
}

// A slot's age tells events of a socket from those left over from an earlier one with the same descriptor.
type slot struct {
	h   Handler
	age int32
}

// New makes a loop. It fails where the kernel gives no epoll set.
func New() (*Loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll set: %w", err)
	}
	return &Loop{fd: fd, base: time.Now()}, nil
}

// Close releases the epoll set; sockets are closed by their handlers.
func (l *Loop) Close() error {
	if l.fd < 0 {
		return nil
	}
	err := unix.Close(l.fd)
	l.fd = -1
	return err
}

// Now is the monotonic time since New in nanoseconds.
func (l *Loop) Now() int64 { return int64(time.Since(l.base)) }

// Add watches a non-blocking socket.
func (l *Loop) Add(fd int, h Handler) error {
	for len(l.handlers) <= fd {
		l.handlers = append(l.handlers, slot{})
	}
	s := &l.handlers[fd]
	s.h, s.age = h, s.age+1
	ev := unix.EpollEvent{Events: edges, Fd: int32(fd), Pad: s.age} // #nosec G115 -- descriptors are small
	if err := unix.EpollCtl(l.fd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		s.h = nil
		return fmt.Errorf("watch a socket: %w", err)
	}
	return nil
}

// Remove closes a socket and forgets it.
func (l *Loop) Remove(fd int) error {
	if fd < len(l.handlers) {
		l.handlers[fd].h = nil
	}
	return unix.Close(fd) // leaves the epoll set by itself
}

// At asks for t.Due at a time of Now.
func (l *Loop) At(when int64, t Timer) { l.timers.push(entry{when, t}) }

// Clear forgets all timers.
func (l *Loop) Clear() { l.timers = l.timers[:0] }

// Stop makes Run return after the handler that calls it.
func (l *Loop) Stop() { l.stopped = true }

// Run serves events and timers until Stop or the first error.
func (l *Loop) Run() error {
	l.stopped = false
	for !l.stopped {
		wait := int64(-1)
		if len(l.timers) > 0 {
			wait = max(l.timers[0].at-l.Now(), 0)
		}
		n, err := l.wait(wait)
		if err != nil {
			return err
		}
		if err := l.fire(); err != nil || l.stopped { // first, so that what is sent on time is not behind a batch of reads
			return err
		}
		for _, ev := range l.events[:n] {
			s := &l.handlers[ev.Fd]
			if s.h == nil || s.age != ev.Pad {
				continue
			}
			if err := s.h.Ready(ev.Events); err != nil || l.stopped {
				return err
			}
		}
	}
	return nil
}

// fire calls the timers that are due.
func (l *Loop) fire() error {
	if len(l.timers) == 0 {
		return nil
	}
	for now := l.Now(); len(l.timers) > 0 && l.timers[0].at <= now && !l.stopped; {
		t := l.timers.pop().t
		next, err := t.Due(now)
		if err != nil {
			return err
		}
		if next > 0 {
			l.timers.push(entry{next, t})
		}
	}
	return nil
}

// wait waits for events, at most ns nanoseconds; below 0 means for ever. epoll_wait itself knows milliseconds only.
func (l *Loop) wait(ns int64) (int, error) {
	ts := unix.NsecToTimespec(ns)
	p := unsafe.Pointer(&ts) // #nosec G103 -- the system call takes a pointer
	if ns < 0 {
		p = nil
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.fd), uintptr(unsafe.Pointer(&l.events[0])), uintptr(len(l.events)), uintptr(p), 0, 0) // #nosec G103
	switch {
	case errno == 0:
		return int(n), nil // #nosec G115 -- at most len(events)
	case errors.Is(errno, unix.EINTR):
		return 0, nil
	case errors.Is(errno, unix.ENOSYS):
		return 0, errors.New("wait for events: this kernel has no epoll_pwait2; Linux 5.11 or later is needed")
	}
	return 0, fmt.Errorf("wait for events: %w", errno)
}

type entry struct {
	at int64
	t  Timer
}

// heap is a binary heap, the earliest first. container/heap would allocate at each push.
type heap []entry

func (h *heap) push(e entry) {
	*h = append(*h, e)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent].at <= s[i].at {
			return
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

func (h *heap) pop() entry {
	s := *h
	first := s[0]
	last := len(s) - 1
	s[0], s[last] = s[last], entry{}
	s = s[:last]
	*h = s
	for i := 0; ; {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < last && s[child].at < s[least].at {
				least = child
			}
		}
		if least == i {
			return first
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}
