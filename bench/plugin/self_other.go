//go:build !linux

package main

import "time"

// resident is not known here.
func resident() int64 { return 0 }

// waited is not known here.
func waited() time.Duration { return 0 }
