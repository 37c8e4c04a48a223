package plugin

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

func TestPluginCloseWaitsForWhoAcquired(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{}, Setting{})
	p := plugin.For("a")
	if !plugin.Acquire() {
		t.Fatal("a plugin that is open cannot be acquired")
	}
	plugin.Close()
	plugin.Close()
	if f := request(p); f != nil {
		t.Errorf("a call by its holder after Close: %v", f)
	}
	select {
	case <-plugin.Drained():
		t.Error("it drained under its holder")
	default:
	}
	plugin.Release()
	<-plugin.Drained()
	if plugin.Acquire() {
		t.Error("a plugin that has ended can be acquired")
	}
	if f := request(p); f == nil || f.Class != frame.Load {
		t.Errorf("a call after the end: %v", f)
	}
	if f := request(plugin.For("new")); f == nil || f.Class != frame.Load {
		t.Errorf("a call of a new tenant after the end: %v", f)
	}
	if s := plugin.Stats(); s.Instances != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
}

// A call in hand ends as it would have; its instance is closed when it comes back, and those who wait are told.
func TestPluginCloseWithACallInHand(t *testing.T) {
	t.Parallel()
	plugin := configure(t, open(t, Options{}), "noop", Limits{Pool: 1}, Setting{})
	p := plugin.For("a")
	free := occupy(t, p)
	waiter := make(chan *frame.Fault)
	go func() { waiter <- request(p) }()
	for queued(p) != 1 {
		runtime.Gosched()
	}
	plugin.Close()
	if f := <-waiter; f == nil || f.Class != frame.Load {
		t.Errorf("who waited: %v", f)
	}
	select {
	case <-plugin.Drained():
		t.Error("it drained during a call")
	default:
	}
	free()
	<-plugin.Drained()
}

func TestRuntimeClose(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	m := admit(t, r, "noop", Limits{})
	p, err := r.Configure(context.Background(), m, Setting{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Acquire() { // never released
		t.Fatal("not acquired")
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if f := request(p.For("a")); f == nil || f.Class != frame.Load {
		t.Errorf("a call: %v", f)
	}
	if _, err := r.Admit(context.Background(), Source{Name: "y", Wasm: guests.Bytes("noop"), Trusted: true}, Limits{}); !errors.Is(err, ErrClosed) {
		t.Errorf("admit: %v", err)
	}
	if _, err := r.Configure(context.Background(), m, Setting{Name: "y"}); !errors.Is(err, ErrClosed) {
		t.Errorf("configure: %v", err)
	}
	p.Release()
	p.Close()
}

// The same bytes under the same limits are one module, other limits another.
func TestAdmitIsShared(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	a, b := admit(t, r, "noop", Limits{}), admit(t, r, "noop", Limits{Fuel: 7})
	if a != b {
		t.Error("the same module twice")
	}
	if c := admit(t, r, "noop", Limits{Memory: 1 << 20}); c == a {
		t.Error("one module for two limits of memory")
	}
	if a.Digest() == "" || !a.Has(abi.HookRequest) || a.Has(abi.HookNone) || a.Has(99) || a.Report().Functions == 0 {
		t.Errorf("module %q, request %v, %+v", a.Digest(), a.Has(abi.HookRequest), a.Report())
	}
}

func TestAdmitRefuses(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		source Source
		limits Limits
		want   string
	}{
		{"digest", context.Background(), Source{Wasm: guests.Bytes("noop"), Trusted: true, SHA256: strings.Repeat("0", 64)}, Limits{}, "sha256"},
		{"limits", context.Background(), Source{Wasm: guests.Bytes("noop"), Trusted: true}, Limits{Memory: -1}, "limits.memory"},
		{"bytes", context.Background(), Source{Wasm: []byte("no module"), Trusted: true}, Limits{}, "module"},
		{"untrusted without a cache", context.Background(), Source{Wasm: guests.Bytes("noop")}, Limits{}, "cache_dir"},
		{"canceled", canceled, Source{Wasm: guests.Bytes("noop"), Trusted: true}, Limits{}, "canceled"},
	}
	for _, test := range tests {
		test.source.Name = "the-plugin"
		_, err := r.Admit(test.ctx, test.source, test.limits)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "the-plugin") {
			t.Errorf("%s: error %v, want one that names %s", test.name, err, test.want)
		}
	}
	if len(r.modules) != 0 {
		t.Errorf("%d modules are left of what was refused", len(r.modules))
	}
}

// A thousand new configurations under load: no call fails, and nothing is left of the old ones.
func TestFault34_ReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	cycles := 1000
	if testing.Short() || raceEnabled {
		cycles = 100
	}
	r := open(t, Options{})
	m := admit(t, r, "noop", Limits{})
	next := func(n int) *Plugin {
		p, err := r.Configure(context.Background(), m, Setting{
			Name: "x", Config: fmt.Appendf(nil, `{"n":%d}`, n), Limits: Limits{Wait: time.Minute, Deadline: time.Minute, Fuel: 1 << 30},
			SelfTest: newText(abi.HookRequest, []byte("hello")),
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var current atomic.Pointer[Plugin]
	current.Store(next(0))
	const calls = 20 // a cycle, at least
	work := make(chan struct{}, calls)
	var load sync.WaitGroup
	for n := range 4 {
		load.Go(func() {
			tenant := fmt.Sprint("tenant-", n%2)
			for range work {
				p := current.Load()
				for !p.Acquire() { // replaced in between
					p = current.Load()
				}
				if f := request(p.For(tenant)); f != nil {
					t.Errorf("a call failed: %v", f)
				}
				p.Release()
			}
		})
	}
	for n := range cycles {
		for range calls {
			work <- struct{}{}
		}
		old := current.Swap(next(n + 1))
		old.Close()
		<-old.Drained()
	}
	close(work)
	load.Wait()
	last := current.Load()
	if n := r.memory.lent(); int64(n) != last.Stats().Instances {
		t.Errorf("%d memories for %d instances", n, last.Stats().Instances)
	}
	if len(r.plugins) != 1 {
		t.Errorf("%d plugins", len(r.plugins))
	}
	last.Close()
	<-last.Drained()
}

// Idle instances share one budget; those used least recently go, whosever they are.
func TestIdleBudget(t *testing.T) {
	t.Parallel()
	const each = bytesPerInstance + 1<<16 + bytesPerFunction // called once
	r := open(t, Options{Idle: 4 * each})
	a := configure(t, r, "noop", Limits{}, Setting{})
	pools := make([]*Pool, 8)
	for n := range pools {
		pools[n] = a.For(fmt.Sprint("tenant-", n))
		if f := request(pools[n]); f != nil {
			t.Fatal(f)
		}
	}
	r.sweep()
	for a.Stats().Evicted < 4 { // the runtime's own sweeper may have one in hand
		runtime.Gosched()
	}
	if held := r.bytes.Load(); held > 4*each {
		t.Errorf("%d bytes are held, the budget is %d", held, 4*each)
	}
	for n, p := range pools {
		if has := len(p.idle) == 1; has != (n >= 4) {
			t.Errorf("pool %d of 8 has %d idle instances", n, len(p.idle))
		}
	}
	if s := a.Stats(); s.Evicted != 4 || s.Instances != 4 {
		t.Errorf("%+v", s)
	}
	if f := request(pools[0]); f != nil { // made again
		t.Error(f)
	}
}

// There may be any number of tenants.
func TestFault29_ManyTenants(t *testing.T) {
	t.Parallel()
	r := open(t, Options{Idle: 1 << 20})
	plugin := configure(t, r, "noop", Limits{}, Setting{})
	first := plugin.For("first")
	if f := request(first); f != nil {
		t.Fatal(f)
	}
	for n := range 2 * maxTenants {
		plugin.For(fmt.Sprint("tenant-", n))
	}
	if n := len(plugin.pools); n > maxTenants {
		t.Errorf("%d pools are remembered", n)
	}
	if f := request(first); f != nil {
		t.Errorf("a pool that may have been forgotten: %v", f)
	}
	own := configure(t, r, "noop", Limits{}, Setting{Tenant: "acme"})
	if own.For("acme") != own.For("other") {
		t.Error("a tenant's own plugin has two pools")
	}
}
