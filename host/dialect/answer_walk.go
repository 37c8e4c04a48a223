package dialect

import "math/bits"

// walker reads one JSON text forward and strictly (RFC 8259), one pass, no allocation. Its caller opens objects and
// arrays and takes or skips every value:
//
//	if w.object() {
//		for w.next() {
//			switch string(w.key) {
//			case "id":
//				id = w.skip()
//			default:
//				w.skip()
//			}
//		}
//	}
//	ok := w.end()
//
// A fault ends every loop and makes end report false. UTF-8 is the caller's to check, duplicate keys and lone
// surrogates are let through: an answer is passed on as it is, and a client's parser takes the last of two keys as
// the loop above does. It reads answers; requests have their own, stricter pass.
type walker struct {
	p     []byte
	i     int    // next byte
	key   []byte // of the member next stands at, unescaped
	token []byte // the value of that member, read with its key, unless it is an object or array: then nil
	first bool   // an object or array was just opened
	bad   bool
}

func (w *walker) fail() { w.bad, w.i, w.token = true, len(w.p), nil }

// blanks is skipBlanks for the usual case that there are none, small enough to be inlined.
func blanks(p []byte, i int) int {
	if i < len(p) && p[i] <= ' ' {
		return skipBlanks(p, i)
	}
	return i
}

// object enters the next value if it is an object; otherwise nothing is read.
func (w *walker) object() bool { return w.open('{') }

// array enters the next value if it is an array; otherwise nothing is read.
func (w *walker) array() bool { return w.open('[') }

func (w *walker) open(c byte) bool {
	if w.token != nil {
		return false
	}
	i := blanks(w.p, w.i)
	if i >= len(w.p) || w.p[i] != c {
		return false
	}
	w.i, w.first = i+1, true
	return true
}

// next goes on to the next member of an object, whose value then has to be read; false after the last. Strings,
// numbers and literals it reads along with their keys, while the position is at hand.
func (w *walker) next() bool {
	p := w.p
	i := blanks(p, w.i)
	if i < len(p) && p[i] == '}' {
		w.i, w.first, w.token = i+1, false, nil
		return false
	}
	switch {
	case w.first:
		w.first = false
	case i < len(p) && p[i] == ',':
		i = blanks(p, i+1)
	default:
		w.fail()
		return false
	}
	if i < 0 || i >= len(p) || p[i] != '"' {
		w.fail()
		return false
	}
	i++
	start := i
	if i > len(p)-16 {
		i = skipPlain(p, i)
	} else if stops := stop8(load8(p, i)); stops != 0 {
		i += bits.TrailingZeros64(stops) >> 3
	} else if stops := stop8(load8(p, i+8)); stops != 0 {
		i += 8 + bits.TrailingZeros64(stops)>>3
	} else {
		i = skipPlain(p, i+16)
	}
	if i < len(p) && p[i] == '"' {
		w.key = p[start:i]
	} else if i = w.escapedKey(start, i); i < 0 {
		return false
	}
	if i++; i < len(p) && p[i] == ':' {
		i++
	} else if i = skipColon(p, i); i < 0 {
		w.fail()
		return false
	}
	return w.value(i)
}

// value reads the value of a member, which begins at or after i, unless it is an object or array.
func (w *walker) value(i int) bool {
	p := w.p
	i = blanks(p, i)
	if i >= len(p) {
		w.fail()
		return false
	}
	start := i
	switch p[i] {
	case '{', '[':
		w.i, w.token = i, nil
		return true
	case '"':
		if i = skipPlain(p, i+1); i < len(p) && p[i] == '"' {
			i++
		} else {
			i = skipQuoted(p, i)
		}
	case 'n':
		i = skipWord(p, i, "null")
	default:
		for i < len(p) && p[i]-'0' <= 9 {
			i++
		}
		// A short plain integer that does not begin with 0 is read; 0 itself and all else is looked at in full.
		if i == start || p[start] == '0' || i < len(p) && (p[i] == '.' || p[i]|0x20 == 'e') {
			i = skipScalar(p, start)
		}
	}
	if i < 0 {
		w.fail()
		return false
	}
	w.i, w.token = i, p[start:i]
	return true
}

// escapedKey reads a key that begins at start and is plain up to i. It is the index of its closing quote, -1 after a
// fault.
func (w *walker) escapedKey(start, i int) int {
	if i = skipQuoted(w.p, i); i < 0 {
		w.fail()
		return -1
	}
	w.key = unescaped(w.p[start : i-1])
	return i - 1
}

// elem goes on to the next element of an array, which then has to be read; false after the last.
func (w *walker) elem() bool {
	p, first := w.p, w.first
	w.first, w.token = false, nil
	i := blanks(p, w.i)
	switch {
	case i >= len(p):
	case p[i] == ']':
		w.i = i + 1
		return false
	case first:
		return true
	case p[i] == ',':
		w.i = i + 1
		return true
	}
	w.fail()
	return false
}

// skip reads the next value whatever it is and returns it as it stands in the text; nil on a fault.
func (w *walker) skip() []byte {
	if w.token != nil {
		return w.token
	}
	return w.skipNext()
}

func (w *walker) skipNext() []byte {
	start := blanks(w.p, w.i)
	end := skipValue(w.p, start)
	if end < 0 {
		w.fail()
		return nil
	}
	w.i = end
	return w.p[start:end]
}

// end reports whether the whole text was one valid value and nothing follows it.
func (w *walker) end() bool { return !w.bad && blanks(w.p, w.i) == len(w.p) }
