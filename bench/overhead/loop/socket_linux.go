package loop

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Dial connects to a TCP address of this machine and returns a non-blocking socket.
func Dial(addr netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("make a socket: %w", err)
	}
	// Connecting blocks: over loopback it ends at once, as a success or a refusal.
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", addr, err)
	}
	// Where nobody listens yet, the kernel may pick the very port that is asked for, and the socket is connected to itself.
	if own, err := unix.Getsockname(fd); err != nil || own.(*unix.SockaddrInet4).Port == int(addr.Port()) {
		_ = unix.Close(fd)
		return -1, errors.Join(fmt.Errorf("connect to %s: %w", addr, unix.ECONNREFUSED), err)
	}
	if err := prepare(fd); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// Listen listens on a free port of 127.0.0.1.
func Listen() (fd int, addr netip.AddrPort, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, addr, fmt.Errorf("make a socket: %w", err)
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		err = unix.Listen(fd, 4096)
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, addr, fmt.Errorf("listen on 127.0.0.1: %w", err)
	}
	in := name.(*unix.SockaddrInet4)                                              // what was bound above
	return fd, netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port)), nil // #nosec G115 -- a port
}

// Accept returns the next connection, or -1 when there is none now.
func Accept(listener int) (int, error) {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		switch err {
		case nil:
			return fd, prepare(fd)
		case unix.EINTR, unix.ECONNABORTED:
			continue
		case unix.EAGAIN:
			return -1, nil
		}
		return -1, fmt.Errorf("accept: %w", err)
	}
}

func prepare(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("make a socket non-blocking: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("set TCP_NODELAY: %w", err)
	}
	return nil
}

// Read reads once: n is 0 when nothing is there now; closed when the other side has left.
func Read(fd int, p []byte) (n int, closed bool, err error) {
	for {
		n, err = unix.Read(fd, p)
		switch err {
		case nil:
			return n, n == 0 && len(p) > 0, nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, false, nil
		}
		return 0, true, fmt.Errorf("read: %w", err)
	}
}

// Write writes as much as the socket takes now and returns the rest.
func Write(fd int, p []byte) (rest []byte, err error) {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		switch err {
		case nil:
			p = p[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			return p, nil
		default:
			return p, fmt.Errorf("write: %w", err)
		}
	}
	return nil, nil
}
