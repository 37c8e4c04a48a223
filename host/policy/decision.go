package policy

import "weir/host/dialect"

// Decision is what the plugins of a chain want done with a request. Slices of bytes come from verdicts: they are valid UTF-8 without
// control characters. Nil: no plugin said so.
type Decision struct {
	Request *dialect.Request // as the last plugin left it: Subject.Request, or one of the Run's when Edited
	Edited  bool             // Request.Body is not what the client sent

	// Target and Model are the last ROUTE of each kind. What Exclude and Classes rule out stays ruled out. What an operator's
	// plugin names, here and in Prefer and Shadow, may be configured for other routes than the request's.
	Target, Model []byte
	Prefer        []byte // a target to take if nothing speaks against it
	Shadow        []byte // a target that gets a copy of the request, whose answer nobody waits for
	Variant       []byte // for records
	Exclude       []Exclusion
	Classes       [][]byte // the request may only go to targets of each of these data classes; usually one

	Cost     int64 // input tokens to reserve; -1: the host's estimate
	Operator Share // of the whole
	Own      Share // within the tenant's share: what its own plugins said
	Charges  []Charge

	Headers     []Header // to set on the request to the target
	Escalations []Escalation
}

// Share is how a request queues.
type Share struct {
	Flow   []byte  // queue key; a tenant's own begins with the tenant's name and a NUL
	Weight float64 // above 0; 0: not said
	Lane   []byte
}

// Exclusion rules targets out: one by name (abi.ByName), or those of a data class (abi.ByClass).
type Exclusion struct {
	What uint32
	Name []byte
}

// Charge is an amount that BUDGET takes from a named budget. The name a tenant's plugin gave begins with the tenant's name and a NUL.
type Charge struct {
	Name   []byte
	Amount int64
	Own    bool // a tenant's plugin says so; its amount is not negative
}

// Header is a request header a plugin sets; Name is in lower case.
type Header struct {
	Name, Value []byte

	own bool // a tenant's plugin set it
}

// Escalation is a question to a judge. Its answer goes to Run.Judge.
type Escalation struct {
	Judge, Text []byte
	stage       int32
}

// Refusal is why a request or a stream does not go on, fit for the client.
type Refusal struct {
	Err    dialect.Error // what the client is told; its Kind names the error in the client's dialect
	Status int           // HTTP status; that of Err.Kind where the plugin did not choose another
	Plugin string        // which entry, for records; "": the policy's on_uninspected
	Fault  bool          // the plugin failed and its fail mode is deny: the gateway's fault, not the request's
}
