package http1

import "bytes"

// MaxFields is the number of header fields a message may have.
const MaxFields = 200

// Field is one header field. Both slices alias the head's bytes; Name keeps the
// case it came in, Value has its surrounding blanks removed.
type Field struct{ Name, Value []byte }

// Framing says how a message's body is delimited (RFC 9112 section 6.3).
type Framing uint8

// The ways a body can be delimited.
const (
	NoBody     Framing = iota
	Length             // Content-Length bytes
	Chunked            // Transfer-Encoding: chunked
	UntilClose         // an answer that ends with its connection
)

// Head is a parsed message head. Parse methods reuse its storage, so a Head
// that is kept allocates nothing once warm. All slices alias the parsed bytes.
type Head struct {
	Method, Target []byte // requests
	Status         int    // answers
	Minor          int    // HTTP/1.Minor: 0 or 1
	Fields         []Field
	Framing        Framing
	Length         int64 // bytes, for Framing Length
	Close          bool  // the connection ends after this message
	Continue       bool  // the client waits for "100 Continue"

	request    bool
	connection [][]byte // values of Connection fields
	options    int      // elements of these lists
	host       int
	lengths    int
	encodings  int
	keepAlive  bool
}

// HeadEnd looks for the end of a message head in p: the length including the
// empty line, or 0 when more bytes are needed. It resumes at from, a value it
// returned earlier as next for a prefix of p (0 at first), and looks at every
// byte once however small the pieces are in which a head comes. Lines that do
// not end in CRLF are refused as soon as they are seen, so that a head of bare
// LFs is answered instead of waited for.
func HeadEnd(p []byte, from int) (end, next int, err *Error) {
	for {
		i := bytes.IndexByte(p[from:], '\n')
		if i < 0 {
			return 0, len(p), nil
		}
		lf := from + i
		if lf == 0 || p[lf-1] != '\r' {
			return 0, from, ErrBareLF
		}
		if lf == 1 || p[lf-2] == '\n' {
			return lf + 1, lf + 1, nil
		}
		from = lf + 1
	}
}

// Get returns the value of the first field with that name, given in lower case.
func (h *Head) Get(lower string) []byte {
	for i := range h.Fields {
		if EqualFold(h.Fields[i].Name, lower) {
			return h.Fields[i].Value
		}
	}
	return nil
}

// ParseRequest reads the head of a request: p ends with its empty line, as
// HeadEnd finds it.
func (h *Head) ParseRequest(p []byte) *Error {
	h.reset()
	h.request = true
	line, rest := cutLine(p)
	if err := h.requestLine(line); err != nil {
		return err
	}
	if err := h.fields(rest); err != nil {
		return err
	}
	if h.host > 1 || h.host == 0 && h.Minor == 1 {
		return ErrHost
	}
	switch {
	case h.encodings > 0 && (h.lengths > 0 || h.Minor == 0):
		return ErrLengthAndTE
	case h.encodings > 0:
		h.Framing = Chunked
	case h.lengths > 0 && h.Length > 0:
		h.Framing = Length
	}
	h.Close = h.closes()
	return nil
}

// ParseResponse reads the head of an answer to a request whose method is HEAD
// or not: p ends with its empty line, as HeadEnd finds it.
func (h *Head) ParseResponse(p []byte, head bool) *Error {
	h.reset()
	line, rest := cutLine(p)
	if err := h.statusLine(line); err != nil {
		return err
	}
	if err := h.fields(rest); err != nil {
		return err
	}
	switch {
	case h.encodings > 0 && h.lengths > 0:
		return ErrLengthAndTE
	case head || h.Status < 200 || h.Status == 204 || h.Status == 304:
		h.Framing = NoBody
	case h.encodings > 0 && h.Minor == 0:
		return ErrEncoding
	case h.encodings > 0:
		h.Framing = Chunked
	case h.lengths > 0 && h.Length == 0:
		h.Framing = NoBody
	case h.lengths > 0:
		h.Framing = Length
	default:
		h.Framing = UntilClose
	}
	h.Close = h.closes() || h.Framing == UntilClose
	return nil
}

func (h *Head) reset() {
	*h = Head{Fields: h.Fields[:0], connection: h.connection[:0]}
}

func (h *Head) closes() bool {
	for _, v := range h.connection {
		if hasToken(v, "close") {
			return true
		}
	}
	return h.Minor == 0 && !h.keepAlive
}

func (h *Head) requestLine(line []byte) *Error {
	sp := bytes.IndexByte(line, ' ')
	if sp <= 0 || sp > 32 || !isToken(line[:sp]) {
		return ErrRequestLine
	}
	h.Method, line = line[:sp], line[sp+1:]
	sp = bytes.IndexByte(line, ' ')
	if sp <= 0 {
		return ErrRequestLine
	}
	h.Target = line[:sp]
	if err := h.version(line[sp+1:]); err != nil {
		return err
	}
	if !isTarget(h.Target) && (string(h.Target) != "*" || string(h.Method) != "OPTIONS") {
		return ErrTarget
	}
	return nil
}

// isTarget tells whether t is in origin-form (RFC 9112 section 3.2.1): an
// absolute path and maybe a query, of visible ASCII. Every "%" of the path
// begins an escape; what a query holds is between client and server.
func isTarget(t []byte) bool {
	if t[0] != '/' || !all(t, classTarget) {
		return false
	}
	for i := 0; i < len(t) && t[i] != '?'; i++ {
		if t[i] == '%' && (i+2 >= len(t) || Unhex(t[i+1]) < 0 || Unhex(t[i+2]) < 0) {
			return false
		}
	}
	return true
}

func (h *Head) version(v []byte) *Error {
	switch {
	case string(v) == "HTTP/1.1":
		h.Minor = 1
	case string(v) == "HTTP/1.0":
		h.Minor = 0
	case len(v) == 8 && bytes.HasPrefix(v, []byte("HTTP/")) && isDigit(v[5]) && v[6] == '.' && isDigit(v[7]):
		return ErrVersion
	default:
		return ErrRequestLine
	}
	return nil
}

// statusLine reads "HTTP/1.1 200 OK"; the reason phrase may be empty or absent.
func (h *Head) statusLine(line []byte) *Error {
	if len(line) < 12 || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return ErrStatusLine
	}
	if h.version(line[:8]) != nil {
		return ErrStatusLine
	}
	for _, c := range line[9:12] {
		if !isDigit(c) {
			return ErrStatusLine
		}
		h.Status = h.Status*10 + int(c-'0')
	}
	if h.Status < 100 || h.Status > 599 || !isValue(line[12:]) {
		return ErrStatusLine
	}
	return nil
}

// cutLine splits p after its first CRLF and drops the CRLF. Where HeadEnd has
// not seen to it that there is one, the bytes that are left are the line, and
// fail as one.
func cutLine(p []byte) (line, rest []byte) {
	i := bytes.IndexByte(p, '\n')
	if i < 1 || p[i-1] != '\r' {
		return p, nil
	}
	return p[:i-1], p[i+1:]
}
