package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/sim"
)

func TestPipelinedRequests(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 1MiB }\n")
	body := chat(false, strings.Repeat("x", 10_000))
	in := sized(chat(false, "first")) + "\r\n" +
		"GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n" +
		head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) +
		"HEAD /v1/models HTTP/1.1\r\nHost: h\r\n\r\n" +
		"POST /v1/nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" +
		sized(chat(false, "last"), "Connection: close")
	out := talk(t, g.addr, in+smuggled)
	methods := []string{"POST", "GET", "POST", "HEAD", "POST", "POST"}
	got, bodies, _ := answers(t, out, methods...)
	if !slices.Equal(got, []int{200, 200, 200, 200, 404, 200}) || bodies[0] != fixed || bodies[3] != "" {
		t.Fatalf("%v %q", got, bodies)
	}
	reqs := up.take(t)
	if len(reqs) != 5 || !strings.Contains(reqs[0].body, "first") || reqs[2].body != body || reqs[2].length != int64(len(body)) || !strings.Contains(reqs[4].body, "last") {
		t.Errorf("%d requests reached the target", len(reqs))
	}
	wantOutcomes(t, g, map[string]int{"ok": 5, "not_found": 1})
}

// A bad request behind a good one gets its 400 after the good one's answer, and
// nothing behind it is looked at.
func TestFault01_BadSecondRequest(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	good := sized(chat(false, "first"))
	for _, bad := range []string{
		head("Content-Length: 3", "Transfer-Encoding: chunked") + "0\r\n\r\n", "GARBAGE\r\n\r\n", head("X : y"), head("Transfer-Encoding: chunked") + "zz\r\n",
	} {
		got, bodies, headers := answers(t, talk(t, g.addr, good+bad+smuggled))
		if !slices.Equal(got, []int{200, 400}) || bodies[0] != fixed || headers[1].Get("Connection") != "close" {
			t.Errorf("%q: %v %q", bad, got, bodies)
		}
		if n := len(up.take(t)); n != 1 {
			t.Errorf("%q: %d requests reached the target", bad, n)
		}
	}
	wantOutcomes(t, g, map[string]int{"ok": 4, "client_error": 4})
}

func TestKeptConnection(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	c := dial(t, g.addr)
	br := bufio.NewReader(c)
	const n = 50
	for i := range n {
		body := chat(false, strings.Repeat("x", i*1000))
		if _, err := io.WriteString(c, sized(body)); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || string(got) != fixed || resp.Close {
			t.Fatalf("request %d: %d %s %v", i, resp.StatusCode, got, err)
		}
	}
	if s, _ := g.Status().(status); s.Connections != 1 {
		t.Errorf("%d connections", s.Connections)
	}
	_ = c.Close()
	if reqs := up.take(t); len(reqs) != n || up.opened != 1 {
		t.Errorf("%d requests on %d connections reached the target", len(reqs), up.opened)
	}
	wantOutcomes(t, g, map[string]int{"ok": n})
}

func TestHTTP10(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	old := func(in string) string { return strings.Replace(in, "HTTP/1.1", "HTTP/1.0", 1) }
	ok := 0
	t.Run("closes", func(t *testing.T) {
		out := talk(t, g.addr, old(sized(chat(false, "x")))+smuggled)
		got, bodies, headers := answers(t, out)
		if len(got) != 1 || got[0] != 200 || !strings.Contains(bodies[0], "chat.completion") || headers[0].Get("Connection") != "close" {
			t.Errorf("%v %q", got, out)
		}
		ok++
	})
	t.Run("needs no host", func(t *testing.T) {
		in := strings.Replace(old(sized(chat(false, "x"))), "Host: h\r\n", "", 1)
		if got, bodies, _ := answers(t, talk(t, g.addr, in)); len(got) != 1 || got[0] != 200 {
			t.Errorf("%v %q", got, bodies)
		}
		ok++
	})
	t.Run("keeps when asked to", func(t *testing.T) {
		kept := old(sized(chat(false, "x"), "Connection: Keep-Alive"))
		out := talk(t, g.addr, kept+kept+old(sized(chat(false, "x"))))
		if got, _, headers := answers(t, out); !slices.Equal(got, []int{200, 200, 200}) || headers[0].Get("Connection") != "keep-alive" || headers[2].Get("Connection") != "close" {
			t.Errorf("%v %v", got, headers)
		}
		ok += 3
	})
	// A stream has no length, and such a client knows no chunks: it ends with the
	// connection, whatever was asked for.
	t.Run("streams without chunks", func(t *testing.T) {
		for _, in := range []string{sized(chat(true, "Tell me.")), sized(chat(true, "Tell me."), "Connection: keep-alive")} {
			out := talk(t, g.addr, old(in)+smuggled)
			head, body, _ := strings.Cut(out, "\r\n\r\n")
			lower := strings.ToLower(head)
			if !strings.HasPrefix(head, "HTTP/1.1 200 ") || strings.Contains(lower, "transfer-encoding") || strings.Contains(lower, "content-length") || !strings.Contains(lower, "connection: close") {
				t.Errorf("head %q", head)
			}
			if !strings.HasPrefix(body, "data: {") || !strings.HasSuffix(body, "data: [DONE]\n\n") {
				t.Errorf("body %q", body)
			}
			ok++
		}
	})
	// A stream that fails ends in the error event.
	t.Run("broken stream", func(t *testing.T) {
		out := talk(t, g.addr, old(sized(chat(true, "Tell me."), "x-sim-fault: cut=between:3")))
		_, body, _ := strings.Cut(out, "\r\n\r\n")
		wantFault(t, body, "data: [DONE]", `data: {"error":`)
	})
	wantOutcomes(t, g, map[string]int{"ok": ok, "upstream_cut": 1})
}

// An answer that is too long to be read whole, and breaks off, ends in a reset
// for a client that only knows its end by the connection's.
func TestHTTP10LongAnswerCutOff(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	up.answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat("x", 64<<10)) + "zz\r\n"
	g := start(t, targetAt(up.url)+"limits: { response: 1KiB }\n")
	c := dial(t, g.addr)
	if _, err := io.WriteString(c, strings.Replace(sized(chat(false, "x")), "HTTP/1.1", "HTTP/1.0", 1)); err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(c); err == nil {
		t.Errorf("a clean end after %d bytes", len(out))
	}
	wantOutcomes(t, g, map[string]int{"upstream_cut": 1})
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 1MiB }\n")
	body := chat(false, "hello")
	framed := map[string]string{
		head(fmt.Sprintf("Content-Length: %d", len(body)), "Expect: 100-continue"): body,
		head("Transfer-Encoding: chunked", "Expect: 100-Continue"):                 fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		head("Content-Length: 100000", "Expect: 100-continue"):                     strings.Repeat(" ", 100_000-len(body)) + body,
	}
	for head, body := range framed {
		c := dial(t, g.addr)
		if _, err := io.WriteString(c, head); err != nil {
			t.Fatal(err)
		}
		if got := readUntil(t, c, "\r\n\r\n"); got != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Errorf("%q", got)
		}
		if _, err := io.WriteString(c, body); err != nil {
			t.Fatal(err)
		}
		if got := readUntil(t, c, fixed); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("%q", got)
		}
		_ = c.Close()
	}
	for _, r := range up.take(t) {
		if strings.TrimSpace(r.body) != body || r.header.Get("Expect") != "" {
			t.Errorf("the target got %+v", r)
		}
	}
	// Not waited for by clients that send at once, nor known to HTTP/1.0.
	for _, in := range []string{sized(body, "Expect: 100-continue", "Connection: close"), strings.Replace(sized(body, "Expect: 100-continue"), "HTTP/1.1", "HTTP/1.0", 1)} {
		if out := talk(t, g.addr, in); !strings.HasPrefix(out, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("%q", out)
		}
	}
	// Refused before the body is sent.
	for in, want := range map[string]string{
		head("Content-Length: 2000000", "Expect: 100-continue"): "HTTP/1.1 413 ",
		head("Content-Length: 2", "Expect: 200-maybe"):          "HTTP/1.1 417 ",
	} {
		if out := talk(t, g.addr, in); !strings.HasPrefix(out, want) {
			t.Errorf("%q", out)
		}
	}
	wantOutcomes(t, g, map[string]int{"ok": 5, "client_error": 2})
}

// Chunks, their extensions and trailers are the client's connection's matter: the
// target gets a length.
func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	body := chat(false, strings.Repeat("hello", 30_000))
	for _, size := range []int{1000, 4096, 5000, 65536, len(body)} {
		var in strings.Builder
		in.WriteString(head("Transfer-Encoding: chunked", "Trailer: X-Checksum", "TE: trailers", "Connection: close"))
		for rest := body; len(rest) > 0; {
			n := min(size, len(rest))
			_, _ = fmt.Fprintf(&in, "%04X;name=\"va\tlue\"\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		in.WriteString("000;last\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n")
		if got, bodies, _ := answers(t, talk(t, g.addr, in.String())); len(got) != 1 || got[0] != 200 {
			t.Errorf("chunks of %d: %v %q", size, got, bodies)
		}
		reqs := up.take(t)
		if len(reqs) != 1 || reqs[0].body != body || reqs[0].length != int64(len(body)) {
			t.Fatalf("chunks of %d: %d requests reached the target", size, len(reqs))
		}
		for _, name := range []string{"Transfer-Encoding", "Trailer", "Te", "X-Checksum", "X-Other"} {
			if v := reqs[0].header.Values(name); len(v) > 0 {
				t.Errorf("the target gets %s: %q", name, v)
			}
		}
	}
	if got, _ := ask(t, g, "", "Transfer-Encoding: identity"); got != 400 {
		t.Errorf("%d", got)
	}
}

func TestConnectionHeaders(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	status, body := ask(t, g, chat(false, "x"),
		"X-Kept: 1", "X-Mine: 2", "x-also-mine: 3", "Connection: X-Mine, keep-alive ,x-ALSO-mine", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x",
		"TE: gzip", "Upgrade: websocket", "Cookie: session=1", "X-Forwarded-For: 10.0.0.1")
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	reqs := up.take(t)
	if len(reqs) != 1 {
		t.Fatalf("%d requests", len(reqs))
	}
	h := reqs[0].header
	for _, name := range []string{"X-Mine", "X-Also-Mine", "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Te", "Upgrade", "Cookie"} {
		if v := h.Values(name); len(v) > 0 {
			t.Errorf("the target gets %s: %q", name, v)
		}
	}
	if h.Get("X-Kept") != "1" || h.Get("X-Forwarded-For") != "10.0.0.1" || h.Get("Content-Type") != "application/json" {
		t.Errorf("the target gets %v", h)
	}
	for _, bad := range []string{"Connection: x y", "Connection: \"x\"", "Connection: " + strings.Repeat("a,", 100)} {
		if status, body := ask(t, g, chat(false, "x"), bad); status != 400 {
			t.Errorf("%.50s: %d %s", bad, status, body)
		}
	}
	up.wantNone(t)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url)+"limits: { body: 64KiB, headers: 8KiB }\n")
	pad := func(n int) string { // a body of n bytes
		b := chat(false, "")
		return strings.Replace(b, `"content":""`, `"content":"`+strings.Repeat("x", n-len(b))+`"`, 1)
	}
	chunks := func(body string) string {
		return head("Transfer-Encoding: chunked", "Connection: close") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	field := func(n int) string { // a head of n bytes
		rest := n - len(head("Content-Length: 100", "X: ", "Connection: close"))
		return sized(pad(100), "X: "+strings.Repeat("x", rest), "Connection: close")
	}
	for name, tt := range map[string]struct {
		in     string
		status int
		reason string
	}{
		"longest body":                  {sized(pad(64<<10), "Connection: close"), 200, ""},
		"body of one byte more":         {sized(pad(64<<10 + 1)), 413, "limits.body"},
		"body of a gigabyte, announced": {head("Content-Length: 1073741824"), 413, "limits.body"},
		"body of ten megabytes":         {sized(pad(10 << 20)), 413, "limits.body"},
		"longest chunked body":          {chunks(pad(64 << 10)), 200, ""},
		"chunked body of one byte more": {chunks(pad(64<<10 + 1)), 413, "limits.body"},
		"chunked body of ten megabytes": {chunks(pad(10 << 20)), 413, "limits.body"},
		"longest head":                  {field(8 << 10), 200, ""},
		"head of one byte more":         {field(8<<10 + 1), 431, "limits.headers"},
		"head of a megabyte":            {field(1 << 20), 431, "limits.headers"},
		"most headers":                  {sized(pad(100), append(slices.Repeat([]string{"X: y"}, 196), "Connection: close")...), 200, ""},
		"too many headers":              {sized(pad(100), slices.Repeat([]string{"X: y"}, 300)...), 431, "too many header fields"},
		"long target":                   {strings.Replace(sized(pad(100)), "completions", "completions?"+strings.Repeat("x", 9<<10), 1), 431, "limits.headers"},
		"endless request line":          {strings.Repeat("x", 100<<10), 431, "limits.headers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, bodies, _ := answers(t, talk(t, g.addr, tt.in))
			if len(got) != 1 || got[0] != tt.status || !strings.Contains(bodies[0], tt.reason) {
				t.Errorf("%v %q, want %d %s", got, bodies, tt.status, tt.reason)
			}
		})
	}
}

func TestByteByByte(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	g := start(t, targetAt(up.url))
	body := chat(false, "hello")
	for _, in := range []string{sized(body, "Connection: close"), head("Transfer-Encoding: chunked", "Connection: close") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)} {
		c := dial(t, g.addr)
		_ = c.(*net.TCPConn).SetNoDelay(true)
		for i := range len(in) {
			if _, err := io.WriteString(c, in[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}
		out, err := io.ReadAll(c)
		if got, bodies, _ := answers(t, string(out)); err != nil || len(got) != 1 || got[0] != 200 || bodies[0] != fixed {
			t.Errorf("%v %q %v", got, bodies, err)
		}
		if reqs := up.take(t); len(reqs) != 1 || reqs[0].body != body {
			t.Errorf("the target got %+v", reqs)
		}
	}
}

func TestHEAD(t *testing.T) {
	t.Parallel()
	up := newTally(t)
	up.answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12345\r\n\r\n" // as a HEAD is answered
	g := start(t, targetAt(up.url))
	out := talk(t, g.addr, "HEAD /v1/models HTTP/1.1\r\nHost: h\r\n\r\nHEAD /v1/nothing HTTP/1.1\r\nHost: h\r\n\r\nHEAD /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	got, _, headers := answers(t, out, "HEAD", "HEAD", "HEAD")
	if !slices.Equal(got, []int{200, 404, 200}) || headers[0].Get("Content-Length") != "12345" || headers[2].Get("Content-Length") != "12345" {
		t.Errorf("%v %v", got, headers)
	}
	if reqs := up.take(t); len(reqs) != 2 || reqs[0].method != "HEAD" {
		t.Errorf("%+v", reqs)
	}
}

// A client that closes its sending side and waits is one that left: see RATIONALE.md.
func TestHalfClosedClient(t *testing.T) {
	t.Parallel()
	up := newSilent(t, "")
	g := start(t, targetAt(up.url))
	c := dial(t, g.addr)
	if _, err := io.WriteString(c, rawChat(false)); err != nil {
		t.Fatal(err)
	}
	<-up.began
	if tc, ok := c.(*net.TCPConn); ok {
		_ = tc.CloseWrite()
	}
	select {
	case <-up.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the target does not hear of it")
	}
	wantOutcomes(t, g, map[string]int{"client_left": 1})
}
