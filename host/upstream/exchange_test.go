package upstream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// answers are complete ones: what they say, and whether the connection carries
// another request afterwards.
var answers = []struct {
	name, method, answer string
	status               int
	body                 string
	reused               bool
}{
	{"length", "GET", hello, 200, "hello", true},
	{"length 0", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
	{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nA: b\r\n\r\n", 200, "hello", true},
	{"chunked, empty", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", true},
	{"no reason phrase", "GET", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
	{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", true},
	{"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", true},
	{"HEAD, no length", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", 200, "", true},
	{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
	{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
	{"redirect", "POST", "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno", 307, "no", true},
	{"503", "POST", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno", 503, "no", true},
	{"100 first", "POST", "HTTP/1.1 100 Continue\r\n\r\n" + hello, 200, "hello", true},
	{"seven interim answers", "GET", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 7) + hello, 200, "hello", true},
	{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
	{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
	{"1.0, keep-alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
	{"surplus behind a length", "GET", hello + "x", 200, "hello", false},
	{"another answer behind it", "GET", hello + hello, 200, "hello", false},
	{"surplus behind chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\r\n", 200, "hello", false},
	{"a body behind a HEAD", "HEAD", hello, 200, "", false},
	{"a body behind 204", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, "", false},
}

// Each answer is read right and leaves its connection in the right state: a
// second request follows, on the same connection or on another, and is answered.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range answers {
		for name, pieces := range map[string]bool{"at once": false, "in pieces": true} {
			if pieces && strings.Contains(test.name, "behind") {
				continue // surplus that comes later: TestUnsolicitedBytes
			}
			t.Run(test.name+" "+name, func(t *testing.T) {
				t.Parallel()
				p := listen(t, func(c net.Conn) {
					br := bufio.NewReader(c)
					for readRequest(br) != nil {
						for a := test.answer; len(a) > 0; {
							n := len(a)
							if pieces {
								n = 1
							}
							_, _ = io.WriteString(c, a[:n])
							a = a[n:]
						}
					}
				})
				target := open(t, p)
				r := get()
				r.Method = []byte(test.method)
				for range 3 {
					status, body, err := fetch(target, r)
					if status != test.status || body != test.body || err != nil {
						t.Fatalf("%d %q, %v", status, body, err)
					}
				}
				want := int32(1)
				if !test.reused {
					want = 3
				}
				if n := p.accepted.Load(); n != want {
					t.Errorf("3 requests took %d connections, want %d", n, want)
				}
			})
		}
	}
}

func TestUntilClose(t *testing.T) {
	t.Parallel()
	p := listen(t, once("HTTP/1.1 200 OK\r\n\r\nhello"))
	target := open(t, p)
	mustFetch(t, target, get(), "hello")
	mustFetch(t, target, get(), "hello")
	if n := p.accepted.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
	counts(t, target, 0, 0, 0)
}

// Chunked answers arrive byte for byte however they are cut.
func TestAnswerProperty(t *testing.T) {
	t.Parallel()
	wire := make(chan []string, 1)
	p := listen(t, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetNoDelay(true)
		br := bufio.NewReader(c)
		for readRequest(br) != nil {
			for _, piece := range <-wire {
				_, _ = io.WriteString(c, piece)
			}
		}
	})
	target := open(t, p)
	rapid.Check(t, func(rt *rapid.T) {
		var body, raw strings.Builder
		raw.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for _, chunk := range rapid.SliceOfN(rapid.StringN(1, 300, 5000), 0, 8).Draw(rt, "chunks") {
			fmt.Fprintf(&raw, "%x\r\n%s\r\n", len(chunk), chunk)
			body.WriteString(chunk)
		}
		raw.WriteString("0\r\n\r\n")
		var pieces []string
		for rest := raw.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		wire <- pieces
		status, got, err := fetch(target, get())
		if status != 200 || got != body.String() || err != nil {
			rt.Fatalf("%d, %d bytes of %d, %v", status, len(got), body.Len(), err)
		}
	})
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// numbered answers each request with the number of the connection it came on.
func numbered(t *testing.T) *peer {
	var n atomic.Int32
	return listen(t, func(c net.Conn) {
		replying(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n.Add(1)))(c)
	})
}

// The connection used last is used first.
func TestReuseOrder(t *testing.T) {
	t.Parallel()
	target := open(t, numbered(t))
	var calls [3]Call
	var resps [3]*Response
	var numbers [3]string
	for i := range calls {
		var err error
		if resps[i], err = target.Do(&calls[i], get()); err != nil {
			t.Fatal(err)
		}
		b, err := readBody(resps[i])
		if err != nil {
			t.Fatal(err)
		}
		numbers[i] = string(b)
	}
	counts(t, target, 3, 0, 0)
	for _, i := range []int{1, 0, 2} {
		resps[i].Close()
		resps[i].Close() // idempotent
	}
	counts(t, target, 3, 3, 0)
	for range 3 {
		mustFetch(t, target, get(), numbers[2])
	}
	resp, err := target.Do(&calls[2], get())
	if err != nil {
		t.Fatal(err)
	}
	mustFetch(t, target, get(), numbers[0])
	if b, err := readBody(resp); string(b) != numbers[2] || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	resp.Close()
}

// A connection that grew for a long head gives the memory back.
func TestHeadBuffer(t *testing.T) {
	t.Parallel()
	long := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: " + strings.Repeat("a", 30<<10) + "\r\n\r\nhello"
	target := open(t, listen(t, replying(long)))
	for range 2 {
		mustFetch(t, target, get(), "hello")
		if n := len(target.pool.idle[0].buf); n != connBuffer {
			t.Errorf("idle connection keeps %d bytes", n)
		}
	}
}

// Reading into nothing asks for nothing.
func TestReadNothing(t *testing.T) {
	t.Parallel()
	target := open(t, listen(t, replying(hello)))
	var c Call
	resp, err := target.Do(&c, get())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := resp.Read(nil); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if b, err := readBody(resp); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	resp.Close()
}
