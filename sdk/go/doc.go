// Package weir is what a plugin in Go knows of Weir's ABI: numbers, layouts and, for Wasm, the host's functions. The layouts are those of Go
// structs on every platform Go compiles guests for, so a frame may be read through them. The files weir_*.go are generated
// and are copied into an author's project; sdk/abi/README.md says what everything means.
//
// It has no state and starts no goroutines. Plugins may import it; the host does not.
package weir
