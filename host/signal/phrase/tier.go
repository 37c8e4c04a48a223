package phrase

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// tier is a filter for some of a set's groups. It looks at windows of size bytes
// at every stride-th place of the text only: each group puts the windows of
// stride neighbouring places in, so that any match has exactly one of them at
// a place that is looked at. Folding a window is one OR; variants of it that this
// does not join (`k` and U+212A) are put in apart.
type tier struct {
	size, stride int
	mask         uint64 // the low size bytes
	multiplier   uint64 // of the hash
	bitmap       bitmap // of the windows' hashes
	headShift    uint8
	heads        []uint32 // anchors of hash h: anchors[heads[h]:heads[h+1]]
	anchors      []anchor
	teddy        *teddy // finds the places; stride is 1. nil: probe the bitmap
}

// anchor is one window of one group.
type anchor struct {
	key   uint64 // the window's bytes folded by fold8, first byte lowest
	group uint32
	at    uint16 // where the window's first character is in the canonical form
	sub   uint8  // bytes of that character before the window
}

const (
	maxWindow  = 8
	maxStride  = 16
	maxAnchors = 1 << 20 // of one tier

	foldWord = 0x0101010101010101 * fold8

	// The hash of a window is the top of its product with this number shifted so far
	// that the bytes after the window fall out: no mask is needed.
	windowHash = 0x9E3779B97F4A7C15
)

// variants enumerates windows.
type variants struct {
	set    *Set
	size   int
	forms  map[rune][]string // the encodings of a rune's orbit folded by fold8, each once
	buffer [maxWindow + utf8.UTFMax]byte
}

func newVariants(s *Set, size int) *variants {
	return &variants{set: s, size: size, forms: map[rune][]string{}}
}

func (v *variants) of(r rune) []string {
	if f, ok := v.forms[r]; ok {
		return f
	}
	var forms []string
	orbit(r, func(o rune) {
		b := utf8.AppendRune(nil, o)
		for i := range b {
			b[i] |= fold8
		}
		if !slices.Contains(forms, string(b)) {
			forms = append(forms, string(b))
		}
	})
	v.forms[r] = forms
	return forms
}

// each calls yield for every window that any match of group g can have at the
// stride places from the character at segment on, and stops when it returns false.
func (v *variants) each(g uint32, segment, stride int, yield func(anchor) bool) bool {
	canon := v.set.canonical(g)
	for at := segment; at < len(canon) && at-segment < stride; {
		r, n := utf8.DecodeRune(canon[at:])
		for _, form := range v.of(r) {
			for sub := 0; sub < len(form) && at-segment+sub < stride; sub++ {
				a := anchor{group: g, at: uint16(at), sub: uint8(sub)}
				if !v.extend(a, canon[at+n:], copy(v.buffer[:], form[sub:]), yield) {
					return false
				}
			}
		}
		at += n
	}
	return true
}

// extend fills the window, which has length bytes, with the forms of rest.
func (v *variants) extend(a anchor, rest []byte, length int, yield func(anchor) bool) bool {
	if length >= v.size {
		a.key = binary.LittleEndian.Uint64(v.buffer[:]) & windowMask(v.size)
		return yield(a)
	}
	if len(rest) == 0 {
		return true // reaches beyond the match: never the one that is needed
	}
	r, n := utf8.DecodeRune(rest)
	for _, form := range v.of(r) {
		copy(v.buffer[length:], form)
		if !v.extend(a, rest[n:], length+len(form), yield) {
			return false
		}
	}
	return true
}

func windowMask(size int) uint64 { return ^uint64(0) >> (64 - 8*size) }

// newTier makes the tier of groups, whose segments are set. It returns false
// when there are too many windows.
func newTier(s *Set, groups []uint32, size, stride int) (tier, bool) {
	t := tier{size: size, stride: stride, mask: windowMask(size)}
	v := newVariants(s, size)
	for _, g := range groups {
		if !v.each(g, int(s.groups[g].segment), stride, func(a anchor) bool {
			t.anchors = append(t.anchors, a)
			return len(t.anchors) <= maxAnchors
		}) {
			return tier{}, false
		}
	}
	t.multiplier = windowHash << (64 - 8*size)
	t.bitmap = newBitmap(len(t.anchors))
	width := max(bits.Len(uint(len(t.anchors))), 6)
	t.headShift = uint8(64 - width)
	t.heads = make([]uint32, 1<<width+1)
	slices.SortFunc(t.anchors, func(a, b anchor) int {
		return cmp.Or(
			cmp.Compare(a.key*t.multiplier, b.key*t.multiplier), // thereby by head
			cmp.Compare(a.key, b.key),
			cmp.Compare(a.group, b.group), cmp.Compare(a.at, b.at), cmp.Compare(a.sub, b.sub))
	})
	t.anchors = slices.Clone(slices.Compact(t.anchors)) // without append's reserve
	for _, a := range t.anchors {
		h := a.key * t.multiplier
		t.bitmap.set(h)
		t.heads[h>>t.headShift+1]++
	}
	for i := range t.heads[1:] {
		t.heads[i+1] += t.heads[i]
	}
	return t, true
}

func (t *tier) bytes() int {
	n := int(unsafe.Sizeof(*t)) + t.bitmap.bytes() + 4*cap(t.heads) + cap(t.anchors)*int(unsafe.Sizeof(anchor{}))
	if t.teddy != nil {
		n += int(unsafe.Sizeof(teddy{}))
	}
	return n
}
