// Package signal counts, in one pass over a text, what cheap heuristics want to
// know of it: sizes and byte classes, characters that a reader does not see or
// takes for others, encoded runs, markup, links that carry data, look-alikes of
// roles and special tokens, and its shape. [Scan] fills a [Vector], one counter
// per [Kind]; plugins, routing and metrics read it instead of the text.
//
// It counts; it does not judge. Every counter has innocent causes, and its
// definition, in README.md, is exact: three implementations (portable, AVX2, and
// a naive one in the tests) agree on every input, valid UTF-8 or not. Definitions
// look at no more than 256 bytes around a place, so the time is linear on hostile
// text too. It does not normalise, decode or remember anything.
//
// How it works: text is classified 64 bytes at a time into counts and two masks,
// gaps between tokens and marks (bytes at which something may begin or end, and all
// non-ASCII). That part exists twice: in plain Go, and, with the suffix Wide, with
// simd/archsimd in builds with GOEXPERIMENT=simd on processors that have AVX2; and
// once more for ScanNotable, which counts nothing there and has fewer marks. What
// the masks point at is read by code that all share. Most of it is dismissed by a
// few loads from tables, as branches on what text holds are predicted badly.
//
// It is pure: no goroutines, no state, no allocation, safe for concurrent use. It
// imports nothing of Weir, and any package above may import it.
package signal
