package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"weir/host/sim"
)

// Row 16 in what exists so far: a route's preferred target that fails is taken
// out of turn, so that it gets no requests but one trial each few seconds; the
// breaker's own test covers its return.
func TestFault16_FailingTargetIsTakenOutOfTurn(t *testing.T) {
	t.Parallel()
	bad, asked := newFailing(t, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
	good := newModel(t, sim.Options{})
	g := start(t, fmt.Sprintf(`
targets:
  canary: { kind: openai, url: "%s" }
  stable: { kind: openai, url: "%s" }
routes: [ { targets: [canary, stable] } ]
`, bad, good.url))
	c := client(t)
	const n = 60
	for i := range n {
		if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
			t.Fatalf("request %d: %d %s", i, resp.StatusCode, body)
		}
	}
	if got := asked.Load(); got > 8 { // five failures open the breaker; a slow run may see a trial
		t.Errorf("the failing target was asked %d times in %d requests", got, n)
	}
	wantMetric(t, g, `weir_degraded{part="target:canary"} 1`)
	if !strings.Contains(g.log.String(), "out of turn") {
		t.Error("the log does not tell")
	}
}

// newFailing is a target with one answer to everything; asked counts requests.
func newFailing(t testing.TB, answer string) (url string, asked *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				br := bufio.NewReader(c)
				for {
					req, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					asked.Add(1)
					if _, err := io.WriteString(c, answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return "http://" + ln.Addr().String(), asked
}
