package compile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Backstops of the child's limits.
const (
	maxDescriptors = 64
	slack          = 96 << 20 // of address space beside resident memory: Go's heap grows by arenas of 64 MiB
	niceness       = 10       // requests go first
)

// limitProcess lets the kernel enforce what it can: processor time, files, address space of data; and closes what the
// process inherited beside its three pipes.
func limitProcess(h *header) error {
	unix.Umask(0o077)
	closeInherited()
	data, _ := statm()
	limits := []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_CPU, uint64(h.CPU)}, // soft and hard alike: SIGKILL, for Go ignores SIGXCPU
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, maxFile},
		{unix.RLIMIT_NOFILE, maxDescriptors},
		{unix.RLIMIT_DATA, uint64(data + h.Memory + slack)},
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
	// At best: not every container lets a process do so, and the limits hold without.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	_ = unix.Setpriority(unix.PRIO_PGRP, 0, niceness) // the parent gave it a group of its own
	return nil
}

// closeInherited closes descriptors that came from the parent's parents without close-on-exec. Those of the Go runtime itself
// (epoll, event, the cgroup's files) stay.
func closeInherited() {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		target, err := os.Readlink(dir + "/" + e.Name())
		if errors.Is(err, fs.ErrNotExist) || strings.HasPrefix(target, "anon_inode:[event") || strings.HasPrefix(target, "/sys/fs/cgroup/") {
			continue
		}
		_ = unix.Close(fd)
	}
}

// resident is the process's memory that is not backed by files, in bytes.
func resident() int64 {
	_, rss := statm()
	return rss
}

// statm is proc_pid_statm(5): the address space of data and the resident memory that is not shared, in bytes.
func statm() (data, rss int64) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	f := bytes.Fields(b)
	if len(f) < 6 {
		return 0, 0
	}
	pages := func(i int) int64 {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64)
		return n * int64(os.Getpagesize())
	}
	return pages(5), pages(1) - pages(2)
}
