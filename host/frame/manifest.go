package frame

import (
	"time"

	"weir/sdk/abi"
)

// Manifest is what a plugin says of itself: weir_manifest's JSON, or the defaults for a plugin without one.
type Manifest struct {
	Name    string // [a-z][a-z0-9-]{0,63}; "" when not said
	Version string // for people

	// Sections are what the frames of each hook hold, beside what the hook is about (see Wants).
	Sections [abi.Hooks]abi.Set
	Headers  []string // names of request headers to show, lower case; never credentials
	// SetHeaders are the request headers the plugin may set, lower case.
	SetHeaders []string

	Capabilities []string // asked for: clock, random, load, price
	OnError      OnError  // OnErrorUnset: deny for plugins that say guard, else allow
	Guard        bool     // it protects somebody: its absence must not be silent
	SharedState  bool     // scope: plugin; operators' plugins alone

	DeltaBytes int           // least text of a batch of on_delta, in bytes; 0: whatever has come
	DeltaEvery time.Duration // longest wait for DeltaBytes; 0: no limit but the answer's end

	PerMessage Context // judges message by message
}

// OnError is what becomes of a request whose plugin failed.
type OnError uint8

// The fail modes.
const (
	OnErrorUnset OnError = iota
	OnErrorDeny
	OnErrorAllow
)

// Context is what a plugin that judges message by message needs of the text before each.
type Context uint8

// The contexts.
const (
	NotPerMessage Context = iota
	ContextNone           // nothing
	ContextTail           // the 512 bytes before it
	ContextUser           // the nearest user message before it
)
