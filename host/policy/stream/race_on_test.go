//go:build race

package stream

// raceEnabled: the race detector allocates, and so counts mean nothing.
const raceEnabled = true
