package policy

import (
	"cmp"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// Plugin is one plugin's instances for one tenant. Call fills in the results of c, End in any case; it is safe for
// concurrent use with different calls.
type Plugin interface {
	Call(c *frame.Call) *frame.Fault
}

// Source is a plugin that was admitted and configured.
type Source interface {
	Manifest() *frame.Manifest
	Digest() string // SHA-256 of the module as given, in hex
	Config() string // a digest of its configuration: what was remembered of one configuration does not hold for another
	Has(h abi.Hook) bool
	// For is the plugin as the tenant gets it. It is asked once per Chain.
	For(tenant string) Plugin
}

// Entry is a plugin's place in a policy. It is not changed once a Chain was made of it.
type Entry struct {
	Name   string // as configured; in records and metrics a tenant's own plugin is TENANT/NAME
	Source Source // nil: it could not be loaded, and LoadError says why
	Mode   Mode

	OnError     frame.OnError                // unset: the manifest's; see FailMode
	OnClass     [frame.Classes]frame.OnError // unset: OnError
	OnLoadError frame.OnError                // when Source is nil; unset: OnError
	LoadError   string                       // for logs

	Sample       float64       // share of requests the plugin runs for; 0 and 1: all. See Options.Random
	Capabilities []string      // granted; "load" and "price" show a tenant's own plugin these columns of TARGETS
	Deadline     time.Duration // of one call, as the plugin's own limits have it: who had less because of others is not blamed; 0: not known
	Guard        bool          // runs again over what a tenant's plugin edited, also if its manifest does not say guard
}

// manifest is what the plugin says of itself; of one that was not loaded nothing is known.
func (e *Entry) manifest() *frame.Manifest {
	if e.Source == nil {
		return &noManifest
	}
	return e.Source.Manifest()
}

// FailMode is what becomes of a request when the plugin fails so: the entry's word for the class, for all classes, the manifest's word, or
// deny for a guard and allow for others. It is never unset.
func (e *Entry) FailMode(class frame.Class) frame.OnError {
	m := e.manifest()
	mode := cmp.Or(e.OnClass[class], e.OnError, m.OnError)
	if class == frame.Load {
		mode = cmp.Or(e.OnLoadError, mode)
	}
	switch {
	case mode != frame.OnErrorUnset:
		return mode
	case e.Guard || m.Guard:
		return frame.OnErrorDeny
	default:
		return frame.OnErrorAllow
	}
}

// Mode says what a plugin's verdicts do.
type Mode uint8

// The modes.
const (
	Enforce Mode = iota
	Observe      // it runs, is measured and recorded, and changes nothing
	Off          // it does not run
)

// String is the mode as settings spell it.
func (m Mode) String() string {
	switch m {
	case Observe:
		return "observe"
	case Off:
		return "off"
	default:
		return "enforce"
	}
}

// Owner is whose plugin an entry is.
type Owner uint8

// The owners.
const (
	Operator Owner = iota
	Tenant
)

// Spec is one policy with one tenant's own entries.
type Spec struct {
	Name                  string // of the policy, for errors
	Before, Tenant, After []*Entry
	// Budget is how long the on_request calls of a request may take together; when it is used up the plugins that are left
	// fault with Deadline. 0: no limit but each plugin's own.
	Budget time.Duration
	// OnUninspected is what becomes of requests with content nobody can read: images, files, stored prompts. Unset: allow.
	OnUninspected frame.OnError
}
