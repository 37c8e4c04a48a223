package proxy

import (
	"slices"
	"strings"
	"testing"
)

// FuzzGuard lets any bytes arrive in any pieces. What fasthttp is given must be
// requests of Weir's own making; they are the ones that the guard's own head
// tells of; and where net/http's server would accept a request too, it would have
// read the same method, target, host and body from the same bytes.
func FuzzGuard(f *testing.F) {
	seeds := []string{
		request("POST /v1/chat/completions HTTP/1.1", "Content-Length: 5") + "hello" + request("GET /x HTTP/1.1"),
		request("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n" + request("HEAD /y HTTP/1.1"),
		request("POST / HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked") + "0\r\n\r\nabc",
		request("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 3") + "abc",
		request("POST / HTTP/1.1", "Content-Length: +3") + "abc",
		request("POST / HTTP/1.1", "Transfer-Encoding: identity", "Content-Length: 3") + "abc",
		request("POST / HTTP/1.1", "Transfer-Encoding: xchunked") + "3\r\nabc\r\n0\r\n\r\n",
		request("POST / HTTP/1.1", "Transfer-Encoding : chunked") + "3\r\nabc\r\n0\r\n\r\n",
		request("POST / HTTP/1.1", "Transfer-Encoding:\x0bchunked") + "3\r\nabc\r\n0\r\n\r\n",
		request("POST / HTTP/1.1", "X: y", " Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n",
		request("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "3 ; x\r\nabc\r\n00000000000000000\r\n\r\n",
		request("POST / HTTP/1.1", "Transfer-Encoding: chunked") + "3\nabc\n0\n\n",
		request("POST / HTTP/1.0", "Connection: keep-alive", "Content-Length: 1") + "a" + request("GET / HTTP/1.0"),
		request("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 2") + "ok",
		request("GET http://other/ HTTP/1.1"),
		request("OPTIONS * HTTP/1.1"),
		request("GET / HTTP/1.1", "Connection: close, X") + request("GET /2 HTTP/1.1"),
		"\r\n" + request("GET / HTTP/1.1") + "\r\n\r\n" + request("GET /2 HTTP/1.1"),
		"GET / HTTP/1.1\nHost: h\n\n",
		"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		request("GET / HTTP/1.1", "X-Fill: "+strings.Repeat("x", 5000)) + request("GET /2 HTTP/1.1"),
		request("POST / HTTP/1.1", "Content-Length: 70000") + strings.Repeat("z", 70000) + request("GET /2 HTTP/1.1"),
	}
	for i, s := range seeds {
		f.Add([]byte(s), []byte{byte(i * 7), 1, byte(i)})
		f.Add([]byte(s), []byte{})
	}
	s := newServer(f, testLimits())
	f.Fuzz(func(t *testing.T, in, cuts []byte) {
		sizes := make([]int, len(cuts))
		for i, c := range cuts {
			sizes[i] = int(c) + 1
		}
		nc := &script{pieces: split(in, sizes...)}
		reqs, given := serve(s, nc)
		if nc.endless {
			t.Fatal("a read without a deadline")
		}
		if !nc.closed || s.open.Load() != 0 || s.metrics.InFlight() != 0 {
			t.Fatalf("closed %v, %d open, %d in flight", nc.closed, s.open.Load(), s.metrics.InFlight())
		}
		if heads, err := canonical(given); err != nil || heads < len(reqs) {
			t.Fatalf("fasthttp was given %.300q for %d requests: %v", given, len(reqs), err)
		}
		want := reference(in)
		for i, r := range reqs {
			if i >= len(want) {
				break // net/http refused what Weir reads: blanks it dislikes, a host, a method
			}
			if r != want[i] {
				t.Fatalf("request %d is %.300q here and %.300q to net/http", i, flat(r), flat(want[i]))
			}
		}
		whole := &script{pieces: split(in)}
		if again, _ := serve(s, whole); !slices.Equal(again, reqs) {
			t.Fatalf("%d requests in pieces, %d in one", len(reqs), len(again))
		}
	})
}

func flat(g got) string {
	return strings.Join([]string{g.method, g.target, g.host, g.body}, " | ")
}
