package signal

import "math/bits"

// A block is 64 bytes: one bit each in a mask. A stride is as many blocks as are
// classified at once.
const (
	block  = 64
	stride = 32
)

// masks tell where in the blocks of a stride white space and marks are. The bits
// in mark are those of the bytes that marked has to look at; those in white space
// are ignored. The word after the last block is there to be read, no more.
type masks struct {
	white, mark [stride + 1]uint64
}

// Where tokens of less than short bytes are still notable, every token is looked
// at. Beyond, those of at least long bytes are, or of as many as are notable.
const short, long = 8, 16

// within is not 0 if there are least bits in a row, from short to long, without
// white space.
func within(white uint64, least int) uint64 {
	x := ^white
	x &= x >> 1
	x &= x >> 2
	x &= x >> 4
	return x & (x >> ((least - short) & 63))
}

// sums are counts of ASCII bytes.
type sums struct {
	lower, upper, digits, lines, white uint64
}

// huge is the longest text that is scanned in one piece: no counter of it
// can overflow.
const huge = 1 << 30

// Scan overwrites v with the counters of text, which should be UTF-8 but may be
// anything. It does not allocate, keeps nothing, and its time is linear in the
// length of text whatever it holds.
//
// Texts over 1 GiB are scanned in pieces of 1 GiB that are merged.
func Scan(v *Vector, text []byte) { scan(v, text, wide()) }

func scan(v *Vector, text []byte, wide bool) {
	if len(text) > huge {
		scanPieces(v, text, wide, huge)
		return
	}
	scanPiece(v, text, wide)
}

// scanPieces scans pieces of at most size bytes and merges them.
func scanPieces(v *Vector, text []byte, wide bool, size int) {
	*v = Vector{}
	for len(text) > 0 {
		n := min(size, len(text))
		var piece Vector
		scanPiece(&piece, text[:n], wide)
		v.Merge(&piece)
		text = text[n:]
	}
}

// A scanner is the state of one scan.
type scanner struct {
	v    *Vector
	text []byte

	controls      int // C0 controls and DEL so far
	continuations int // UTF-8 continuation bytes so far
	last          int // offset of the last white space; -1 before any
	done          int // marks before this offset are dealt with

	// A token that is at least notable long is looked at: it is longer than any so
	// far, or long enough to hold a run, that is, minRun.
	notable int
	word    word

	selectorEnd, markEnd, stack int // ends of the last selector and combining mark, marks in a row
}

func scanPiece(v *Vector, text []byte, wide bool) {
	*v = Vector{}
	s := scanner{v: v, text: text, last: -1, notable: 1}
	s.word.end = -1
	var n sums
	base := 0
	if len(text) >= few*block {
		base = s.strides(&n, wide)
	}
	s.rest(base, &n, wide)
	s.finish(&n)
}

// strides scans the whole blocks of the text, except for fewer than few, and
// returns their length.
func (s *scanner) strides(n *sums, wide bool) (base int) {
	var m masks
	for len(s.text)-base >= few*block {
		count := min((len(s.text)-base)/block, stride)
		white, mark := m.white[:count], m.mark[:count]
		classifyBy(s.text[base:], white, mark, n, wide)
		if wide && count == stride && s.notable >= short && !longWide(&m.white, s.least()) {
			s.skip(white, base)
		} else {
			s.walk(white, base)
		}
		s.marks(white, mark, base, n)
		base += count * block
	}
	return base
}

// classifyBy calls the implementation that is wanted.
func classifyBy(text []byte, white, mark []uint64, n *sums, wide bool) {
	if wide {
		classifyWide(text, white, mark, n)
	} else {
		classify(text, white, mark, n)
	}
}

// few is how many blocks are better scanned by rest than by stride, which has to
// clear its masks.
const few = 4

// rest scans text[base:], which is shorter than few blocks.
func (s *scanner) rest(base int, n *sums, wide bool) {
	var white, mark [few]uint64
	if whole := (len(s.text) - base) / block; whole > 0 {
		classifyBy(s.text[base:], white[:whole], mark[:whole], n, wide)
		s.walk(white[:whole], base)
		s.marks(white[:whole], mark[:whole], base, n)
		base += whole * block
	}
	if base < len(s.text) {
		// The last bytes, padded with a byte of no class.
		padded := padding
		copy(padded[:], s.text[base:])
		classifyBy(padded[:], white[:1], mark[:1], n, wide)
		s.walk(white[:1], base)
		s.marks(white[:1], mark[:1], base, n)
	}
	s.token(len(s.text))
}

// padding is a block of bytes that are neither counted nor marks nor white space.
var padding = [block]byte([]byte("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"))

// least is how long a token must be to be looked at, for classify, if more than
// short.
func (s *scanner) least() int { return max(short, min(s.notable, long)) }

// walk looks for tokens that end in the blocks from text[base] on.
func (s *scanner) walk(blocks []uint64, base int) {
	for i, white := range blocks {
		at := base + i*block
		switch {
		case white == 0:
		case at+bits.TrailingZeros64(white)-s.last > s.notable || s.notable < short || within(white, s.least()) != 0:
			s.tokens(white, at)
		default:
			s.last = at + 63 - bits.LeadingZeros64(white)
		}
	}
}

// skip does what walk does where no token within the blocks is long enough to be
// looked at: only the one that the first white space ends may have begun before.
func (s *scanner) skip(blocks []uint64, base int) {
	if blocks[0] != 0 {
		s.token(base + bits.TrailingZeros64(blocks[0]))
	}
	for i := len(blocks) - 1; i >= 0; i-- {
		if white := blocks[i]; white != 0 {
			s.last = base + i*block + 63 - bits.LeadingZeros64(white)
			return
		}
	}
}

// marks looks at the marks of the blocks from text[base] on.
func (s *scanner) marks(white, mark []uint64, base int, n *sums) {
	mark = mark[:len(white)]
	for i, w := range white {
		n.white += uint64(bits.OnesCount64(w))
		if k := mark[i] &^ w; k != 0 {
			s.marked(k, base+i*block)
		}
	}
}

// tokens looks at the tokens that end at the white space of the block at base.
func (s *scanner) tokens(white uint64, base int) {
	for ; white != 0; white &= white - 1 {
		s.token(base + bits.TrailingZeros64(white))
	}
}

// token looks at the token that white space or the end ends at text[end].
func (s *scanner) token(end int) {
	n := end - s.last - 1
	switch {
	case n < s.notable:
	case n < minRun: // the longest so far, or it would not be notable
		s.v[LongestToken] = uint32(n)
		s.notable = n + 1
	default:
		s.v[LongestToken] = max(s.v[LongestToken], uint32(n))
		s.notable = minRun
		s.runs(end-n, end)
	}
	s.last = end
}

// finish fills in what was not counted in the vector itself.
func (s *scanner) finish(n *sums) {
	v, length := s.v, len(s.text)
	v[Bytes] = uint32(length)
	v[Characters] = uint32(length - s.continuations)
	v[Lower], v[Upper], v[Digits], v[Lines] = uint32(n.lower), uint32(n.upper), uint32(n.digits), uint32(n.lines)
	v[WhiteSpace] = uint32(n.white)
	v[Controls] += uint32(s.controls)
	v[Punctuation] = uint32(length-s.controls) - v[WhiteSpace] - v[NonASCII] - v[Lower] - v[Upper] - v[Digits]
	v[Entropy] = entropy(s.text)
}
