package http1

import (
	"fmt"
	"strings"
	"testing"
)

// request parses one request head; head lines end in CRLF, the empty line is added.
func request(t *testing.T, head string) (*Head, *Error) {
	t.Helper()
	p := []byte(head + "\r\n")
	end, _, err := HeadEnd(p, 0)
	if err != nil {
		return nil, err
	}
	if end != len(p) {
		t.Fatalf("HeadEnd(%q) = %d, want %d", p, end, len(p))
	}
	h := new(Head)
	perr := h.ParseRequest(p)
	return h, perr
}

func response(t *testing.T, head string) (*Head, *Error) {
	t.Helper()
	p := []byte(head + "\r\n")
	end, _, err := HeadEnd(p, 0)
	if err != nil {
		return nil, err
	}
	if end != len(p) {
		t.Fatalf("HeadEnd(%q) = %d, want %d", p, end, len(p))
	}
	h := new(Head)
	perr := h.ParseResponse(p, false)
	return h, perr
}

type faultCase struct {
	name, head string
	want       *Error
}

func checkRequests(t *testing.T, tests []faultCase) {
	t.Helper()
	for _, test := range tests {
		if _, err := request(t, test.head); err != test.want {
			t.Errorf("%s: %q gives %v, want %v", test.name, test.head, reason(err), reason(test.want))
		}
	}
}

func reason(e *Error) string {
	if e == nil {
		return "no fault"
	}
	return e.Reason
}

const line = "POST /v1/chat/completions HTTP/1.1\r\n"
const host = "Host: weir\r\n"

func TestFault01_RequestFraming(t *testing.T) {
	t.Parallel()
	checkRequests(t, []faultCase{
		{"length and chunked", line + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ErrLengthAndTE},
		{"chunked and length", line + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", ErrLengthAndTE},
		{"length 0 and chunked", line + host + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", ErrLengthAndTE},
		{"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", ErrLengthAndTE},
		{"two lengths", line + host + "Content-Length: 5\r\nContent-Length: 6\r\n", ErrLength},
		{"the same length twice", line + host + "Content-Length: 5\r\nContent-Length: 5\r\n", ErrLength},
		{"list of lengths", line + host + "Content-Length: 5, 5\r\n", ErrLength},
		{"length +5", line + host + "Content-Length: +5\r\n", ErrLength},
		{"length -5", line + host + "Content-Length: -5\r\n", ErrLength},
		{"length 0x5", line + host + "Content-Length: 0x5\r\n", ErrLength},
		{"length 5 5", line + host + "Content-Length: 5 5\r\n", ErrLength},
		{"no length", line + host + "Content-Length:\r\n", ErrLength},
		{"19 digits", line + host + "Content-Length: 9223372036854775808\r\n", ErrLength},
		{"two encodings", line + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ErrEncoding},
		{"identity", line + host + "Transfer-Encoding: identity\r\n", ErrEncoding},
		{"gzip, chunked", line + host + "Transfer-Encoding: gzip, chunked\r\n", ErrEncoding},
		{"chunked,", line + host + "Transfer-Encoding: chunked,\r\n", ErrEncoding},
		{"empty encoding", line + host + "Transfer-Encoding:\r\n", ErrEncoding},
		{"\\vchunked", line + host + "Transfer-Encoding: \vchunked\r\n", ErrFieldValue},
		{"folded with blank", line + host + "X-A: b\r\n c\r\n", ErrFolded},
		{"folded with tab", line + host + "X-A: b\r\n\tc\r\n", ErrFolded},
		{"folded first line", line + " Host: weir\r\n", ErrFolded},
		{"bare LF between fields", line + "Host: weir\nX-A: b\r\n", ErrBareLF},
		{"bare LF after the request line", "POST / HTTP/1.1\nHost: weir\r\n", ErrBareLF},
		{"bare CR in a value", line + host + "X-A: b\rX-B: c\r\n", ErrBareCR},
		{"CRCRLF", line + host + "X-A: b\r\r\n", ErrBareCR},
		{"no host", line, ErrHost},
		{"two hosts", line + host + host, ErrHost},
		{"two hosts in 1.0", "GET / HTTP/1.0\r\n" + host + host, ErrHost},
		{"host with a path", line + "Host: weir/v1\r\n", ErrHost},
		{"host with a user", line + "Host: a@weir\r\n", ErrHost},
		{"list of hosts", line + "Host: a, b\r\n", ErrHost},
		{"host with a blank", line + "Host: a b\r\n", ErrHost},
	})
}

func TestFault02_HeaderNames(t *testing.T) {
	t.Parallel()
	tests := []faultCase{
		{"blank in a name", line + host + "Transfer Encoding: chunked\r\n", ErrFieldName},
		{"blank before the colon", line + host + "Transfer-Encoding : chunked\r\n", ErrFieldName},
		{"tab before the colon", line + host + "Content-Length\t: 5\r\n", ErrFieldName},
		{"no colon", line + host + "Content-Length\r\n", ErrFieldName},
		{"no name", line + host + ": 5\r\n", ErrFieldName},
		{"NUL in a name", line + host + "X\x00A: b\r\n", ErrFieldName},
		{"obs-text in a name", line + host + "X\xe9: b\r\n", ErrFieldName},
		{"CR in a name", line + host + "X\rA: b\r\n", ErrFieldName},
		{"NUL in a value", line + host + "X-A: b\x00\r\n", ErrFieldValue},
		{"DEL in a value", line + host + "X-A: b\x7f\r\n", ErrFieldValue},
		{"ESC in a value", line + host + "X-A: \x1b[31m\r\n", ErrFieldValue},
		{"CRLF in the method", "PO\r\nST / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"CR in the method", "PO\rST / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"colon in the method", "PO:ST / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"long method", strings.Repeat("M", 33) + " / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"expects something else", line + host + "Expect: 200-ok\r\n", ErrExpect},
		{"connection option no token", line + host + "Connection: close; x\r\n", ErrConnection},
		{"33 connection options", line + host + "Connection:" + strings.Repeat(" a,", 33) + "\r\n", ErrConnection},
		{"33 empty options", line + host + "Connection: ,\r\nConnection: " + strings.Repeat(",", 32) + "\r\n", ErrConnection},
	}
	for _, name := range append(reserved[:], "x-weir-tenant", "X-WEIR-session", "x-weir-"+strings.Repeat("long-", 20)+"name") {
		if !strings.Contains(name, "-") {
			continue
		}
		for _, alias := range []string{strings.ReplaceAll(name, "-", "_"), strings.ToUpper(strings.Replace(name, "-", "_", 1))} {
			tests = append(tests, faultCase{"alias", line + host + alias + ": 1\r\n", ErrReservedName})
		}
	}
	checkRequests(t, tests)
	for _, name := range []string{"x_team", "_", "content_md5", "x_weird"} {
		if _, err := request(t, line+host+name+": 1\r\n"); err != nil {
			t.Errorf("%s is nobody's alias, yet: %v", name, err)
		}
	}
}

func TestFault03_RequestTargets(t *testing.T) {
	t.Parallel()
	tests := []faultCase{
		{"1.2", "GET / HTTP/1.2\r\n" + host, ErrVersion},
		{"2.0", "GET / HTTP/2.0\r\n" + host, ErrVersion},
		{"0.9", "GET / HTTP/0.9\r\n" + host, ErrVersion},
		{"h2 preface", "PRI * HTTP/2.0\r\n", ErrVersion},
		{"lower case", "GET / http/1.1\r\n" + host, ErrRequestLine},
		{"no version", "GET /\r\n" + host, ErrRequestLine},
		{"blank behind the version", "GET / HTTP/1.1 \r\n" + host, ErrRequestLine},
		{"two blanks", "GET  / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"tab for a blank", "GET\t/\tHTTP/1.1\r\n" + host, ErrRequestLine},
		{"blank first", " GET / HTTP/1.1\r\n" + host, ErrRequestLine},
		{"blank in the target", "GET /a b HTTP/1.1\r\n" + host, ErrRequestLine},
		{"HTTP/1.10", "GET / HTTP/1.10\r\n" + host, ErrRequestLine},
		{"HTTP/11", "GET / HTTP/11\r\n" + host, ErrRequestLine},
	}
	for _, target := range []string{
		"http://weir/v1/models", "//", "weir:443", "v1/models", "*", "?", "/a#b", "/a\\b", "/a\x00", "/a\x7f",
		"/a\xc3\xa9", "/a\rb", "/%", "/%2", "/%zz", "/a%2gb", "/%%", "\\", "%2Fv1",
	} {
		want := ErrTarget
		if target == "//" {
			want = nil // an empty segment is for the proxy to refuse: it is one reading
		}
		tests = append(tests, faultCase{target, "GET " + target + " HTTP/1.1\r\n" + host, want})
	}
	checkRequests(t, tests)
	for _, target := range []string{"/", "/v1/models/a%2Fb?x=%zz", "/a;b@c:d?e=f&g={h}|\"<>^`", "/v1?"} {
		h, err := request(t, "GET "+target+" HTTP/1.1\r\n"+host)
		if err != nil || string(h.Target) != target {
			t.Errorf("%s is read as %q, %v", target, h.Target, err)
		}
	}
	if h, err := request(t, "OPTIONS * HTTP/1.1\r\n"+host); err != nil || string(h.Target) != "*" {
		t.Errorf("OPTIONS *: %v", err)
	}
}

func TestFault15_ResponseHeads(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, test := range []faultCase{
		{"empty line first", "", ErrStatusLine},
		{"HTTP/2", "HTTP/2 200 OK\r\n", ErrStatusLine},
		{"HTTP/1.2", "HTTP/1.2 200 OK\r\n", ErrStatusLine},
		{"HTTP/2.0", "HTTP/2.0 200 OK\r\n", ErrStatusLine},
		{"lower case", "http/1.1 200 OK\r\n", ErrStatusLine},
		{"ICY", "ICY 200 OK\r\n", ErrStatusLine},
		{"two digits", "HTTP/1.1 20 OK\r\n", ErrStatusLine},
		{"four digits", "HTTP/1.1 2000 OK\r\n", ErrStatusLine},
		{"letters", "HTTP/1.1 2OO OK\r\n", ErrStatusLine},
		{"minus", "HTTP/1.1 -20 OK\r\n", ErrStatusLine},
		{"099", "HTTP/1.1 099 OK\r\n", ErrStatusLine},
		{"600", "HTTP/1.1 600 OK\r\n", ErrStatusLine},
		{"two blanks", "HTTP/1.1  200 OK\r\n", ErrStatusLine},
		{"no status", "HTTP/1.1\r\n", ErrStatusLine},
		{"tab", "HTTP/1.1\t200 OK\r\n", ErrStatusLine},
		{"CR in the reason", "HTTP/1.1 200 O\rK\r\n", ErrStatusLine},
		{"NUL in the reason", "HTTP/1.1 200 O\x00K\r\n", ErrStatusLine},
		{"a page without head", "<html>\r\n", ErrStatusLine},
		{"bare LF", "HTTP/1.1 200 OK\nA: b\r\n", ErrBareLF},
		{"folded", ok + "A: b\r\n c\r\n", ErrFolded},
		{"blank in a name", ok + "Transfer Encoding: chunked\r\n", ErrFieldName},
		{"no colon", ok + "garbage\r\n", ErrFieldName},
		{"bare CR", ok + "A: b\rc\r\n", ErrBareCR},
		{"NUL", ok + "A: \x00\r\n", ErrFieldValue},
		{"length and chunked", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ErrLengthAndTE},
		{"two lengths", ok + "Content-Length: 5\r\nContent-Length: 6\r\n", ErrLength},
		{"negative length", ok + "Content-Length: -1\r\n", ErrLength},
		{"gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n", ErrEncoding},
		{"chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n", ErrEncoding},
		{"201 fields", ok + strings.Repeat("A: b\r\n", MaxFields+1), ErrTooManyField},
	} {
		if _, err := response(t, test.head); err != test.want {
			t.Errorf("%s: %q gives %v, want %v", test.name, test.head, reason(err), reason(test.want))
		}
	}
}

// What only a request must not have is no fault of an answer's.
func TestResponseLeniency(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"x_request_id: 1", "Host: what/ever", "Host: a\r\nHost: b", "Expect: nothing"} {
		if _, err := response(t, "HTTP/1.1 200 OK\r\n"+field+"\r\n"); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestTooManyFields(t *testing.T) {
	t.Parallel()
	h, err := request(t, line+host+strings.Repeat("A: b\r\n", MaxFields-1))
	if err != nil || len(h.Fields) != MaxFields {
		t.Errorf("%d fields: %v", MaxFields, err)
	}
	if _, err := request(t, line+host+strings.Repeat("A: b\r\n", MaxFields)); err != ErrTooManyField {
		t.Errorf("%d fields: %v", MaxFields+1, err)
	}
}

// A Head keeps nothing of the message it parsed before.
func TestReuse(t *testing.T) {
	t.Parallel()
	h := new(Head)
	first := []byte("POST /a HTTP/1.0\r\nConnection: keep-alive, x-secret\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n")
	if err := h.ParseRequest(first); err != nil || h.Close || !h.Continue || h.Length != 7 || !h.HopByHop([]byte("X-Secret")) {
		t.Fatalf("%+v, %v", h, err)
	}
	if err := h.ParseResponse([]byte("HTTP/1.0 200 OK\r\n\r\n"), false); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(len(h.Fields), h.Length, h.Continue, h.Close, h.Framing, h.Status, len(h.Method), h.HopByHop([]byte("x-secret")))
	if want := fmt.Sprint(0, 0, false, true, UntilClose, 200, 0, false); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
