package dialect

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// Kind is the class of an error that may reach a client. It fixes the HTTP status and, per dialect, the error type.
// The zero Kind is none of them and is answered like Internal.
type Kind uint8

const (
	_                Kind = iota
	BadRequest            // 400
	Unauthorized          // 401
	Forbidden             // 403
	NotFound              // 404
	MethodNotAllowed      // 405
	RequestTimeout        // 408
	TooLarge              // 413
	UnsupportedMedia      // 415
	RateLimited           // 429
	HeadersTooLarge       // 431
	ClientClosed          // 499, for records only: nobody is left to read it
	Internal              // 500
	BadGateway            // 502
	Unavailable           // 503
	GatewayTimeout        // 504
	kinds                 // how many there are
)

// class is what one Kind looks like in each dialect. Both vendors' SDKs choose the exception from the HTTP status and
// expose type and code to the application, so both have to be the vendor's own words. A code is OpenAI's alone and is
// used when Error.Code is empty.
type class struct {
	status            int
	openai, anthropic string
	code              string
}

var classes = [kinds]class{
	BadRequest:       {http.StatusBadRequest, "invalid_request_error", "invalid_request_error", ""},
	Unauthorized:     {http.StatusUnauthorized, "authentication_error", "authentication_error", "invalid_api_key"},
	Forbidden:        {http.StatusForbidden, "permission_error", "permission_error", ""},
	NotFound:         {http.StatusNotFound, "not_found_error", "not_found_error", ""},
	MethodNotAllowed: {http.StatusMethodNotAllowed, "invalid_request_error", "invalid_request_error", "method_not_supported"},
	RequestTimeout:   {http.StatusRequestTimeout, "timeout_error", "timeout_error", ""},
	TooLarge:         {http.StatusRequestEntityTooLarge, "invalid_request_error", "request_too_large", "request_too_large"},
	UnsupportedMedia: {http.StatusUnsupportedMediaType, "invalid_request_error", "invalid_request_error", ""},
	RateLimited:      {http.StatusTooManyRequests, "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"},
	HeadersTooLarge:  {http.StatusRequestHeaderFieldsTooLarge, "invalid_request_error", "invalid_request_error", ""},
	ClientClosed:     {499, "invalid_request_error", "invalid_request_error", "client_closed_request"},
	Internal:         {http.StatusInternalServerError, "server_error", "api_error", ""},
	BadGateway:       {http.StatusBadGateway, "server_error", "api_error", ""},
	Unavailable:      {http.StatusServiceUnavailable, "server_error", "overloaded_error", ""},
	GatewayTimeout:   {http.StatusGatewayTimeout, "timeout_error", "timeout_error", ""},
}

func (k Kind) class() *class {
	if k == 0 || k >= kinds {
		k = Internal
	}
	return &classes[k]
}

// Status is the HTTP status of k: 400 to 504. A Kind outside the list is answered with 500.
func (k Kind) Status() int { return k.class().status }

// Error is an error a client may be told about. Nothing else may reach one: whoever answers a client builds an Error
// and writes it with AppendError or AppendErrorEvent.
//
// Message is a sentence for a person and may quote the request. Param is the path of the offending field as OpenAI
// writes it ("messages[2].role"), Code a short machine-readable word ("model_not_found"); either may be empty, and
// Anthropic's shape carries neither. RetryAfter and NoRetry are for the proxy's headers: retry-after-ms, retry-after,
// x-should-retry.
type Error struct {
	Kind                 Kind
	Message, Param, Code string
	RetryAfter           time.Duration // 0: not said
	NoRetry              bool          // tell the SDK that asking again is useless, whatever the status
}

// Error is for logs and tests: status, message, param and code in one line. Clients get AppendError.
func (e *Error) Error() string {
	b := strconv.AppendInt(make([]byte, 0, 96), int64(e.Kind.Status()), 10)
	b = append(b, ' ')
	b = append(b, e.Message...)
	if e.Param != "" {
		b = append(append(b, " (at "...), e.Param...)
		b = append(b, ')')
	}
	if e.Code != "" {
		b = append(append(b, " ["...), e.Code...)
		b = append(b, ']')
	}
	return string(b)
}

// Bounds on what an error may carry to a client, in bytes of UTF-8 before escaping. Escaping makes at most six of
// one.
const (
	maxMessage = 1024
	maxParam   = 256
	maxCode    = 64
	maxID      = 256
)

// AppendError appends e as the JSON body of an answer in the shape of d; Unknown takes OpenAI's. The sources are
// OpenAI's and Anthropic's API references:
//
//	{"error":{"message":"…","type":"…","param":null,"code":null}}
//	{"type":"error","error":{"type":"…","message":"…"},"request_id":"…"}
//
// Over-long fields are cut, invalid UTF-8 becomes U+FFFD. It allocates only when dst lacks room.
func AppendError(dst []byte, d Dialect, e *Error, requestID string) []byte {
	if d != Anthropic {
		dst = append(dst, `{"error":`...)
		dst = appendOpenAIError(dst, e)
		return append(dst, '}')
	}
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = appendString(dst, e.Kind.class().anthropic, maxCode)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, e.Message, maxMessage)
	dst = append(dst, `},"request_id":`...)
	dst = appendNullable(dst, requestID, maxID)
	return append(dst, '}')
}

// AppendErrorEvent appends e as one complete server-sent event in the shape of ep. Nothing may follow it, not even
// "[DONE]": a stream that was cut never looks whole.
//
// OpenAI's endpoints get an unnamed event whose data is the body of AppendError, Anthropic's an event named "error".
// Responses gets an event named "error" that carries its fields twice: flat, as the API reference has it, and under
// "error", because openai-go and openai-python raise only when that key is there (openai-node raises on either).
//
// The sequence number of a Responses event is 0 here; Answer.AppendErrorEvent knows the right one.
func AppendErrorEvent(dst []byte, ep Endpoint, e *Error, requestID string) []byte {
	return appendErrorEvent(dst, ep, e, requestID, 0)
}

func appendErrorEvent(dst []byte, ep Endpoint, e *Error, requestID string, sequence int64) []byte {
	switch {
	case ep == Responses:
		dst = append(dst, "event: error\ndata: {\"type\":\"error\",\"code\":"...)
		dst = appendNullable(dst, e.code(), maxCode)
		dst = append(dst, `,"message":`...)
		dst = appendString(dst, e.Message, maxMessage)
		dst = append(dst, `,"param":`...)
		dst = appendNullable(dst, e.Param, maxParam)
		dst = append(dst, `,"sequence_number":`...)
		dst = strconv.AppendInt(dst, sequence, 10)
		dst = append(dst, `,"error":`...)
		dst = appendOpenAIError(dst, e)
		dst = append(dst, '}')
	case ep.Dialect() == Anthropic:
		dst = append(dst, "event: error\ndata: "...)
		dst = AppendError(dst, Anthropic, e, requestID)
	default:
		dst = append(dst, "data: "...)
		dst = AppendError(dst, OpenAI, e, requestID)
	}
	return append(dst, '\n', '\n')
}

func (e *Error) code() string {
	if e.Code != "" {
		return e.Code
	}
	return e.Kind.class().code
}

func appendOpenAIError(dst []byte, e *Error) []byte {
	dst = append(dst, `{"message":`...)
	dst = appendString(dst, e.Message, maxMessage)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, e.Kind.class().openai, maxCode)
	dst = append(dst, `,"param":`...)
	dst = appendNullable(dst, e.Param, maxParam)
	dst = append(dst, `,"code":`...)
	dst = appendNullable(dst, e.code(), maxCode)
	return append(dst, '}')
}

func appendNullable(dst []byte, s string, limit int) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s, limit)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string (RFC 8259) of at most limit bytes before escaping; a longer one is cut
// between runes and ends in "…". U+2028 and U+2029 are escaped too: some SSE and JavaScript readers take them for
// line ends.
func appendString(dst []byte, s string, limit int) []byte {
	cut := len(s) > limit
	if cut {
		limit -= len("…")
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendASCII(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, "\ufffd"...)
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, '\\', 'u', '2', '0', '2', hexDigits[r&15])
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	if cut {
		dst = append(dst, "…"...)
	}
	return append(dst, '"')
}

func appendASCII(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ' || c == 0x7f:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}
