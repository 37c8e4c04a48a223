package plugin

import "golang.org/x/sys/unix"

// reserve maps size bytes that cost nothing until they are touched; nil when the system refuses.
func reserve(size int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil
	}
	return b
}

// wipe is false: no advice makes pages zero at once here, so that reservations are not used again.
func wipe([]byte, int) bool { return false }

func release(b []byte) { _ = unix.Munmap(b) }
