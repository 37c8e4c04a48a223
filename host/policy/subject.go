package policy

import (
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/prefix"
	"weir/host/signal"
)

// Subject is a request as plugins are shown it. Request and Facts are used until Run.Request returns, the strings and Session
// until the run's End.
type Subject struct {
	Tenant, Route, Model, RequestID string

	Session []byte // the client's word for the conversation; empty: none
	Request *dialect.Request
	Facts   Facts

	Wall    time.Time // when the request came
	Now     int64     // frame.Nanotime of this moment; 0: look
	MaxBody int       // limits.body: an edited body may not be larger; 0: no limit
	Replay  bool      // replayed offline from a record
}

// Facts are found out only when a plugin asks. The methods are called from the run's goroutine.
type Facts interface {
	// Signals are the counters of all texts of q together; computed anew at each call, and good until the next one. A run asks once
	// for each state of the request.
	Signals(q *dialect.Request) *signal.Vector
	// Keys are the prefix keys of q, under the same terms.
	Keys(q *dialect.Request) *prefix.Chain
	// Targets are the candidates for the request, everything known of them. They are good until the run's end.
	Targets() []frame.Target
	// Header is the n-th field of the request of that name (lower case), n from 0.
	Header(name string, n int) (value []byte, ok bool)
	// Reach tells how far from the request a target (abi.ByName) or model (abi.ByModel) is that a plugin named.
	Reach(what uint32, name []byte) Reach
}

// Reach is how far a target or model is from a request.
type Reach uint8

// The reaches.
const (
	Unknown   Reach = iota // nothing of that name is configured
	Elsewhere              // it is configured, and not for the request's route
	Candidate              // the request may go there as it is
)
