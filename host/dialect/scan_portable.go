//go:build !(goexperiment.simd && amd64)

package dialect

// plain gives the index of the first byte at or after i that is a quote, a backslash, a control character or not ASCII,
// len(d) if there is none.
func plain(d []byte, i int) int { return plainWords(d, i) }

// appendEasy appends the value of the string text that begins at i, as far as it is easy. It gives the index where it stops, with
// the rest for others to judge.
func appendEasy(dst, d []byte, i int) ([]byte, int) {
	return appendEasyWords(dst, d, i)
}

// skipPlain gives the index of the first byte at or after i that is a quote, a backslash or a control character, len(p)
// if there is none.
func skipPlain(p []byte, i int) int { return skipWords(p, i) }
