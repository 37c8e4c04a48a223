package telemetry

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"weir/sdk/abi"
)

func TestPluginMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	s := m.Plugin("injection", "acme")
	if e := scrape(t, m); e.sum("weir_plugin_calls_total") != 0 || e.count("weir_plugin_faults_total") != 0 {
		t.Error("series that never counted")
	}
	if m.Plugin("injection", "acme") != s || m.Plugin("injection", "b") == s {
		t.Error("series are not by plugin and tenant")
	}
	for _, c := range []PluginCall{
		{Hook: abi.HookRequest, Ran: true, Took: 300 * time.Nanosecond, Fuel: 100, Frame: 1024},
		{Hook: abi.HookRequest, Action: abi.ActionDeny, Ran: true, Took: time.Millisecond, Fuel: 900, Frame: 2048, Fault: "none"},
		{Hook: abi.HookDelta, Ran: true, Took: time.Second, Frame: 16, Fault: "deadline"},
		{Hook: abi.HookRequest, Fault: "open", Fuel: 5, Frame: 5},
		{Hook: abi.Hooks, Action: abi.Actions, Ran: true, Fuel: 5}, // nothing that is
	} {
		s.Called(&c)
	}
	m.Plugin("injection", "b").Called(&PluginCall{Hook: abi.HookRequest, Ran: true, Took: 2 * time.Millisecond})
	s.Refused("state_add")
	s.Memo(7, 2)
	s.Memo(0, 1)
	m.PluginCounter("injection", "acme", "hits").Add(3)
	m.PluginCounter("injection", "acme", "hits").Add(4)
	m.PluginCounter("injection", "acme", "hits").Add(-4)
	scrape(t, m).want(t, map[string]float64{
		`weir_plugin_calls_total{plugin="injection",tenant="acme",hook="request",action="none"}`: 1,
		`weir_plugin_calls_total{plugin="injection",tenant="acme",hook="request",action="deny"}`: 1,
		`weir_plugin_calls_total{plugin="injection",tenant="acme",hook="delta",action="none"}`:   1,
		`weir_plugin_calls_total{plugin="injection",tenant="b",hook="request",action="none"}`:    1,
		`weir_plugin_faults_total{plugin="injection",tenant="acme",class="deadline"}`:            1,
		`weir_plugin_faults_total{plugin="injection",tenant="acme",class="open"}`:                1,
		`weir_plugin_fuel_total{plugin="injection",tenant="acme"}`:                               1000,
		`weir_plugin_frame_bytes_total{plugin="injection",tenant="acme"}`:                        1024 + 2048 + 16,
		`weir_plugin_seconds_count{plugin="injection",hook="request"}`:                           3,
		`weir_plugin_seconds_bucket{plugin="injection",hook="request",le="5e-07"}`:               1,
		`weir_plugin_seconds_sum{plugin="injection",hook="request"}`:                             .003 + 300e-9,
		`weir_plugin_refusals_total{plugin="injection",tenant="acme",function="state_add"}`:      1,
		`weir_plugin_memo_total{plugin="injection",result="hit"}`:                                7,
		`weir_plugin_memo_total{plugin="injection",result="miss"}`:                               3,
		`weir_plugin_metric_total{plugin="injection",tenant="acme",name="hits"}`:                 7,
	})
	m.Plugin("acme/own", "acme").Called(&PluginCall{Fault: "load"})
	if got := m.PluginTotals(); got["injection"] != (PluginTotal{4, 2}) || got["acme/own"] != (PluginTotal{0, 1}) {
		t.Errorf("totals: %v", got)
	}
}

func TestUploaded(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{Tenants: 2})
	for _, tenant := range []string{"acme", "b", "c", "acme"} {
		m.Uploaded(tenant, "added")
	}
	m.Uploaded("acme", "refused")
	scrape(t, m).want(t, map[string]float64{
		`weir_plugin_uploads_total{tenant="acme",result="added"}`:   2,
		`weir_plugin_uploads_total{tenant="acme",result="refused"}`: 1,
		`weir_plugin_uploads_total{tenant="other",result="added"}`:  1,
	})
}

// Row 23: an alert on the breaker goes off once, and ends: when it closes, when a later version does well, and when the plugin is gone.
func TestFault23_BreakerGauge(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	want := func(n float64) {
		t.Helper()
		scrape(t, m).want(t, map[string]float64{`weir_plugin_breaker{plugin="p",hook="request"}`: n})
	}
	a, b := m.Plugin("p", "a"), m.Plugin("p", "b")
	a.Breaker(abi.HookRequest, false)
	if scrape(t, m).count("weir_plugin_breaker") != 0 {
		t.Error("a series of a breaker that never opened")
	}
	a.Breaker(abi.HookRequest, true)
	a.Breaker(abi.HookRequest, true)
	b.Breaker(abi.HookRequest, true)
	want(2)
	a.Breaker(abi.HookRequest, false)
	a.Breaker(abi.HookRequest, false)
	want(1)
	b.Called(&PluginCall{Hook: abi.HookRequest, Ran: true, Fault: "trap"})
	b.Called(&PluginCall{Hook: abi.HookRequest, Fault: "open"})
	want(1)
	b.Called(&PluginCall{Hook: abi.HookDelta, Ran: true}) // another hook
	want(1)
	b.Called(&PluginCall{Hook: abi.HookRequest, Ran: true})
	want(0)
	b.Breaker(abi.Hooks, true) // no hook
	a.Breaker(abi.HookRequest, true)
	first := m.PluginInstances("p", func() Instances { return Instances{} })
	second := m.PluginInstances("p", func() Instances { return Instances{} })
	first()
	want(1)
	second()
	want(0)
	a.Breaker(abi.HookRequest, true)
	want(1)
}

// Versions of one plugin add up while one drains, and counters never fall.
func TestPluginInstances(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	want := func(now, bytes, made, evicted float64) {
		t.Helper()
		scrape(t, m).want(t, map[string]float64{
			`weir_plugin_instances{plugin="p"}`: now, `weir_plugin_instance_bytes{plugin="p"}`: bytes,
			`weir_plugin_instance_events_total{plugin="p",event="made"}`:      made,
			`weir_plugin_instance_events_total{plugin="p",event="failed"}`:    0,
			`weir_plugin_instance_events_total{plugin="p",event="discarded"}`: 0,
			`weir_plugin_instance_events_total{plugin="p",event="evicted"}`:   evicted,
		})
	}
	old := Instances{Now: 3, Bytes: 300, Made: 10, Evicted: 7}
	stop := m.PluginInstances("p", func() Instances { return old })
	want(3, 300, 10, 7)
	m.PluginInstances("p", func() Instances { return Instances{Now: 1, Bytes: 50, Made: 1} })
	want(4, 350, 11, 7)
	old = Instances{Made: 10, Evicted: 10}
	stop()
	stop()
	want(1, 50, 11, 10)
}

func TestStateMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	m.State(func() StateFigures { return StateFigures{1, 2, 3} })
	scrape(t, m).want(t, map[string]float64{"weir_state_entries": 1, "weir_state_bytes": 2, "weir_state_evicted_total": 3})
	m.State(func() StateFigures { return StateFigures{Entries: 4} })
	scrape(t, m).want(t, map[string]float64{"weir_state_entries": 4, "weir_state_bytes": 0, "weir_state_evicted_total": 0})
}

// Names of plugins, of their metrics and of tenants come from whoever writes them: series stay within their bounds, and nothing is lost.
func TestFault29_PluginLabels(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{Tenants: 5, Requests: 40, Plugins: 10})
	before := heap()
	for i := range 20_000 {
		plugin, tenant := fmt.Sprintf("p%d\n", i%101), fmt.Sprintf("t%d", i)
		s := m.Plugin(plugin, tenant)
		s.Called(&PluginCall{Hook: abi.Hook(i) % abi.Hooks, Action: abi.Action(i) % abi.Actions, Ran: true, Fuel: 1, Fault: fmt.Sprint("class", i)})
		s.Refused(fmt.Sprint("function", i))
		s.Memo(1, 0)
		s.Breaker(abi.HookRequest, true)
		m.PluginCounter(plugin, tenant, fmt.Sprint("name", i)).Add(1)
		m.PluginInstances(plugin, func() Instances { return Instances{Now: 1} })()
	}
	if grown := int64(heap()) - int64(before); grown > 8<<20 {
		t.Errorf("%d KiB left behind", grown>>10)
	}
	e := scrape(t, m)
	for name, most := range map[string]int{
		"weir_plugin_fuel_total": 41, "weir_plugin_metric_total": 41, "weir_plugin_memo_total": 22, "weir_plugin_breaker": 11, "weir_plugin_instances": 11,
		"weir_plugin_faults_total": 41 * (maxClasses + 1), "weir_plugin_refusals_total": 41 * (maxClasses + 1),
	} {
		if got := e.count(name); got > most || got < 2 {
			t.Errorf("%s has %d series, bound is %d", name, got, most)
		}
	}
	for _, name := range []string{
		"weir_plugin_calls_total", "weir_plugin_fuel_total", "weir_plugin_faults_total", "weir_plugin_refusals_total", "weir_plugin_memo_total",
		"weir_plugin_metric_total", "weir_plugin_seconds_count",
	} {
		want := 20_000.0
		if name == "weir_plugin_memo_total" && e.sum(name) != want {
			t.Errorf("%s adds up to %v", name, e.sum(name))
		}
		if got := e.sum(name); got != want {
			t.Errorf("%s adds up to %v, want %v", name, got, want)
		}
	}
	e.want(t, map[string]float64{`weir_plugin_fuel_total{plugin="p0_",tenant="t0"}`: 1})
}

func TestPluginSeriesConcurrently(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 1000 {
				s := m.Plugin("p", fmt.Sprint(i%3))
				s.Called(&PluginCall{Hook: abi.HookRequest, Action: abi.Action(i % 5), Ran: true, Fuel: 2, Frame: 1, Fault: []string{"", "trap"}[i%2]})
				s.Breaker(abi.Hook(i%2), i%2 == 0)
				s.Memo(1, 1)
				s.Refused("log")
				m.PluginCounter("p", "", "n").Add(1)
				if stop := m.PluginInstances("p", func() Instances { return Instances{Made: 1} }); g > 0 {
					stop()
				}
			}
		})
	}
	all.Wait()
	e := scrape(t, m)
	for name, want := range map[string]float64{
		"weir_plugin_calls_total": 8000, "weir_plugin_fuel_total": 16_000, "weir_plugin_frame_bytes_total": 8000, "weir_plugin_faults_total": 4000,
		"weir_plugin_memo_total": 16_000, "weir_plugin_refusals_total": 8000, "weir_plugin_metric_total": 8000, "weir_plugin_instance_events_total": 8000,
	} {
		if got := e.sum(name); got != want {
			t.Errorf("%s adds up to %v, want %v", name, got, want)
		}
	}
}

func TestPluginSeriesAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := NewMetrics(Build{}, Limits{})
	s := m.Plugin("p", "a")
	c := &PluginCall{Hook: abi.HookRequest, Action: abi.ActionDeny, Ran: true, Took: 250, Fuel: 9, Frame: 1024, Fault: "trap"}
	counter := m.PluginCounter("p", "a", "n")
	again := func() {
		s.Called(c)
		s.Refused("log")
		s.Memo(1, 2)
		counter.Add(1)
		s.Breaker(abi.HookRequest, true)
		s.Breaker(abi.HookRequest, false)
		m.Plugin("p", "a")
		m.PluginCounter("p", "a", "n")
	}
	again()
	if n := testing.AllocsPerRun(1000, again); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPluginCalled(b *testing.B) {
	s := NewMetrics(Build{}, Limits{}).Plugin("p", "a")
	c := &PluginCall{Hook: abi.HookRequest, Ran: true, Took: 250, Fuel: 9, Frame: 1024}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Called(c)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				s.Called(c)
			}
		})
	})
}
