package host_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// sent is a request as it arrived at a target.
type sent struct {
	method, target string
	header         http.Header
	length         int64 // -1: chunked
	body           string
}

// tally is a target that counts: the connections it accepted, the heads that
// began to arrive, the requests that came whole. Each of these gets the same
// answer.
type tally struct {
	url    string
	answer string

	mu      sync.Mutex
	opened  int
	begun   int
	entire  []sent
	endings []error // of connections, but for clean ends between requests
}

// fixed is a complete chat answer.
const fixed = `{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`

func newTally(t testing.TB) *tally {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &tally{
		url:    "http://" + ln.Addr().String(),
		answer: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(fixed), fixed),
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { u.serve(c) })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() }) // the gateway, started later, has closed its connections
	return u
}

func (u *tally) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	u.note(func() { u.opened++ })
	br := bufio.NewReader(c)
	for {
		if _, err := br.Peek(1); err != nil {
			return
		}
		u.note(func() { u.begun++ })
		r, err := http.ReadRequest(br)
		if err != nil {
			u.note(func() { u.endings = append(u.endings, err) })
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			u.note(func() { u.endings = append(u.endings, err) })
			return
		}
		u.note(func() {
			u.entire = append(u.entire, sent{r.Method, r.RequestURI, r.Header, r.ContentLength, string(body)})
		})
		if _, err := io.WriteString(c, u.answer); err != nil {
			return
		}
	}
}

func (u *tally) note(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
}

// take returns the requests that have come whole since the last take, and fails
// the test if others began.
func (u *tally) take(t testing.TB) []sent {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	got := u.entire
	if u.begun != len(got) || len(u.endings) > 0 {
		t.Errorf("%d requests began at the target, %d came whole: %v", u.begun, len(got), u.endings)
	}
	u.entire, u.begun = nil, 0
	return got
}

// wantNone holds that nothing has reached the target.
func (u *tally) wantNone(t testing.TB) {
	t.Helper()
	if got := u.take(t); len(got) > 0 {
		t.Errorf("%d requests reached the target: %+v", len(got), got)
	}
}

// talk sends bytes on a connection of its own and returns all that comes back
// until the gateway closes it.
func talk(t testing.TB, addr, in string) string {
	t.Helper()
	c := dial(t, addr)
	defer func() { _ = c.Close() }()
	go func() { _, _ = io.WriteString(c, in) }()
	out, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("%v after %q", err, out)
	}
	return string(out)
}

// answers splits what talk returned; methods are those of the requests, POST
// for all when there are none.
func answers(t testing.TB, out string, methods ...string) (statuses []int, bodies []string, headers []http.Header) {
	t.Helper()
	br := bufio.NewReader(strings.NewReader(out))
	for i := 0; ; i++ {
		if _, err := br.Peek(1); err != nil {
			return statuses, bodies, headers
		}
		method := http.MethodPost
		if i < len(methods) {
			method = methods[i]
		}
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("answer %d: %v in %q", i, err, out)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("answer %d: %v in %q", i, err, out)
		}
		if resp.Close { // ReadResponse takes the header away
			resp.Header.Set("Connection", "close")
		}
		if resp.StatusCode == http.StatusContinue {
			i--
			continue
		}
		statuses, bodies, headers = append(statuses, resp.StatusCode), append(bodies, string(b)), append(headers, resp.Header)
	}
}

// metric adds up the series of a metric by the value of one of its labels.
func metric(t testing.TB, g *gateway, name, label string) map[string]int {
	t.Helper()
	var b strings.Builder
	g.WriteMetrics(&b)
	sum := map[string]int{}
	for line := range strings.Lines(b.String()) {
		labels, ok := strings.CutPrefix(line, name+"{")
		if !ok {
			continue
		}
		value := ""
		if _, after, ok := strings.Cut(labels, label+`="`); ok {
			value, _, _ = strings.Cut(after, `"`)
		}
		var n int
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &n); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		sum[value] += n
	}
	return sum
}

// wantOutcomes waits until as many outcomes have been counted, nothing is in
// flight and every connection is closed, and holds that they are these.
func wantOutcomes(t testing.TB, g *gateway, want map[string]int) {
	t.Helper()
	sum := func(of map[string]int) (n int) {
		for _, k := range of {
			n += k
		}
		return n
	}
	var got map[string]int
	waitStatus(t, g, func(s status) bool {
		got = metric(t, g, "weir_requests_total", "outcome")
		return s.Connections == 0 && s.InFlight == 0 && sum(got) >= sum(want)
	})
	if !maps.Equal(got, want) {
		t.Errorf("outcomes counted: %v, want %v", got, want)
	}
}

// wantServing holds that the gateway still answers.
func wantServing(t testing.TB, g *gateway) {
	t.Helper()
	tr := &http.Transport{DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	resp, body := post(t, &http.Client{Transport: tr}, g.url+"/v1/chat/completions", chat(false, "Are you well?"))
	if resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d %s", resp.StatusCode, body)
	}
}

// head is the head of a request for a chat answer, with these lines more.
func head(lines ...string) string {
	return "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// sized is a complete request with that body.
func sized(body string, lines ...string) string {
	return head(append(lines, fmt.Sprintf("Content-Length: %d", len(body)))...) + body
}
