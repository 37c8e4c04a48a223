package load

import "time"

// What a Command may do.
const (
	Closed  = "closed"  // clients that ask again as soon as they are answered
	Open    = "open"    // requests at times fixed beforehand, a Poisson process
	Streams = "streams" // clients that ask for one stream after the other
	Hold    = "hold"    // one stream a client, all open at once, then ended
	First   = "first"   // one request to an address where soon somebody will listen
)

// How the upstream of streams sends events.
const (
	Lockstep = "lockstep" // each as soon as the client has received the one before
	Burst    = "burst"    // all at once, each written alone
	Paced    = "paced"    // one each interval
)

// A Command is one measurement. Zero fields that it does not use.
type Command struct {
	Do          string        `json:"do"`
	Addr        string        `json:"addr"` // of the proxy, IP:PORT
	Connections int           `json:"connections,omitempty"`
	Size        int           `json:"size,omitempty"` // of request bodies, bytes
	Warmup      time.Duration `json:"warmup,omitempty"`
	Duration    time.Duration `json:"duration,omitempty"`
	Rate        float64       `json:"rate,omitempty"` // requests a second
	Seed        uint64        `json:"seed,omitempty"` // of bodies and times
	Pace        string        `json:"pace,omitempty"`
	Events      int           `json:"events,omitempty"`   // of a stream, 4 at least
	Interval    time.Duration `json:"interval,omitempty"` // between events
	Patience    time.Duration `json:"patience,omitempty"` // beyond Duration, until the measurement is given up
}

// A Message is one line that the load process writes. Exactly one field is set.
type Message struct {
	Upstream string  `json:"upstream,omitempty"` // once, at the start: where the upstream listens
	Ready    bool    `json:"ready,omitempty"`    // warmed up; the measurement begins at the next line read
	Open     bool    `json:"open,omitempty"`     // Hold: every stream has begun
	Result   *Result `json:"result,omitempty"`
	Error    string  `json:"error,omitempty"` // instead of a result
}

// A Result is what was measured between Ready and the last answer.
type Result struct {
	Requests int            `json:"requests"`
	Events   int            `json:"events,omitempty"`
	Wall     time.Duration  `json:"wall"`
	Latency  *Distribution  `json:"latency,omitempty"` // Open: from the time a request was to be sent to its last byte
	Delay    *Distribution  `json:"delay,omitempty"`   // of events, from before the upstream's write to after the client's read
	Late     *Distribution  `json:"late,omitempty"`    // Open: how late requests were sent
	At       *time.Duration `json:"at,omitempty"`      // First: of the answer, on CLOCK_MONOTONIC
}

// A Distribution is of durations.
type Distribution struct {
	Count int64         `json:"count"`
	P50   time.Duration `json:"p50"`
	P90   time.Duration `json:"p90"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}
