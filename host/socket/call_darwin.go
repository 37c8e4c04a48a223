package socket

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func read(fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, err := unix.Read(int(fd), p)
		if errno := number(err); errno != syscall.EINTR {
			return max(n, 0), errno
		}
	}
}

func write(fd uintptr, v *vector) (int, syscall.Errno) {
	var segments [MaxSegments][]byte
	for i, s := range v.iov[v.at : v.at+v.n] {
		segments[i] = unsafe.Slice(s.Base, s.Len)
	}
	for {
		n, err := unix.Writev(int(fd), segments[:v.n])
		if errno := number(err); errno != syscall.EINTR {
			return max(n, 0), errno
		}
	}
}

func peek(fd uintptr) syscall.Errno {
	var b [1]byte
	for {
		_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if errno := number(err); errno != syscall.EINTR {
			return errno
		}
	}
}

// number is the errno in an error of package unix, 0 for none.
func number(err error) syscall.Errno {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		return syscall.EIO
	}
	return errno
}
