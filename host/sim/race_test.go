//go:build race

package sim

// raced: the race detector allocates on its own.
const raced = true
