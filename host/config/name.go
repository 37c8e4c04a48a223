package config

import (
	"slices"
	"strings"
)

// checkKey says what is wrong with the key of a mapping whose keys are free,
// such as the name of a tenant; "" when nothing is.
func checkKey(key, format string) string {
	switch format {
	case "name":
		if !isName(key) {
			return "names are made of letters, digits and . _ : - only, 1 to 128 of them"
		}
	case "header":
		return checkHeaderName(key)
	case "fault":
		classes := faultClasses()
		if slices.Contains(classes, key) {
			return ""
		}
		if near, ok := nearest(key, classes); ok {
			return "this is no class of failure, did you mean " + near + "?"
		}
		return "this is no class of failure: there are " + strings.Join(classes, ", ")
	case "model":
		if key == "" || hasControl(key) {
			return "a model's name must not be empty or hold control characters"
		}
	}
	return ""
}

// isName holds the names of tenants and targets to [A-Za-z0-9._:-]{1,128}.
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && strings.IndexByte("._:-", s[i]) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func isAlnum(c byte) bool {
	return (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}

// checkHeaderName refuses what is no token (RFC 9110, 5.6.2) and the fields
// that belong to the connection or the framing of a message.
func checkHeaderName(name string) string {
	for i := 0; i < len(name); i++ {
		if !isAlnum(name[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", name[i]) < 0 {
			return "not a header name"
		}
	}
	if name == "" {
		return "not a header name"
	}
	fixed := []string{
		"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
		"transfer-encoding", "upgrade", "host", "content-length", "expect",
	}
	if slices.Contains(fixed, strings.ToLower(name)) {
		return "the header " + strings.ToLower(name) + " is Weir's own to set"
	}
	return ""
}

// isHeaderValue holds a value to visible characters, blanks inside and
// obs-text (RFC 9110, 5.5).
func isHeaderValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 0x20 && c != '\t') || c == 0x7f {
			return false
		}
	}
	return s == strings.Trim(s, " \t")
}

// isCredential holds a key or token to visible ASCII: anything else could not
// arrive, or not be sent, in a header.
func isCredential(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || (r >= 0x7f && r <= 0x9f) }) >= 0
}

// covers says whether a glob matches everything another one matches: the
// other's * can only be matched by a *.
func covers(glob, other string) bool {
	g, o, star, mark := 0, 0, -1, 0
	for o < len(other) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, mark = g, o
			g++
		case g < len(glob) && glob[g] == other[o]:
			g++
			o++
		case star >= 0:
			mark++
			g, o = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
