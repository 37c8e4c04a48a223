package dialect

import (
	"math/bits"
	"unicode/utf8"
)

// Words of eight bytes are searched at once (SWAR). In mark(w) the high bit of a byte is set if that byte is a quote,
// a backslash, a control character or not ASCII. Subtraction borrows upwards, so bytes above the first marked
// one may be marked wrongly; the lowest mark is always right.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// mark folds "below 0x20" and "is 0x22" into one comparison: flipping bit 1 swaps 0x22 with 0x20 and leaves the control
// characters among themselves, so both are what is below 0x21 then.
func mark(w uint64) uint64 {
	return w | ((w ^ 0x02*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)
}

// plainWords is plain, eight bytes at a time. Short strings are the common case, so the wide loop comes after four
// single words. bytes.IndexByte for quote and backslash with a check behind wins a tenth at 16 KB and loses a quarter
// at 100 bytes.
func plainWords(d []byte, i int) int {
	for n := 0; n < 4 && i >= 0 && i <= len(d)-8; n++ {
		if m := mark(load8(d, i)) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i >= 0 && i <= len(d)-32 {
		s := d[i : i+32]
		if (mark(load8(s, 0))|mark(load8(s, 8))|mark(load8(s, 16))|mark(load8(s, 24)))&highs != 0 {
			break
		}
		i += 32
	}
	for i >= 0 && i <= len(d)-8 {
		if m := mark(load8(d, i)) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(d) && d[i] >= ' ' && d[i] < utf8.RuneSelf && d[i] != '"' && d[i] != '\\' {
		i++
	}
	return i
}

// appendEasyWords is appendEasy, eight bytes at a time.
func appendEasyWords(dst, d []byte, i int) ([]byte, int) {
	for {
		end := plainWords(d, i)
		dst = append(dst, d[i:end]...)
		for i = end; ; {
			if i < 0 || i > len(d)-8 {
				return dst, i
			}
			word := load8(d, i)
			l := &leads[byte(word)]
			if word&l.mask != l.want {
				return dst, i
			}
			if l.escape == 0 {
				dst = append(dst, d[i:i+int(l.size)]...)
				i += int(l.size)
				break
			}
			c := easyEscapes[byte(word>>8)]
			if c == 0 {
				return dst, i
			}
			dst = append(dst, c)
			i += 2
			if byte(word>>16) != '\\' {
				break
			}
		}
	}
}

// multibyte moves from i, which is not ASCII, over well-formed UTF-8 (Unicode 16, table 3-7) to an ASCII byte or the
// end. Single plain ASCII bytes between, the spaces of most scripts, are taken along. It gives -1 and the offset of the first
// ill-formed sequence if there is one.
func multibyte(d []byte, i int) (next, bad int) {
	for i < len(d) {
		switch c := d[i]; {
		case c < utf8.RuneSelf:
			if c < ' ' || c == '"' || c == '\\' || i+1 == len(d) || d[i+1] < utf8.RuneSelf {
				return i, 0
			}
			i++
		case c < 0xE0:
			if c < 0xC2 || i+1 >= len(d) || d[i+1]&0xC0 != 0x80 {
				return -1, i
			}
			i += 2
		case c < 0xF0: // neither overlong nor a surrogate
			if i+2 >= len(d) || d[i+1]&0xC0 != 0x80 || d[i+2]&0xC0 != 0x80 ||
				c == 0xE0 && d[i+1] < 0xA0 || c == 0xED && d[i+1] > 0x9F {
				return -1, i
			}
			i += 3
		default: // neither overlong nor beyond U+10FFFF
			if c > 0xF4 || i+3 >= len(d) || d[i+1]&0xC0 != 0x80 || d[i+2]&0xC0 != 0x80 || d[i+3]&0xC0 != 0x80 ||
				c == 0xF0 && d[i+1] < 0x90 || c == 0xF4 && d[i+1] > 0x8F {
				return -1, i
			}
			i += 4
		}
	}
	return i, 0
}

// stop moves from i over the text of a string to its closing quote or next escape. It gives -1 after a fault.
func (s *scanner) stop(i int) int {
	i = plain(s.data, i)
	if i < len(s.data) && (s.data[i] == '"' || s.data[i] == '\\') {
		return i
	}
	return s.stopBeyond(i)
}

// stopBeyond goes on at i, where text is not plain.
func (s *scanner) stopBeyond(i int) int {
	for i < len(s.data) {
		c := s.data[i]
		if c == '"' || c == '\\' {
			return i
		}
		if c < ' ' {
			s.fail(faultControl, i)
			return -1
		}
		next, bad := multibyte(s.data, i)
		if next < 0 {
			s.fail(faultUTF8, bad)
			return -1
		}
		i = plain(s.data, next)
	}
	s.fail(faultEnd, i)
	return -1
}

// skipString consumes the string at the cursor. It reports whether the string has escapes.
func (s *scanner) skipString() (escapes bool) {
	i := s.stop(s.pos + 1)
	for i >= 0 && s.data[i] == '\\' {
		escapes = true
		if _, i = s.escape(i); i >= 0 {
			i = s.stop(i)
		}
	}
	s.pos = i + 1
	return escapes
}

// appendString consumes the string at the cursor and appends its value to dst. Of a refused string it
// appends a part.
func (s *scanner) appendString(dst []byte) []byte {
	d, i := s.data, s.pos+1
	for {
		dst, i = appendEasy(dst, d, i)
		if i < len(d) && d[i] == '"' {
			s.pos = i + 1
			return dst
		}
		if dst, i = s.appendHard(dst, i); i < 0 {
			return dst
		}
	}
}

// appendHard appends what stands at i, whatever it is except a quote, and gives the index behind it, -1 after a fault. What
// is easy comes here as well where appendEasy has no room or too little text to look at.
func (s *scanner) appendHard(dst []byte, i int) ([]byte, int) {
	d := s.data
	if end := plainWords(d, i); end > i {
		return append(dst, d[i:end]...), end
	}
	if i >= len(d) {
		s.fail(faultEnd, i)
		return dst, -1
	}
	if d[i] != '\\' {
		return s.appendBeyond(dst, i)
	}
	r, next := s.escape(i)
	if next < 0 {
		return dst, -1
	}
	if r < utf8.RuneSelf {
		s.countControl(r)
	}
	return utf8.AppendRune(dst, r), next
}

// appendBeyond appends the text at i that is not ASCII, and gives the index behind it, -1 after a fault.
func (s *scanner) appendBeyond(dst []byte, i int) ([]byte, int) {
	if s.data[i] < ' ' {
		s.fail(faultControl, i)
		return dst, -1
	}
	next, bad := multibyte(s.data, i)
	if next < 0 {
		s.fail(faultUTF8, bad)
		return dst, -1
	}
	return append(dst, s.data[i:next]...), next
}

func (s *scanner) countControl(r rune) {
	if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
		s.controls++
	}
}

// text consumes the string at the cursor and gives its value: a slice of the text, or of a buffer that the next call
// of text overwrites. For short strings that are not inspected.
func (s *scanner) text() []byte {
	at, controls := s.pos, s.controls
	if i := plain(s.data, at+1); i < len(s.data) && s.data[i] == '"' {
		s.pos = i + 1
		return s.data[at+1 : i]
	}
	if !s.skipString() {
		if s.failed() {
			return nil
		}
		return s.data[at+1 : s.pos-1]
	}
	if s.failed() {
		return nil
	}
	s.pos = at
	s.short = s.appendString(s.short[:0])
	s.controls = controls
	return s.short
}

// escape decodes the escape sequence at i. It gives the index behind it, -1 after a fault. Surrogates count in
// pairs only (RFC 7493, section 2.1).
func (s *scanner) escape(i int) (r rune, next int) {
	d := s.data
	if i+1 == len(d) {
		s.fail(faultEnd, len(d))
		return 0, -1
	}
	c := d[i+1]
	if c != 'u' {
		if escapes[c] == 0 {
			s.fail(faultEscape, i)
			return 0, -1
		}
		return rune(escapes[c]), i + 2
	}
	if r = hex4(d, i+2); r < 0 {
		s.fail(faultEscape, i)
		return 0, -1
	}
	if r&0xF800 != 0xD800 {
		return r, i + 6
	}
	if r < 0xDC00 && i+7 < len(d) && d[i+6] == '\\' && d[i+7] == 'u' {
		if low := hex4(d, i+8); low&^0x3FF == 0xDC00 {
			return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), i + 12
		}
	}
	s.fail(faultSurrogate, i)
	return 0, -1
}

// escapes maps the byte behind a backslash to its character; \u stands apart.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// easyEscapes are the escapes that spell no control character to be counted.
var easyEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 'r': '\r', 't': '\t'}

// leadByte says what the word of eight bytes at a place where text is not plain has to be for appendEasy to go on, by its
// first byte: want, under mask.
type leadByte struct {
	mask, want uint64
	escape     uint64 // all ones if the second byte is to be looked up in easyEscapes
	size       uint8  // of the character's spelling, in bytes
	drop       uint8  // how many of these its text has fewer
}

// leads has the backslash, and bytes that begin a character that is not ASCII (Unicode 16, table 3-7) with an ASCII one behind it: runs
// of such characters are read faster by multibyte. Others match no word, and behind F0, where one mask cannot tell, only
// the plane of emoji does.
var leads = makeLeads()

func makeLeads() (l [256]leadByte) {
	for c := range l {
		l[c] = leadByte{want: 1}
	}
	for c := 0xC2; c <= 0xDF; c++ {
		l[c] = leadByte{mask: 0x80_C0_00, want: 0x80_00, size: 2}
	}
	for c := 0xE0; c <= 0xEF; c++ {
		l[c] = leadByte{mask: 0x80_C0_C0_00, want: 0x80_80_00, size: 3}
	}
	for c := 0xF0; c <= 0xF4; c++ {
		l[c] = leadByte{mask: 0x80_C0_C0_C0_00, want: 0x80_80_80_00, size: 4}
	}
	l['\\'] = leadByte{escape: ^uint64(0), size: 2, drop: 1}
	l[0xE0] = leadByte{mask: 0x80_C0_E0_00, want: 0x80_A0_00, size: 3} // not overlong
	l[0xED] = leadByte{mask: 0x80_C0_E0_00, want: 0x80_80_00, size: 3} // no surrogate
	l[0xF0] = leadByte{mask: 0x80_C0_C0_F0_00, want: 0x80_80_90_00, size: 4}
	l[0xF4] = leadByte{mask: 0x80_C0_C0_F0_00, want: 0x80_80_80_00, size: 4} // not beyond U+10FFFF
	return l
}

// hex4 reads four hexadecimal digits at i, -1 if they are not there.
func hex4(d []byte, i int) rune {
	if len(d)-i < 4 {
		return -1
	}
	var r rune
	for _, c := range d[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
