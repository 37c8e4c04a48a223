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

// asciiMarks are the printable marks; see mark.go.
const asciiMarks = "!#%&:<[\\]`~"

// notableMarks are the printable marks at which a notable kind may begin or end.
const notableMarks = "#:<[]"

// notableClasses has what ScanNotable wants of a byte: whether it is a gap, and,
// eight bits higher, whether it is a mark. Gaps are what base64 is not made of, as
// far as one comparison and the marks tell: the tokens between them hold its runs.
var notableClasses = func() (t [256]uint16) {
	for i := range t {
		b := byte(i)
		if b < '+' || b >= 0x7F {
			t[i] = 1
		}
		if b < ' ' && !isWhite(b) || b >= 0x7F {
			t[i] |= 1 << 8
		}
	}
	for i := range len(notableMarks) {
		t[notableMarks[i]] = 1 | 1<<8
	}
	return t
}()

// classifyNotable fills gap and mark with the masks of the blocks that text begins
// with; classifyNotableWide does the same.
func classifyNotable(text []byte, gap, mark []uint64) {
	mark = mark[:len(gap)]
	for i := range gap {
		p := (*[block]byte)(text[i*block:])
		var g, k uint64
		for j := 0; j < block; j += 8 {
			x := binary.LittleEndian.Uint64(p[j:])
			c := &notableClasses
			flags := uint64(c[x&255]) | uint64(c[x>>8&255])<<1 | uint64(c[x>>16&255])<<2 | uint64(c[x>>24&255])<<3 |
				uint64(c[x>>32&255])<<4 | uint64(c[x>>40&255])<<5 | uint64(c[x>>48&255])<<6 | uint64(c[x>>56])<<7
			g |= flags & 255 << (j & 63)
			k |= flags >> 8 << (j & 63)
		}
		gap[i], mark[i] = g, k
	}
}

// classify fills white and mark with the masks of the blocks that text begins
// with, as many as there are words, at most stride, and adds their counts to n. This is the portable implementation; classifyWide does the same.
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
		n.white += count >> whiteField & 255
	}
}
