package signal

import "encoding/binary"

// classes packs what is wanted of a byte into one word: a one in the 8-bit field
// of each class that is counted, so that adding up to 255 words counts them all at
// once, and the flags of white space and marks, each below seven free bits, so
// that or-ing the words of eight bytes, shifted by 0 to 7, gathers their masks.
var classes = func() (t [256]uint64) {
	for i := range t {
		b := byte(i)
		switch {
		case b-'a' < 26:
			t[i] = 1 << lowerField
		case b-'A' < 26:
			t[i] = 1 << upperField
		case isDigit(b):
			t[i] = 1 << digitField
		case isWhite(b):
			t[i] = 1 << whiteField
		case b < 0x20 || b >= 0x7F:
			t[i] = 1 << markField
		}
	}
	t['\n'] |= 1 << lineField
	for i := range len(asciiMarks) {
		t[asciiMarks[i]] |= 1 << markField
	}
	return t
}()

const (
	lowerField = 8 * iota
	upperField
	digitField
	lineField
	_
	whiteField
	markField
)

// asciiMarks are the printable marks; see mark.
const asciiMarks = "!#%&:<[\\]`~"

// classify fills white and mark with the masks of the blocks that text begins
// with, as many as there are words, at most stride, and adds their counts to n, all
// but white. This is the portable implementation; classifyWide does the same.
func classify(text []byte, white, mark []uint64, n *sums) {
	mark = mark[:len(white)]
	for i := range white {
		p := (*[block]byte)(text[i*block:])
		var count, w, k uint64
		for j := 0; j < block; j += 8 {
			x := binary.LittleEndian.Uint64(p[j:])
			c0, c1, c2, c3 := classes[x&255], classes[x>>8&255], classes[x>>16&255], classes[x>>24&255]
			c4, c5, c6, c7 := classes[x>>32&255], classes[x>>40&255], classes[x>>48&255], classes[x>>56]
			count += c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7
			flags := c0 | c1<<1 | c2<<2 | c3<<3 | c4<<4 | c5<<5 | c6<<6 | c7<<7
			w |= flags >> whiteField & 255 << (j & 63)
			k |= flags >> markField & 255 << (j & 63)
		}
		white[i], mark[i] = w, k
		n.lower += count >> lowerField & 255
		n.upper += count >> upperField & 255
		n.digits += count >> digitField & 255
		n.lines += count >> lineField & 255
	}
}
