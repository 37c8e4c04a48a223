package hangup

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// poller is a kqueue. EVFILT_READ with a low-water mark that no request reaches
// wakes only for EV_EOF.
type poller struct {
	fd int

	mu      sync.Mutex
	entries map[uint64]Entry // by descriptor: kevent's udata is a pointer
}

const wakeIdent = 1

func (p *poller) open() error {
	fd, err := unix.Kqueue()
	if err != nil {
		return os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(fd)
	p.fd, p.entries = fd, map[uint64]Entry{}
	wake := []unix.Kevent_t{{Ident: wakeIdent, Filter: unix.EVFILT_USER, Flags: unix.EV_ADD | unix.EV_CLEAR}}
	_, err = unix.Kevent(fd, wake, nil, nil)
	return os.NewSyscallError("kevent", err)
}

func (p *poller) add(fd int, e Entry) error {
	p.mu.Lock()
	p.entries[uint64(fd)] = e
	p.mu.Unlock()
	ev := []unix.Kevent_t{{
		Ident: uint64(fd), Filter: unix.EVFILT_READ, Flags: unix.EV_ADD | unix.EV_CLEAR,
		Fflags: unix.NOTE_LOWAT, Data: 1 << 30,
	}}
	_, err := unix.Kevent(p.fd, ev, nil, nil)
	return os.NewSyscallError("kevent", err)
}

func (p *poller) run(fire func(Entry)) {
	defer func() { _ = unix.Close(p.fd) }()
	var events [128]unix.Kevent_t
	for {
		n, err := unix.Kevent(p.fd, nil, events[:], nil)
		if err != nil {
			if err == unix.EINTR {
				continue
			}
			return
		}
		for i := range events[:n] {
			ev := &events[i]
			if ev.Filter == unix.EVFILT_USER {
				return
			}
			if ev.Flags&unix.EV_EOF == 0 {
				continue
			}
			p.mu.Lock()
			e, ok := p.entries[ev.Ident]
			p.mu.Unlock()
			if ok {
				fire(e)
			}
		}
	}
}

func (p *poller) close() {
	wake := []unix.Kevent_t{{Ident: wakeIdent, Filter: unix.EVFILT_USER, Fflags: unix.NOTE_TRIGGER}}
	_, _ = unix.Kevent(p.fd, wake, nil, nil)
}
