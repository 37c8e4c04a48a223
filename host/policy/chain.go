package policy

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"weir/host/frame"
	"weir/host/policy/memo"
	"weir/sdk/abi"
)

// Options are what chains share. All may be left out.
type Options struct {
	Observer Observer
	Log      *slog.Logger
	Memo     *memo.Memo // of what plugins said of messages; nil: every message is shown every time
	// Judges tells whether there is a judge of that name to escalate to. Nil: there are none.
	Judges func(name []byte) bool
	// Random gives numbers in [0, 1) for Entry.Sample. Nil: math/rand/v2, so that no client can choose a request id that is
	// not sampled; an equal number again and again would tie the entries of a chain together.
	Random func() float64
}

// Chain is a policy as one tenant gets it. It is safe for any number of Runs at once.
type Chain struct {
	name, tenant string
	stages       []stage
	own          int // index of the first of the tenant's stages
	after        int // index of the first stage after them
	budget       time.Duration
	exhausted    *frame.Fault // told to those the budget leaves nothing
	uninspected  bool         // is refused
	wants        Wants
	later        abi.Set // what hooks after on_request are shown
	random       func() float64
	judges       func(name []byte) bool
	log          *slog.Logger
}

// Wants is what a chain's plugins need of the host, that it would not do without being asked. A sampled plugin counts as if
// it always ran.
type Wants struct {
	Request                bool // there is something to do before a target is chosen
	Answer                 bool // some plugin has on_delta
	End                    bool // some plugin has on_end: Run.End has something to do
	Signals, Keys, Targets bool // Facts that some plugin asks for
}

// stage is an entry in a chain.
type stage struct {
	entry    *Entry
	owner    Owner
	label    string // TENANT/NAME for a tenant's own
	digest   string // the beginning of it
	manifest *frame.Manifest
	plugin   Plugin // nil: not loaded
	load     *frame.Fault
	hooks    uint16 // bit per abi.Hook
	sections [abi.Hooks]abi.Set
	headers  []string // shown, lower case
	sets     []string // may be set, lower case
	deny     [frame.Classes]bool
	withheld withheld
	guard    bool
	observe  bool
	breakers *[abi.Hooks]breaker // a hook that fails says nothing of the others
	series   Series
	memo     *memo.Memo
	scope    *memo.Scope // nil: not judged message by message, or nothing is remembered
	log      *slog.Logger
}

func (st *stage) has(h abi.Hook) bool { return st.hooks>>h&1 == 1 }

// noManifest stands for that of a plugin that could not be loaded.
var noManifest = frame.Manifest{OnError: frame.OnErrorDeny}

// NewChain makes the chain of a policy for a tenant. Entries in mode off are left out.
func NewChain(tenant string, s Spec, o Options) *Chain {
	c := &Chain{
		name: s.Name, tenant: tenant, budget: s.Budget, uninspected: s.OnUninspected == frame.OnErrorDeny,
		random: o.Random, judges: o.Judges, log: o.Log,
		exhausted: frame.Faultf(frame.Deadline, "the plugins before it used up the policy's budget of %s; raise policies.%s.budget, or lower their limits.deadline", s.Budget, s.Name),
	}
	if c.random == nil {
		c.random = rand.Float64
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.add(s.Before, Operator, &o)
	c.own = len(c.stages)
	c.add(s.Tenant, Tenant, &o)
	c.after = len(c.stages)
	c.add(s.After, Operator, &o)
	for i := range c.stages {
		st := &c.stages[i]
		c.wants.add(st)
		c.later |= st.sections[abi.HookDelta] | st.sections[abi.HookEnd] | st.sections[abi.HookJudge]
	}
	c.wants.Request = c.wants.Request || c.uninspected
	return c
}

func (c *Chain) add(entries []*Entry, owner Owner, o *Options) {
	for _, e := range entries {
		if e.Mode != Off {
			c.stages = append(c.stages, c.stage(e, owner, o))
		}
	}
}

func (c *Chain) stage(e *Entry, owner Owner, o *Options) stage {
	st := stage{
		entry: e, owner: owner, label: e.Name, manifest: &noManifest,
		observe: e.Mode == Observe, breakers: new([abi.Hooks]breaker), series: silent{},
	}
	if owner == Tenant {
		st.label = c.tenant + "/" + e.Name
		st.withheld = withheld{
			load:  !slices.Contains(e.Capabilities, "load"),
			price: !slices.Contains(e.Capabilities, "price"),
		}
	}
	st.log = c.log.With("plugin", st.label, "tenant", c.tenant, "policy", c.name)
	if o.Observer != nil {
		st.series = o.Observer.Series(st.label, c.tenant)
	}
	if e.Source == nil {
		st.load = frame.Faultf(frame.Load, "%s", cmp.Or(e.LoadError, "the plugin was not loaded"))
		st.hooks = 1<<abi.HookRequest | 1<<abi.HookDelta
	} else {
		st.bind(e.Source, c.tenant, o.Memo)
	}
	st.guard = owner == Operator && (e.Guard || st.manifest.Guard)
	for class := range frame.Classes {
		st.deny[class] = e.FailMode(class) == frame.OnErrorDeny
	}
	return st
}

// gone are the sections that a run has no more when a hook is called: the request's texts and facts may be another's by then.
var gone = [abi.Hooks]abi.Set{abi.HookDelta: texts, abi.HookEnd: texts | 1<<abi.SectionText, abi.HookJudge: texts | 1<<abi.SectionText,
	abi.HookFeedback: texts | 1<<abi.SectionText | 1<<abi.SectionRequest}

const texts abi.Set = 1<<abi.SectionMessages | 1<<abi.SectionTools | 1<<abi.SectionSignals | 1<<abi.SectionPrefix | 1<<abi.SectionHeaders |
	1<<abi.SectionTargets | 1<<abi.SectionBody | 1<<abi.SectionMemo

// bind takes what a loaded plugin says of itself.
func (st *stage) bind(s Source, tenant string, m *memo.Memo) {
	st.manifest, st.plugin = s.Manifest(), s.For(tenant)
	st.digest = s.Digest()
	st.digest = st.digest[:min(12, len(st.digest))]
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		if s.Has(h) {
			st.hooks |= 1 << h
			st.sections[h] = st.manifest.Wants(h) & frame.SectionsOf(h) &^ gone[h]
		}
	}
	for _, name := range st.manifest.Headers {
		if !credential(name) {
			st.headers = append(st.headers, name)
		}
	}
	for _, name := range st.manifest.SetHeaders {
		if !reserved(name) {
			st.sets = append(st.sets, name)
		}
	}
	st.remember(s, tenant, m)
}

// remember gives a plugin that judges message by message its part of the memo.
func (st *stage) remember(s Source, tenant string, m *memo.Memo) {
	if m != nil && st.manifest.PerMessage != frame.NotPerMessage && st.sections[abi.HookRequest].Has(abi.SectionMessages) {
		st.memo, st.scope = m, m.Scope(tenant, s.Digest(), s.Config())
	}
}

func (w *Wants) add(st *stage) {
	w.Request = true // a plugin without on_request may have to refuse for its fail mode, and sampling is decided here
	w.Answer = w.Answer || st.has(abi.HookDelta)
	w.End = w.End || st.has(abi.HookEnd)
	all := st.sections[abi.HookRequest]
	w.Signals = w.Signals || all.Has(abi.SectionSignals)
	w.Keys = w.Keys || all.Has(abi.SectionPrefix)
	w.Targets = w.Targets || all.Has(abi.SectionTargets)
}

// Empty tells whether the chain has nothing to do: requests need no Run.
func (c *Chain) Empty() bool { return len(c.stages) == 0 && !c.uninspected }

// Wants is what the chain needs of the host.
func (c *Chain) Wants() Wants { return c.wants }

// Tenant is whose chain it is.
func (c *Chain) Tenant() string { return c.tenant }

// Inherit takes over from old, the chain of the same tenant and policy before a reload, the breakers of plugins that are the same:
// one that was left alone stays so, and nobody is alerted anew. It comes before the first Run.
func (c *Chain) Inherit(old *Chain) {
	if old == nil || old.tenant != c.tenant {
		return
	}
	for i := range c.stages {
		st := &c.stages[i]
		for j := range old.stages {
			if was := &old.stages[j]; was.is(st) {
				st.breakers = was.breakers
				break
			}
		}
	}
}

func (st *stage) is(other *stage) bool {
	a, b := st.entry.Source, other.entry.Source
	return st.label == other.label && a != nil && b != nil && a.Digest() == b.Digest() && a.Config() == b.Config()
}

// String names the chain in logs.
func (c *Chain) String() string {
	return fmt.Sprintf("policy %q for tenant %q: %d plugins", c.name, c.tenant, len(c.stages))
}

type silent struct{}

func (silent) Called(*Verdict, int)   {}
func (silent) Breaker(abi.Hook, bool) {}
func (silent) Memo(int, int)          {}
