package plugin

import "golang.org/x/sys/unix"

// reserve maps size bytes that cost nothing until they are touched; nil when the system refuses. Huge pages are declined: a guest of
// 64 KiB would be given 2 MiB.
func reserve(size int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE) // kernels without huge pages do not know it
	return b
}

// wipe makes the first n bytes of b zero and gives their pages back to the system; false when it cannot.
// madvise(2): a private anonymous range reads as zero after MADV_DONTNEED.
func wipe(b []byte, n int) bool {
	return n == 0 || unix.Madvise(b[:n], unix.MADV_DONTNEED) == nil
}

func release(b []byte) { _ = unix.Munmap(b) }
