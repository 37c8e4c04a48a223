package proxy

import (
	"math/rand/v2"

	"weir/host/dialect"
	"weir/host/http1"
)

// idLen is the length of the request ids Weir makes: "req_" and 128 random bits.
const idLen = 36

// newID makes a request id in buf. The string aliases nothing.
func newID(buf *[idLen]byte) string { return string(appendID(buf[:0])) }

func appendID(dst []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, "req_"...)
	for range 2 {
		v := rand.Uint64()
		for range 16 {
			dst = append(dst, hex[v&15])
			v >>= 4
		}
	}
	return dst
}

// validID tells whether a client's request id can be kept: short and visible.
func validID(id []byte) bool {
	if len(id) == 0 || len(id) > 128 {
		return false
	}
	for _, c := range id {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// idHeader is the header that carries a request's id in each dialect.
func idHeader(d dialect.Dialect) string {
	if d == dialect.Anthropic {
		return "request-id"
	}
	return "x-request-id"
}

// has tells whether the head has a field with this lower-case name.
func has(h *http1.Head, lower string) bool { return h.Get(lower) != nil }
