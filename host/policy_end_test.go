package host_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/host/sim"
	"weir/sdk/abi"
)

// However a request ends, on_end of each plugin runs once, and is told how.
func TestPolicyEndsOnce(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	quiet, begun := newSilent(t, ""), newSilent(t, streamed)
	records, path := recorded(t)
	targets := fmt.Sprintf(`targets:
  t: { kind: openai, url: %q, dialects: [openai, anthropic], idle: 300ms }
  silent: { kind: openai, url: %q }
  begun: { kind: openai, url: %q }
  gone: { kind: openai, url: "http://127.0.0.1:1" }
routes:
  - { match: { models: [silent] }, targets: [silent] }
  - { match: { models: [begun] }, targets: [begun] }
  - { match: { models: [gone] }, targets: [gone], retries: 0 }
  - { targets: [t], retries: 0 }
`, m.url, quiet.url, begun.url)
	onlyEnd := said{abi.HookEnd: func(w *frame.VerdictWriter) { w.Tag("heard", "yes") }}
	g := start(t, targets+records+policed(t,
		"end", guest(t, "end", ""), "deny", guest(t, "deny", word),
		"heard", saying(t, `{"sections":{"end":["usage"]}}`, onlyEnd, "")))
	c := client(t)
	chats := g.url + "/v1/chat/completions"
	want := map[string]string{} // by request id: the outcome told to the plugin
	ask := func(id, outcome string, do func(header ...string)) {
		want[id] = outcome
		do("x-request-id", id)
	}
	for _, stream := range []bool{false, true} {
		n := fmt.Sprint(stream)
		ask("ok-"+n, "ok", func(h ...string) { post(t, c, chats, chat(stream, "x"), h...) })
		ask("deny-"+n, "denied", func(h ...string) { post(t, c, chats, chat(stream, "forbidden"), h...) })
		ask("500-"+n, "upstream_error", func(h ...string) { post(t, c, chats, chat(stream, "x"), append(h, "x-sim-fault", "status=500")...) })
		ask("gone-"+n, "upstream_error", func(h ...string) { post(t, c, chats, strings.Replace(chat(stream, "x"), `"sim"`, `"gone"`, 1), h...) })
	}
	ask("cut", "upstream_cut", func(h ...string) { post(t, c, chats, chat(true, "x"), append(h, "x-sim-fault", "cut=between:2")...) })
	ask("stall", "upstream_timeout", func(h ...string) { post(t, c, chats, chat(true, "x"), append(h, "x-sim-fault", "stall=2")...) })
	for _, up := range []struct {
		name string
		*silent
	}{{"silent", quiet}, {"begun", begun}} {
		ask("left-"+up.name, "client_left", func(h ...string) {
			ctx, cancel := context.WithCancel(t.Context())
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, chats, strings.NewReader(strings.Replace(chat(true, "x"), `"sim"`, `"`+up.name+`"`, 1)))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(h[0], h[1])
			done := make(chan struct{})
			go func() {
				defer close(done)
				if resp, err := c.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			}()
			<-up.began
			cancel()
			<-done
			<-up.ended
		})
	}
	waitStatus(t, g, func(s status) bool { return s.InFlight == 0 })
	calls := metric(t, g, "weir_plugin_calls_total", "hook")
	g.stop()
	rs := readRuled(t, path)
	for _, r := range rs {
		ends := strings.Count(r.of(), "/end=")
		if r.Outcome != want[r.RequestID] || ends != 2 || r.Tags["heard"] != "yes" {
			t.Errorf("%s: %s, want %s; %s %v", r.RequestID, r.Outcome, want[r.RequestID], r.of(), r.Tags)
		}
		if r.Tags["status"] != fmt.Sprint(r.Status) || (r.Tags["outcome"] == "0") != (r.Outcome == "ok") {
			t.Errorf("%s: the plugin was told %v of status %d", r.RequestID, r.Tags, r.Status)
		}
	}
	if len(rs) != len(want) || calls["end"] != 2*len(want) {
		t.Errorf("%d records, %d calls of on_end, for %d requests", len(rs), calls["end"], len(want))
	}
}
