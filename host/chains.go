package host

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"weir/host/config"
	"weir/host/frame"
	"weir/host/policy"
	"weir/host/tenant"
)

// maxChains bounds the tenants whose chains of one policy are kept. There may be any number of them where keys act for others.
const maxChains = 4096

// chains are one policy's, by tenant, made when the tenant first calls.
type chains struct {
	spec    policy.Spec // without a tenant's entries
	own     map[string][]*policy.Entry
	options policy.Options
	before  *chains // of the configuration before, for breakers

	mu   sync.Mutex
	made atomic.Pointer[map[string]*policy.Chain]
}

// of is the chain of whoever calls; nil when it has nothing to do.
func (c *chains) of(id tenant.Identity) *policy.Chain {
	if chain, ok := (*c.made.Load())[id.Tenant]; ok {
		return chain
	}
	return c.make(id)
}

func (c *chains) make(id tenant.Identity) *policy.Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := *c.made.Load()
	if chain, ok := made[id.Tenant]; ok {
		return chain
	}
	own, ok := c.own[id.Tenant]
	if !ok {
		own = c.own[id.Owner()]
	}
	spec := c.spec
	spec.Tenant = own
	chain := policy.NewChain(id.Tenant, spec, c.options)
	if c.before != nil {
		chain.Inherit((*c.before.made.Load())[id.Tenant])
	}
	if chain.Empty() {
		chain = nil
	}
	next := make(map[string]*policy.Chain, len(made)+1)
	maps.Copy(next, made)
	for name := range next {
		if len(next) < maxChains {
			break
		}
		delete(next, name) // whichever: it is made again when it is needed
	}
	next[id.Tenant] = chain
	c.made.Store(&next)
	return chain
}

// policies makes the chains of every policy that a route uses, and hands them to the routes.
func (b *build) policies(routes []config.Route) {
	own := map[string][]*policy.Entry{}
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Tenants)) {
		own[name] = append(b.entries(b.cfg.Tenants[name].Policy), b.uploaded(name)...)
	}
	b.chains = map[string]*chains{}
	for i := range routes {
		r := &b.state.Routes[i]
		if !r.Inspect {
			continue
		}
		name := routes[i].Policy
		if name == "" {
			name = config.DefaultPolicy
		}
		set := b.chains[name]
		if set == nil {
			set = b.policy(name, own)
			b.chains[name] = set
		}
		if set.idle() {
			continue
		}
		r.Chain = set.of
	}
}

// idle tells whether nobody's chain has anything to do.
func (c *chains) idle() bool {
	for _, entries := range c.own {
		if len(entries) > 0 {
			return false
		}
	}
	return len(c.spec.Before)+len(c.spec.After) == 0 && c.spec.OnUninspected != frame.OnErrorDeny
}

func (b *build) policy(name string, own map[string][]*policy.Entry) *chains {
	set := &chains{
		spec: policy.Spec{Name: name}, own: own, before: b.g.chains[name],
		options: policy.Options{Observer: pluginSeries{b.g.metrics}, Log: b.g.log},
	}
	if b.engine != nil {
		set.options.Memo = b.engine.memo
	}
	if old := set.before; old != nil {
		old.mu.Lock()
		old.before = nil // history
		old.mu.Unlock()
	}
	set.made.Store(&map[string]*policy.Chain{})
	if c := b.cfg.Policies[name]; c != nil {
		set.spec.Before, set.spec.After = b.entries(c.Before), b.entries(c.After)
		set.spec.Budget, set.spec.OnUninspected = c.Budget.Std(), failMode(c.OnUninspected)
	}
	return set
}

// entries are the plugins of a list.
func (b *build) entries(list []string) []*policy.Entry {
	out := make([]*policy.Entry, 0, len(list))
	for _, name := range list {
		e := entry(name, b.cfg.Plugins[name])
		if l := b.loaded[name]; l != nil {
			e.Source = l
		}
		if err := b.loadErrors[name]; err != nil {
			e.LoadError = err.Error()
		}
		out = append(out, e)
	}
	return out
}

// entry is a plugin's place in a policy, as configured.
func entry(name string, c *config.Plugin) *policy.Entry {
	e := &policy.Entry{
		Name: name, OnError: failMode(c.OnError), OnLoadError: failMode(c.OnLoadError), Sample: c.Sample, Capabilities: c.Capabilities,
		Deadline: c.Limits.Deadline.Std(),
	}
	switch c.Mode {
	case config.ModeObserve:
		e.Mode = policy.Observe
	case config.ModeOff:
		e.Mode = policy.Off
	}
	if c.Sample == 0 {
		e.Mode = policy.Off // policy takes 0 for all
	}
	for class := range frame.Classes {
		if mode, ok := c.OnFault[class.String()]; ok {
			e.OnClass[class] = failMode(mode)
		}
	}
	return e
}

func failMode(word string) frame.OnError {
	switch word {
	case config.Deny:
		return frame.OnErrorDeny
	case config.Allow:
		return frame.OnErrorAllow
	}
	return frame.OnErrorUnset
}
