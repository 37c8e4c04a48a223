package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"weir/sdk/abi"
)

// maxClasses bounds the classes of faults, and the host functions; they are constants of the code.
const maxClasses = 16

type pluginKey struct{ plugin, tenant string }

type metricKey struct{ plugin, tenant, name string }

// plugins holds the handles of what is counted for plugins.
type plugins struct {
	*pluginFamilies
	names, tenants *values
	metricNames    *values
	series         *table[pluginKey, PluginSeries]
	rest           *PluginSeries // beyond Limits.Requests
	shared         *table[string, pluginShared]
	restShared     *pluginShared
	metrics        *table[metricKey, PluginCounter]
	restMetric     func() *PluginCounter

	mu  sync.Mutex
	all []*PluginSeries // in the order they were made
}

func newPlugins(f *pluginFamilies, tenants *values, l Limits) *plugins {
	p := &plugins{
		pluginFamilies: f, names: newValues(l.Plugins), tenants: tenants, metricNames: newValues(l.Plugins),
		series: newTable[pluginKey, PluginSeries](l.Requests + 1), shared: newTable[string, pluginShared](l.Plugins + 1),
		metrics: newTable[metricKey, PluginCounter](l.Requests),
	}
	p.shared.put(other, &pluginShared{label: other})
	p.restShared = p.shared.get(other)
	p.rest = p.seriesOf(pluginKey{other, other})
	p.show()
	p.restMetric = sync.OnceValue(func() *PluginCounter { return &PluginCounter{f.own.counter(other, other, other)} })
	return p
}

// pluginShared are the handles that a plugin's tenants share.
type pluginShared struct {
	label string
	memo  atomic.Pointer[memoCounters]

	mu        sync.Mutex
	instances *instances                            // nil until PluginInstances
	open      [abi.Hooks]map[*PluginSeries]struct{} // whose breaker is, by hook; nil until one was
}

type memoCounters struct{ hits, misses *metrics.Counter }

func (p *plugins) sharedOf(label string) *pluginShared {
	if s := p.shared.get(label); s != nil {
		return s
	}
	if s := p.shared.put(label, &pluginShared{label: label}); s != nil {
		return s
	}
	return p.restShared
}

// PluginSeries counts what a plugin does for a tenant. Keep it: counting takes tens of nanoseconds, asking for it takes more. All methods are safe for
// concurrent use and, once a thing has been counted, allocate nothing.
type PluginSeries struct {
	f      *pluginFamilies
	key    pluginKey // as shown
	shared *pluginShared

	hooks    [abi.Hooks]atomic.Pointer[hookCounters]
	faults   *table[string, metrics.Counter]
	refusals *table[string, metrics.Counter]
	open     atomic.Uint32 // bit per hook whose breaker is
}

// seriesOf returns the series of names as they are shown.
func (p *plugins) seriesOf(shown pluginKey) *PluginSeries {
	if s := p.series.get(shown); s != nil {
		return s
	}
	made := &PluginSeries{
		f: p.pluginFamilies, key: shown, shared: p.sharedOf(shown.plugin),
		faults: newTable[string, metrics.Counter](maxClasses), refusals: newTable[string, metrics.Counter](maxClasses),
	}
	s := p.series.put(shown, made)
	switch s {
	case nil:
		return p.rest
	case made:
		p.mu.Lock()
		p.all = append(p.all, made)
		p.mu.Unlock()
	}
	return s
}

// Plugin returns the series of a configured plugin and a tenant, the same for the same names. Those beyond the bounds share series under "other".
func (m *Metrics) Plugin(plugin, tenant string) *PluginSeries {
	p := m.pluginsBy
	if s := p.series.get(pluginKey{plugin, tenant}); s != nil {
		return s
	}
	return p.seriesOf(pluginKey{p.names.label(plugin, true), p.tenants.label(tenant, true)})
}

// PluginCall is one call of a hook, or one that was not made.
type PluginCall struct {
	Hook   abi.Hook
	Action abi.Action // the gravest of the verdict
	Ran    bool       // the hook was called
	Took   time.Duration
	Fuel   int64
	Frame  int    // bytes
	Fault  string // its class; "" or "none" when all was well
}

// Called counts one call.
func (s *PluginSeries) Called(c *PluginCall) {
	fault := c.Fault != "" && c.Fault != "none"
	if fault {
		s.one(s.faults, s.f.faults, c.Fault)
	}
	if !c.Ran || c.Hook >= abi.Hooks || c.Action >= abi.Actions {
		return
	}
	h := s.hooks[c.Hook].Load()
	if h == nil {
		s.hooks[c.Hook].CompareAndSwap(nil, new(hookCounters))
		h = s.hooks[c.Hook].Load()
	}
	h.count(c)
	if !fault && s.open.Load()>>c.Hook&1 == 1 {
		s.Breaker(c.Hook, false) // it was called and did well: whoever opened the breaker is no longer there to close it
	}
}

// one counts in a family of plugin, tenant and a word of the code.
func (s *PluginSeries) one(by *table[string, metrics.Counter], f *family, word string) {
	c := by.get(word)
	if c == nil {
		shown := clean(clip(word))
		if by.full() {
			shown = other
		}
		c = f.counter(s.key.plugin, s.key.tenant, shown)
		by.put(shown, c)
	}
	c.Inc()
}

// Refused counts a call of a hook in which that host function was refused.
func (s *PluginSeries) Refused(function string) { s.one(s.refusals, s.f.refusals, function) }

// Memo counts messages that the plugin was spared, and was shown, because it judges one by one.
func (s *PluginSeries) Memo(hits, misses int) {
	c := s.shared.memo.Load()
	if c == nil {
		c = &memoCounters{s.f.memo.counter(s.shared.label, "hit"), s.f.memo.counter(s.shared.label, "miss")}
		s.shared.memo.Store(c)
	}
	c.hits.Add(hits)
	c.misses.Add(misses)
}

// Breaker says whether the plugin's hook is left alone for this tenant.
func (s *PluginSeries) Breaker(h abi.Hook, open bool) {
	if h >= abi.Hooks {
		return
	}
	all := s.shared
	all.mu.Lock()
	defer all.mu.Unlock()
	if !open {
		s.open.And(^(1 << h))
		delete(all.open[h], s)
		return
	}
	s.open.Or(1 << h)
	if all.open[h] == nil {
		all.open[h] = make(map[*PluginSeries]struct{})
		s.f.breaker.gauge(func() float64 { return all.opened(h) }, all.label, h.String())
	}
	all.open[h][s] = struct{}{}
}

// opened is how many tenants the hook is left alone for.
func (p *pluginShared) opened(h abi.Hook) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(len(p.open[h]))
}

// gone closes the breakers of a plugin of which no version is left: nobody else will.
func (p *pluginShared) gone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, open := range p.open {
		for s := range open {
			s.open.Store(0)
		}
		clear(open)
	}
}

// PluginCounter is a counter that a plugin made.
type PluginCounter struct{ c *metrics.Counter }

// Add counts n; one below 0 counts nothing.
func (c *PluginCounter) Add(n int64) {
	if n > 0 {
		c.c.AddInt64(n)
	}
}

// PluginCounter returns the counter a plugin calls name, for a tenant. Beyond the bounds plugins share one.
func (m *Metrics) PluginCounter(plugin, tenant, name string) *PluginCounter {
	p := m.pluginsBy
	shown := metricKey{p.names.label(plugin, true), p.tenants.label(tenant, true), p.metricNames.label(name, true)}
	if c := p.metrics.get(shown); c != nil {
		return c
	}
	if p.metrics.full() {
		return p.restMetric()
	}
	if c := p.metrics.put(shown, &PluginCounter{p.own.counter(shown.plugin, shown.tenant, shown.name)}); c != nil {
		return c
	}
	return p.restMetric()
}
