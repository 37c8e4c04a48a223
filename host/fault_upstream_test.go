package host_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host/sim"
)

// model is a simulated model of the test's own, so that the test sees the
// target's side too.
type model struct {
	*sim.Server
	url string
}

func newModel(t testing.TB, opt sim.Options) *model {
	t.Helper()
	if opt.Slots == 0 {
		opt.Slots = 1000
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &model{Server: sim.New(opt), url: "http://" + ln.Addr().String()}
	done := make(chan error, 1)
	go func() { done <- m.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = m.Close(ctx)
		<-done
	})
	return m
}

// config is a configuration with the model as its only target.
func (m *model) config(more string) string {
	return "targets: { t: { kind: openai, url: " + m.url + ", dialects: [openai, anthropic]" + more + " } }\n"
}

// endings are what a stream may end with, by endpoint.
var streamRequests = map[string]struct{ path, body, clean, fault string }{
	"chat":      {"/v1/chat/completions", chat(true, "Tell me."), "data: [DONE]", `data: {"error":`},
	"messages":  {"/v1/messages", `{"model":"sim","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Tell me."}]}`, "event: message_stop", "event: error\ndata: "},
	"responses": {"/v1/responses", `{"model":"sim","stream":true,"input":"Tell me."}`, "event: response.completed", "event: error\ndata: "},
}

// wantFault checks a stream that was broken off: it ends with the dialect's
// error event, behind whole events only, and not with the dialect's own end.
func wantFault(t *testing.T, body, clean, fault string) {
	t.Helper()
	i := strings.LastIndex(body, fault)
	if i < 0 {
		t.Fatalf("no error event in %q", body)
	}
	if strings.Contains(body, clean) {
		t.Errorf("a clean end in %q", body)
	}
	if rest := body[i:]; strings.Count(rest, "\n\n") != 1 || !strings.HasSuffix(rest, "\n\n") {
		t.Errorf("the error event is not the last one: %q", rest)
	}
	if i > 0 && !strings.HasSuffix(body[:i], "\n\n") {
		t.Errorf("the error event is glued to half an event: %q", body)
	}
}

func TestFault13_BadStreams(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", idle: 5s")+"limits: { event: 16KiB }\n")
	for name, r := range streamRequests {
		for _, kind := range []string{"html", "binary", "json", "utf8", "endless", "noblank"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				_, body := post(t, client(t), g.url+r.path, r.body, "x-sim-fault", "garbage="+kind)
				wantFault(t, body, r.clean, r.fault)
			})
		}
	}
}

func TestFault14_StreamsCutAndStalled(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", idle: 700ms"))
	for name, r := range streamRequests {
		for _, f := range []string{"cut=between:3", "cut=inside:3", "cut=clean:3", "reset:3", "stall=2", "stall=after-headers", "malformed=chunk"} {
			t.Run(name+" "+f, func(t *testing.T) {
				t.Parallel()
				resp, body := post(t, client(t), g.url+r.path, r.body, "x-sim-fault", f)
				if resp.StatusCode >= 500 {
					return // it failed before a byte was sent on: an honest error as well
				}
				wantFault(t, body, r.clean, r.fault)
			})
		}
	}
}

// A target that dribbles completes no event in time.
func TestFault14_Dribble(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", idle: 50ms, first_byte: 10s"))
	r := streamRequests["chat"]
	resp, body := post(t, client(t), g.url+r.path, r.body, "x-sim-fault", "slow=1ms")
	if resp.StatusCode == 200 {
		wantFault(t, body, r.clean, r.fault)
	}
}

func TestFault14_Unstreamed(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", idle: 1500ms, first_byte: 1500ms")+"routes: [ { targets: [t], retries: 0 } ]\n")
	for _, c := range []struct {
		fault  string
		status int
		code   string
	}{
		{"cut=headers", 502, "reset"},
		{"stall=headers", 504, "first_byte_timeout"},
		{"stall=after-headers", 504, "idle_timeout"},
		{"short=10", 502, "cut"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "Tell me."), "x-sim-fault", c.fault)
			if resp.StatusCode != c.status || !strings.Contains(body, `"code":"`+c.code+`"`) {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, body, c.status, c.code)
			}
		})
	}
}

func TestFault14_Refused(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	g := start(t, targetAt("http://"+addr))
	resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"))
	if resp.StatusCode != 502 || !strings.Contains(body, `"code":"dial"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A target that always fails gets at most a fifth more attempts than requests,
// and the small reserve.
func TestFault14_RetryBudget(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	const n, parallel = 400, 8
	var wg sync.WaitGroup
	for range parallel {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := client(t)
			for range n / parallel {
				post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), "x-sim-fault", "cut=headers")
			}
		}()
	}
	wg.Wait()
	got := m.Stats().Requests
	t.Logf("%d requests became %d attempts", n, got)
	if limit := uint64(n*12/10 + 10); got > limit || got < n {
		t.Errorf("%d attempts for %d requests, want at most %d", got, n, limit)
	}
}

// No attempt follows once a byte of an answer has been sent on.
func TestFault14_NoRetryAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	before := m.Stats().Requests
	post(t, client(t), g.url+"/v1/chat/completions", chat(true, "x"), "x-sim-fault", "cut=between:2")
	if got := m.Stats().Requests - before; got != 1 {
		t.Errorf("%d attempts", got)
	}
}

func TestFault15_MalformedAnswers(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+"routes: [ { targets: [t], retries: 0 } ]\n")
	for _, f := range []string{"status", "header", "length", "double-length", "lf", "fold"} {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"), "x-sim-fault", "malformed="+f)
			if resp.StatusCode != 502 || !strings.Contains(body, `"code":"malformed"`) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
}

// After any of these faults the connection is gone and the next request works.
func TestFault15_NextRequestIsClean(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(", idle: 1500ms, first_byte: 1500ms")+"routes: [ { targets: [t], retries: 0 } ]\n")
	c := client(t)
	for _, f := range []string{"malformed=header", "long", "stale", "close", "1xx", "short=5", "cut=headers"} {
		post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), "x-sim-fault", f)
		resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "after "+f))
		if resp.StatusCode != 200 && f != "stale" { // retries are off: a connection that dies unseen is an error here
			t.Errorf("after %s: %d %s", f, resp.StatusCode, body)
		}
	}
}

func TestFault17_Targets(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0:1", "[64:ff9b::a9fe:a9fe]"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			g := start(t, targetAt(fmt.Sprintf("%q", "http://"+host+"/v1")))
			resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"))
			if resp.StatusCode != 502 || !strings.Contains(body, `"code":"address_refused"`) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
	t.Run("redirect", func(t *testing.T) {
		t.Parallel()
		m := newModel(t, sim.Options{})
		g := start(t, m.config(""))
		resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"), "x-sim-fault", "redirect=http://127.0.0.1:1/")
		if resp.StatusCode != 502 || !strings.Contains(body, `"code":"redirect"`) {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	})
}
