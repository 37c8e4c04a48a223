package phrase

// Stream scans a text that comes in pieces and finds what a scan of the joined
// text would: it keeps the last Longest()-1 bytes. It is for one goroutine.
// Scanning a piece costs its own bytes and at most twice the kept ones, and
// allocates nothing but dst's growth.
type Stream struct {
	set  *Set
	tail []byte // what is kept, of capacity twice Longest()-1
}

// NewStream returns the stream of an empty text.
func (s *Set) NewStream() *Stream {
	return &Stream{set: s, tail: make([]byte, 0, 2*max(s.longest-1, 0))}
}

// Reset makes t the stream of another text, at its beginning.
func (t *Stream) Reset() { t.tail = t.tail[:0] }

// Append appends every match that ends in piece to dst, in the order of Set.Append.
// Offsets count from the beginning of piece: the Start of a match that began in
// an earlier piece is negative.
func (t *Stream) Append(dst []Match, piece []byte) []Match {
	return t.append(dst, piece, len(dst), -1)
}

// AppendMost is Append that appends the first most matches of piece only. The
// others are lost; matches of later pieces are not.
func (t *Stream) AppendMost(dst []Match, piece []byte, most int) []Match {
	return t.append(dst, piece, len(dst), max(most, 0))
}

// append implements both; most is negative for every match.
func (t *Stream) append(dst []Match, piece []byte, base, most int) []Match {
	kept := len(t.tail)
	keep := max(t.set.longest-1, 0)
	if kept > 0 {
		dst = t.across(dst, piece[:min(len(piece), keep)], base, most)
	}
	switch {
	case most < 0:
		dst = t.set.Append(dst, piece)
	case most > len(dst)-base:
		dst = t.set.AppendMost(dst, piece, most-(len(dst)-base))
	}
	if len(piece) >= keep {
		t.tail = append(t.tail[:0], piece[len(piece)-keep:]...)
		return dst
	}
	if over := kept + len(piece) - keep; over > 0 {
		t.tail = t.tail[:copy(t.tail, t.tail[over:])]
	}
	t.tail = append(t.tail, piece...)
	return dst
}

// across appends the matches that begin in what is kept and end in head, the
// beginning of the piece.
func (t *Stream) across(dst []Match, head []byte, base, most int) []Match {
	joined := append(t.tail, head...)
	k := sink{what: wantAll, dst: dst, base: base, across: len(t.tail)}
	if most >= 0 {
		k.what, k.most = wantMost, most
	}
	if most != 0 {
		t.set.scan(joined, &k)
	}
	dst = k.finish()
	for i := range dst[base:] {
		dst[base+i].Start -= int32(len(t.tail))
		dst[base+i].End -= int32(len(t.tail))
	}
	return dst
}
