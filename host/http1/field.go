package http1

import "bytes"

// fields splits the header lines in p, which ends with the empty line, and
// notes what they say about framing and the connection.
func (h *Head) fields(p []byte) *Error {
	for {
		line, rest := cutLine(p)
		if len(line) == 0 {
			return nil
		}
		p = rest
		if line[0] == ' ' || line[0] == '\t' {
			return ErrFolded
		}
		colon, seen := scanName(line)
		if colon == 0 || colon == len(line) || line[colon] != ':' {
			return ErrFieldName
		}
		if h.request && seen&classUnderscore != 0 && imitates(line[:colon]) {
			return ErrReservedName
		}
		f := Field{Name: line[:colon], Value: trim(line[colon+1:])}
		if !isValue(f.Value) {
			return valueError(f.Value)
		}
		if len(h.Fields) == MaxFields {
			return ErrTooManyField
		}
		h.Fields = append(h.Fields, f)
		if err := h.note(f); err != nil {
			return err
		}
	}
}

// scanName gives the length of the token that the line begins with, and the
// classes that its bytes are of.
func scanName(line []byte) (n int, seen byte) {
	for n < len(line) {
		c := class[line[n]]
		if c&classToken == 0 {
			break
		}
		seen |= c
		n++
	}
	return n, seen
}

// maxOptions bounds the elements of all Connection fields together. Every field
// is compared with each of them, so their number is not the sender's to choose.
const maxOptions = 32

// note reads the fields that decide framing and the life of the connection.
// The first letter keeps the common case to one comparison.
func (h *Head) note(f Field) *Error {
	switch f.Name[0] | 0x20 {
	case 'c':
		switch {
		case EqualFold(f.Name, "content-length"):
			h.lengths++
			n, ok := parseLength(f.Value)
			if !ok || h.lengths > 1 {
				return ErrLength
			}
			h.Length = n
		case EqualFold(f.Name, "connection"):
			return h.noteConnection(f.Value)
		}
	case 't':
		if EqualFold(f.Name, "transfer-encoding") {
			h.encodings++
			if h.encodings > 1 || !EqualFold(f.Value, "chunked") {
				return ErrEncoding
			}
		}
	}
	if h.request {
		return h.noteRequest(f)
	}
	return nil
}

// noteRequest reads the fields that mean something in requests only.
func (h *Head) noteRequest(f Field) *Error {
	switch f.Name[0] | 0x20 {
	case 'h':
		if EqualFold(f.Name, "host") {
			h.host++
			if !isHost(f.Value) {
				return ErrHost
			}
		}
	case 'e':
		if EqualFold(f.Name, "expect") {
			if !EqualFold(f.Value, "100-continue") {
				return ErrExpect
			}
			h.Continue = true
		}
	}
	return nil
}

// noteConnection reads a list of connection options (RFC 9110 section 7.6.1).
func (h *Head) noteConnection(list []byte) *Error {
	for v := list; len(v) > 0; {
		var option []byte
		option, v = cutToken(v)
		if h.options++; h.options > maxOptions || len(option) > 0 && !isToken(option) {
			return ErrConnection
		}
	}
	h.connection = append(h.connection, list)
	h.keepAlive = h.keepAlive || hasToken(list, "keep-alive")
	return nil
}

// hopByHop are the fields that describe one connection and are never passed on
// (RFC 9110 section 7.6.1), beside those that Connection names.
var hopByHop = [...]string{
	"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
	"proxy-authentication-info", "te", "trailer", "transfer-encoding", "upgrade",
}

// HopByHop tells whether the field with this name belongs to one connection
// only: by RFC 9110, or because a Connection field of this head names it.
func (h *Head) HopByHop(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	switch name[0] | 0x20 {
	case 'c', 'k', 'p', 't', 'u':
		for _, n := range hopByHop {
			if EqualFold(name, n) {
				return true
			}
		}
	}
	for _, v := range h.connection {
		if names(v, name) {
			return true
		}
	}
	return false
}

// names tells whether the token list v names the field.
func names(v, name []byte) bool {
	for len(v) > 0 {
		var tok []byte
		tok, v = cutToken(v)
		if len(tok) == len(name) && bytes.EqualFold(tok, name) {
			return true
		}
	}
	return false
}

// reserved are the names that decide framing, identity or routing. A name with
// underscores that becomes one of them when a CGI-style server maps "_" and "-"
// to the same character is refused.
var reserved = [...]string{
	"content-length", "transfer-encoding", "content-type", "content-encoding", "x-api-key", "api-key",
	"x-request-id", "proxy-authorization", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
}

func imitates(name []byte) bool {
	if foldsTo(name[:min(len(name), len("x-weir-"))], "x-weir-") {
		return true
	}
	for _, r := range reserved {
		if foldsTo(name, r) {
			return true
		}
	}
	return false
}

// foldsTo is EqualFold for a name whose underscores count as hyphens.
func foldsTo(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		switch {
		case c == '_':
			c = '-'
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// EqualFold compares a header name or token with a lower-case ASCII string.
func EqualFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func parseLength(v []byte) (int64, bool) {
	if len(v) == 0 || len(v) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range v {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func trim(v []byte) []byte {
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return v
}

func valueError(v []byte) *Error {
	if bytes.IndexByte(v, '\r') >= 0 {
		return ErrBareCR
	}
	return ErrFieldValue
}

// cutToken takes the first element off a comma-separated list.
func cutToken(v []byte) (tok, rest []byte) {
	if i := bytes.IndexByte(v, ','); i >= 0 {
		return trim(v[:i]), v[i+1:]
	}
	return trim(v), nil
}

func hasToken(v []byte, lower string) bool {
	for len(v) > 0 {
		var tok []byte
		if tok, v = cutToken(v); EqualFold(tok, lower) {
			return true
		}
	}
	return false
}
