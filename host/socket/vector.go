package socket

import (
	"syscall"
	"unsafe"
)

// MaxSegments is how many segments one operation can write.
const MaxSegments = 8

// vector is what one system call writes: iov[at:at+n].
type vector struct {
	iov   [MaxSegments]syscall.Iovec
	at, n int
	size  int // bytes in all
}

// set fills the vector; false when there are too many segments.
func (v *vector) set(segments [][]byte) bool {
	v.at, v.n, v.size = 0, 0, 0
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
	return true
}

// skip takes k bytes off the front.
func (v *vector) skip(k int) {
	for v.n > 0 {
		s := &v.iov[v.at]
		if uint64(k) < s.Len {
			s.Base = (*byte)(unsafe.Add(unsafe.Pointer(s.Base), k))
			s.SetLen(int(s.Len) - k)
			return
		}
		k -= int(s.Len)
		v.at++
		v.n--
	}
}

// clear lets go of the segments.
func (v *vector) clear() {
	clear(v.iov[:])
	v.at, v.n = 0, 0
}
