package sim

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A stream of five tokens has these events: role, five tokens, finish, [DONE].
const (
	fiveTokens = "x-sim-tokens: 5"
	fiveEvents = 8
)

func faulty(spec string) string { return "x-sim-fault: " + spec }

func TestFaultCut(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	if a := wired(t, addr, chatPath, chatStreams, faulty("cut=headers")); a.raw != "" || a.reset {
		t.Errorf("cut=headers: %+v", a)
	}
	for n := range 4 {
		a := wired(t, addr, chatPath, chatStreams, fiveTokens, faulty(fmt.Sprintf("cut=between:%d", n)))
		if len(a.chunks) != n || a.terminated || a.rest != "" || a.reset || !strings.HasPrefix(a.head, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("cut=between:%d: %+v", n, a)
		}
	}
	a := wired(t, addr, chatPath, chatStreams, fiveTokens, faulty("cut=inside:3"))
	if len(a.chunks) != 2 || a.terminated || !strings.Contains(a.rest, "\r\ndata: {") || strings.HasSuffix(a.rest, "\n") {
		t.Errorf("cut=inside:3: %+v", a)
	}
	if strings.Contains(a.head, "Connection: close") {
		t.Error("a cut announces itself")
	}
	c := ask(t, addr, rawPost(chatPath, chatStreams, fiveTokens, faulty("cut=clean:4")))
	if _, body := keepAlive(t, bufio.NewReader(c)); strings.Count(body, "data: ") != 4 || strings.Contains(body, "[DONE]") {
		t.Errorf("cut=clean:4: %q", body)
	}
	// Events that do not come cannot be waited for.
	c = ask(t, addr, rawPost(chatPath, chatStreams, fiveTokens, faulty("cut=between:100")))
	if _, body := keepAlive(t, bufio.NewReader(c)); strings.Count(body, "data: ") != fiveEvents {
		t.Errorf("cut=between:100: %q", body)
	}
	// A body that is not streamed is one event.
	if a := wired(t, addr, chatPath, chatOnce, faulty("cut=between:0")); a.body != "" || !strings.Contains(a.head, "Content-Length: ") {
		t.Errorf("cut=between:0 of a whole body: %+v", a)
	}
	if a := wired(t, addr, chatPath, chatOnce, faulty("cut=inside:1")); !strings.HasPrefix(a.body, `{"id"`) || json.Valid([]byte(a.body)) {
		t.Errorf("cut=inside:1 of a whole body: %+v", a)
	}
}

func TestFaultReset(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	for _, body := range []string{chatStreams, chatOnce} {
		if a := wired(t, addr, chatPath, body, faulty("reset:0")); !a.reset {
			t.Errorf("no RST: %+v", a)
		}
	}
	c := ask(t, addr, rawPost(chatPath, chatStreams, fiveTokens, faulty("reset:8"), "x-sim-tpot: 10ms"))
	readUntil(t, c, "[DONE]")
	if a := drain(t, c); !a.reset || strings.Contains(a.raw, "0\r\n\r\n") {
		t.Errorf("no RST after the last event: %+v", a)
	}
}

func TestFaultStall(t *testing.T) {
	t.Parallel()
	left := make(chan time.Time, 1)
	s, addr := launch(t, Options{OnCancel: func(at time.Time) { left <- at }})
	for _, row := range []struct{ spec, body, until string }{
		{"stall=headers", chatStreams, ""},
		{"stall=headers", chatOnce, ""},
		{"stall=after-headers", chatStreams, "\r\n\r\n"},
		{"stall=after-headers", chatOnce, "\r\n\r\n"},
		{"stall=2", chatStreams, "}\n\n\r\n"},
		{"stall=8", chatStreams, "[DONE]\n\n\r\n"},
	} {
		c := ask(t, addr, rawPost(chatPath, row.body, fiveTokens, faulty(row.spec)))
		eventually(t, "the request arrives", func() bool { return s.Stats().InFlight == 1 })
		readUntil(t, c, row.until)
		select {
		case <-left:
			t.Errorf("%s: cancelled while the client is there", row.spec)
		default:
		}
		_ = c.Close()
		select {
		case <-left:
		case <-time.After(patience):
			t.Fatalf("%s: the client's leaving was not noticed", row.spec)
		}
		eventually(t, "the request ends", func() bool { return s.Stats().InFlight == 0 })
	}
}

func TestFaultMalformed(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	for kind, ok := range map[string]func(a wireAnswer) bool{
		"status": func(a wireAnswer) bool { return strings.HasPrefix(a.head, "HTTP/1.1 2OO ") },
		"header": func(a wireAnswer) bool { return strings.Contains(a.head, "\r\nThis line is no header\r\n") },
		"chunk":  func(a wireAnswer) bool { return len(a.chunks) == 1 && strings.HasPrefix(a.rest, "zz\r\n") },
		"length": func(a wireAnswer) bool {
			return strings.Contains(a.head, "bytes") && !strings.Contains(a.head, "chunked")
		},
		"double-length": func(a wireAnswer) bool { return strings.Count(a.head, "\r\nContent-Length: ") == 2 },
		"both": func(a wireAnswer) bool {
			return strings.Contains(a.head, "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked") && a.terminated
		},
		"lf":   func(a wireAnswer) bool { return !strings.Contains(a.head, "\r") && strings.Contains(a.raw, "\n\n") },
		"fold": func(a wireAnswer) bool { return strings.Contains(a.head, "\r\nX-Folded: one\r\n two\r\n") },
		"huge": func(a wireAnswer) bool { return len(a.head) > 1<<20 },
	} {
		for _, body := range []string{chatStreams, chatOnce} {
			if a := wired(t, addr, chatPath, body, fiveTokens, faulty("malformed="+kind)); !ok(a) || a.reset {
				t.Errorf("malformed=%s: %.2000s", kind, a.raw)
			}
		}
	}
}

func TestFaultLengths(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	for _, body := range []string{chatStreams, chatOnce} {
		r := bufio.NewReader(ask(t, addr, rawPost(chatPath, body, faulty("short=7"))))
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != io.ErrUnexpectedEOF || resp.ContentLength != int64(len(b))+7 {
			t.Errorf("short=7: %d of %d bytes, %v", len(b), resp.ContentLength, err)
		}
		c := ask(t, addr, rawPost(chatPath, body, faulty("long")))
		r = bufio.NewReader(c)
		keepAlive(t, r)
		if _, poisoned := keepAlive(t, r); poisoned != `{"poison":"weir"}` {
			t.Errorf("long: %q", poisoned)
		}
		a := wired(t, addr, chatPath, body, faulty("close"))
		if !strings.Contains(a.head, "\r\nConnection: close") || strings.Contains(a.head, "Length") || strings.Contains(a.head, "Transfer") || a.body == "" {
			t.Errorf("close: %+v", a)
		}
	}
}

func TestFaultSlow(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	c := ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-tokens: 1", faulty("slow=20us")))
	begin, reads, b := time.Now(), 0, make([]byte, 1<<20)
	n := 0
	for {
		m, err := c.Read(b[n:])
		n += m
		if err != nil {
			break
		}
		reads++
	}
	a := wireAnswer{raw: string(b[:n])}
	a.split()
	if !a.terminated || !strings.Contains(a.raw, "[DONE]") || reads < 10 || time.Since(begin) < time.Duration(n)*20*time.Microsecond {
		t.Errorf("slow: %d bytes in %d reads and %v: %q", n, reads, time.Since(begin), a.raw)
	}
}

func TestFaultEarlyHints(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	for _, body := range []string{chatStreams, chatOnce} {
		c := ask(t, addr, rawPost(chatPath, body, faulty("1xx")))
		r := bufio.NewReader(c)
		first, err := http.ReadResponse(r, nil)
		if err != nil || first.StatusCode != 103 {
			t.Fatalf("1xx: %v, %v", first, err)
		}
		if resp, text := keepAlive(t, r); resp.StatusCode != 200 || text == "" {
			t.Errorf("after 103: %v", resp)
		}
	}
}

func TestFaultStale(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	for _, body := range []string{chatStreams, chatOnce} {
		c := ask(t, addr, rawPost(chatPath, body, faulty("stale")))
		r := bufio.NewReader(c)
		if resp, _ := keepAlive(t, r); resp.Close {
			t.Error("stale: the answer says that the connection closes")
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("stale: %v, want EOF", err)
		}
	}
}

func TestFaultStatusAndRedirect(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, body := post(t, client, addr, chatPath, chatOnce, faulty("status=429;retry-after=2"))
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "2" || !strings.Contains(body, `"type":"rate_limit_error"`) {
		t.Errorf("429: %v %s", resp, body)
	}
	resp, body = post(t, client, addr, "/v1/messages", "{}", faulty("status=503"))
	if resp.StatusCode != 503 || !strings.Contains(body, `"type":"overloaded_error"`) || !strings.Contains(body, resp.Header.Get("request-id")) {
		t.Errorf("503: %v %s", resp, body)
	}
	if resp, body = post(t, client, addr, chatPath, chatOnce, faulty("status=201")); resp.StatusCode != 201 || !strings.Contains(body, `"choices"`) {
		t.Errorf("201: %v %s", resp, body)
	}
	if resp, body = post(t, client, addr, chatPath, chatStreams, faulty("status=204")); resp.StatusCode != 204 || body != "" || resp.Header.Get("Content-Length") != "" {
		t.Errorf("204: %v %s", resp, body)
	}
	resp, body = post(t, client, addr, chatPath, chatOnce, faulty("redirect=http://169.254.169.254/latest"))
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "http://169.254.169.254/latest" || body != "" {
		t.Errorf("302: %v %s", resp, body)
	}
	if resp, body = post(t, client, addr, chatPath, chatOnce, faulty("nonsense")); resp.StatusCode != 400 || !strings.Contains(body, "unknown") {
		t.Errorf("unknown fault: %v %s", resp, body)
	}
}

func TestFaultFail(t *testing.T) {
	t.Parallel()
	s, addr := launch(t, Options{})
	client := httpClient(t)
	want := []int{503, 503, 200, 200}
	for i, status := range want {
		resp, _ := post(t, client, addr, chatPath, chatOnce, faulty("fail=2"), "x-sim-key: a")
		if resp.StatusCode != status {
			t.Errorf("request %d: %d, want %d", i, resp.StatusCode, status)
		}
	}
	if resp, _ := post(t, client, addr, chatPath, chatOnce, faulty("fail=1;status=429"), "x-sim-key: b"); resp.StatusCode != 429 {
		t.Errorf("another key: %d", resp.StatusCode)
	}
	if a := wired(t, addr, chatPath, chatOnce, faulty("fail=1;cut=headers"), "x-sim-key: c"); a.raw != "" {
		t.Errorf("fail with a cut: %+v", a)
	}
	if resp, _ := post(t, client, addr, chatPath, chatOnce, faulty("fail=1;cut=headers"), "x-sim-key: c"); resp.StatusCode != 200 {
		t.Errorf("the second time: %d", resp.StatusCode)
	}
	if got := s.Stats().Faults; got != 4 {
		t.Errorf("%d faults counted, want 4", got)
	}
}

func TestFaultGzip(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	for body, want := range map[string]string{chatStreams: "[DONE]\n\n", chatOnce: "}"} {
		resp, packed := post(t, client, addr, chatPath, body, faulty("gzip"))
		z, err := gzip.NewReader(strings.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || resp.Header.Get("Content-Encoding") != "gzip" || !strings.HasSuffix(string(text), want) {
			t.Errorf("gzip: %q, %v", text, err)
		}
	}
}

func TestFaultGarbage(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	for spec, ok := range map[string]func(stream bool, body string) bool{
		"html": func(_ bool, body string) bool { return strings.HasPrefix(body, "<!DOCTYPE html>") },
		"html:2": func(stream bool, body string) bool {
			return !stream || strings.Count(body, "data: {") == 2 && strings.HasSuffix(body, "</html>\n")
		},
		"binary": func(_ bool, body string) bool { return len(body) == binarySize && !utf8.ValidString(body) },
		"json":   func(stream bool, body string) bool { return !allJSON(stream, body) },
		"json:1": func(stream bool, body string) bool {
			return !stream || json.Valid([]byte(dataOf(body)[0])) && !json.Valid([]byte(dataOf(body)[1])) && json.Valid([]byte(dataOf(body)[2]))
		},
		"utf8": func(_ bool, body string) bool { return !utf8.ValidString(body) },
		"noblank": func(stream bool, body string) bool {
			return !stream || !strings.Contains(body, "\n\n") && strings.Count(body, "data: ") == fiveEvents
		},
		"noblank:7": func(stream bool, body string) bool { return !stream || strings.Count(body, "\n\n") == 7 },
	} {
		for _, ask := range []string{chatStreams, chatOnce} {
			resp, body := post(t, client, addr, chatPath, ask, fiveTokens, faulty("garbage="+spec))
			if resp.StatusCode != 200 || !ok(ask == chatStreams, body) {
				t.Errorf("garbage=%s: %q", spec, body)
			}
		}
	}
}

func allJSON(stream bool, body string) bool {
	if !stream {
		return json.Valid([]byte(body))
	}
	for _, d := range dataOf(body) {
		if !json.Valid([]byte(d)) {
			return false
		}
	}
	return true
}

func TestFaultGarbageEndless(t *testing.T) {
	t.Parallel()
	left := make(chan time.Time, 1)
	_, addr := launch(t, Options{OnCancel: func(at time.Time) { left <- at }})
	for _, body := range []string{chatStreams, chatOnce} {
		c := ask(t, addr, rawPost(chatPath, body, fiveTokens, faulty("garbage=endless:1")))
		b := make([]byte, 256<<10)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatal(err)
		}
		if body == chatStreams && strings.Count(string(b), "data: ") != 2 {
			t.Errorf("endless: %.600q", b)
		}
		_ = c.Close()
		select {
		case <-left:
		case <-time.After(patience):
			t.Fatal("the client's leaving was not noticed")
		}
	}
}
