package http1

const (
	classToken = 1 << iota // tchar, RFC 9110 section 5.6.2
	classValue             // field-vchar, SP, HTAB, obs-text
	classHost              // reg-name, IP literal, port
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
func isValue(b []byte) bool { return all(b, classValue) }
func isHost(b []byte) bool  { return all(b, classHost) }

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
