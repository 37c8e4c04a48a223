package host

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"weir/host/config"
	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/host/prefix"
	"weir/host/route"
	"weir/host/signal"
	"weir/sdk/abi"
)

// replayFacts are what can be told of a recorded request. It is policy.Facts.
type replayFacts struct {
	settings *replaySettings
	record   *replayRecord
	signals  signal.Vector
	chain    prefix.Chain
	targets  []frame.Target
}

// replaySettings are what a configuration says of targets and routes.
type replaySettings struct {
	cfg   *config.Config // nil: there is none
	seed  prefix.Seed
	table *route.Table
}

func newReplaySettings(cfg *config.Config) *replaySettings {
	s := &replaySettings{cfg: cfg}
	if cfg == nil {
		return s
	}
	if secret := cfg.Prefix.Seed.Reveal(); secret != "" {
		s.seed = prefix.NewSeed([]byte(secret))
	}
	rules := make([]route.Rule, len(cfg.Routes))
	for i, r := range cfg.Routes {
		rules[i] = route.Rule{Models: r.Match.Models, Paths: r.Match.Paths}
	}
	s.table = route.New(rules)
	return s
}

// route is the index of a record's route in the configuration; -1: it has none of that name.
func (s *replaySettings) route(name string) int {
	digits, ok := strings.CutPrefix(name, "route-")
	i, err := strconv.Atoi(digits)
	if !ok || err != nil || i < 0 || i >= len(s.cfg.Routes) {
		return -1
	}
	return i
}

// candidates are the names of a record's targets.
func (s *replaySettings) candidates(r *replayRecord) []string {
	if s.cfg == nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(s.cfg.Targets))
	if i := s.route(r.Route); i >= 0 {
		names = s.cfg.Routes[i].Targets
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		t := s.cfg.Targets[name]
		return t == nil || !slices.Contains(t.Dialects, r.endpoint.Dialect().String())
	})
}

// Signals is policy.Facts.
func (f *replayFacts) Signals(q *dialect.Request) *signal.Vector {
	f.signals = signal.Vector{}
	var v signal.Vector
	for i := range q.Parts {
		signal.ScanNotable(&v, q.Text(i))
		f.signals.Merge(&v)
	}
	return &f.signals
}

// Keys is policy.Facts. A record holds no tools: instructions come first, then messages.
func (f *replayFacts) Keys(q *dialect.Request) *prefix.Chain {
	f.chain.Reset(f.settings.seed.Root(f.record.Tenant, f.record.Model))
	for _, standing := range [...]bool{true, false} {
		for i := range q.Messages {
			if m := &q.Messages[i]; (m.Index < 0) == standing {
				for p := m.Part; p < m.Part+m.Parts; p++ {
					f.chain.Text(q.Text(int(p)))
				}
				f.chain.Boundary(byte(m.Role))
			}
		}
	}
	return &f.chain
}

// Targets is policy.Facts: the route's in the configuration, else the one that the record names.
func (f *replayFacts) Targets() []frame.Target {
	f.targets = f.targets[:0]
	add := func(name, kind, data string) {
		f.targets = append(f.targets, frame.Target{
			Name: name, Kind: kind, Data: data, Weight: 1, Flags: abi.TargetHealthy, InFlight: -1, TTFT: -1,
			InputPrice: math.NaN(), OutputPrice: math.NaN(),
		})
	}
	for _, name := range f.settings.candidates(f.record) {
		t := f.settings.cfg.Targets[name]
		add(name, string(t.Kind), t.Data)
	}
	if f.settings.cfg == nil && f.record.Target != "" {
		add(f.record.Target, f.record.Provider, "")
	}
	return f.targets
}

// Header is policy.Facts: records hold none.
func (f *replayFacts) Header(string, int) ([]byte, bool) { return nil, false }

// Reach is policy.Facts. Without a configuration nobody knows what there is, and every name is taken for good.
func (f *replayFacts) Reach(what uint32, name []byte) policy.Reach {
	s := f.settings
	if s.cfg == nil {
		return policy.Candidate
	}
	if what == abi.ByModel {
		return f.reachModel(string(name))
	}
	if slices.Contains(s.candidates(f.record), string(name)) {
		return policy.Candidate
	}
	if s.cfg.Targets[string(name)] != nil {
		return policy.Elsewhere
	}
	return policy.Unknown
}

func (f *replayFacts) reachModel(name string) policy.Reach {
	s := f.settings
	if len(s.cfg.Routes) == 0 {
		return policy.Candidate // everything goes to the single target
	}
	switch i := s.table.Match(pathOf(f.record.endpoint), name); {
	case i < 0 || s.cfg.Routes[i].Inspect == config.InspectNone:
		return policy.Unknown
	case i == s.route(f.record.Route):
		return policy.Candidate
	}
	return policy.Elsewhere
}

// pathOf is the path that clients ask an endpoint by.
func pathOf(e dialect.Endpoint) string {
	for _, path := range [...]string{
		"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/messages", "/v1/messages/count_tokens",
	} {
		if dialect.EndpointOf(path) == e {
			return path
		}
	}
	return ""
}
