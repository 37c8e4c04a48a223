//go:build !(goexperiment.simd && amd64)

package phrase

// teddyRuns reports whether this build and CPU have Teddy.
func teddyRuns() bool { return false }

// find returns no place and where it stopped: nothing was looked at.
func (t *teddy) find(_ []byte, from int, _ *[teddyPlaces]uint32) (n, next int) { return 0, from }
