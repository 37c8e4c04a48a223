package telemetry

import (
	"unicode/utf8"
	"unsafe"
)

// Bounds of what is written, in bytes of the escaped form. A string cut at its bound ends in an ellipsis (3 bytes on top).
const (
	maxField    = 4 << 10 // one string of a record or of a log line
	maxShort    = 256     // a name inside a list: target, reason, role
	maxContent  = 1 << 20 // one text of a prompt, or the answer
	maxMessages = 4 << 20 // all texts of a prompt together
)

const (
	ellipsis = "…"
	hexadec  = "0123456789abcdef"
)

// appendString appends s as a JSON string (RFC 8259), quotes included, of at most limit bytes between them, and says whether it had to cut.
//
// The text is the same for whoever parses the line, and harmless for whoever looks at it in a terminal or an editor: control characters (C0, DEL, C1),
// bidirectional controls, U+2028, U+2029 and the byte order mark are escaped; every byte that is no UTF-8 becomes U+FFFD, as encoding/json does.
func appendString(dst []byte, s string, limit int) ([]byte, bool) {
	dst = append(dst, '"')
	end := len(dst) + limit
	start := 0 // of the run not copied yet
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain(c) {
				i++
				continue
			}
			var fits bool
			if dst, fits = appendRun(dst, s[start:i], end); !fits || len(dst)+6 > end {
				return closeCut(dst), true
			}
			dst = appendEscape(dst, rune(c))
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r != utf8.RuneError || size > 1) && !hidden(r) {
			i += size
			continue
		}
		var fits bool
		if dst, fits = appendRun(dst, s[start:i], end); !fits || len(dst)+6 > end {
			return closeCut(dst), true
		}
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	dst, fits := appendRun(dst, s[start:], end)
	if !fits {
		return closeCut(dst), true
	}
	return append(dst, '"'), false
}

// appendRun appends valid UTF-8 that needs no escaping, or as many whole characters of it as fit before end.
func appendRun(dst []byte, run string, end int) ([]byte, bool) {
	room := end - len(dst)
	if len(run) <= room {
		return append(dst, run...), true
	}
	room = max(room, 0)
	for room > 0 && !utf8.RuneStart(run[room]) {
		room--
	}
	return append(dst, run[:room]...), false
}

func closeCut(dst []byte) []byte { return append(dst, ellipsis+`"`...) }

// appendEscape appends r, which is below U+10000, escaped.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', hexadec[r>>12&15], hexadec[r>>8&15], hexadec[r>>4&15], hexadec[r&15])
}

// plain reports whether an ASCII byte stands for itself inside a JSON string.
func plain(c byte) bool { return c >= ' ' && c != '"' && c != '\\' && c != 0x7f }

// hidden reports whether a character beyond ASCII acts on its surroundings rather than showing: C1 controls (CSI among them), the directional
// controls of UAX #9, line and paragraph separator, byte order mark.
func hidden(r rune) bool {
	switch {
	case r < 0xa0:
		return r >= 0x80
	case r < 0x2028:
		return r == 0x061c || r == 0x200e || r == 0x200f
	case r <= 0x202e:
		return true
	}
	return r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// view lends b as a string for the length of a call.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
