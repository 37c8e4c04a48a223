package sim

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestProseHasTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	for size := 1; size < 500; size++ {
		r := random{uint64(size)}
		text := appendProse(nil, size, &r)
		if len(text) != size || text[size-1] != '.' || strings.Contains(string(text), " .") || strings.Contains(string(text), "  ") {
			t.Fatalf("%d: %q", size, text)
		}
		if label := appendLabel(nil, size, &r); len(label) != size || bytes.Contains(label, []byte(".")) {
			t.Fatalf("%d: %q", size, label)
		}
	}
}

func TestVocabulary(t *testing.T) {
	t.Parallel()
	for n, words := range vocabulary {
		for _, w := range words {
			if len(w) != n {
				t.Errorf("%q is not %d letters long", w, n)
			}
		}
		if n > 0 && len(words) == 0 {
			t.Errorf("no words of %d letters", n)
		}
	}
}

// Pieces join to the text, split no rune, and are no more than its tokens.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{"", "abc", "abcd", "abcdefghi", "aé", "abcé😀", "😀😀😀", "\u0301\u0301", strings.Repeat("界", 20)} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, s string, limit uint8) {
		s = strings.ToValidUTF8(s, "?")
		text := []byte(s)
		n, at := 0, 0
		for at < len(text) {
			end := pieceEnd(text, at)
			if end <= at || !utf8.Valid(text[at:end]) {
				t.Fatalf("%q: piece %q", s, text[at:end])
			}
			n, at = n+1, end
		}
		if n > tokens(len(text)) {
			t.Fatalf("%q: %d pieces of %d tokens", s, n, tokens(len(text)))
		}
		if cut := cutTokens(text, int(limit)); !utf8.Valid(cut) || tokens(len(cut)) > int(limit) || !bytes.HasPrefix(text, cut) {
			t.Fatalf("%q cut to %d tokens: %q", s, limit, cut)
		}
	})
}

func TestRandomIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	r := random{42}
	for i, want := range []uint64{0xbdd732262feb6e95, 0x28efe333b266f103, 0x47526757130f9f52} {
		if got := r.next(); got != want {
			t.Errorf("number %d is %#x, want %#x", i, got, want)
		}
	}
	seen := [5]int{}
	for range 1000 {
		seen[r.below(5)]++
		if u := r.unit(); u < 0 || u >= 1 {
			t.Fatalf("unit %v", u)
		}
	}
	for v, n := range seen {
		if n < 120 {
			t.Errorf("%d drawn %d times of 1000", v, n)
		}
	}
}
