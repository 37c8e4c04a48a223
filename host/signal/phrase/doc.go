// Package phrase finds the occurrences of many phrases in a text, without
// regard to case.
//
// A match is exact: character by character, two characters being equal when one
// is reached from the other by Unicode simple case folding (unicode.SimpleFold:
// K, k and U+212A; Σ, σ and ς; but not ß and ss). It begins and ends at
// character boundaries and knows no words: "dan" is found in "redundant" where
// the phrase says so. Bytes that are not UTF-8 match nothing. Normal forms,
// white space of other widths and look-alikes are not folded: text that needs
// it is normalised by the caller before.
//
// A Set is compiled once and scans without allocation. Compile chooses how: a
// filter reads the text for rare windows of the phrases, by Teddy's byte
// shuffles where the CPU and the build have them or by probing a bitmap of
// windows at every n-th byte, and what it lets through is compared character by
// character. When that comparing costs more than a fixed amount per byte of
// text, as hostile text can make it, the scan starts again with an Aho–Corasick
// automaton: time is linear in text and matches in every case.
//
// The package is pure: no goroutines, no state but the Set. Anything may import
// it; it imports only the standard library.
package phrase
