package socket

import (
	"syscall"
	"unsafe"
)

// MaxSegments is how many segments one Ask can write.
const MaxSegments = 8

// vector is what one system call writes.
type vector struct {
	iov  [MaxSegments]syscall.Iovec
	n    int
	size int // bytes in all
}

// set fills the vector; false when there are too many segments, or no bytes.
func (v *vector) set(segments [][]byte) bool {
	v.n, v.size = 0, 0
	for _, s := range segments {
		if len(s) == 0 {
			continue
		}
		if v.n == MaxSegments {
			v.clear()
			return false
		}
		v.iov[v.n].Base = unsafe.SliceData(s)
		v.iov[v.n].SetLen(len(s))
		v.size += len(s)
		v.n++
	}
	return v.n > 0
}

// clear lets go of the segments.
func (v *vector) clear() { clear(v.iov[:v.n]) }
