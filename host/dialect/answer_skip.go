package dialect

import "math/bits"

// The functions here move over a JSON text p by index: what they return is the index behind what they read, -1 if it is
// not there or not valid.

// answerDepth is how deep values may nest in an answer. A request may have 64 levels and a Responses answer repeats
// its tool schemas a few levels further in.
const answerDepth = 512

func skipBlanks(p []byte, i int) int {
	for i < len(p) && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t') {
		i++
	}
	return i
}

// skipValue reads the value that begins at i.
func skipValue(p []byte, i int) int {
	if i >= len(p) {
		return -1
	}
	switch p[i] {
	case '"':
		return skipQuoted(p, i+1)
	case '{', '[':
		return skipNested(p, i)
	default:
		return skipScalar(p, i)
	}
}

// skipQuoted is the index after the closing quote of the string whose first character is at i; -1 if it does not end,
// holds a raw control byte, or an escape that JSON does not have.
func skipQuoted(p []byte, i int) int {
	for i >= 0 {
		if i = skipPlain(p, i); i >= len(p) {
			return -1
		}
		if p[i] == '"' {
			return i + 1
		}
		i = skipEscape(p, i)
	}
	return -1
}

// skipWords is skipPlain, eight bytes at a time.
func skipWords(p []byte, i int) int {
	for i >= 0 && i <= len(p)-8 {
		if stops := stop8(load8(p, i)); stops != 0 {
			return i + bits.TrailingZeros64(stops)>>3
		}
		i += 8
	}
	for i < len(p) && p[i] >= ' ' && p[i] != '"' && p[i] != '\\' {
		i++
	}
	return i
}

// stop8 marks the quotes, backslashes and control bytes of a word as mark does, but bytes that are not ASCII pass.
func stop8(x uint64) uint64 {
	return (((x ^ 0x02*ones) - 0x21*ones) | ((x ^ '\\'*ones) - ones)) &^ x & highs
}

// load8 is the word of eight bytes at i. The compiler makes it one load, and no check of bounds where it knows that
// 0 <= i <= len(p)-8; binary.LittleEndian.Uint64(p[i:]) takes four instructions more.
func load8(p []byte, i int) uint64 {
	return uint64(p[i]) | uint64(p[i+1])<<8 | uint64(p[i+2])<<16 | uint64(p[i+3])<<24 |
		uint64(p[i+4])<<32 | uint64(p[i+5])<<40 | uint64(p[i+6])<<48 | uint64(p[i+7])<<56
}

// skipEscape is the index after the escape that begins at i, -1 if there is none or JSON does not have it.
func skipEscape(p []byte, i int) int {
	switch {
	case i+1 >= len(p) || p[i] != '\\':
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
	switch p[i] {
	case 't':
		return skipWord(p, i, "true")
	case 'f':
		return skipWord(p, i, "false")
	case 'n':
		return skipWord(p, i, "null")
	default:
		return skipNumber(p, i)
	}
}

func skipWord(p []byte, i int, word string) int {
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
	if i < len(p) && p[i]|0x20 == 'e' {
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

// skipColon is the index after the colon that stands at or after i.
func skipColon(p []byte, i int) int {
	if i = skipBlanks(p, i); i == len(p) || p[i] != ':' {
		return -1
	}
	return i + 1
}

// skipKey is the index after the colon of the key that begins at or after i, -1 if there is none.
func skipKey(p []byte, i int) int {
	if i = skipBlanks(p, i); i == len(p) || p[i] != '"' {
		return -1
	}
	if i = skipQuoted(p, i+1); i < 0 {
		return -1
	}
	return skipColon(p, i)
}
