package signal

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// check holds all implementations to the reference.
func check(t *testing.T, text []byte) {
	t.Helper()
	want := reference(text)
	for _, wide := range []bool{false, wide()} {
		name := map[bool]string{false: "portable", true: "wide"}[wide]
		got, notable := Vector{Bytes: 99, Hidden: 99}, Vector{Bytes: 99, Hidden: 99} // Scan overwrites
		scan(&got, text, how{wide: wide})
		same(t, name, text, got, want)
		scan(&notable, text, how{notable: true, wide: wide})
		same(t, name+", notable", text, notable, onlyNotable(want))
	}
}

// same stops the test where got is not want, and says in what.
func same(t *testing.T, name string, text []byte, got, want Vector) {
	t.Helper()
	if got == want {
		return
	}
	for k := range got {
		if got[k] != want[k] {
			t.Errorf("%s: %v = %d, want %d", name, Kind(k), got[k], want[k])
		}
	}
	t.Fatalf("text %.2000q", text)
}

// onlyNotable is v without all other kinds.
func onlyNotable(v Vector) (w Vector) {
	for _, k := range Notable() {
		w[k] = v[k]
	}
	return w
}

func FuzzScan(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		check(t, text)
	})
}

// skipSlow leaves out what takes minutes under the race detector, mostly in the
// regular expressions of the reference.
func skipSlow(t *testing.T) {
	if raceEnabled {
		t.Skip("slow under the race detector")
	}
}

// TestConcurrent: the tables are shared, and only read.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	all := []byte(strings.Join(seeds(), " "))
	var want Vector
	Scan(&want, all)
	got := make([]Vector, 4)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() { Scan(&got[i], all) })
	}
	wait.Wait()
	for i := range got {
		if got[i] != want {
			t.Errorf("goroutine %d: %v, want %v", i, got[i], want)
		}
	}
}

// TestBoundaries puts the seeds at every place relative to the blocks.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	all := []byte(strings.Join(seeds(), " "))
	want := make([]Vector, block)
	for at := range block {
		text := append(bytes.Repeat([]byte{'\n'}, at), all...)
		scan(&want[at], text, how{})
		if at%21 == 0 && !raceEnabled {
			check(t, text)
		}
		var got Vector
		if scan(&got, text, how{wide: wide()}); got != want[at] {
			t.Fatalf("%s differs at offset %d: %v, want %v", Runs(), at, got, want[at])
		}
		for _, wide := range []bool{false, wide()} {
			var notable Vector
			if scan(&notable, text, how{notable: true, wide: wide}); notable != onlyNotable(got) {
				t.Fatalf("notable (wide: %v) differs at offset %d: %v, want %v", wide, at, notable, onlyNotable(got))
			}
		}
		// Line feeds before the text change nothing but these.
		got[Bytes], got[Characters], got[WhiteSpace], got[Lines], got[Entropy] = 0, 0, 0, 0, 0
		base := want[0]
		base[Bytes], base[Characters], base[WhiteSpace], base[Lines], base[Entropy] = 0, 0, 0, 0, 0
		if got != base {
			t.Fatalf("offset %d changes the counters: %v, want %v", at, got, base)
		}
	}
}

// TestSplits scans the beginning of every length: each mark stands at the end once.
func TestSplits(t *testing.T) {
	t.Parallel()
	skipSlow(t)
	for _, s := range seeds() {
		if len(s) > 80 {
			continue
		}
		for end := range len(s) + 1 {
			check(t, []byte(s[:end]))
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	skipSlow(t)
	pieces := append(seeds(), " ", "\n", ":", "x", "я", "日", "\u0301", "<", "](", "?a=b")
	rapid.Check(t, func(t *rapid.T) {
		var text []byte
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "pieces") {
			if len(s) > 300 {
				s = s[:300]
			}
			text = append(text, s...)
		}
		want := reference(text)
		for _, wide := range []bool{false, wide()} {
			var got, notable Vector
			scan(&got, text, how{wide: wide})
			scan(&notable, text, how{notable: true, wide: wide})
			if got != want || notable != onlyNotable(want) {
				t.Fatalf("wide %v: %v\nnotable %v\nreference %v\ntext %q", wide, got, notable, want, text)
			}
		}
	})
}

// TestLong compares the implementations over several strides.
func TestLong(t *testing.T) {
	t.Parallel()
	skipSlow(t)
	for _, corpus := range corpora {
		all := text(corpus.make, 3*stride*block+block)
		for _, n := range []int{0, 1, 63, 64, 65, few*block - 1, few * block, few*block + 1, stride * block, stride*block + 63, len(all)} {
			check(t, all[:n])
		}
	}
	for _, hostile := range hostiles {
		check(t, bytes.Repeat([]byte(hostile.piece), 5000/len(hostile.piece)))
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	all := []byte(strings.Join(seeds(), " "))
	var v, w Vector
	if n := testing.AllocsPerRun(50, func() {
		Scan(&v, all)
		scan(&w, all, how{})
		v.Merge(&w)
		ScanNotable(&v, all)
		scan(&w, all, how{notable: true})
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	if got := Runs(); got != "avx2" && got != "portable" && got != "portable (no AVX2)" || wide() != (got == "avx2") {
		t.Fatalf("Runs() = %q, wide() = %v", got, wide())
	}
}
