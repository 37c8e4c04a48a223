package signal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// asides stand between sentences now and then, as in the questions of users.
var asides = []string{"\n", "\n\n", "\n- ", ` "quoted" `, ` "as they say" `, " (see §4) ", " — ", " café ", " naïve ", "\t", ` C:\logs `, " 42 ",
	" https://example.com/a/b?c=d ", " 3.14 % "}

// question is a sentence of 6 to 17 common words, and in one case of three an aside.
func question(r *rand.Rand) string {
	s := words(r, english, 6+r.IntN(12))
	if r.IntN(3) == 0 {
		return s + "." + asides[r.IntN(len(asides))]
	}
	return s + ". "
}

// rotation is how many different texts take turns, so that the branch predictor,
// which learns one text by heart, knows them no better than real traffic.
const rotation = 16

func questions(n int) (all [rotation][]byte) {
	for i := range all {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(question(r))
		}
		all[i] = []byte(b.String()[:n])
	}
	return all
}

// TestNotable holds ScanNotable to Scan on texts of many strides, too long for the
// reference: honest ones, and such with the seeds strewn in.
func TestNotable(t *testing.T) {
	t.Parallel()
	texts := questions(20 << 10)
	r := rand.New(rand.NewPCG(5, 6))
	strewn := []byte{}
	for range 300 {
		strewn = append(strewn, question(r)...)
		strewn = append(strewn, seeds()[r.IntN(len(seeds())-2)]...)
		strewn = append(strewn, strings.Repeat(letters(r, 'a', 'z', 1), r.IntN(40))...)
	}
	all := append(texts[:], strewn)
	for _, corpus := range corpora {
		all = append(all, text(corpus.make, 40<<10))
	}
	for _, text := range all {
		agree(t, text)
	}
}

// agree holds all implementations to the portable Scan, as check to the reference,
// which is much slower.
func agree(t *testing.T, text []byte) {
	t.Helper()
	var want Vector
	scan(&want, text, how{})
	for _, wide := range []bool{false, wide()} {
		name := fmt.Sprint("wide: ", wide)
		var got, notable Vector
		scan(&got, text, how{wide: wide})
		same(t, name, text, got, want)
		scan(&notable, text, how{notable: true, wide: wide})
		same(t, name+", notable", text, notable, onlyNotable(want))
	}
}

func FuzzNotable(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s), uint16(len(s)))
	}
	f.Fuzz(func(t *testing.T, text []byte, before uint16) {
		agree(t, append(bytes.Repeat([]byte("word "), int(before)/5), text...))
	})
}

// TestWithin: surveyWide and within find runs of every length at every place.
func TestWithin(t *testing.T) {
	t.Parallel()
	const size = stride*block + 3*block + 5
	for at := stride*block - 70; at < stride*block+10; at++ {
		for n := minRun - 1; n < minRun+3; n++ {
			text := bytes.Repeat([]byte{' '}, size)
			for i := range n {
				text[at+i] = "aB1c"[i%4]
				text[at-1500+i] = "aB1c"[i%4]
			}
			var v, portable Vector
			Scan(&v, text)
			scan(&portable, text, how{})
			if same(t, "wide", text, v, portable); v[LongestToken] != uint32(n) {
				t.Fatalf("%d bytes at %d: longest token %d", n, at, v[LongestToken])
			}
			want := onlyNotable(v)
			if ScanNotable(&v, text); v != want || (n >= minRun) != (v[Base64Runs] == 2) {
				t.Fatalf("%d bytes at %d: %d runs, %d notable", n, at, want[Base64Runs], v[Base64Runs])
			}
		}
	}
}

func BenchmarkRotate(b *testing.B) {
	all := slices.Concat(peers[:2], []peer{
		{"notable", ScanNotable},
		{"notable-portable", func(v *Vector, text []byte) { scan(v, text, how{notable: true}) }},
	})
	for _, n := range []int{100, 1 << 10, 16 << 10, 128 << 10} {
		texts := questions(n)
		for _, peer := range all {
			b.Run(fmt.Sprintf("%d/%s", n, peer.name), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(n))
				var v Vector
				i := 0
				for b.Loop() {
					peer.scan(&v, texts[i%rotation])
					i++
				}
			})
		}
	}
}
