package http1

// Error is a message that cannot be read in only one way. Status is the answer
// a server gives to a request that has it; Reason is a short, fixed word for
// metrics; Text explains it without quoting the peer's bytes.
type Error struct {
	Status int
	Reason string
	Text   string
}

func (e *Error) Error() string { return e.Text }

// The faults a head or a chunked body can have. They are shared values: callers
// compare by identity and must not change them.
var (
	ErrBareLF       = &Error{400, "bare_lf", "line ends with LF instead of CRLF"}
	ErrBareCR       = &Error{400, "bare_cr", "CR without LF in the message head"}
	ErrFolded       = &Error{400, "folded_header", "folded header line (obsolete line folding)"}
	ErrFieldName    = &Error{400, "header_name", "header name is not a token"}
	ErrFieldValue   = &Error{400, "header_value", "control character in a header value"}
	ErrReservedName = &Error{400, "header_alias", "header name imitates a reserved one with an underscore"}
	ErrTooManyField = &Error{431, "too_many_headers", "too many header fields"}
	ErrHeadTooLarge = &Error{431, "headers_too_large", "message head is larger than limits.headers"}
	ErrRequestLine  = &Error{400, "request_line", "malformed request line"}
	ErrTarget       = &Error{400, "target", "request target is not an absolute path"}
	ErrVersion      = &Error{505, "version", "only HTTP/1.0 and HTTP/1.1 are spoken here"}
	ErrHost         = &Error{400, "host", "exactly one valid Host header is required"}
	ErrLength       = &Error{400, "content_length", "invalid or repeated Content-Length"}
	ErrLengthAndTE  = &Error{400, "length_and_encoding", "Content-Length together with Transfer-Encoding"}
	ErrEncoding     = &Error{400, "transfer_encoding", "only a single Transfer-Encoding: chunked is accepted"}
	ErrExpect       = &Error{417, "expect", "only Expect: 100-continue is understood"}
	ErrStatusLine   = &Error{502, "status_line", "malformed status line"}
	ErrChunk        = &Error{400, "chunk", "malformed chunked body"}
	ErrBodyTooLarge = &Error{413, "body_too_large", "request body is larger than limits.body"}
	ErrConnection   = &Error{400, "connection", "malformed Connection header"}
)
