package telemetry

import (
	"bytes"
	"io"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"
)

// family is one metric name: what it means, and its series. Each has a set of its own, so that help and type can be written above it without the
// library's process-wide switch.
type family struct {
	name    string
	kind    string // counter, gauge or histogram
	unit    string // for the reader: requests, seconds, tokens, …
	help    string
	labels  []string
	buckets []float64 // upper bounds of a histogram
	set     *metrics.Set
	more    func(*bytes.Buffer) // appends series that are not in set; nil: there are none
}

func (f *family) counter(shown ...string) *metrics.Counter {
	return f.set.GetOrCreateCounter(series(f.name, f.labels, shown...))
}

func (f *family) gauge(read func() float64, shown ...string) *metrics.Gauge {
	return f.set.GetOrCreateGauge(series(f.name, f.labels, shown...), read)
}

func (f *family) histogram(shown ...string) *metrics.PrometheusHistogram {
	return f.set.GetOrCreatePrometheusHistogramExt(series(f.name, f.labels, shown...), f.buckets)
}

// write appends the family in the Prometheus text format 0.0.4, nothing when it has no series yet.
func (f *family) write(b *bytes.Buffer) {
	start := b.Len()
	b.WriteString("# HELP " + f.name + " " + f.help + "\n# TYPE " + f.name + " " + f.kind + "\n")
	head := b.Len()
	f.set.WritePrometheus(b)
	if f.more != nil {
		f.more(b)
	}
	if b.Len() == head {
		b.Truncate(start)
	}
}

// counters is a counter family with one or two labels whose values are bounded.
type counters struct {
	f      *family
	by     *table[[2]string, metrics.Counter]
	values [2]*values
	rest   atomic.Pointer[metrics.Counter] // of whatever finds no place any more
}

// maxReasons bounds the label values that come from Weir's own code or the configuration: reasons, results, targets, routes.
const maxReasons = 128

func newCounters(f *family) *counters {
	return newTenantCounters(f, newValues(maxReasons), 8*maxReasons)
}

// newTenantCounters returns counters whose first label is one of tenants, and of which there are at most limit.
func newTenantCounters(f *family, tenants *values, limit int) *counters {
	return &counters{f: f, by: newTable[[2]string, metrics.Counter](limit), values: [2]*values{tenants, newValues(maxReasons)}}
}

// of returns the counter of the values a and b; b is "" in a family with one label.
func (c *counters) of(a, b string) *metrics.Counter {
	if have := c.by.get([2]string{a, b}); have != nil {
		return have
	}
	shown := [2]string{c.values[0].label(a, true), c.values[1].label(b, true)}
	if have := c.by.get(shown); have != nil {
		return have
	}
	if !c.by.full() {
		made := c.f.counter(shown[:len(c.f.labels)]...)
		c.by.put(shown, made)
		return made
	}
	if c.rest.Load() == nil {
		shown = [2]string{other, other}
		c.rest.Store(c.f.counter(shown[:len(c.f.labels)]...))
	}
	return c.rest.Load()
}

// writeProcess appends what the Go runtime and the operating system tell of the process (go_*, process_*).
func writeProcess(w io.Writer) {
	metrics.WriteGoMetrics(w)
	metrics.WriteProcMetrics(w)
	metrics.WriteFDMetrics(w)
}
