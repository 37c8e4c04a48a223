package dialect

import (
	"encoding/binary"
	"math/bits"
)

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
	first bool   // an object or array was just opened
	bad   bool
}

// answerDepth is how deep values may nest in an answer. A request may have 64 levels and a Responses answer repeats
// its tool schemas a few levels further in.
const answerDepth = 512

func (w *walker) fail() { w.bad, w.i = true, len(w.p) }

// peek is the first byte of the next token, 0 at the end.
func (w *walker) peek() byte {
	if w.i < len(w.p) && w.p[w.i] > ' ' {
		return w.p[w.i]
	}
	if w.i = skipBlanks(w.p, w.i); w.i == len(w.p) {
		return 0
	}
	return w.p[w.i]
}

// object enters the next value if it is an object; otherwise nothing is read.
func (w *walker) object() bool { return w.open('{') }

// array enters the next value if it is an array; otherwise nothing is read.
func (w *walker) array() bool { return w.open('[') }

func (w *walker) open(c byte) bool {
	if w.peek() != c {
		return false
	}
	w.i++
	w.first = true
	return true
}

// next goes on to the next member of an object, whose value then has to be read; false after the last.
func (w *walker) next() bool {
	if !w.more('}') {
		return false
	}
	if w.peek() != '"' {
		w.fail()
		return false
	}
	start := w.i + 1
	end := skipPlain(w.p, start)
	if end < len(w.p) && w.p[end] == '"' {
		w.key, w.i = w.p[start:end], end+1
	} else if end = skipQuoted(w.p, end); end >= 0 {
		w.key, w.i = unescaped(w.p[start:end-1]), end
	} else {
		w.fail()
		return false
	}
	if w.peek() != ':' {
		w.fail()
		return false
	}
	w.i++
	return true
}

// elem goes on to the next element of an array, which then has to be read; false after the last.
func (w *walker) elem() bool { return w.more(']') }

func (w *walker) more(closing byte) bool {
	first := w.first
	w.first = false
	switch c := w.peek(); {
	case c == closing:
		w.i++
		return false
	case first && c != 0:
		return true
	case c == ',':
		w.i++
		return true
	}
	w.fail()
	return false
}

// skip reads the next value whatever it is and returns it as it stands in the text; nil on a fault.
func (w *walker) skip() []byte {
	var end int
	switch w.peek() {
	case '"':
		end = skipQuoted(w.p, w.i+1)
	case '{', '[':
		end = skipNested(w.p, w.i)
	default:
		end = skipScalar(w.p, w.i)
	}
	if end < 0 {
		w.fail()
		return nil
	}
	v := w.p[w.i:end]
	w.i = end
	return v
}

// end reports whether the whole text was one valid value and nothing follows it.
func (w *walker) end() bool { return !w.bad && w.peek() == 0 && w.i == len(w.p) }

func skipBlanks(p []byte, i int) int {
	for i < len(p) && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t') {
		i++
	}
	return i
}

// skipQuoted is the index after the closing quote of the string whose first character is at i; -1 if it does not end,
// holds a raw control byte, or an escape that JSON does not have.
func skipQuoted(p []byte, i int) int {
	for {
		i = skipPlain(p, i)
		if i >= len(p) {
			return -1
		}
		switch p[i] {
		case '"':
			return i + 1
		case '\\':
			if i = skipEscape(p, i); i < 0 {
				return -1
			}
		default:
			return -1
		}
	}
}

// skipPlain is the index of the first quote, backslash or control byte at or after i. Eight bytes at a time: in each
// of the three tests a borrow can only spoil bytes above a true hit, so the lowest bit set is right.
func skipPlain(p []byte, i int) int {
	for ; i+8 <= len(p); i += 8 {
		x := binary.LittleEndian.Uint64(p[i:])
		q, b := x^(ones*'"'), x^(ones*'\\')
		hit := ((x-ones*0x20)&^x | (q-ones)&^q | (b-ones)&^b) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(p) && p[i] >= ' ' && p[i] != '"' && p[i] != '\\' {
		i++
	}
	return i
}

// skipEscape is the index after the escape that begins at i, -1 if JSON has no such escape.
func skipEscape(p []byte, i int) int {
	switch {
	case i+1 >= len(p):
		return -1
	case escapes[p[i+1]] != 0:
		return i + 2
	case p[i+1] == 'u' && hex4(p, i+2) >= 0:
		return i + 6
	}
	return -1
}

// skipScalar is the index after the number or literal at i, -1 if there is none.
func skipScalar(p []byte, i int) int {
	if i >= len(p) {
		return -1
	}
	var word string
	switch p[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return skipNumber(p, i)
	}
	if len(p)-i < len(word) || string(p[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skipNumber(p []byte, i int) int {
	if p[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(p, i); i == start || p[start] == '0' && i > start+1 {
		return -1
	}
	if i < len(p) && p[i] == '.' {
		start = i + 1
		if i = skipDigits(p, start); i == start {
			return -1
		}
	}
	if i < len(p) && (p[i] == 'e' || p[i] == 'E') {
		start = i + 1
		if start < len(p) && (p[start] == '+' || p[start] == '-') {
			start++
		}
		if i = skipDigits(p, start); i == start {
			return -1
		}
	}
	return i
}

func skipDigits(p []byte, i int) int {
	for i < len(p) && p[i]-'0' <= 9 {
		i++
	}
	return i
}

// skipNested is the index after the object or array that begins at i, -1 if it is not valid or nests too deep. It
// keeps one bit a level instead of recursing.
func skipNested(p []byte, i int) int {
	var objects [answerDepth / 64]uint64
	for depth := 0; ; {
		if i = skipBlanks(p, i); i == len(p) {
			return -1
		}
		switch c := p[i]; c {
		case '{', '[':
			if depth == answerDepth {
				return -1
			}
			at, bit := &objects[depth/64], uint64(1)<<(depth%64)
			*at &^= bit
			if c == '{' {
				*at |= bit
			}
			depth++
			if i = skipBlanks(p, i+1); i == len(p) {
				return -1
			}
			if p[i] == c+2 { // '}' and ']' follow their openers by two
				break
			}
			if c == '{' {
				i = skipKey(p, i)
			}
			if i < 0 {
				return -1
			}
			continue
		case '"':
			i = skipQuoted(p, i+1)
		default:
			i = skipScalar(p, i)
		}
		if i < 0 {
			return -1
		}
		if i, depth = skipClosing(p, i, depth, &objects); i < 0 || depth == 0 {
			return i
		}
	}
}

// skipClosing reads what may follow a value inside depth levels: any number of closing brackets and then, unless the
// outermost was closed, a comma and, in an object, a key.
func skipClosing(p []byte, i, depth int, objects *[answerDepth / 64]uint64) (int, int) {
	for depth > 0 {
		if i = skipBlanks(p, i); i == len(p) {
			return -1, depth
		}
		object := objects[(depth-1)/64]>>((depth-1)%64)&1 == 1
		switch c := p[i]; {
		case c == ',' && object:
			return skipKey(p, i+1), depth
		case c == ',':
			return i + 1, depth
		case object && c == '}' || !object && c == ']':
			depth--
			i++
		default:
			return -1, depth
		}
	}
	return i, 0
}

// skipKey is the index after the colon of the key that begins at or after i, -1 if there is none.
func skipKey(p []byte, i int) int {
	if i = skipBlanks(p, i); i == len(p) || p[i] != '"' {
		return -1
	}
	if i = skipQuoted(p, i+1); i < 0 {
		return -1
	}
	if i = skipBlanks(p, i); i == len(p) || p[i] != ':' {
		return -1
	}
	return i + 1
}
