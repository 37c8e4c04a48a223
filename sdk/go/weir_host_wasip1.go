// Code generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT.
// sdk/abi/README.md says what it means.

package weir

import "unsafe"

// hostLog writes a line to the host's log.
//
//go:wasmimport weir1 log
func hostLog(level int32, text unsafe.Pointer, textLen uint32)

// hostStateAdd adds to a counter and answers its new value; a delta of 0 reads.
//
//go:wasmimport weir1 state_add
func hostStateAdd(key unsafe.Pointer, keyLen uint32, delta int64, ttlMs int64) int64

// hostStateGet answers the length of a value, and writes it to out where it fits.
//
//go:wasmimport weir1 state_get
func hostStateGet(key unsafe.Pointer, keyLen uint32, out unsafe.Pointer, cap uint32) int32

// hostStateSet keeps a value.
//
//go:wasmimport weir1 state_set
func hostStateSet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttlMs int64) int32

// hostStateOnce answers 1 to the first caller and 0 to others until the key expires.
//
//go:wasmimport weir1 state_once
func hostStateOnce(key unsafe.Pointer, keyLen uint32, ttlMs int64) int32

// hostMetricAdd adds to a counter of the plugin's own in the host's metrics.
//
//go:wasmimport weir1 metric_add
func hostMetricAdd(name unsafe.Pointer, nameLen uint32, value int64) int32

// hostPatternCompile compiles phrases, one a line, and answers a handle; only in _initialize and configure.
//
//go:wasmimport weir1 pattern_compile
func hostPatternCompile(list unsafe.Pointer, listLen uint32) int32

// hostPatternScan finds the phrases in text without regard to case, writes at most cap matches to out and answers how many.
//
//go:wasmimport weir1 pattern_scan
func hostPatternScan(handle int32, text unsafe.Pointer, textLen uint32, out unsafe.Pointer, cap uint32) int32

// hostNow answers the wall clock in nanoseconds since 1970-01-01 UTC; capability clock.
//
//go:wasmimport weir1 now
func hostNow() int64

// hostRandom fills out with random bytes; capability random.
//
//go:wasmimport weir1 random
func hostRandom(out unsafe.Pointer, outLen uint32) int32
