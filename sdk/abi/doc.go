// Package abi is the table of Weir's plugin ABI, version 1: the numbers that hosts and guests agree on. README.md in this folder
// is the normative page; the constants of every language's SDK are generated from here (go generate ./sdk/abi).
//
// It holds constants, their names, and nothing else: no encoder, no decoder, no state, no goroutines. It imports nothing of Weir.
// Host packages and guests may both import it.
package abi

//go:generate go run ./generate
