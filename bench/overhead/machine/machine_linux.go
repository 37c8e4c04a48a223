package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Supported says why nothing can be measured here; nil where it can.
func Supported() error { return nil }

// CPUTime is the processor time a process has used so far, all its threads, those that have ended too. It is the kernel's sum in nanoseconds, the one behind
// utime and stime of /proc/PID/stat, which round it to 10 ms (and /proc/PID/schedstat is about the first thread alone). A thread that is running is counted
// up to its last scheduler tick: read it while the process idles.
func CPUTime(pid int) (time.Duration, error) {
	const cpuclockSched = 2 // clock_getcpuclockid(3): the process id inverted, above three bits of the clock's kind
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|cpuclockSched, &ts); err == nil { // #nosec G115 -- process ids have 22 bits
		return time.Duration(ts.Nano()), nil
	}
	return statTime(pid)
}

func statTime(pid int) (time.Duration, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path) // #nosec G304
	if err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	d, err := parseStat(text)
	if err != nil {
		return 0, fmt.Errorf("read the processor time from %s: %w", path, err)
	}
	return d, nil
}

// Resident is the memory of a process that is in RAM, in bytes.
func Resident(pid int) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	text, err := os.ReadFile(path) // #nosec G304
	if err != nil {
		return 0, fmt.Errorf("read the memory: %w", err)
	}
	n, err := parseResident(text)
	if err != nil {
		return 0, fmt.Errorf("read the memory from %s: %w", path, err)
	}
	return n, nil
}

// Waited is how long the threads of a process were ready to run while their processor was taken, by each other or by somebody else. Threads that have ended are
// not in it. 0 where the kernel keeps no such statistics (CONFIG_SCHED_INFO).
func Waited(pid int) time.Duration {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil { // #nosec G304 -- a thread may have ended
			if d, err := parseWaited(text); err == nil {
				sum += d
			}
		}
	}
	return sum
}

// Clock is CLOCK_MONOTONIC, the same in every process of a machine.
func Clock() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}

// CPUs returns the processors this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask for the processors: %w", err)
	}
	var cpus []int
	for i := range 8 * len(set) * 8 {
		if set.IsSet(i) {
			cpus = append(cpus, i)
		}
	}
	return cpus, nil
}

// Describe tells what the machine is and how busy.
func Describe() Description {
	d := describe()
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		d.CPU = parseModel(text)
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		d.Load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		d.Kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	if cpus, err := CPUs(); err == nil {
		d.Cores = len(cpus)
	}
	return d
}
