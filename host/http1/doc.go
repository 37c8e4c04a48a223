// Package http1 reads HTTP/1.x message heads and chunked bodies strictly
// (RFC 9110, RFC 9112).
//
// fasthttp accepts, and passes on, several things that two HTTP parsers can
// read differently: bare LF, folded fields, blanks inside field names,
// "Transfer-Encoding: identity" beside a Content-Length. It also turns a chunked
// answer that was cut between two chunks into one that ended. Weir therefore
// reads heads and chunk framing itself, on both sides: proxy hands fasthttp only
// a canonical head, and upstream reads answers with the Decoder of this package.
//
// What it does: find the end of a head, split it into fields, decide how the
// body is framed, decode bodies, and refuse everything that is ambiguous, each
// with an *Error that names the reason.
//
// What it does not do: sockets, deadlines, routing. All functions are pure and
// own no goroutine. Any package of the data plane may import it; it imports
// nothing of Weir.
package http1
