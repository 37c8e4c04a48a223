//go:build race

package signal

// raceEnabled: the race detector allocates, so allocation counts are not asserted under it.
const raceEnabled = true
