package policy

import (
	"weir/host/frame"
	"weir/sdk/abi"
)

// Observer keeps figures. Its series are asked for when a Chain is made.
type Observer interface {
	Series(plugin, tenant string) Series
}

// Series counts one plugin's calls for one tenant. Methods are called on the request's way: they are quick, never block, and safe
// for concurrent use.
type Series interface {
	Called(v *Verdict, frameBytes int) // v is good during the call
	Breaker(h abi.Hook, open bool)
	Memo(hits, misses int) // messages that a per-message plugin was spared, and those it was shown
}

// Verdict is what one plugin did in one hook, for records and metrics. Calls of on_delta for one answer are one Verdict in records.
type Verdict struct {
	Plugin  string // as configured; TENANT/NAME for a tenant's own
	Digest  string // of its module, 12 hex digits; "": not loaded
	Hook    abi.Hook
	Action  abi.Action  // the gravest of the verdict; ActionNone: it had nothing to say
	Score   float64     // the highest it gave; NaN: none
	Took    int64       // nanoseconds, the host's part of the call included
	Fuel    int64       // units spent
	Calls   int32       // 0: the plugin was not called, see Fault
	Ignored int32       // actions beyond the plugin's authority that had no effect
	Fault   frame.Class // ClassNone: all was well
	Observe bool        // it changed nothing
	Denied  bool        // the request or stream ended here
}
