package signal

import "encoding/binary"

// A trie maps the code points below U+20000 to category<<4 | script, in pages of
// 64: the low six bits of a code point are those of its last UTF-8 byte.
type trie struct {
	page [0x20000 >> 6]uint8
	of   [256][64]uint8
}

// table is computed from the spans once and never written again.
var table = newTrie()

func newTrie() *trie {
	flat := make([]uint8, 0x20000)
	for _, s := range &scriptSpans {
		for r := s.lo; r <= s.hi; r++ {
			flat[r] = s.is
		}
	}
	for _, s := range &categorySpans {
		for r := s.lo; r <= s.hi; r++ {
			flat[r] = flat[r]&15 | s.is<<4
		}
	}
	t := new(trie)
	known := map[[64]uint8]uint8{{}: 0}
	for p := range t.page {
		page := [64]uint8(flat[p<<6:])
		n, ok := known[page]
		if !ok {
			n = uint8(len(known))
			known[page] = n
			t.of[n] = page
		}
		t.page[p] = n
	}
	return t
}

// class returns category<<4 | script of any code point.
func class(r rune) uint8 {
	if r < 0x20000 {
		return table.of[table.page[r>>6]][r&63]
	}
	return beyond(r)
}

// beyond is class from U+20000 on, where few spans are.
func beyond(r rune) uint8 {
	for _, s := range highSpans {
		if s.lo <= r && r <= s.hi {
			return s.is << 4
		}
	}
	return catNone
}

// skipOther returns the end of the code points of class 0 and three bytes that
// begin at text[i]: Han, Kana, Hangul, Thai, Devanagari. It may stop early.
func (t *trie) skipOther(text []byte, i int) int {
	for ; i+4 <= len(text); i += 3 {
		x := binary.LittleEndian.Uint32(text[i:])
		const odd = 1<<0x0 | 1<<0xD // E0 may be overlong, ED a surrogate
		if x&0xC0C0F0 != 0x8080E0 || odd>>(x&15)&1 != 0 {
			break
		}
		// The code points of page 0, which most of them share, have class 0.
		if page := t.page[x&15<<6|x>>8&63]; page != 0 && t.of[page][x>>16&63] != 0 {
			break
		}
	}
	return i
}
