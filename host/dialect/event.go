package dialect

import "bytes"

// EventEnd frames server-sent events (WHATWG HTML, section 9.2.6): it returns the length of the first complete event
// in p, its closing blank line included, or 0 when p holds none yet. p must begin where an event begins. An event may
// be nothing but a blank line, or comments.
//
// What is left when the stream ends is an event without its blank line. Clients discard it, as the standard asks;
// Answer.Event reads it, so that a server that forgets the last blank line is not called cut.
//
// Lines end in LF, CRLF or CR, mixed as they come. Every byte is looked at a bounded number of times however the
// stream is cut: when end is 0, call again with p grown and from set to next; after an event start over with from 0.
// The events of a stream are the same for every way of cutting it, and joined they are the stream.
//
// Where the blank line ends in CR and p ends there, the event is held back for one byte, since an LF would belong to
// it. Only when the line before ended in a bare CR too is it complete at once: such a stream does not use CRLF.
func EventEnd(p []byte, from int) (end, next int) {
	i := from
	if i > 0 && i < len(p) && p[i-1] == '\r' && p[i] == '\n' {
		i++ // the second half of a CRLF that was cut in two
	}
	for i < len(p) {
		if i == 0 || p[i-1] == '\n' || p[i-1] == '\r' {
			if end, next, blank := blankLine(p, i); blank {
				return end, next
			}
		}
		n := lineEnd(p[i:])
		if n < 0 {
			return 0, len(p)
		}
		i += n + 1
		if p[i-1] == '\r' && i < len(p) && p[i] == '\n' {
			i++
		}
	}
	return 0, i
}

// blankLine looks at the line that begins at p[i]: whether it is blank and, if so, where the event ends or where to
// look again once the byte after a CR is known.
func blankLine(p []byte, i int) (end, next int, blank bool) {
	switch {
	case p[i] == '\n':
		return i + 1, 0, true
	case p[i] != '\r':
		return 0, 0, false
	case i > 0 && p[i-1] == '\r':
		return i + 1, 0, true
	case i+1 == len(p):
		return 0, i, true
	case p[i+1] == '\n':
		return i + 2, 0, true
	}
	return i + 1, 0, true
}

// lineEnd is the index of the first LF or CR in p, -1 if there is none. Two vector scans over the same window: the
// windows grow with the distance gone, since a search for LF through the whole rest of a buffer would be quadratic
// when its lines end in CR.
func lineEnd(p []byte) int {
	for at, size := 0, 512; at < len(p); size *= 2 {
		w := p[at:min(at+size, len(p))]
		lf := bytes.IndexByte(w, '\n')
		if lf >= 0 {
			w = w[:lf]
		}
		if cr := bytes.IndexByte(w, '\r'); cr >= 0 {
			return at + cr
		}
		if lf >= 0 {
			return at + lf
		}
		at += len(w)
	}
	return -1
}

// bom is the byte order mark in UTF-8, allowed once at the start of a stream.
const bom = "\ufeff"

// field cuts the first line off an event: the name before the colon, the value after it without the one blank that
// may follow, and the rest of the event. A line without a colon is all name; a comment has an empty name and colon
// set.
func field(ev []byte) (name, value, rest []byte, colon bool) {
	line := ev
	if n := lineEnd(ev); n >= 0 {
		line, rest = ev[:n], ev[n+1:]
		if ev[n] == '\r' && len(rest) > 0 && rest[0] == '\n' {
			rest = rest[1:]
		}
	}
	c := bytes.IndexByte(line, ':')
	if c < 0 {
		return line, nil, rest, false
	}
	value = line[c+1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return line[:c], value, rest, true
}

// fieldName tells whether a name that the standard does not define is at least written like one. Such a line is
// ignored, as the standard asks; anything else at the start of a line means that the stream is not server-sent events
// at all.
func fieldName(name []byte) bool {
	if len(name) == 0 || len(name) > 32 {
		return false
	}
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// fields is what an event says.
type fields struct {
	name, data []byte // data: several lines joined by LF
	lines      int    // of data
	failed     bool   // llama.cpp's servers once reported errors in a field of that name
}

// readFields takes an event apart. An unterminated event is read as if its blank line had come. Several data lines are
// joined in the storage of joined; one is a slice of the event.
func readFields(ev []byte, joined *[]byte) (f fields, err error) {
	for len(ev) > 0 {
		key, value, rest, colon := field(ev)
		ev = rest
		switch string(key) {
		case "data":
			switch f.lines++; f.lines {
			case 1:
				f.data = value
			case 2:
				*joined = append((*joined)[:0], f.data...)
				fallthrough
			default:
				*joined = append(append(*joined, '\n'), value...)
				f.data = *joined
			}
		case "event":
			f.name = value
		case "error":
			f.failed = true
		case "", "id", "retry":
		default:
			if !colon || !fieldName(key) {
				return fields{failed: f.failed}, errNotEvents
			}
		}
	}
	return f, nil
}
