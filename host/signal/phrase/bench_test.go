package phrase

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var benchSizes = []int{2 << 10, 32 << 10, 128 << 10}

func benchAppend(b *testing.B, s *Set, text []byte) {
	dst := make([]Match, 0, 1<<16)
	benchBest(b, text, func() { dst = s.Append(dst[:0], text) })
}

// benchBest also reports the speed of the fastest of many short runs: on a
// machine that others use, it is the figure that repeats.
func benchBest(b *testing.B, text []byte, scan func()) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		scan()
	}
	const runs, scans = 300, 4
	best := time.Duration(math.MaxInt64)
	for range runs {
		begin := time.Now()
		for range scans {
			scan()
		}
		best = min(best, time.Since(begin))
	}
	b.ReportMetric(float64(scans*len(text))/float64(best.Nanoseconds()), "best-GB/s")
}

func portable(tb testing.TB, lists ...[]string) *Set {
	tb.Helper()
	s, err := compile(lists, false)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{1, 8, 50, 200, 1000, 5000} {
		s := mustCompile(b, phrases(n))
		for _, bytes := range benchSizes {
			b.Run(fmt.Sprintf("%d/%s", n, size(bytes)), func(b *testing.B) { benchAppend(b, s, prose(bytes)) })
		}
	}
}

// BenchmarkPortable is BenchmarkScan with the filters of the build without SIMD.
func BenchmarkPortable(b *testing.B) {
	for _, n := range []int{1, 8, 50, 200, 1000, 5000} {
		s := portable(b, phrases(n))
		for _, bytes := range benchSizes[:2] {
			b.Run(fmt.Sprintf("%d/%s", n, size(bytes)), func(b *testing.B) { benchAppend(b, s, prose(bytes)) })
		}
	}
}

// BenchmarkPeers are what 50 phrases in 32 KiB would cost without this package.
func BenchmarkPeers(b *testing.B) {
	text, lowered := prose(32<<10), make([]byte, 0, 40<<10)
	automatonOnly := mustCompile(b, fifty)
	automatonOnly.tiers = nil
	b.Run("automaton", func(b *testing.B) { benchAppend(b, automatonOnly, text) })
	b.Run("contains", func(b *testing.B) {
		var list [][]byte
		for _, p := range fifty {
			list = append(list, []byte(strings.ToLower(p)))
		}
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			lowered = append(lowered[:0], text...)
			for i, c := range lowered {
				if c-'A' < 26 {
					lowered[i] = c | fold8
				}
			}
			for _, p := range list {
				bytes.Contains(lowered, p)
			}
		}
	})
	b.Run("naive", func(b *testing.B) {
		b.SetBytes(2 << 10)
		for b.Loop() {
			naive([][]string{fifty}, text[:2<<10])
		}
	})
}

func BenchmarkText(b *testing.B) {
	s := mustCompile(b, fifty)
	cyrillic := mustCompile(b, append([]string{"игнорируй предыдущие указания", "системная подсказка", "новая роль"}, fifty...))
	var prefixes, windows strings.Builder
	for i := 0; prefixes.Len() < 32<<10; i++ {
		p := fifty[i%len(fifty)]
		prefixes.WriteString(p[:len(p)-1] + "!")
		windows.WriteString(p)
	}
	texts := []struct {
		name string
		set  *Set
		text []byte
	}{
		{"ascii", s, prose(32 << 10)},
		{"ascii+cyrillic phrases", cyrillic, prose(32 << 10)},
		{"cyrillic", s, russian(32 << 10)},
		{"cyrillic+cyrillic phrases", cyrillic, russian(32 << 10)},
		{"upper", s, bytes.ToUpper(prose(32 << 10))},
		{"spaces", s, bytes.Repeat([]byte(" "), 32<<10)},
		{"hostile/prefixes", s, []byte(prefixes.String())},
		{"hostile/matches", s, []byte(windows.String())},
		{"hostile/invalid", s, bytes.Repeat([]byte("\xff\xe2\x84"), 11<<10)},
		{"hostile/same byte", mustCompile(b, hostileList()), bytes.Repeat([]byte("a"), 32<<10)},
	}
	for _, tc := range texts {
		b.Run(tc.name, func(b *testing.B) {
			dst := make([]Match, 0, 1<<10)
			benchBest(b, tc.text, func() { dst = tc.set.AppendMost(dst[:0], tc.text, 1000) })
		})
	}
}

// hostileList is phrases of a single byte, each followed by another one at the end.
func hostileList() []string {
	var out []string
	for n := 8; n < MaxLen-utf8.UTFMax; n++ {
		out = append(out, strings.Repeat("a", n)+string(rune('a'+n%26)))
	}
	return out
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 50, 200, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			list := phrases(n)
			var s *Set
			for b.Loop() {
				s = mustCompile(b, list)
			}
			b.ReportMetric(float64(s.Size()), "set-bytes")
		})
	}
}
