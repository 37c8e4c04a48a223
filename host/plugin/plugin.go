package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"weir/host/frame"
	"weir/sdk/abi"
)

// maxTenants bounds the pools a plugin remembers.
const maxTenants = 4096

// Setting is a configured plugin.
type Setting struct {
	Name         string // as configured; it names the plugin in state, logs and metrics
	Tenant       string // whose own plugin it is; "" for the operator's
	Config       []byte // JSON; nil is {}
	Capabilities []string
	Limits       Limits // of calls; memory and stack are the module's

	// SelfTest is a frame of on_request that the plugin must answer before it is used; nil for none.
	SelfTest frame.Encoder
}

// Stats are what a plugin's instances hold and have come to.
type Stats struct {
	Instances, Bytes                 int64 // now
	Made, Failed, Discarded, Evicted int64 // since Configure: made or not to be made, closed for a fault, closed to make room
}

// Plugin is a module with a configuration and limits.
type Plugin struct {
	runtime *Runtime
	module  *Module
	setting Setting
	limits  Limits
	clock   bool
	random  bool
	shared  shared

	// users counts Acquire and one for Plugin itself until Close. At 0 the plugin ends.
	users   atomic.Int64
	closing sync.Once
	// drained is closed by draining when the last instance is gone.
	drained  chan struct{}
	draining sync.Once

	mu     sync.Mutex
	pools  map[string]*Pool
	active map[*Pool]int // instances, those being made included
	spare  *instance     // made by Configure, for the first pool that wants one
	ended  bool
	stats  Stats
}

// Configure makes an instance, configures it, and runs the self-test. Nothing of a plugin that fails is left. Errors name the
// plugin and the setting to change.
func (r *Runtime) Configure(ctx context.Context, m *Module, s Setting) (*Plugin, error) {
	if err := r.begin(); err != nil {
		return nil, fmt.Errorf("configure plugin %q: %w", s.Name, err)
	}
	defer r.work.Done()
	p, err := r.configure(ctx, m, s)
	if err != nil {
		return nil, fmt.Errorf("configure plugin %q: %w", s.Name, err)
	}
	return p, nil
}

func (r *Runtime) configure(ctx context.Context, m *Module, s Setting) (*Plugin, error) {
	l, err := s.Limits.withDefaults()
	if err != nil {
		return nil, err
	}
	l.Memory, l.Stack = m.limits.Memory, m.limits.Stack
	if s.Config == nil {
		s.Config = []byte("{}")
	}
	if m.manifest.SharedState && s.Tenant != "" {
		return nil, fmt.Errorf("its manifest says scope: plugin, which is for the operator's plugins; it is tenant %q's", s.Tenant)
	}
	p := &Plugin{
		runtime: r, module: m, setting: s, limits: l, drained: make(chan struct{}),
		clock: slices.Contains(s.Capabilities, "clock"), random: slices.Contains(s.Capabilities, "random"),
		pools: make(map[string]*Pool), active: make(map[*Pool]int),
	}
	for _, asked := range m.manifest.Capabilities {
		if !slices.Contains(s.Capabilities, asked) {
			r.log.Warn("a plugin asks for a capability that it is not granted; what needs it will be refused",
				slog.String("plugin", s.Name), slog.String("capability", asked), slog.String("setting", "capabilities"))
		}
	}
	p.users.Store(1)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := m.retain(); err != nil {
		return nil, err
	}
	if fault := p.try(); fault != nil {
		m.Close()
		return nil, fault
	}
	r.mu.Lock()
	closed := r.closed
	if !closed {
		r.plugins[p] = struct{}{}
	}
	r.mu.Unlock()
	if closed {
		p.end()
		return nil, ErrClosed
	}
	return p, nil
}

// try makes the first instance and tests it. State that the test sees is blank and kept nowhere. An instance that looked at it, or at the clock, is
// not used again: it may remember what it saw.
func (p *Plugin) try() *frame.Fault {
	g := p.grant("")
	g.state, g.observer = blank{}, nobody{}
	i, fault := p.newInstance(g)
	if fault != nil {
		return fault
	}
	if fault := p.selfTest(i); fault != nil {
		i.close()
		return fault
	}
	if g.stateful.Load() {
		i.close()
		return nil
	}
	p.spare = i
	p.stats.Made, p.stats.Instances, p.stats.Bytes = 1, 1, i.bytes
	p.runtime.hold(i.bytes)
	return nil
}

// selfTest calls on_request as a request would, with the start's time.
func (p *Plugin) selfTest(i *instance) *frame.Fault {
	if p.setting.SelfTest == nil || !p.module.Has(abi.HookRequest) {
		return nil
	}
	c := frame.Call{Hook: abi.HookRequest, Frame: p.setting.SelfTest}
	now := frame.Nanotime()
	fault := i.call(&c, allowance{fuel: p.limits.Fuel, begin: now, deadline: now + int64(p.limits.Start)})
	if fault == nil {
		fault = frame.Check(c.Verdict)
	}
	if fault != nil {
		return frame.Faultf(fault.Class, "its self-test: %s", fault.Detail)
	}
	i.account()
	return nil
}

// newInstance makes an instance that is ready to serve.
func (p *Plugin) newInstance(g *grant) (*instance, *frame.Fault) {
	i, fault := p.module.instantiate(g, &p.limits)
	if fault != nil {
		return nil, fault
	}
	if fault := i.configure(p.setting.Config); fault != nil {
		i.close()
		return nil, fault
	}
	return i, nil
}

// grant is what the instances of a tenant may do, without state.
func (p *Plugin) grant(tenant string) *grant {
	name := p.Label()
	return &grant{
		plugin: name, tenant: tenant, log: newLines(p.runtime.log, name, tenant),
		clock: p.clock, random: p.random, seed: p.runtime.seed, observer: p.runtime.options.Observer, shared: &p.shared,
	}
}

// state is the namespace of a tenant.
func (p *Plugin) state(tenant string) State {
	store, name := p.runtime.options.State, p.Label()
	if store == nil {
		return nil
	}
	if p.module.manifest.SharedState {
		tenant = ""
	}
	return store.Namespace(tenant, name)
}

// For is the pool of a tenant's instances; a tenant's own plugin has but one, whatever is asked for. Pools that have been asked for least
// lately may be forgotten when there are very many tenants: who holds one may go on using it.
func (p *Plugin) For(tenant string) *Pool {
	if p.setting.Tenant != "" {
		tenant = p.setting.Tenant
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pool := p.pools[tenant]; pool != nil {
		return pool
	}
	pool := &Pool{plugin: p, grant: p.grant(tenant), closed: p.ended}
	pool.grant.state = p.state(tenant)
	if i := p.spare; i != nil {
		p.spare = nil
		i.grant, i.counters = pool.grant, nil
		pool.idle, pool.live, p.active[pool] = append(pool.idle, i), 1, 1
	}
	if len(p.pools) >= maxTenants {
		p.forget()
	}
	p.pools[tenant] = pool
	return pool
}

// forget drops a pool without instances, or where there is none, any.
func (p *Plugin) forget() {
	drop := ""
	for tenant, pool := range p.pools {
		drop = tenant
		if p.active[pool] == 0 {
			break
		}
	}
	delete(p.pools, drop)
}

// Module is what the plugin was configured from.
func (p *Plugin) Module() *Module { return p.module }

// Name is the plugin's configured name.
func (p *Plugin) Name() string { return p.setting.Name }

// Label is the plugin's name in logs, metrics and state: a tenant's own is TENANT/NAME, since other tenants may use the same name.
func (p *Plugin) Label() string {
	if p.setting.Tenant != "" {
		return p.setting.Tenant + "/" + p.setting.Name
	}
	return p.setting.Name
}

// Stats are the figures of now.
func (p *Plugin) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Acquire keeps the plugin usable after Close until Release: for a configuration, or a request, that will go on calling it. False once it
// has ended.
func (p *Plugin) Acquire() bool {
	for {
		n := p.users.Load()
		if n <= 0 {
			return false
		}
		if p.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release undoes one Acquire.
func (p *Plugin) Release() {
	if p.users.Add(-1) == 0 {
		p.end()
	}
}

// Close ends the plugin when everybody who did Acquire has released it: calls fail from then on, and instances are closed as they
// come back. It returns at once and may be called again.
func (p *Plugin) Close() { p.closing.Do(p.Release) }

// Drained is closed when the plugin has ended and its last instance is closed.
func (p *Plugin) Drained() <-chan struct{} { return p.drained }

// end closes all pools. It may be called again.
func (p *Plugin) end() {
	p.users.Store(0)
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	p.ended = true
	pools := make([]*Pool, 0, len(p.pools)+len(p.active))
	for _, pool := range p.pools {
		pools = append(pools, pool)
	}
	for pool := range p.active {
		pools = append(pools, pool)
	}
	spare := p.spare
	p.spare = nil
	if spare != nil {
		p.stats.Instances--
		p.stats.Bytes -= spare.bytes
	}
	p.mu.Unlock()
	if spare != nil {
		p.runtime.hold(-spare.bytes)
		spare.close()
	}
	for _, pool := range pools {
		pool.close()
	}
	p.mu.Lock()
	last := len(p.active) == 0
	p.mu.Unlock()
	if last {
		p.drain()
	}
}
