package host_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// smuggled is what an attacker hides in what another parser takes for a body.
var smuggled = sized(chat(false, "smuggled"))

// refusals are requests that are answered once, with a 4xx or 5xx, and end their
// connection; no target hears of them.
type refusals map[string]string

func (all refusals) run(t *testing.T, status int) {
	t.Parallel()
	for name, in := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newTally(t)
			g := start(t, targetAt(up.url))
			got, bodies, headers := answers(t, talk(t, g.addr, in+smuggled))
			if len(got) != 1 || got[0] != status || !strings.Contains(bodies[0], `"error"`) || headers[0].Get("Connection") != "close" {
				t.Fatalf("answers %v %q %v, want one %d", got, bodies, headers, status)
			}
			up.wantNone(t)
			wantOutcomes(t, g, map[string]int{"client_error": 1})
			wantServing(t, g)
			if n := len(up.take(t)); n != 1 {
				t.Errorf("%d requests reached the target afterwards, want 1", n)
			}
		})
	}
}

func TestFault01_AmbiguousFraming(t *testing.T) {
	body := chat(false, "hello")
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	length := fmt.Sprintf("Content-Length: %d", len(body))
	plain := "POST /v1/chat/completions HTTP/1.1\r\n"
	refusals{
		"length and chunked":             head(length, "Transfer-Encoding: chunked") + chunk,
		"chunked and length":             head("Transfer-Encoding: chunked", length) + chunk,
		"length 0 and chunked":           head("Content-Length: 0", "Transfer-Encoding: chunked") + chunk,
		"two lengths":                    head(length, "Content-Length: 0") + body,
		"the same length twice":          head(length, length) + body,
		"lengths in a list":              head(length+", 0") + body,
		"length with a sign":             head("Content-Length: +5") + "hello",
		"negative length":                head("Content-Length: -1"),
		"hexadecimal length":             head("Content-Length: 0x5") + "hello",
		"length with a blank":            head("Content-Length: 5 5") + "hello",
		"length in quotes":               head(`Content-Length: "5"`) + "hello",
		"empty length":                   head("Content-Length:"),
		"length that overflows":          head("Content-Length: 18446744073709551621") + "hello",
		"identity and length":            head("Transfer-Encoding: identity", length) + body,
		"identity":                       head("Transfer-Encoding: identity") + body,
		"gzip, chunked":                  head("Transfer-Encoding: gzip, chunked") + chunk,
		"chunked, identity":              head("Transfer-Encoding: chunked, identity") + chunk,
		"chunked twice":                  head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunk,
		"chunked and garbage":            head("Transfer-Encoding: chunked", "Transfer-Encoding: x") + chunk,
		"xchunked":                       head("Transfer-Encoding: xchunked") + chunk,
		"chunked with a vertical tab":    head("Transfer-Encoding: \x0bchunked") + chunk,
		"chunked with a parameter":       head("Transfer-Encoding: chunked;q=1") + chunk,
		"empty transfer encoding":        head("Transfer-Encoding:", length) + body,
		"chunked in HTTP/1.0":            strings.Replace(head("Transfer-Encoding: chunked"), "HTTP/1.1", "HTTP/1.0", 1) + chunk,
		"folded value":                   head("X-A: b", " c", length) + body,
		"folded with a tab":              head("X-A: b", "\tTransfer-Encoding: chunked", length) + body,
		"blank before the first header":  plain + " Host: h\r\n" + length + "\r\n\r\n" + body,
		"bare LF everywhere":             strings.ReplaceAll(head(length), "\r\n", "\n") + body,
		"bare LF once":                   head("X-A: b\nX-C: d", length) + body,
		"bare LF before the empty line":  plain + "Host: h\r\n" + length + "\n\r\n" + body,
		"empty line of a bare LF":        plain + "Host: h\r\n" + length + "\r\n\n" + body,
		"bare CR in a value":             head("X-A: b\rTransfer-Encoding: chunked", length) + body,
		"bare CR for a line's end":       head("X-A: b\r"+length) + body,
		"CR CR LF":                       head("X-A: b\r", length) + body,
		"NUL in a value":                 head("X-A: b\x00c", length) + body,
		"no host":                        plain + length + "\r\n\r\n" + body,
		"two hosts":                      head("Host: other", length) + body,
		"the same host twice":            head("Host: h", length) + body,
		"host with a path":               plain + "Host: h/x\r\n" + length + "\r\n\r\n" + body,
		"host with a blank":              plain + "Host: h x\r\n" + length + "\r\n\r\n" + body,
		"host with a user":               plain + "Host: u@h\r\n" + length + "\r\n\r\n" + body,
		"hosts in a list":                plain + "Host: h, i\r\n" + length + "\r\n\r\n" + body,
		"blanks in the request line":     "POST  /v1/chat/completions HTTP/1.1\r\nHost: h\r\n" + length + "\r\n\r\n" + body,
		"tab in the request line":        "POST\t/v1/chat/completions HTTP/1.1\r\nHost: h\r\n" + length + "\r\n\r\n" + body,
		"blank behind the version":       "POST /v1/chat/completions HTTP/1.1 \r\nHost: h\r\n" + length + "\r\n\r\n" + body,
		"no version":                     "POST /v1/chat/completions\r\nHost: h\r\n" + length + "\r\n\r\n" + body,
		"lower-case version":             "POST /v1/chat/completions http/1.1\r\nHost: h\r\n" + length + "\r\n\r\n" + body,
		"a TLS hello on the plain port":  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",
		"a chunk extension that is long": head("Transfer-Encoding: chunked") + "1;" + strings.Repeat("x", 5000) + "\r\nx\r\n0\r\n\r\n",
	}.run(t, 400)
}

func TestFault01_OtherVersions(t *testing.T) {
	refusals{
		"HTTP/1.2":              strings.Replace(sized(chat(false, "x")), "HTTP/1.1", "HTTP/1.2", 1),
		"HTTP/2.0":              strings.Replace(sized(chat(false, "x")), "HTTP/1.1", "HTTP/2.0", 1),
		"HTTP/2 by preface":     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/0.9 with version": "GET / HTTP/0.9\r\n\r\n",
	}.run(t, 505)
}

func TestFault02_HeaderNames(t *testing.T) {
	body := chat(false, "hello")
	length := fmt.Sprintf("Content-Length: %d", len(body))
	all := refusals{
		"CR in the method":     "PO\rST / HTTP/1.1\r\nHost: h\r\n\r\n",
		"CRLF in the method":   "PO\r\nST / HTTP/1.1\r\nHost: h\r\n\r\n",
		"NUL in the method":    "POST\x00 / HTTP/1.1\r\nHost: h\r\n\r\n",
		"method of separators": "(POST) / HTTP/1.1\r\nHost: h\r\n\r\n",
		"long method":          strings.Repeat("POST", 100) + " / HTTP/1.1\r\nHost: h\r\n\r\n",
		"no colon":             head("X-A", length) + body,
		"empty name":           head(": x", length) + body,
	}
	for _, name := range []string{
		"Transfer Encoding", "Transfer-Encoding ", "Transfer-Encoding\t", "Content-Length\x0b", "X(Y)", "X/Y", "X[Y]", "X\"Y", "X=Y", "X@Y", "X\x00Y", "X\x7fY", "Ünicode", "X\\Y", "{X}",
		"Content_Length", "transfer_encoding", "Transfer_Encoding", "X_Api_Key", "X-Api_Key", "Content_Type", "Content_Encoding",
		"x_weir_tenant", "X-Weir_Tenant", "X_WEIR-TENANT", "X_Request_Id", "x_forwarded_for", "Proxy_Authorization",
	} {
		all[fmt.Sprintf("name %q", name)] = head(name+": chunked", length) + body
	}
	all.run(t, 400)
}

// Names with underscores that imitate nothing are passed on as they are.
func TestFault02_HarmlessNamesPass(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	got, bodies, _ := answers(t, talk(t, g.addr, sized(chat(false, "x"), "Connection: close", "X_Custom: 1", "x-odd!#$%&'*+.^`|~9: \"a\tb\xe9\"")))
	if len(got) != 1 || got[0] != 200 {
		t.Fatalf("%v %q", got, bodies)
	}
	reqs := up.take(t)
	if len(reqs) != 1 || reqs[0].header.Get("X_custom") != "1" || reqs[0].header["X-Odd!#$%&'*+.^`|~9"][0] != "\"a\tb\xe9\"" {
		t.Errorf("%+v", reqs)
	}
}

func TestFault04_BrokenChunks(t *testing.T) {
	long := strings.Repeat(" ", 300<<10)
	first := fmt.Sprintf("%x\r\n%s\r\n", len(long), long)
	open := head("Transfer-Encoding: chunked") + first
	refusals{
		"no number":            open + "zz\r\n",
		"no digits":            open + "\r\n",
		"negative":             open + "-5\r\nhello\r\n",
		"with 0x":              open + "0x5\r\nhello\r\n",
		"too large":            open + "ffffffffffffffff\r\nhello\r\n",
		"many digits":          open + strings.Repeat("0", 40) + "5\r\nhello\r\n",
		"blank before":         open + " 5\r\nhello\r\n",
		"bare LF":              open + "5\nhello\n",
		"too short for data":   open + "4\r\nhello\r\n0\r\n\r\n",
		"too long for data":    open + "6\r\nhello\r\n0\r\n\r\n",
		"NUL in an extension":  open + "5;a=\x00\r\nhello\r\n",
		"trailer without name": open + "0\r\n: x\r\n\r\n",
		"trailer that folds":   open + "0\r\nX: y\r\n z\r\n\r\n",
		"trailer of bare LF":   open + "0\r\nX: y\n\r\n",
		"endless trailers":     open + "0\r\n" + strings.Repeat("X: y\r\n", 2000),
		"endless extension":    open + "5;" + strings.Repeat("x", 10<<10),
	}.run(t, 400)
}

// A client that leaves in the middle of its body has told no request.
func TestFault04_BodyCutOff(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"chunked": head("Transfer-Encoding: chunked") + "5\r\nhel",
		"between": head("Transfer-Encoding: chunked") + "5\r\nhello\r\n",
		"length":  head("Content-Length: 10") + "hello",
		"long":    head("Content-Length: 1000000") + strings.Repeat("x", 200<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newTally(t)
			g := start(t, targetAt(up.url))
			c := dial(t, g.addr)
			if _, err := io.WriteString(c, in); err != nil {
				t.Fatal(err)
			}
			if tc, ok := c.(*net.TCPConn); ok && name == "between" {
				_ = tc.SetLinger(0) // a reset
			}
			_ = c.Close()
			wantOutcomes(t, g, map[string]int{"client_left": 1})
			up.wantNone(t)
			wantServing(t, g)
		})
	}
}
