package http1

import "encoding/binary"

const (
	classToken      = 1 << iota // tchar, RFC 9110 section 5.6.2
	classValue                  // field-vchar, SP, HTAB, obs-text
	classHost                   // reg-name, IP literal, port
	classTarget                 // visible ASCII but "#" and "\\"
	classUnderscore             // "_"
)

// class is a table of what each byte may be part of.
var class = func() (t [256]byte) {
	for c := range t {
		b := byte(c)
		alnum := b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
		if alnum || contains("!#$%&'*+-.^_`|~", b) {
			t[c] |= classToken
		}
		if b == '\t' || b >= ' ' && b != 0x7f {
			t[c] |= classValue
		}
		if alnum || contains("-._~:[]%", b) {
			t[c] |= classHost
		}
		if b > ' ' && b < 0x7f && b != '#' && b != '\\' {
			t[c] |= classTarget
		}
		if b == '_' {
			t[c] |= classUnderscore
		}
	}
	return t
}()

func contains(s string, b byte) bool {
	for i := range len(s) {
		if s[i] == b {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isToken(b []byte) bool { return len(b) > 0 && all(b, classToken) }
func isHost(b []byte) bool  { return all(b, classHost) }

// isValue tells whether b is made of visible characters, blanks, tabs and
// obs-text. It looks at eight bytes at a time: values are most of a head.
func isValue(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		control := (x - ones*' ') &^ x // the high bit of each byte below ' ', perhaps of one above such a byte
		del := x ^ ones*0x7f
		del = (del - ones) &^ del
		if (control|del)&high != 0 && !all(b[:8], classValue) {
			return false
		}
		b = b[8:]
	}
	return all(b, classValue)
}

func all(b []byte, want byte) bool {
	for _, c := range b {
		if class[c]&want == 0 {
			return false
		}
	}
	return true
}

// IsToken tells whether b is a token of RFC 9110, as header names must be.
func IsToken(b []byte) bool { return isToken(b) }

// IsValue tells whether b may stand as a header value.
func IsValue(b []byte) bool { return isValue(b) }
