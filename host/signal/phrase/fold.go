package phrase

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// none is the folded form of a character that occurs in no phrase, and of a
// byte that is not UTF-8. It equals no rune.
const none rune = -1

// canonical returns the one rune that stands for r's case-folding orbit: the
// lower-case ASCII letter where the orbit has one, else its smallest rune.
// The smallest rune of an orbit has its shortest encoding.
func canonical(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// orbit calls yield for r and every rune that folds to the same.
func orbit(r rune, yield func(rune)) {
	yield(r)
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		yield(f)
	}
}

// fold maps the characters beyond ASCII that some phrase can match to their
// canonical rune: an open-addressing hash table, so that scanning text in any
// script does not search unicode's range tables. ASCII is folded in place.
type fold struct {
	shift uint32
	pairs []foldPair
}

type foldPair struct{ from, to rune }

const foldHash = 0x9E3779B1

// newFold makes the table for the orbits of the canonical runes given.
func newFold(canon map[rune]bool) fold {
	n := 0
	for r := range canon {
		orbit(r, func(v rune) {
			if v >= utf8.RuneSelf {
				n++
			}
		})
	}
	if n == 0 {
		return fold{}
	}
	width := bits.Len(uint(2*n - 1))
	f := fold{shift: uint32(32 - width), pairs: make([]foldPair, 1<<width)}
	for i := range f.pairs {
		f.pairs[i].from = none
	}
	for r := range canon {
		orbit(r, func(v rune) {
			if v >= utf8.RuneSelf {
				f.pairs[f.slot(v)] = foldPair{from: v, to: r}
			}
		})
	}
	return f
}

// slot returns where r is, or the free place where it would go.
func (f *fold) slot(r rune) uint32 {
	mask := uint32(len(f.pairs) - 1)
	i := uint32(r) * foldHash >> f.shift & mask
	for f.pairs[i].from != r && f.pairs[i].from != none {
		i = (i + 1) & mask
	}
	return i
}

// rune folds one character beyond ASCII.
func (f *fold) rune(r rune) rune {
	if len(f.pairs) == 0 {
		return none
	}
	if p := f.pairs[f.slot(r)]; p.from == r {
		return p.to
	}
	return none
}

// first folds the character that text, not empty, begins with.
func (f *fold) first(text []byte) (r rune, size int) {
	if b := text[0]; b < utf8.RuneSelf {
		return lower(b), 1
	}
	r, size = utf8.DecodeRune(text)
	if size == 1 {
		return none, 1
	}
	return f.rune(r), size
}

// last folds the character that text, not empty, ends with.
func (f *fold) last(text []byte) (r rune, size int) {
	if b := text[len(text)-1]; b < utf8.RuneSelf {
		return lower(b), 1
	}
	r, size = utf8.DecodeLastRune(text)
	if size == 1 {
		return none, 1
	}
	return f.rune(r), size
}

func lower(b byte) rune {
	if b-'A' < 26 {
		b += 'a' - 'A'
	}
	return rune(b)
}
