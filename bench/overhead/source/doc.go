// Package source finds the repository that a benchmark is run in, and builds programs from it. It starts no goroutine; only packages below bench import it.
package source
