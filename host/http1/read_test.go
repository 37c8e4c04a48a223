package http1

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestRequestReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		head    string
		framing Framing
		length  int64
		closes  bool
		cont    bool
	}{
		{line + host, NoBody, 0, false, false},
		{line + "HOST:weir:8080\r\n", NoBody, 0, false, false},
		{line + "Host: [::1]:80\r\n", NoBody, 0, false, false},
		{line + "Host:\r\n", NoBody, 0, false, false},
		{line + host + "content-length:\t 12 \t\r\n", Length, 12, false, false},
		{line + host + "Content-Length: 0\r\n", NoBody, 0, false, false},
		{line + host + "Content-Length: 000000000000000012\r\n", Length, 12, false, false},
		{line + host + "Content-Length: 999999999999999999\r\n", Length, 999999999999999999, false, false},
		{line + host + "TRANSFER-ENCODING: Chunked\r\n", Chunked, 0, false, false},
		{line + host + "Connection: close\r\n", NoBody, 0, true, false},
		{line + host + "Connection: foo,, CLOSE ,\r\n", NoBody, 0, true, false},
		{line + host + "Connection: closed\r\n", NoBody, 0, false, false},
		{line + host + "Connection: a\r\nConnection: close\r\n", NoBody, 0, true, false},
		{line + host + "Connection: keep-alive, close\r\n", NoBody, 0, true, false},
		{line + host + "Expect: 100-Continue\r\n", NoBody, 0, false, true},
		{"GET / HTTP/1.0\r\n", NoBody, 0, true, false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n", NoBody, 0, false, false},
		{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n", NoBody, 0, true, false},
	} {
		h, err := request(t, test.head)
		if err != nil {
			t.Errorf("%q: %v", test.head, err)
			continue
		}
		got := fmt.Sprint(h.Framing, h.Length, h.Close, h.Continue)
		if want := fmt.Sprint(test.framing, test.length, test.closes, test.cont); got != want {
			t.Errorf("%q: got %s, want %s", test.head, got, want)
		}
	}
}

func TestResponseReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		head    string
		isHead  bool
		status  int
		framing Framing
		length  int64
		closes  bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", false, 200, Length, 3, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", true, 200, NoBody, 3, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", false, 200, NoBody, 0, false},
		{"HTTP/1.1 200\r\nContent-Length: 0\r\n", false, 200, NoBody, 0, false},
		{"HTTP/1.1 200 \r\nContent-Length: 0\r\n", false, 200, NoBody, 0, false},
		{"HTTP/1.1 529 \xd0\xb9\r\nTransfer-Encoding: chunked\r\n", false, 529, Chunked, 0, false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", true, 200, NoBody, 0, false},
		{"HTTP/1.1 200 OK\r\n", false, 200, UntilClose, 0, true},
		{"HTTP/1.1 200 OK\r\n", true, 200, NoBody, 0, false},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n", false, 204, NoBody, 3, false},
		{"HTTP/1.1 304 Not Modified\r\n", false, 304, NoBody, 0, false},
		{"HTTP/1.1 100 Continue\r\n", false, 100, NoBody, 0, false},
		{"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n", false, 101, NoBody, 0, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n", false, 200, Length, 3, true},
		{"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n", false, 200, Length, 3, true},
		{"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n", false, 200, Length, 3, false},
	} {
		var h Head
		if err := h.ParseResponse([]byte(test.head+"\r\n"), test.isHead); err != nil {
			t.Errorf("%q: %v", test.head, err)
			continue
		}
		got := fmt.Sprint(h.Status, h.Framing, h.Length, h.Close)
		if want := fmt.Sprint(test.status, test.framing, test.length, test.closes); got != want {
			t.Errorf("%q (HEAD: %t): got %s, want %s", test.head, test.isHead, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	h, err := request(t, line+host+"X-A:  a b\t\r\nx-a:second\r\nEmpty:\r\nObs: \xff\r\n!#$%&'*+-.^_`|~09: {\"a\": [1]}\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Host=weir", "X-A=a b", "x-a=second", "Empty=", "Obs=\xff", "!#$%&'*+-.^_`|~09={\"a\": [1]}"}
	for i, f := range h.Fields {
		if got := string(f.Name) + "=" + string(f.Value); i >= len(want) || got != want[i] {
			t.Errorf("field %d is %q", i, got)
		}
	}
	if len(h.Fields) != len(want) || string(h.Get("x-a")) != "a b" || h.Get("none") != nil {
		t.Errorf("%d fields, Get = %q", len(h.Fields), h.Get("x-a"))
	}
	if string(h.Method) != "POST" || string(h.Target) != "/v1/chat/completions" || h.Minor != 1 {
		t.Errorf("%s %s 1.%d", h.Method, h.Target, h.Minor)
	}
}

func TestHopByHop(t *testing.T) {
	t.Parallel()
	h, err := request(t, line+host+"Connection: close, X-Mine\r\nConnection: content-TYPE\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "PROXY-AUTHORIZATION": true, "Proxy-Authenticate": true,
		"Proxy-Authentication-Info": true, "TE": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
		"x-mine": true, "Content-Type": true,
		"X-Min": false, "X-Mine2": false, "Content-Length": false, "Accept": false, "tea": false, "Close2": false,
	} {
		if got := h.HopByHop([]byte(name)); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestExportedClasses(t *testing.T) {
	t.Parallel()
	if !IsToken([]byte("x-Api_key.1")) || IsToken(nil) || IsToken([]byte("a b")) || IsToken([]byte("a:")) {
		t.Error("IsToken")
	}
	if !IsValue(nil) || !IsValue([]byte("a\tb \x80")) || IsValue([]byte("a\nb")) || IsValue([]byte("\x00")) {
		t.Error("IsValue")
	}
	if !EqualFold([]byte("CONTENT-Type"), "content-type") || EqualFold([]byte("content_type"), "content-type") || EqualFold([]byte("\x4b"), "\x0b") {
		t.Error("EqualFold")
	}
	if err := error(ErrChunk); err.Error() != ErrChunk.Text {
		t.Error(err)
	}
}

// However a head comes, its end is where it is when it comes at once, and no
// byte is looked at twice.
func TestHeadEndInPieces(t *testing.T) {
	t.Parallel()
	head := line + host + "X-A: " + strings.Repeat("\r", 50) + "b\r\n\r\n"
	for size := 1; size <= len(head); size++ {
		from := 0
		for n := 0; ; n += size {
			p := []byte(head + "GET")[:min(n+size, len(head)+3)]
			end, next, err := HeadEnd(p, from)
			if err != nil {
				t.Fatalf("pieces of %d: %v", size, err)
			}
			if end > 0 {
				if end != len(head) || len(p) < end {
					t.Fatalf("pieces of %d: end %d, want %d", size, end, len(head))
				}
				break
			}
			if len(p) >= len(head) {
				t.Fatalf("pieces of %d: no end in %d bytes", size, len(p))
			}
			if next != len(p) {
				t.Fatalf("pieces of %d: will look again at %q", size, p[next:])
			}
			from = next
		}
	}
}

func TestHeadEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		p   string
		end int
		err *Error
	}{
		{"", 0, nil}, {"\r", 0, nil}, {"\r\n", 2, nil}, {"\r\n\r\n", 2, nil}, {"\n", 0, ErrBareLF}, {"a\n", 0, ErrBareLF},
		{"a\r\n", 0, nil}, {"a\r\n\r", 0, nil}, {"a\r\n\r\nb", 5, nil}, {"a\r\n\n", 0, ErrBareLF}, {"a\r\nb\n\r\n", 0, ErrBareLF},
		{"a\r\r\n\r\n", 6, nil}, {"a\r\n\r\r\n", 0, nil}, {"a\n\r\n", 0, ErrBareLF},
	} {
		end, _, err := HeadEnd([]byte(test.p), 0)
		if end != test.end || err != test.err {
			t.Errorf("%q: %d, %v, want %d, %v", test.p, end, reason(err), test.end, reason(test.err))
		}
	}
}

// isValue takes eight bytes at a time; it must agree with one at a time.
func TestIsValueByWords(t *testing.T) {
	t.Parallel()
	for _, fill := range []byte{'a', ' ', '\t', 0x80, 0xff, 0x1f, 0x7e} {
		for size := range 20 {
			v := bytes.Repeat([]byte{fill}, size)
			for at := range v {
				for c := range 256 {
					v[at] = byte(c)
					if got, want := isValue(v), all(v, classValue); got != want {
						t.Fatalf("%q: %t, want %t", v, got, want)
					}
				}
				v[at] = fill
			}
		}
	}
}
