package http1

// Decoder takes a body out of its framing. The zero value is ready after Reset.
// It is fed whatever bytes have arrived and keeps its place between calls.
type Decoder struct {
	framing Framing
	left    int64 // of the body (Length) or of the current chunk (Chunked)
	state   chunkState
	digits  int
	line    int // bytes of the current size line or of the trailers
	done    bool
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExt
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailerStart
	trailerLine
	trailerLF
	finalLF
)

// maxChunkLine bounds a chunk-size line with its extensions, and all trailers
// together: both are dropped, so nobody needs them to be long.
const maxChunkLine = 4096

// Reset prepares the decoder for a body with that framing. length is used for
// Framing Length only.
func (d *Decoder) Reset(f Framing, length int64) {
	*d = Decoder{framing: f, left: length, done: f == NoBody || f == Length && length == 0}
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
// grammar (RFC 9112 section 7.1) gives ErrChunk.
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
			return nd, ns, ErrChunk
		}
		ns++
	}
	return nd, ns, nil
}

// step consumes one byte of framing.
func (d *Decoder) step(c byte) bool {
	switch d.state {
	case chunkSize:
		return d.size(c)
	case chunkExt:
		if d.line++; c == '\r' {
			d.state = chunkSizeLF
			return true
		}
		return d.line <= maxChunkLine && class[c]&classValue != 0
	case chunkSizeLF:
		d.digits, d.line = 0, 0
		if d.state = chunkData; d.left == 0 {
			d.state = trailerStart
		}
		return c == '\n'
	case chunkDataCR:
		d.state = chunkDataLF
		return c == '\r'
	case chunkDataLF:
		d.state = chunkSize
		return c == '\n'
	default:
		return d.trailer(c)
	}
}

// size reads the hexadecimal length of a chunk: at most 15 digits, so that it
// cannot overflow, and nothing but an extension or CRLF behind it.
func (d *Decoder) size(c byte) bool {
	if v := unhex(c); v >= 0 {
		d.left = d.left<<4 | int64(v)
		d.digits++
		return d.digits <= 15
	}
	if d.digits == 0 {
		return false
	}
	switch c {
	case '\r':
		d.state = chunkSizeLF
	case ';', ' ', '\t':
		d.state = chunkExt
	default:
		return false
	}
	return true
}

// trailer skips the trailer fields: they are dropped, but their lines must be
// lines.
func (d *Decoder) trailer(c byte) bool {
	d.line++
	switch d.state {
	case trailerStart:
		if c == '\r' {
			d.state = finalLF
			return true
		}
		d.state = trailerLine
		return class[c]&classToken != 0
	case trailerLine:
		if c == '\r' {
			d.state = trailerLF
			return true
		}
		return d.line <= maxChunkLine && class[c]&classValue != 0
	case trailerLF:
		d.state = trailerStart
		return c == '\n'
	default: // finalLF
		d.done = c == '\n'
		return d.done
	}
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
