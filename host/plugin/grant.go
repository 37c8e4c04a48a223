package plugin

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"weir/host/signal/phrase"
	"weir/sdk/abi"
)

// grant is what host functions may do for the instances of one pool: who they are in logs and metrics, their state, their
// capabilities.
type grant struct {
	plugin, tenant string
	log            *lines
	state          State // nil: none until it is configured
	clock, random  bool  // capabilities
	seed           [32]byte
	observer       Observer
	shared         *shared
	stateful       atomic.Bool // see frame.Call.Stateful
}

// shared is what host functions keep for all tenants of a plugin.
type shared struct {
	mu      sync.Mutex
	metrics map[string]struct{}    // names the plugin made
	sets    map[string]*phrase.Set // by the list they were compiled from: every instance compiles the same lists
}

// newMetric admits a name to the plugin's metrics.
func (s *shared) newMetric(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.metrics[name]; ok {
		return true
	}
	if len(s.metrics) >= abi.MetricNames {
		return false
	}
	if s.metrics == nil {
		s.metrics = make(map[string]struct{})
	}
	s.metrics[name] = struct{}{}
	return true
}

// set compiles a list of phrases, or finds it compiled.
func (s *shared) set(list string, split func(string) []string) (*phrase.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set := s.sets[list]; set != nil {
		return set, nil
	}
	set, err := phrase.Compile(split(list))
	if err != nil {
		return nil, err
	}
	if len(s.sets) >= abi.Patterns { // lists that differ between instances: keep none, rather than all
		clear(s.sets)
	}
	if s.sets == nil {
		s.sets = make(map[string]*phrase.Set)
	}
	s.sets[list] = set
	return set, nil
}

// quota counts what one call of a hook did.
type quota struct {
	logLines, logBytes int
	state, metrics     int
	random             int
	refused            refusal
}

// refusal is a set of host functions that refused something in a call.
type refusal uint8

const (
	refusedLog refusal = 1 << iota
	refusedState
	refusedMetric
	refusedPattern
	refusedNow
	refusedRandom
)

// refuse counts a refusal once a call, and tells whether it is the first of its kind.
func (i *instance) refuse(what refusal, function string) bool {
	if i.quota.refused&what != 0 {
		return false
	}
	i.quota.refused |= what
	i.grant.observer.Refused(i.grant.plugin, i.grant.tenant, function)
	return true
}

// stateful notes that verdicts depend on more than frames. Most calls find it noted, and write nothing that is shared.
func (i *instance) stateful() {
	if !i.grant.stateful.Load() {
		i.grant.stateful.Store(true)
	}
}

// logger is never nil.
func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
