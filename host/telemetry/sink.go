package telemetry

import (
	"math"

	"github.com/cespare/xxhash/v2"
)

// SinkOptions says what of a request is written down.
type SinkOptions struct {
	Text   bool    // texts of prompt and answer too (records.content: text)
	Sample float64 // share of the requests that get a record, 0 to 1
}

// Sink takes the account of each request: it counts it, and writes its record if records are kept. It is immutable and safe for concurrent use.
type Sink struct {
	metrics *Metrics
	records *Records
	text    bool
	below   uint64 // hashes below it are sampled
	all     bool
}

// NewSink returns a sink that counts in m and writes to w; w may be nil, then no records are kept. Several sinks may share m and w, as they do while a
// reload replaces one by another.
func NewSink(m *Metrics, w *Records, o SinkOptions) *Sink {
	s := &Sink{metrics: m, records: w, text: o.Text, all: o.Sample >= 1}
	if o.Sample > 0 && !s.all {
		s.below = uint64(o.Sample * math.MaxUint64)
	}
	return s
}

// Begin counts a request in. Done must follow exactly once, on this sink or on one that shares its metrics.
func (s *Sink) Begin() { s.metrics.running.Add(1) }

// Done takes the account of a request that has ended. A record counts once: further calls do nothing until it is Reset. Nothing of r is kept, and
// nothing is allocated once its labels have been seen. It does not wait for the disk.
func (s *Sink) Done(r *Record) {
	if r.done {
		return
	}
	r.done = true
	s.metrics.running.Add(-1)
	s.metrics.observe(r)
	if s.records != nil && s.sampled(r.RequestID) {
		s.records.write(r, s.text)
	}
}

// sampled decides by the request id alone, so that every process that sees the request decides alike.
func (s *Sink) sampled(requestID string) bool {
	return s.all || xxhash.Sum64String(requestID) < s.below
}
