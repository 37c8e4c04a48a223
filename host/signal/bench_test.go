package signal

import (
	"bytes"
	"fmt"
	"testing"
)

var lengths = []struct {
	name string
	n    int
}{{"64", 64}, {"1KiB", 1 << 10}, {"16KiB", 16 << 10}, {"128KiB", 128 << 10}}

type peer struct {
	name string
	scan func(*Vector, []byte)
}

// peers are the implementations that the benchmarks set side by side; table is
// what a per-byte loop over classes costs that counts nothing else.
var peers = []peer{
	{"scan", Scan},
	{"portable", func(v *Vector, text []byte) { scan(v, text, how{}) }},
	{"table", perByte},
}

// perByte counts ten byte classes with one increment a byte.
func perByte(v *Vector, text []byte) {
	var counts [8]uint32
	for _, b := range text {
		counts[simpleClass[b]&7]++
	}
	*v = Vector{Lower: counts[1], Upper: counts[2], Digits: counts[3], WhiteSpace: counts[4], Punctuation: counts[5], NonASCII: counts[6]}
}

var simpleClass = func() (t [256]uint8) {
	for i := range t {
		switch b := byte(i); {
		case b >= 0x80:
			t[i] = 6
		case b-'a' < 26:
			t[i] = 1
		case b-'A' < 26:
			t[i] = 2
		case isDigit(b):
			t[i] = 3
		case isWhite(b):
			t[i] = 4
		default:
			t[i] = 5
		}
	}
	return t
}()

func BenchmarkScan(b *testing.B) {
	for _, corpus := range corpora {
		for _, length := range lengths {
			t := text(corpus.make, length.n)
			for _, peer := range peers {
				b.Run(fmt.Sprintf("%s/%s/%s", corpus.name, length.name, peer.name), func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(len(t)))
					var v Vector
					for b.Loop() {
						peer.scan(&v, t)
					}
				})
			}
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, hostile := range hostiles {
		t := bytes.Repeat([]byte(hostile.piece), 1<<16/len(hostile.piece)+1)[:1<<16]
		for _, peer := range peers[:2] {
			b.Run(hostile.name+"/"+peer.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(t)))
				var v Vector
				for b.Loop() {
					peer.scan(&v, t)
				}
			})
		}
	}
}

func BenchmarkShort(b *testing.B) {
	for _, n := range []int{1, 16, 32, 63, 64, 100, 200, 400} {
		t := text(prose, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var v Vector
			for b.Loop() {
				Scan(&v, t)
			}
		})
	}
}
