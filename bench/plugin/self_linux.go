package main

import (
	"os"
	"runtime"
	"time"

	"weir/bench/overhead/machine"
)

// resident is this process's memory in bytes after a collection; 0 where that is not known.
func resident() int64 {
	runtime.GC()
	n, err := machine.Resident(os.Getpid())
	if err != nil {
		return 0
	}
	return n
}

// waited is how long threads of this process were ready to run and did not.
func waited() time.Duration { return machine.Waited(os.Getpid()) }
