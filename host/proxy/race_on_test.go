//go:build race

package proxy

// raceEnabled: the race detector allocates.
const raceEnabled = true
