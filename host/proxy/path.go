package proxy

import "bytes"

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
// alone: model ids with a slash come so.
func normalPath(p []byte) bool {
	if len(p) == 0 || p[0] != '/' {
		return false
	}
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '/':
			if rest := p[i+1:]; len(rest) > 0 && rest[0] == '/' || dotSegment(rest) {
				return false
			}
		case c == '%':
			if i+2 >= len(p) {
				return false
			}
			hi, lo := unhex(p[i+1]), unhex(p[i+2])
			if hi < 0 || lo < 0 {
				return false
			}
			if d := byte(hi<<4 | lo); !mustEncode(d) {
				return false
			}
			i += 2
		case c == ';':
			return false // path parameters: some servers cut them off
		}
	}
	return true
}

// dotSegment tells whether the path behind a slash begins with "." or ".." as a
// whole segment.
func dotSegment(rest []byte) bool {
	seg := rest
	if i := bytes.IndexByte(rest, '/'); i >= 0 {
		seg = rest[:i]
	}
	return string(seg) == "." || string(seg) == ".."
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

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
