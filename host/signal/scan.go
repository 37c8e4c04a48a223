package signal

import "math/bits"

// A block is 64 bytes: one bit each in a mask. A stride is as many blocks as are
// classified at once.
const (
	block  = 64
	stride = 32
)

// masks tell where in the blocks of a stride tokens end and where marks are. For
// Scan tokens end at white space; for ScanNotable at many other bytes that base64
// is not made of, too. The bits in mark are those of the bytes that marked has to
// look at. The word after the last block is there to be read, no more.
type masks struct {
	gap, mark [stride + 1]uint64
}

// While tokens of less than short bytes are to be looked at, as the longest so far,
// every token is. Later the masks tell where those of enough bytes are, which is
// never more than minRun.
const short = 8

// within is not 0 if there are least bits in a row, from short to 3·short, without
// a gap.
func within(gap uint64, least int) uint64 {
	x := ^gap
	x &= x >> 1
	x &= x >> 2
	x &= x >> 4
	half := (least - short + 1) / 2
	x &= x >> (half & 63)
	return x & (x >> ((least - short - half) & 63))
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
func Scan(v *Vector, text []byte) { scan(v, text, how{wide: wide()}) }

// ScanNotable is Scan for those who want the [Notable] kinds alone, at less cost:
// these are what Scan makes them, all others are zero.
func ScanNotable(v *Vector, text []byte) { scan(v, text, how{notable: true, wide: wide()}) }

// how says which kinds are wanted and by which implementation.
type how struct{ notable, wide bool }

func scan(v *Vector, text []byte, how how) {
	if len(text) > huge {
		scanPieces(v, text, how, huge)
		return
	}
	scanPiece(v, text, how)
}

// scanPieces scans pieces of at most size bytes and merges them.
func scanPieces(v *Vector, text []byte, how how, size int) {
	*v = Vector{}
	for len(text) > 0 {
		n := min(size, len(text))
		var piece Vector
		scanPiece(&piece, text[:n], how)
		v.Merge(&piece)
		text = text[n:]
	}
}

// A scanner is the state of one scan.
type scanner struct {
	v    *Vector
	text []byte
	how
	rules *rules // of the marks that are wanted
	n     sums

	controls      int // C0 controls and DEL so far
	continuations int // UTF-8 continuation bytes so far
	last          int // offset of the last gap; -1 before any
	done          int // marks before this offset are dealt with

	// A token of at least this many bytes is looked at: it is longer than any so
	// far, or long enough to hold a run, that is, minRun.
	enough int
	word   word

	selectorEnd, markEnd, stack int // ends of the last selector and combining mark, marks in a row
}

func scanPiece(v *Vector, text []byte, how how) {
	*v = Vector{}
	var s scanner // not a literal, which is put together elsewhere and copied
	s.v, s.text, s.how, s.rules, s.last, s.enough = v, text, how, &allRules, -1, 1
	if how.notable {
		s.rules, s.enough = &notableRules, minRun
	}
	s.word.end = -1
	base := 0
	if len(text) >= few*block {
		base = s.strides()
	}
	if base < len(text) {
		s.rest(base)
	}
	s.token(len(text))
	if how.notable {
		s.finishNotable()
	} else {
		s.finish()
	}
}

// strides scans the whole blocks of the text, except for fewer than few, and
// returns their length.
func (s *scanner) strides() (base int) {
	var m masks
	for len(s.text)-base >= few*block {
		count := min((len(s.text)-base)/block, stride)
		gap, mark := m.gap[:count], m.mark[:count]
		s.classify(s.text[base:], gap, mark)
		if s.wide && count >= worth && s.enough >= short {
			for i := count; i < stride; i++ { // only the last time
				m.gap[i], m.mark[i] = ^uint64(0), 0
			}
			long, some := surveyWide(&m, s.enough)
			s.visit(gap, long, base)
			s.marks(mark, some, base)
		} else {
			s.walk(gap, base)
			s.marks(mark, survey(mark), base)
		}
		base += count * block
	}
	return base
}

// survey says which blocks have marks, without branches.
func survey(blocks []uint64) (some uint32) {
	for i, k := range blocks {
		some |= uint32((k|-k)>>63) << (i & 31)
	}
	return some
}

// classify calls the implementation that is wanted.
func (s *scanner) classify(text []byte, gap, mark []uint64) {
	switch {
	case s.notable && s.wide:
		classifyNotableWide(text, gap, mark)
	case s.notable:
		classifyNotable(text, gap, mark)
	case s.wide:
		classifyWide(text, gap, mark, &s.n)
	default:
		classify(text, gap, mark, &s.n)
	}
}

// worth is how many blocks are worth a survey of a whole stride.
const worth = 8

// few is how many blocks are better scanned by rest than by strides, which has to
// clear its masks.
const few = 4

// rest scans text[base:], which is not empty and shorter than few blocks.
func (s *scanner) rest(base int) {
	var gap, mark [few]uint64
	text := s.text[base:]
	n := len(text) / block
	if n > 0 {
		s.classify(text, gap[:n], mark[:n])
	}
	if tail := len(text) % block; tail > 0 {
		s.tail(tail, gap[n:n+1], mark[n:n+1])
		if s.notable {
			gap[n] |= ^uint64(0) << tail // padding is no token
		}
		n++
	}
	s.walk(gap[:n], base)
	s.marks(mark[:n], survey(mark[:n]), base)
}

// tail classifies the last n bytes, fewer than a block.
func (s *scanner) tail(n int, gap, mark []uint64) {
	if s.notable && len(s.text) >= block {
		// A block with some bytes for the second time: nothing is counted.
		s.classify(s.text[len(s.text)-block:], gap, mark)
		gap[0] >>= block - n
		mark[0] >>= block - n
		return
	}
	padded := padding
	copy(padded[:], s.text[len(s.text)-n:])
	s.classify(padded[:], gap, mark)
}

// padding is a block of bytes that are neither counted nor marks nor white space.
var padding = [block]byte([]byte("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"))

// least is how long a token must be to be looked at, for within, if more than
// short.
func (s *scanner) least() int { return max(short, s.enough) }

// walk looks for tokens that end in the blocks from text[base] on.
func (s *scanner) walk(blocks []uint64, base int) {
	for i, gap := range blocks {
		at := base + i*block
		switch {
		case gap == 0:
		case at+bits.TrailingZeros64(gap)-s.last > s.enough || s.enough < short || within(gap, s.least()) != 0:
			s.tokens(gap, at)
		default:
			s.last = at + 63 - bits.LeadingZeros64(gap)
		}
	}
}

// visit does what walk does, where it is known in which blocks tokens begin that
// are long enough to be looked at: only those that go on from before, too, may end
// in the first.
func (s *scanner) visit(blocks []uint64, long uint32, base int) {
	next := 0
	for looked := long | long<<1 | 1; looked != 0; looked &= looked - 1 {
		i := bits.TrailingZeros32(looked)
		if i >= len(blocks) {
			break
		}
		s.pass(blocks[next:i], base+next*block)
		s.walk(blocks[i:i+1], base+i*block)
		next = i + 1
	}
	s.pass(blocks[next:], base+next*block)
}

// pass goes over the blocks from text[base] on without looking at their tokens.
func (s *scanner) pass(blocks []uint64, base int) {
	for i := len(blocks) - 1; i >= 0; i-- {
		if gap := blocks[i]; gap != 0 {
			s.last = base + i*block + 63 - bits.LeadingZeros64(gap)
			return
		}
	}
}

// marks looks at the marks of the blocks from text[base] on; some has the bits of
// those that have any, which saves each block a branch that is hard to predict.
func (s *scanner) marks(blocks []uint64, some uint32, base int) {
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros32(some)
		s.marked(blocks[i], base+i*block)
	}
}

// tokens looks at the tokens that end at the gaps of the block at base.
func (s *scanner) tokens(gap uint64, base int) {
	for ; gap != 0; gap &= gap - 1 {
		s.token(base + bits.TrailingZeros64(gap))
	}
}

// token looks at the token that a gap or the end ends at text[end].
func (s *scanner) token(end int) {
	n := end - s.last - 1
	switch {
	case n < s.enough:
	case n < minRun: // the longest so far, or it would not be enough
		s.v[LongestToken] = uint32(n)
		s.enough = n + 1
	default:
		s.v[LongestToken] = max(s.v[LongestToken], uint32(n))
		s.enough = minRun
		s.runs(end-n, end)
	}
	s.last = end
}

// finish fills in what was not counted in the vector itself.
func (s *scanner) finish() {
	v, n, length := s.v, &s.n, len(s.text)
	v[Bytes] = uint32(length)
	v[Characters] = uint32(length - s.continuations)
	v[Lower], v[Upper], v[Digits], v[Lines] = uint32(n.lower), uint32(n.upper), uint32(n.digits), uint32(n.lines)
	v[WhiteSpace] = uint32(n.white)
	v[Controls] += uint32(s.controls)
	v[Punctuation] = uint32(length-s.controls) - v[WhiteSpace] - v[NonASCII] - v[Lower] - v[Upper] - v[Digits]
	v[Entropy] = entropy(s.text)
}

// finishNotable keeps the notable counters: others have been counted where it was
// simpler than not to.
func (s *scanner) finishNotable() {
	v := s.v
	v[Controls] += uint32(s.controls)
	v[NonASCII], v[Joiners], v[Selectors], v[Marks], v[UnicodeSpaces], v[Compatibility] = 0, 0, 0, 0, 0, 0
	v[Base64Bytes], v[HexRuns], v[HexBytes], v[URLs], v[Links], v[Images], v[LongestToken] = 0, 0, 0, 0, 0, 0, 0
}
