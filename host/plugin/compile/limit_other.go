//go:build unix && !linux

package compile

import (
	"os"
	"runtime/metrics"

	"golang.org/x/sys/unix"
)

const maxDescriptors = 64

// limitProcess lets the kernel enforce processor time and files. Memory is the watch's alone: these systems do not count
// what Go maps.
func limitProcess(h *header) error {
	unix.Umask(0o077)
	limits := []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_CPU, uint64(h.CPU)},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, maxFile},
		{unix.RLIMIT_NOFILE, maxDescriptors},
	}
	for _, l := range limits {
		var now unix.Rlimit
		err := unix.Getrlimit(l.resource, &now)
		if err == nil {
			value := min(l.value, now.Max)
			err = unix.Setrlimit(l.resource, &unix.Rlimit{Cur: value, Max: value})
		}
		if err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	return nil
}

// resident is the memory that the Go runtime holds, in bytes.
func resident() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
