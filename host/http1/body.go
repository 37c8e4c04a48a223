package http1

// Decoder takes a body out of its framing. The zero value is ready after Reset.
// It is fed whatever bytes have arrived and keeps its place between calls.
type Decoder struct {
	framing Framing
	state   chunkState
	done    bool
	left    int64 // of the body (Length) or of the current chunk (Chunked)
	digits  int
	line    int   // bytes of the current size line, or of the trailers
	excess  int64 // bytes of framing beyond what the data so far is worth
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkPad             // blanks behind a size
	chunkExt             // behind ";"
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailerStart // of a trailer line, or of the empty one
	trailerName
	trailerValue
	trailerLF
	finalLF
	chunkBroken // the grammar was broken; nothing is read any more
)

const (
	// maxChunkLine bounds a chunk-size line with its extensions, and all
	// trailers together: both are dropped, so nobody needs them to be long.
	maxChunkLine = 4096
	// Framing may take chunkFree bytes a chunk and twice the chunk's data; of
	// what goes beyond, chunkExcess bytes in a body (net/http's rule). One byte
	// a chunk stays within; extensions that outweigh the data do not.
	chunkFree   = 16
	chunkExcess = 16 << 10
)

// Reset prepares the decoder for a body with that framing. length is used for
// Framing Length only.
func (d *Decoder) Reset(f Framing, length int64) {
	*d = Decoder{framing: f, done: f == NoBody || f == Length && length <= 0}
	if f == Length {
		d.left = length
	}
}

// Done tells whether the body is complete. A body framed UntilClose never is:
// its end is the connection's.
func (d *Decoder) Done() bool { return d.done }

// UntilClose tells whether the end of the connection is a legitimate end of
// this body.
func (d *Decoder) UntilClose() bool { return d.framing == UntilClose }

// Decode moves body bytes from src to dst. nd bytes were written, ns consumed;
// it stops when dst is full, src is used up or the body is complete. Bytes
// after a complete body are left in src. dst and src may be the same memory when
// they start together: decoding only shrinks. A body that breaks the chunk
// grammar (RFC 9112 section 7.1) gives ErrChunk, beside the bytes before the
// fault; the body stays broken whatever comes then.
func (d *Decoder) Decode(dst, src []byte) (nd, ns int, err *Error) {
	switch {
	case d.done:
		return 0, 0, nil
	case d.framing == UntilClose:
		n := copy(dst, src)
		return n, n, nil
	case d.framing == Length:
		n := copy(dst, src[:min(int64(len(src)), d.left)])
		d.left -= int64(n)
		d.done = d.left == 0
		return n, n, nil
	}
	for ns < len(src) && !d.done {
		if d.state == chunkData {
			if nd == len(dst) {
				break
			}
			n := copy(dst[nd:], src[ns:ns+int(min(int64(len(src)-ns), d.left))])
			nd, ns, d.left = nd+n, ns+n, d.left-int64(n)
			if d.left == 0 {
				d.state = chunkDataCR
			}
			continue
		}
		if !d.step(src[ns]) {
			d.state = chunkBroken
			return nd, ns, ErrChunk
		}
		ns++
	}
	return nd, ns, nil
}

// step consumes one byte of framing.
func (d *Decoder) step(c byte) bool {
	switch d.state {
	case chunkSize, chunkPad, chunkExt:
		d.line++
		return d.line < maxChunkLine && d.sizeLine(c)
	case chunkSizeLF:
		return c == '\n' && d.begin()
	case chunkDataCR:
		d.state = chunkDataLF
		return c == '\r'
	case chunkDataLF:
		d.state = chunkSize
		return c == '\n'
	default:
		d.line++
		return d.line < maxChunkLine && d.trailer(c)
	}
}

// sizeLine reads the hexadecimal length of a chunk: at most 15 digits, so that
// it cannot overflow, and nothing behind it but blanks or an extension.
func (d *Decoder) sizeLine(c byte) bool {
	v := -1
	if d.state == chunkSize {
		v = Unhex(c)
	}
	switch {
	case v >= 0:
		d.left = d.left<<4 | int64(v)
		d.digits++
		return d.digits <= 15
	case d.digits == 0:
		return false
	case c == '\r':
		d.state = chunkSizeLF
		return true
	case d.state == chunkExt:
		return class[c]&classValue != 0
	case c == ' ' || c == '\t':
		d.state = chunkPad
		return true
	case c == ';' && d.state == chunkSize:
		d.state = chunkExt
		return true
	}
	return false
}

// begin is the end of a size line: data follows, or the trailers.
func (d *Decoder) begin() bool {
	d.excess = max(0, d.excess+int64(d.line)+1-chunkFree-2*d.left)
	d.digits, d.line = 0, 0
	if d.state = chunkData; d.left == 0 {
		d.state = trailerStart
	}
	return d.excess <= chunkExcess
}

// trailer skips the trailer fields: they are dropped, but their lines must be
// header lines.
func (d *Decoder) trailer(c byte) bool {
	switch d.state {
	case trailerStart:
		if c == '\r' {
			d.state = finalLF
			return true
		}
		d.state = trailerName
		return class[c]&classToken != 0
	case trailerName:
		if c == ':' {
			d.state = trailerValue
			return true
		}
		return class[c]&classToken != 0
	case trailerValue:
		if c == '\r' {
			d.state = trailerLF
			return true
		}
		return class[c]&classValue != 0
	case trailerLF:
		d.state = trailerStart
		return c == '\n'
	case finalLF:
		d.done = c == '\n'
		return d.done
	}
	return false // chunkBroken
}

// Unhex is the value of a hexadecimal digit, or -1.
func Unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
