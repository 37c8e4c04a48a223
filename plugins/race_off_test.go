//go:build !race

package plugins_test

// raceEnabled: the race detector allocates, so allocation counts are not asserted under it.
const raceEnabled = false
