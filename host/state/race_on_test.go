//go:build race

package state

// raceEnabled: the race detector allocates and takes memory of its own, so neither is asserted under it.
const raceEnabled = true
