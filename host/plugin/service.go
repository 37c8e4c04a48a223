package plugin

import (
	"time"

	"weir/host/frame"
)

// StateStore keeps the state of all plugins. Its answers come from memory: a call takes tens of nanoseconds and never fails.
type StateStore interface {
	// Namespace is the state of one plugin for one tenant; tenant is "" for a plugin that shares its state among
	// all. plugin is a configured name, or for a tenant's own plugin tenant + "/" + name: no two namespaces are alike, whatever names
	// are chosen.
	Namespace(tenant, plugin string) State
}

// State is one namespace. Keys have 1 to abi.MaxStateKey bytes, values at most abi.MaxStateData; neither is kept by reference. ttl
// is above 0.
type State interface {
	// Add adds to a counter and answers its new value.
	Add(key []byte, delta int64, ttl time.Duration) int64
	// Get copies as much of a value into dst as fits, and answers its length.
	Get(key, dst []byte) (n int, ok bool)
	// Set keeps a value; false when there is no room.
	Set(key, value []byte, ttl time.Duration) bool
	// Once is true for the first caller, until the key expires.
	Once(key []byte, ttl time.Duration) bool
}

// blank is state that nothing was written to and that keeps nothing: what a plugin sees in its self-test.
type blank struct{}

func (blank) Add(_ []byte, delta int64, _ time.Duration) int64 { return delta }
func (blank) Get(_, _ []byte) (int, bool)                      { return 0, false }
func (blank) Set(_, _ []byte, _ time.Duration) bool            { return true }
func (blank) Once(_ []byte, _ time.Duration) bool              { return true }

// Observer is told what happens apart from answers of Pool.Call. Its methods are called from several goroutines, some of them
// serving requests: they do not block.
type Observer interface {
	// Counter is the counter of a metric that a plugin made; nil when there is no room for it. Names match
	// [a-z][a-z0-9_]{0,127}, at most abi.MetricNames for a plugin.
	Counter(plugin, tenant, name string) Counter
	// Refused tells that a call of a hook went beyond a quota, or lacked a capability, of a host function: once a call and
	// function.
	Refused(plugin, tenant, function string)
	// Ticked tells of a call of on_tick, which nobody else sees; f is nil when it went well. c is the runtime's.
	Ticked(plugin, tenant string, c *frame.Call, f *frame.Fault)
}

// Counter is one counter.
type Counter interface{ Add(n int64) }

// nobody observes nothing.
type nobody struct{}

func (nobody) Add(int64)                                         {}
func (nobody) Counter(_, _, _ string) Counter                    { return nobody{} }
func (nobody) Refused(_, _, _ string)                            {}
func (nobody) Ticked(_, _ string, _ *frame.Call, _ *frame.Fault) {}
