package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"weir/host/sim"
)

// mixed is a kind of request that the test below sends, and how it has to end.
// In body and header %s is the request's own word.
type mixed struct {
	path, body string
	fault      string // x-sim-fault
	leave      bool   // after the first bytes
	outcome    string
	status     int
}

var mixture = []mixed{
	{"/v1/chat/completions", chat(false, "%s"), "", false, "ok", 200},
	{"/v1/chat/completions", chat(true, "%s"), "", false, "ok", 200},
	{"/v1/messages", `{"model":"sim","max_tokens":9,"messages":[{"role":"user","content":"%s"}]}`, "", false, "ok", 200},
	{"/v1/chat/completions", strings.Replace(chat(true, "%s"), `"sim"`, `"mine"`, 1), "cut=between:2", false, "upstream_cut", 200},
	{"/v1/chat/completions", chat(true, "%s"), "stall=1", true, "client_left", 200},
	{"/v1/chat/completions", chat(false, "%s"), "status=500", false, "upstream_error", 500},
	{"/v1/chat/completions", chat(false, "%s"), "short=10", false, "upstream_error", 502},
	{"/v1/chat/completions", `{"model":"sim","model":"%s"}`, "", false, "client_error", 400},
	{"/v1/embeddings", `{"model":"sim","input":"%s"}`, "", false, "ok", 200},
	{"/nowhere", `{"a":"%s"}`, "", false, "not_found", 404},
}

// Exchanges are pooled, and what they hold aliases the buffers of connections
// that others use next: many requests of all kinds at once, over kept
// connections, each answered and recorded as itself, and each counted once.
func TestExchangeMixture(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", models: { mine: theirs }")+"routes: [ { targets: [t], retries: 0 } ]\nrecords: { file: "+path+", content: text, rotate: { max_size: 1GiB } }\n")
	const workers, rounds = 8, 60
	var mu sync.Mutex
	sent := map[string]mixed{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			c := client(t)
			for i := range rounds {
				r := mixture[(w+i*7)%len(mixture)]
				word := fmt.Sprintf("word-%d-%d-%s", w, i, strings.Repeat("x", (w*i)%700))
				id := "id-" + strconv.Itoa(w) + "-" + strconv.Itoa(i)
				mu.Lock()
				sent[id] = r
				mu.Unlock()
				askMixed(t, c, g.url, r, id, word)
			}
		})
	}
	wg.Wait()
	waitStatus(t, g, func(s status) bool { return s.InFlight == 0 })
	wantMetric(t, g, "weir_requests_in_flight 0")
	g.stop()
	records := readRecords(t, path)
	if len(records) != len(sent) {
		t.Errorf("%d records of %d requests", len(records), len(sent))
	}
	outcomes := map[string]int{}
	for _, r := range records {
		want, ok := sent[r.RequestID]
		if !ok {
			t.Fatalf("nobody sent %q, or it is recorded twice", r.RequestID)
		}
		delete(sent, r.RequestID)
		if r.Outcome != want.outcome || r.Status != want.status {
			t.Errorf("%s: %s %d, want %s %d", r.RequestID, r.Outcome, r.Status, want.outcome, want.status)
		}
		if r.MS.Gateway < 0 || r.MS.Total < r.MS.Gateway || r.MS.TTFT > r.MS.Total {
			t.Errorf("%s: times %+v", r.RequestID, r.MS)
		}
		outcomes[r.Outcome]++
		word := "word-" + strings.TrimPrefix(r.RequestID, "id-") + "-"
		if r.Text != nil && len(r.Text.Messages) > 0 && !strings.HasPrefix(r.Text.Messages[0].Text, word) {
			t.Errorf("%s has the text of another request: %.40q", r.RequestID, r.Text.Messages[0].Text)
		}
	}
	var b strings.Builder
	g.WriteMetrics(&b)
	for o, n := range outcomes {
		if got := counted(b.String(), `outcome="`+o+`"`); got != n {
			t.Errorf("%s: %d counted, %d recorded", o, got, n)
		}
	}
}

// counted adds up the weir_requests_total series with that label.
func counted(exposition, label string) (n int) {
	for l := range strings.Lines(exposition) {
		if strings.HasPrefix(l, "weir_requests_total{") && strings.Contains(l, label) {
			v, _ := strconv.Atoi(strings.Fields(l)[len(strings.Fields(l))-1])
			n += v
		}
	}
	return n
}

// askMixed sends one request of the mixture and checks that the answer is its own.
func askMixed(t *testing.T, c *http.Client, url string, r mixed, id, word string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+r.path, strings.NewReader(strings.Replace(r.body, "%s", word, 1)))
	if err != nil {
		t.Error(err)
		return
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "x-request-id": id, "x-weir-request-id": "?", "x-sim-fault": r.fault} {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if got := resp.Header.Get("x-weir-request-id"); got != id || resp.StatusCode != r.status {
		t.Errorf("%s got %d, the answer to %q", id, resp.StatusCode, got)
	}
	if r.leave {
		if _, err := resp.Body.Read(make([]byte, 16)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		cancel()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", id, err)
		}
		return
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Errorf("%s: %v", id, err)
	}
}

// What a client may leave while Weir waits: for a place at the target, and for
// the rest of an unstreamed answer.
func TestExchangeLeftWhileWaiting(t *testing.T) {
	t.Parallel()
	up := newSilent(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	g := start(t, "targets: { t: { kind: openai, url: "+up.url+", concurrency: 1 } }\n")
	first := dial(t, g.addr)
	_, _ = io.WriteString(first, rawChat(false))
	<-up.began
	second := dial(t, g.addr)
	_, _ = io.WriteString(second, rawChat(false))
	waitStatus(t, g, func(s status) bool { return s.Targets[0].Waiting == 1 })
	_ = second.Close()
	waitStatus(t, g, func(s status) bool { return s.Targets[0].Waiting == 0 && s.InFlight == 1 })
	_ = first.Close()
	<-up.ended
	st := waitStatus(t, g, func(s status) bool { return s.InFlight == 0 && s.Connections == 0 })
	if st.Targets[0].Connections != 0 {
		t.Errorf("%+v", st.Targets)
	}
	wantMetric(t, g, `weir_client_left_total{phase="before_first_byte"} 2`)
}
