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
	Reason  string // a fixed word for metrics and records: "dial", "reset", "cut", …
	Timeout bool   // a deadline passed: 504 rather than 502
	Retry   bool   // another attempt on another connection may succeed and cannot double an answer
	Err     error
}

func (f *Failure) Error() string {
	return fmt.Sprintf("target %q: %s: %v", f.Target, f.Reason, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// Errors that callers branch on.
var (
	ErrCancelled      = errors.New("request was cancelled")
	ErrAddressRefused = errors.New("link-local, metadata, multicast or unspecified address; to allow it list it in the target's allow_addresses")
	ErrPoolClosed     = errors.New("target was removed")
	errCut            = errors.New("connection closed before the answer was complete")
	errNoAnswer       = errors.New("connection closed before the answer began")
	errInterim        = errors.New("too many interim (1xx) answers")
	errBusy           = errors.New("all connections of the target are busy; raise the target's connections or concurrency")
)
