package upstream

import (
	"errors"
	"fmt"
)

// Phase is how far an exchange came before it failed.
type Phase uint8

// The phases of an exchange, in order.
const (
	Connecting Phase = iota // no connection yet: nothing was sent
	Sending                 // the request may have been sent in part
	Waiting                 // sent; no byte of an answer yet
	Reading                 // within the answer's head or body
)

// Failure is an exchange that did not end in a complete answer.
type Failure struct {
	Target  string
	Phase   Phase
	Reason  string // one of the list below
	Timeout bool   // a deadline passed: 504 rather than 502
	Retry   bool   // another attempt on another connection may succeed and cannot double an answer
	Err     error
}

// The reasons, for metrics and records:
//
//	busy                no connection became free in time
//	dial                no connection could be opened, TLS and proxy included
//	address_refused     the target resolves to an address that is not dialled
//	reset               the connection ended before the first byte of an answer
//	stale               the same on a connection that had carried requests before
//	first_byte_timeout  no complete head in time
//	malformed           the head or the chunks break the grammar of HTTP/1.x
//	cut                 the connection ended within the answer
//	idle_timeout        the body's next bytes did not come in time
//	cancelled           Call.Cancel
//	internal            the request contradicts itself; a fault of Weir's

func (f *Failure) Error() string {
	return fmt.Sprintf("target %q: %s: %v", f.Target, f.Reason, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// Errors that callers branch on.
var (
	ErrCancelled      = errors.New("request was cancelled")
	ErrAddressRefused = errors.New("link-local, metadata, multicast or unspecified address; to allow it list it in the target's allow_addresses")
	errCut            = errors.New("connection closed before the answer was complete")
	errNoAnswer       = errors.New("connection closed before the answer began")
	errInterim        = errors.New("too many interim (1xx) answers")
	errBusy           = errors.New("all connections of the target are busy; raise the target's connections or concurrency")
	errSize           = errors.New("the body is not as long as the request says")
)
