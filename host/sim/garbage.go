package sim

import (
	"bytes"
	"compress/gzip"
	"time"
)

const (
	page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n" +
		"<body><h1>502 Bad Gateway</h1><p>The server returned an invalid response.</p></body></html>\n"
	binarySize  = 4 << 10
	endlessSize = 16 << 10           // bytes that an endless event grows by
	endlessGap  = time.Millisecond   // … each time
	badUTF8     = "\xff\xfe\xc3\x28" // no encoder makes these
	halfUTF8    = "\xf0\x9f\x98"     // a rune without its end
	seedBinary  = 0x5745495242494E31
)

// spoiled wraps a stream with the faults of content that are asked for.
func (x *exchange) spoiled(src source) source {
	f := &x.fault
	switch f.garbage {
	case noGarbage:
	case garbageEndless:
		src = &endless{x: x, src: src, after: f.garbageAt}
	default:
		src = &spoiler{src: src, kind: f.garbage, after: f.garbageAt}
	}
	if f.clean > 0 {
		src = &limited{src: src, left: f.clean - 1}
	}
	if f.gzip {
		src = newZipped(src)
	}
	return src
}

// spoiler replaces or damages events once a number of good ones has passed.
type spoiler struct {
	src   source
	kind  garbage
	after int
	sent  int
	done  bool
}

func (s *spoiler) next(dst []byte) ([]byte, int, bool) {
	if s.done {
		return dst, -1, false
	}
	mark := len(dst)
	ev, at, ok := s.src.next(dst)
	s.sent++
	if !ok || s.sent <= s.after {
		return ev, at, ok
	}
	switch s.kind {
	case garbageNoBlank:
		return append(trimEvent(ev), '\n'), at, true
	case garbageJSON, garbageUTF8:
		if s.sent > s.after+1 {
			return ev, at, true
		}
	default:
		s.done = true
	}
	return append(ev[:mark], spoil(bytes.Clone(ev[mark:]), s.kind)...), at, true
}

// spoil damages a body or an event.
func spoil(b []byte, kind garbage) []byte {
	end := []byte(nil)
	if bytes.HasSuffix(b, eventEnd) {
		end = eventEnd
	}
	b = b[:len(b)-len(end)]
	switch kind {
	case garbageHTML:
		return []byte(page)
	case garbageBinary:
		rand, noise := random{seedBinary}, make([]byte, 0, binarySize)
		for len(noise) < binarySize {
			v := rand.next()
			noise = append(noise, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
		return noise
	case garbageJSON:
		return append(b[:len(b)*2/3:len(b)*2/3], end...)
	case garbageUTF8:
		half := bytes.LastIndexByte(b, '"')
		if half < 0 {
			half = len(b)
		}
		return append(append(append(append([]byte{}, b[:half]...), badUTF8+halfUTF8...), b[half:]...), end...)
	}
	return append(b, end...)
}

// endless lets some events pass and then sends an event without an end, a piece
// every millisecond, for as long as the client listens.
type endless struct {
	x     *exchange
	src   source // nil: lead is sent first
	lead  []byte
	after int
	sent  int
	piece []byte
	due   time.Time
}

func (e *endless) next(dst []byte) ([]byte, int, bool) {
	if e.src != nil && e.sent < e.after {
		e.sent++
		return e.src.next(dst)
	}
	if e.piece == nil {
		e.piece = bytes.Repeat([]byte{'x'}, endlessSize)
		if e.src == nil {
			e.piece = bytes.Repeat([]byte{' '}, endlessSize)
		}
		e.due = time.Now()
		if e.src != nil {
			dst = append(dst, "data: "...)
		}
		return append(append(dst, e.lead...), e.piece...), -1, true
	}
	e.due = e.due.Add(endlessGap)
	if now := time.Now(); now.After(e.due) {
		e.due = now // a slow reader is not made up for
	} else if e.x.conn.wait(e.due) {
		e.x.conn.reset() // the write that follows notices
	}
	return append(dst, e.piece...), -1, true
}

// limited ends a stream after a number of events.
type limited struct {
	src  source
	left int
}

func (l *limited) next(dst []byte) ([]byte, int, bool) {
	if l.left == 0 {
		return dst, -1, false
	}
	l.left--
	return l.src.next(dst)
}

// zipped compresses a stream, flushed after every event.
type zipped struct {
	src  source
	buf  bytes.Buffer
	w    *gzip.Writer
	ev   []byte
	done bool
}

func newZipped(src source) *zipped {
	z := &zipped{src: src}
	z.w = gzip.NewWriter(&z.buf)
	return z
}

func (z *zipped) next(dst []byte) ([]byte, int, bool) {
	if z.done {
		return dst, -1, false
	}
	var at int
	var ok bool
	z.ev, at, ok = z.src.next(z.ev[:0])
	_, _ = z.w.Write(z.ev) // into a buffer: cannot fail
	if ok {
		_ = z.w.Flush()
	} else {
		_ = z.w.Close()
		z.done, at = true, -1
	}
	dst = append(dst, z.buf.Bytes()...)
	z.buf.Reset()
	return dst, at, true
}

func compress(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(b)
	_ = w.Close()
	return buf.Bytes()
}
