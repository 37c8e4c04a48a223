package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// exchangeRaw sends a request as it stands and returns the answer's head as it
// stands, and its body.
func exchangeRaw(t testing.TB, addr, request string) (head, body string) {
	t.Helper()
	c := dial(t, addr)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	raw := &strings.Builder{}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(c, raw)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v after %q", err, raw)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ = strings.Cut(raw.String(), "\r\n\r\n")
	return head + "\r\n", string(b)
}

const answerFields = "Set-Cookie: a=1; Path=/\r\nset-cookie: a=2\r\nX-MiXed-Case: gr\xfc\xdfe é\r\nX-Twice: 1\r\nX-Twice: 2\r\nServer: theirs\r\n" +
	"X-Weir-Target: forged\r\nConnection: x-drop, keep-alive\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nTrailer: X-T\r\n"

// Headers of answers: kept as they are, each as often and in its spelling, but
// for those of the connection.
func TestForwardAnswerHead(t *testing.T) {
	t.Parallel()
	up := newSpy(t, "HTTP/1.1 200 Fine\r\n"+answerFields+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(completion), completion))
	g := start(t, targetAt(up.url))
	head, body := exchangeRaw(t, g.addr, rawChat(false))
	if body != completion {
		t.Error(body)
	}
	for _, want := range []string{"X-MiXed-Case: gr\xfc\xdfe é\r\n", "X-Twice: 1\r\nX-Twice: 2\r\n", "Server: theirs\r\n", "\r\nSet-Cookie: a=1; Path=/\r\n", "\r\nset-cookie: a=2\r\n", "Date: ", "x-request-id: req_"} {
		if !strings.Contains(head, want) {
			t.Errorf("no %q in\n%s", want, head)
		}
	}
	for _, not := range []string{"content-type", "x-weir-", "x-drop", "keep-alive", "proxy-", "trailer", "connection"} {
		if strings.Contains(strings.ToLower(head), not) {
			t.Errorf("%q in\n%s", not, head)
		}
	}
	if n := strings.Count(head, "Date: "); n != 1 {
		t.Errorf("%d dates", n)
	}
}

// An error of Weir's own carries nothing of the answer that it stands for.
func TestForwardErrorsDropTheAnswersHead(t *testing.T) {
	t.Parallel()
	up := newSpy(t, "HTTP/1.1 200 Fine\r\n"+answerFields+"Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\nx-request-id: theirs\r\nContent-Length: 3\r\n\r\nabc")
	g := start(t, targetAt(up.url))
	head, body := exchangeRaw(t, g.addr, rawChat(true))
	if !strings.HasPrefix(head, "HTTP/1.1 502 ") || !strings.Contains(body, `"code":"compressed"`) ||
		!strings.Contains(head, "Content-Type: application/json\r\n") || !strings.Contains(head, "x-should-retry: false\r\n") {
		t.Errorf("%s\n%s", head, body)
	}
	for _, not := range []string{"cookie", "x-mixed", "x-twice", "theirs", "gzip", "event-stream"} {
		if strings.Contains(strings.ToLower(head), not) {
			t.Errorf("%q in\n%s", not, head)
		}
	}
}

// Routes that inspect nothing: any method, any body, credentials swapped all the
// same.
func TestForwardUnread(t *testing.T) {
	t.Parallel()
	up := newSpy(t, "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n")
	g := start(t, fmt.Sprintf("targets: { a: { kind: openai, url: %q, key: the-targets-own-key } }\nroutes: [ { targets: [a], inspect: none } ]\n", up.url))
	for _, c := range []struct{ method, framing, body, want string }{
		{"OPTIONS", "", "", ""},
		{"GET", "", "", ""},
		{"GET", "Content-Length: 3\r\n", "\x00\xffx", "\x00\xffx"},
		{"PUT", "Content-Length: 0\r\n", "", ""},
		{"DELETE", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"},
		{"POST", "Content-Encoding: gzip\r\nContent-Length: 3\r\n", "not", "not"},
		{"HEAD", "", "", ""},
	} {
		head, _ := exchangeRaw(t, g.addr, c.method+" /any/Path?q=%2F HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mine\r\nx-api-key: mine\r\nX-Kept: Yes\r\nConnection: x-hop, close\r\nX-Hop: 1\r\n"+c.framing+"\r\n"+c.body)
		if !strings.HasPrefix(head, "HTTP/1.1 200 ") {
			t.Fatalf("%s: %s", c.method, head)
		}
		got := <-up.asks
		if got.line != c.method+" /any/Path?q=%2F" || got.body != c.want || got.head.Get("Authorization") != "Bearer the-targets-own-key" ||
			got.head.Get("X-Api-Key") != "" || got.head.Get("X-Hop") != "" || got.head.Get("X-Kept") != "Yes" {
			t.Errorf("%s: %+v", c.method, got)
		}
		if c.method == "PUT" && got.head.Get("Content-Length") != "0" {
			t.Errorf("PUT without a length: %+v", got)
		}
	}
}
