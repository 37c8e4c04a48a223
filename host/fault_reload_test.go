package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/host/config"
	"weir/host/sim"
)

// A thousand reloads, each with another set of targets and limits, fail no
// request.
func TestFault34_ThousandReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	text := func(i int) string {
		return listen + fmt.Sprintf("targets: { t: { kind: openai, url: %s, idle: %dms }, u%d: { kind: openai, url: %s } }\nroutes: [ { targets: [t, u%d] } ]\nlimits: { body: %dKiB }\n", m.url, 5000+i%7, i%3, m.url, i%3, 512+i%5)
	}
	g := start(t, text(0))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var served atomic.Int64
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := client(t)
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i%2 == 0, "x"))
				if resp.StatusCode != 200 || i%2 == 0 && !strings.HasSuffix(body, "data: [DONE]\n\n") {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
				served.Add(1)
			}
		}()
	}
	reloads := 1000
	if testing.Short() {
		reloads = 100
	}
	for i := range reloads {
		if err := os.WriteFile(g.path, []byte(text(i)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.Reload(t.Context()); err != nil {
			t.Fatalf("reload %d: %v", i, err)
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("%d requests served during %d reloads", served.Load(), reloads)
	if served.Load() == 0 {
		t.Error("no load")
	}
}

func TestFault34_BadConfigurationLeavesTheOldOneServing(t *testing.T) {
	t.Parallel()
	g := start(t, simulated)
	if err := os.WriteFile(g.path, []byte("targets: { sim: { kind: simm } }\nwhat: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := g.Reload(t.Context())
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) < 2 {
		t.Fatalf("want every fault, got %v", err)
	}
	if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	st, _ := g.Status().(status)
	if st.LastLoad == nil || !strings.Contains(st.LastLoad.Error, "simm") {
		t.Errorf("status does not say why: %+v", st.LastLoad)
	}
	if !strings.Contains(g.log.String(), "simm") {
		t.Error("the log does not say why")
	}
}

// A listener that is no longer configured closes, a new one opens, and one that
// cannot be had leaves everything as it was.
func TestFault34_ListenersFollowTheConfiguration(t *testing.T) {
	t.Parallel()
	sock := filepath.Join(t.TempDir(), "w.sock")
	g := start(t, simulated)
	write := func(yaml string) error {
		if err := os.WriteFile(g.path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		return g.Reload(t.Context())
	}
	if err := write("listen: [127.0.0.1:0, \"unix:" + sock + "\"]\nadmin: { listen: 127.0.0.1:0 }\n" + simulated); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sock); err != nil {
		t.Error(err)
	}
	if err := write("listen: [127.0.0.1:0, \"unix:/nowhere/at/all.sock\"]\nadmin: { listen: 127.0.0.1:0 }\n" + simulated); err == nil {
		t.Error("a socket in a missing folder was accepted")
	}
	if err := write(listen + simulated); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is still there: %v", err)
	}
	if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A changed file is seen without a signal, also behind the double symbolic link
// of a ConfigMap.
func TestFault34_ConfigMapSwapIsSeen(t *testing.T) {
	t.Parallel()
	g := startMapped(t, simulated+"limits: { body: 1MiB }\n")
	g.swap(t, simulated+"limits: { body: 2MiB }\n")
	waitStatus(t, g.gateway, func(s status) bool { return s.Reloads == 1 })
	cfg, err := g.Config()
	if err != nil || !strings.Contains(string(cfg), "body: 2MiB") {
		t.Errorf("%v\n%s", err, cfg)
	}
}

func TestFault35_DrainFinishesStreamsAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	g := start(t, "targets: { sim: { kind: sim, ttft: 0s, tpot: 20ms } }\n")
	resp, first := openStream(t, g, "x-sim-tokens", "20")
	defer func() { _ = resp.Body.Close() }()
	ended := make(chan int, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		ended <- g.Drain(ctx)
	}()
	for ok := true; ok; {
		ok, _ = g.Ready()
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(first+string(rest), "data: [DONE]\n\n") {
		t.Errorf("the open stream did not finish: %v %q", err, rest)
	}
	if n := <-ended; n != 0 {
		t.Errorf("%d requests were ended", n)
	}
	if _, err := http.Get(g.url + "/v1/models"); err == nil { //nolint:bodyclose // there is none
		t.Error("a new connection was accepted")
	}
}

func TestFault35_DeadlineEndsStreamsWithAnErrorEvent(t *testing.T) {
	t.Parallel()
	up := newSilent(t, streamed)
	g := start(t, targetAt(up.url))
	resp, first := openStream(t, g)
	defer func() { _ = resp.Body.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if n := g.Drain(ctx); n != 1 {
		t.Errorf("%d requests ended, want 1", n)
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, first+string(rest), "[DONE]", `data: {"error":`)
	if !strings.Contains(string(rest), "shutting_down") {
		t.Errorf("%q", rest)
	}
	<-up.ended
}

// openStream begins a stream and reads its first bytes.
func openStream(t testing.TB, g *gateway, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.url+"/v1/chat/completions", strings.NewReader(chat(true, "x")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	n, err := io.ReadFull(resp.Body, buf)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(buf[:n])
}
