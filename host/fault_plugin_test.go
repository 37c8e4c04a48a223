package host_test

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/sdk/abi"
)

const twoTenants = "tenants: { bad: { keys: [ { value: key-of-bad-0123456789 } ], policy: [worse] }, good: { keys: [ { value: key-of-good-0123456789 } ] } }\n"

func as(tenant string) []string {
	return []string{"Authorization", "Bearer key-of-" + tenant + "-0123456789"}
}

// beside is a gateway with a plugin of one tenant's own, and a guard of the operator's for both.
func beside(t testing.TB, plugin string) *gateway {
	t.Helper()
	return start(t, simulated+twoTenants+"cache_dir: "+cacheDir(t)+"\nplugins:\n  worse: "+plugin+"\n  deny: "+guest(t, "deny", word)+
		"\npolicies: { default: { before: [deny], budget: 60s } }\n")
}

// ownTurning is the end of an entry of the tenant bad's own plugin, under ordinary limits but for the time it may wait.
const ownTurning = `tenant: bad, on_error: deny, limits: { deadline: 2ms, wait: 20s, start: 60s }`

// whileBad sends requests of one tenant that make its plugin turn bad, and meanwhile the other's, all of which have to succeed. It tells
// how long they took.
func whileBad(t *testing.T, g *gateway, rounds int) (good []time.Duration) {
	t.Helper()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			c := client(t)
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, badText()), as("bad")...)
				if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "policy_unavailable") || !strings.Contains(body, "worse") {
					t.Errorf("the plugin's tenant: %d %s", resp.StatusCode, body)
					return
				}
			}
		})
	}
	c := client(t)
	for i := range rounds {
		began := time.Now()
		resp, body := post(t, c, g.url+"/v1/chat/completions", chat(i%2 == 0, "Hello"), as("good")...)
		good = append(good, time.Since(began))
		if resp.StatusCode != 200 {
			t.Errorf("the other tenant: %d %s", resp.StatusCode, body)
		}
	}
	close(stop)
	wg.Wait()
	slices.Sort(good)
	return good
}

func wantUnharmed(t *testing.T, g *gateway, class string) {
	t.Helper()
	took := whileBad(t, g, 300)
	t.Logf("the other tenant's requests: p50 %v, p99 %v, max %v", took[150], took[297], took[299])
	if took[150] > 200*time.Millisecond {
		t.Errorf("median %v", took[150])
	}
	got := metric(t, g, "weir_plugin_faults_total", "class")
	n := got[class]
	if class == "limit" {
		n = got["fuel"] + got["deadline"] + got["trap"] // whichever is reached first
	}
	if n < 5 || got["open"] == 0 || got["verdict"] > 0 {
		t.Errorf("faults %v", got)
	}
	if resp, body := post(t, client(t), g.url+"/v1/chat/completions", chat(false, "forbidden"), as("good")...); resp.StatusCode != 403 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	wantBreaker(t, g)
}

// wantBreaker holds that one line told that the plugin is left alone.
func wantBreaker(t *testing.T, g *gateway) {
	t.Helper()
	if n := strings.Count(g.log.String(), "left alone for a while"); n != 1 {
		t.Errorf("%d alerts", n)
	}
	wantMetric(t, g, `weir_plugin_breaker{plugin="bad/worse",hook="request"} 1`)
}

func TestFault18_LoopInAHook(t *testing.T) {
	t.Parallel()
	wantUnharmed(t, beside(t, turning(t, abi.HookRequest, loops, strings.Replace(ownTurning, "deadline: 2ms", "fuel: 100k, deadline: 1s", 1))), "fuel")
}

// With more fuel than time it is the clock that ends the loop.
func TestFault18_LoopForAsLongAsItMay(t *testing.T) {
	t.Parallel()
	wantUnharmed(t, beside(t, turning(t, abi.HookRequest, loops, strings.Replace(ownTurning, "deadline", "fuel: 100G, deadline", 1))), "deadline")
}

// Loops where there is no request yet: the plugin is not put to work, and the reason names it and what to change.
func TestFault18_LoopBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"loop-start", "loop-initialize", "loop-alloc", "loop-configure", "loop-manifest", "loop-request"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			err := startFails(t, simulated+policed(t, "bad", guest(t, name, "limits: { start: 200ms, deadline: 10ms }")))
			if err == nil || !strings.Contains(err.Error(), `plugins.bad`) || !strings.Contains(err.Error(), "limits.") {
				t.Errorf("%v", err)
			}
			t.Logf("after %v: %v", time.Since(began), err)
		})
	}
}

func TestFault19_Bombs(t *testing.T) {
	for name, bad := range map[string]struct {
		code  []byte
		class string
	}{
		"memory.grow": {grows, "limit"}, "memory.fill": {fills, "limit"}, "recursion": {recurses, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			g := beside(t, turning(t, abi.HookRequest, bad.code, ownTurning))
			before := heapAndStack()
			wantUnharmed(t, g, bad.class)
			if grown := heapAndStack() - before; grown > 128<<20 {
				t.Errorf("%d MiB more memory", grown>>20)
			}
		})
	}
}

// heapAndStack is what Go holds, in bytes.
func heapAndStack() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse) //nolint:gosec // far below
}

func TestFault21_TrapInAHook(t *testing.T) {
	t.Parallel()
	wantUnharmed(t, beside(t, turning(t, abi.HookRequest, traps, ownTurning)), "trap")
}
