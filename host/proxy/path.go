package proxy

import (
	"bytes"
	"strings"

	"weir/host/http1"
)

// splitTarget splits a request target into path and query ("?…" or empty).
func splitTarget(target []byte) (path, query []byte) {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		return target[:i], target[i:]
	}
	return target, nil
}

// normalPath tells whether the path has one reading only, so that what Weir
// matches is what any target will serve: no empty, "." or ".." segments in any
// spelling, no double encoding, no encoded byte that needs no encoding (RFC 3986
// sections 5.2.4 and 6.2.2), no encoded backslash or control. "%2F" is left
// alone, because model ids with a slash come so, but ends a segment like "/":
// some servers decode before they look for dots.
func normalPath(p []byte) bool {
	if len(p) == 0 || p[0] != '/' {
		return false
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '%' {
			if i+2 >= len(p) {
				return false
			}
			hi, lo := http1.Unhex(p[i+1]), http1.Unhex(p[i+2])
			if hi < 0 || lo < 0 {
				return false
			}
			if c = byte(hi<<4 | lo); !mustEncode(c) {
				return false
			}
			i += 2
		}
		switch c {
		case '/':
			if badSegment(p[i+1:]) {
				return false
			}
		case ';':
			return false // path parameters: some servers cut them off
		}
	}
	return true
}

// badSegment tells whether the path behind a slash begins with an empty segment
// that others follow, or with "." or "..".
func badSegment(rest []byte) bool {
	n := 0
	for n < len(rest) && n < 3 && rest[n] == '.' {
		n++
	}
	switch {
	case n == len(rest):
		return n == 1 || n == 2 // an empty last one is the path's closing slash
	case n > 2:
		return false
	}
	return rest[n] == '/' || len(rest) >= n+3 && rest[n] == '%' && rest[n+1] == '2' && rest[n+2]|0x20 == 'f'
}

// plainPath is the path as a lenient server might read it (decoded, lower case,
// cut at an encoded "?" or "#", without closing slashes and blanks) when that
// differs from how it is written, else "".
func plainPath(p []byte) string {
	plain := true
	for _, c := range p {
		if c == '%' || c >= 'A' && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain && (len(p) == 1 || p[len(p)-1] != '/') {
		return ""
	}
	if bytes.HasPrefix(p, []byte("/v1/models/")) {
		return "" // model ids are spelled as their owners like
	}
	s := string(decodeSegment(p))
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(strings.ToLower(s), "/ ")
}

// decodeSegment undoes percent-encoding in a path that normalPath has passed.
func decodeSegment(p []byte) []byte {
	if bytes.IndexByte(p, '%') < 0 {
		return p
	}
	out := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '%' {
			c = byte(http1.Unhex(p[i+1])<<4 | http1.Unhex(p[i+2]))
			i += 2
		}
		out = append(out, c)
	}
	return out
}

// mustEncode tells whether a byte has a reason to be percent-encoded in a path
// and is harmless once decoded.
func mustEncode(c byte) bool {
	switch {
	case c < ' ' || c == 0x7f || c == '%' || c == '\\' || c == '.' || c == ';':
		return false
	case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '_', c == '~':
		return false
	}
	return true
}
