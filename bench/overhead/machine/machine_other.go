//go:build !linux

package machine

import (
	"fmt"
	"runtime"
)

// Supported says why nothing can be measured here.
func Supported() error {
	return fmt.Errorf("nothing is measured on %s: processor time and memory are read from Linux's /proc, the load runs on epoll, and processes are pinned with sched_setaffinity", runtime.GOOS)
}

// Describe tells what the machine is.
func Describe() Description { return describe() }
