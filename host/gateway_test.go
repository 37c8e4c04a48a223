package host_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/host"
)

// A reload that changes the embedded model neither cuts its streams nor fails a
// request that is about to ask it.
func TestGatewayReloadOfTheEmbeddedModel(t *testing.T) {
	t.Parallel()
	text := func(i int) string {
		return listen + fmt.Sprintf("targets: { sim: { kind: sim, ttft: 0s, tpot: %dus, slots: 1000 } }\n", 1+i%7)
	}
	g := start(t, listen+"targets: { sim: { kind: sim, ttft: 0s, tpot: 30ms, slots: 1000 } }\n")
	long, first := openStream(t, g, "x-sim-tokens", "40")
	defer func() { _ = long.Body.Close() }()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			c := client(t)
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i == 0, "x"))
				if resp.StatusCode != 200 || i == 0 && !strings.HasSuffix(body, "data: [DONE]\n\n") {
					t.Errorf("%d %s", resp.StatusCode, body)
					return
				}
			}
		})
	}
	for i := range 200 {
		if err := os.WriteFile(g.path, []byte(text(i)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	rest, err := io.ReadAll(long.Body)
	if body := first + string(rest); err != nil || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("the stream that began before the reloads: %v %q", err, body)
	}
}

// A change that comes while a reload is reading is not lost.
func TestGatewayChangeDuringAReload(t *testing.T) {
	t.Parallel()
	g := start(t, simulated)
	pad := strings.Repeat("# a comment\n", 20000)
	for i := range 30 {
		write := func(kib int, pad string) {
			if err := os.WriteFile(g.path, []byte(listen+simulated+fmt.Sprintf("limits: { body: %dKiB }\n", kib)+pad), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(1000+2*i, pad)
		done := make(chan error, 1)
		go func() { done <- g.Reload(t.Context()) }()
		write(1001+2*i, "")
		<-done // whichever of the two it read
		want := fmt.Sprintf("body: %dKiB", 1001+2*i)
		waitConfig(t, g, want)
	}
}

func waitConfig(t testing.TB, g *gateway, want string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); ; <-tick.C {
		cfg, err := g.Config()
		if err == nil && strings.Contains(string(cfg), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the configuration in force lacks %q", want)
		}
	}
}

// When Drain returns nothing is open, whatever clients do: error events are
// written, the records have every request, stalled clients are cut off.
func TestGatewayDrainWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	up := newSilent(t, streamed)
	g := start(t, targetAt(up.url)+"records: { file: "+path+" }\n")
	const streams = 20
	conns := make([]net.Conn, streams)
	for i := range conns {
		conns[i] = dial(t, g.addr)
		_, _ = io.WriteString(conns[i], rawChat(true))
		<-up.began
	}
	idle := dial(t, g.addr)
	stalled := dial(t, g.addr)
	_, _ = io.WriteString(stalled, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	waitStatus(t, g, func(s status) bool { return s.Connections == streams+2 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if n := g.Drain(ctx); n != streams {
		t.Errorf("%d requests ended, want %d: idle connections are none", n, streams)
	}
	if s, _ := g.Status().(status); s.Connections != 0 || s.InFlight != 0 {
		t.Errorf("left open: %+v", s)
	}
	for _, c := range append(conns, idle, stalled) {
		b, err := io.ReadAll(c)
		if c == stalled || c == idle {
			continue
		}
		if err != nil || !strings.Contains(string(b), "shutting_down") {
			t.Fatalf("%v %q", err, b)
		}
	}
	n := 0
	for _, r := range readRecords(t, path) {
		if r.Outcome == "shed" {
			n++
		}
	}
	if n != streams {
		t.Errorf("%d of %d records", n, streams)
	}
}

// A start that cannot have all its listeners leaves none open; what was drained
// does not start.
func TestGatewayStartFailsWhole(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	sock := filepath.Join(t.TempDir(), "w.sock")
	path := filepath.Join(t.TempDir(), "weir.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("listen: \"unix:" + sock + "\"\nadmin: { listen: \"" + taken.Addr().String() + "\" }\n" + simulated)
	open := func() *host.Gateway {
		g, err := host.New(host.Options{Path: path, Env: os.LookupEnv, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if err := open().Start(); err == nil {
		t.Fatal("the admin address is taken")
	}
	if _, err := os.Stat(sock); err == nil {
		t.Error("the data listener is still open")
	}
	write(listen + simulated)
	g := open()
	g.Drain(t.Context())
	if err := g.Start(); err == nil {
		t.Error("started after Drain")
		g.Drain(t.Context())
	}
}

// A listener that a reload took away does not disturb draining later.
func TestGatewayDrainAfterAListenerWent(t *testing.T) {
	t.Parallel()
	g := start(t, "targets: { sim: { kind: sim, ttft: 0s, tpot: 10ms } }\n")
	sock := filepath.Join(t.TempDir(), "w.sock")
	for _, l := range []string{"listen: [127.0.0.1:0, \"unix:" + sock + "\"]\nadmin: { listen: 127.0.0.1:0 }\n", listen} {
		if err := os.WriteFile(g.path, []byte(l+"targets: { sim: { kind: sim, ttft: 0s, tpot: 10ms } }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	resp, first := openStream(t, g, "x-sim-tokens", "20")
	defer func() { _ = resp.Body.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ended := make(chan int, 1)
	go func() { ended <- g.Drain(ctx) }()
	rest, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(first+string(rest), "data: [DONE]\n\n") || <-ended != 0 {
		t.Errorf("%v %q", err, rest)
	}
}

// A target that goes while it is out of turn does not stay degraded for ever.
func TestGatewayRemovedTargetIsNotDegraded(t *testing.T) {
	t.Parallel()
	bad, _ := newFailing(t, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
	g := start(t, targetAt(bad))
	c := client(t)
	for range 6 {
		post(t, c, g.url+"/v1/chat/completions", chat(false, "x"))
	}
	wantMetric(t, g, `weir_degraded{part="target:t"} 1`)
	if err := os.WriteFile(g.path, []byte(listen+simulated), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); ; <-tick.C {
		var b strings.Builder
		g.WriteMetrics(&b)
		if strings.Contains(b.String(), "weir_degraded{part=\"target:t\"} 0\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still degraded")
		}
	}
}
