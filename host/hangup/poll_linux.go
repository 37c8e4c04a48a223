package hangup

import (
	"os"

	"golang.org/x/sys/unix"
)

// poller is an epoll set. Its own descriptor is registered with Go's network
// poller, so that waiting parks a goroutine and holds no thread.
type poller struct {
	file *os.File
	fd   int
}

func (p *poller) open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	p.fd, p.file = fd, os.NewFile(uintptr(fd), "epoll")
	return nil
}

func (p *poller) add(fd int, e Entry) error {
	ev := unix.EpollEvent{Events: unix.EPOLLRDHUP | unix.EPOLLET, Fd: e.slot, Pad: e.gen}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &ev))
}

func (p *poller) run(fire func(Entry)) {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return
	}
	var events [128]unix.EpollEvent
	for {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			var werr error
			if n, werr = unix.EpollWait(int(fd), events[:], 0); werr != nil {
				n = 0
				return werr != unix.EINTR
			}
			return n > 0
		})
		if err != nil {
			return // closed
		}
		for _, ev := range events[:n] {
			fire(Entry{ev.Fd, ev.Pad})
		}
	}
}

func (p *poller) close() { _ = p.file.Close() }
