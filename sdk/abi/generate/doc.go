// Command generate writes what other languages know of the ABI from the tables in sdk/abi: constants, layouts and imports for C,
// Rust, Go and AssemblyScript, and the tables of README.md. It is run by `go generate ./sdk/abi`; a test tells when
// that was forgotten.
//
// It has no state and starts no goroutines. Nobody imports it.
package main
