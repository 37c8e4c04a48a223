package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const maxHead = 64 << 10

// A response reads one HTTP/1.1 response after the other, as the bytes come.
type response struct {
	state state
	line  []byte // a head, or a chunk's first line, that has not wholly come
	left  int    // of the body, or of the chunk
}

type state uint8

const (
	inHead state = iota
	inBody
	inChunkLine
	inChunk
	inChunkEnd
	inTrailer
)

// idle reports whether nothing of a response has come.
func (r *response) idle() bool { return r.state == inHead && len(r.line) == 0 }

// feed reads p. Pieces of the body go to body as they are. It reports whether the response is whole; bytes after its end are an error, since nothing was
// asked for yet.
func (r *response) feed(p []byte, body func([]byte) error) (whole bool, err error) {
	for len(p) > 0 {
		if whole {
			return false, fmt.Errorf("%d bytes after the end of the answer: %.60q", len(p), p)
		}
		switch r.state {
		case inHead:
			p, whole, err = r.head(p)
		case inBody, inChunk:
			p, whole, err = r.piece(p, body)
		default:
			p, whole, err = r.chunkLine(p)
		}
		if err != nil {
			return false, err
		}
	}
	return whole, nil
}

func (r *response) head(p []byte) (rest []byte, whole bool, err error) {
	head, rest, ok := r.until(p, "\r\n\r\n")
	if !ok {
		return nil, false, tooLong(r.line)
	}
	defer r.forget()
	const prefix = "HTTP/1.1 200"
	if !bytes.HasPrefix(head, []byte(prefix)) {
		return nil, false, fmt.Errorf("the answer begins with %.60q, and the status should be 200: %.300q", head, rest)
	}
	length, chunked := -1, false
	for line := range bytes.SplitSeq(head[:len(head)-4], []byte("\r\n")) {
		switch key, value, _ := bytes.Cut(line, []byte(":")); {
		case bytes.EqualFold(key, []byte("content-length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 {
				return nil, false, fmt.Errorf("the answer has the content-length %q", value)
			}
		case bytes.EqualFold(key, []byte("transfer-encoding")):
			chunked = true
		case bytes.EqualFold(key, []byte("connection")) && bytes.Contains(bytes.ToLower(value), []byte("close")):
			return nil, false, errors.New("the answer says Connection: close, and connections should be kept")
		}
	}
	switch {
	case chunked == (length >= 0):
		return nil, false, errors.New("the answer has neither content-length nor transfer-encoding, or both")
	case chunked:
		r.state = inChunkLine
	case length == 0:
		return rest, true, nil
	default:
		r.state, r.left = inBody, length
	}
	return rest, false, nil
}

// piece passes on what has come of a body or of a chunk.
func (r *response) piece(p []byte, body func([]byte) error) (rest []byte, whole bool, err error) {
	n := min(r.left, len(p))
	if err := body(p[:n]); err != nil {
		return nil, false, err
	}
	if r.left -= n; r.left > 0 {
		return nil, false, nil
	}
	if r.state == inBody {
		r.state = inHead
		return p[n:], true, nil
	}
	r.state = inChunkEnd
	return p[n:], false, nil
}

// chunkLine reads the line before a chunk, the empty one behind it, or those of the trailer.
func (r *response) chunkLine(p []byte) (rest []byte, whole bool, err error) {
	line, rest, ok := r.until(p, "\r\n")
	if !ok {
		return nil, false, tooLong(r.line)
	}
	defer r.forget()
	line = line[:len(line)-2]
	switch {
	case r.state == inTrailer && len(line) == 0:
		r.state = inHead
		return rest, true, nil
	case r.state == inTrailer:
		return rest, false, nil
	case r.state == inChunkEnd && len(line) == 0:
		r.state = inChunkLine
		return rest, false, nil
	case r.state == inChunkEnd:
		return nil, false, fmt.Errorf("a chunk is followed by %.60q", line)
	}
	digits, _, _ := strings.Cut(string(line), ";")
	size, err := strconv.ParseUint(digits, 16, 31)
	if err != nil {
		return nil, false, fmt.Errorf("a chunk begins with %.60q", line)
	}
	if r.left, r.state = int(size), inChunk; size == 0 {
		r.state = inTrailer
	}
	return rest, false, nil
}

// until returns what has come up to and with end, from p alone when it is there in one piece.
func (r *response) until(p []byte, end string) (got, rest []byte, ok bool) {
	if len(r.line) == 0 {
		if i := bytes.Index(p, []byte(end)); i >= 0 {
			return p[:i+len(end)], p[i+len(end):], true
		}
	}
	before := len(r.line)
	r.line = append(r.line, p...)
	i := bytes.Index(r.line, []byte(end))
	if i < 0 {
		return nil, nil, false
	}
	n := i + len(end)
	return r.line[:n], p[n-before:], true
}

func (r *response) forget() { r.line = r.line[:0] }

func tooLong(line []byte) error {
	if len(line) > maxHead {
		return fmt.Errorf("the answer's head or chunk line is longer than %d bytes: %.60q", maxHead, line)
	}
	return nil
}
