package telemetry

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Limits bounds the values labels take; what comes after the bound is counted under "other". Zero fields take the defaults.
type Limits struct {
	Tenants    int // 1,000
	Models     int // 200, requested and returned names each
	Requests   int // sets of tenant, route and endpoint; of tenant and signal; of tenant and list of phrases; of plugin and tenant, and metrics of theirs: 10,000 each
	Plugins    int // configured plugins, tenants' own included: 1,000
	Operations int // sets of operation, provider, models and error type, which carry histograms: 1,000
}

func (l Limits) orDefaults() Limits {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.Tenants, 1000)
	set(&l.Models, 200)
	set(&l.Requests, 10_000)
	set(&l.Operations, 1000)
	set(&l.Plugins, 1000)
	return l
}

// Build says what binary runs.
type Build struct{ Version, Revision string }

// Metrics counts. Each instance has its own series; nothing is registered process-wide. All methods are safe for concurrent use, and those called
// for requests allocate nothing once a set of labels has been seen.
type Metrics struct {
	*catalogue // never handed out

	requestSets    *table[requestKey, requestSeries]
	restRequests   *requestSeries // beyond Limits.Requests
	operationSets  *table[operationKey, operationSeries]
	restOperations *operationSeries // beyond Limits.Operations

	tenants, routes, endpoints                            *values
	providers, requestModels, responseModels, errorTypes  *values
	attemptsBy, retriesBy, streamErrorsBy                 *counters
	badBy, exhaustedBy, leftBy, uninspectedBy, reloadedBy *counters
	signalsBy, phrasesBy, uploadsBy                       *counters
	pluginsBy                                             *plugins
	state                                                 atomic.Pointer[func() StateFigures]

	open, running           atomic.Int64
	shed                    *metrics.Counter
	written, dropped        *metrics.Counter
	lastReload              *metrics.Gauge
	leftEarly, leftInStream *metrics.Counter
	uninspectedParts        [8]*metrics.Counter
	degradedBy              *table[string, metrics.Gauge]
	failing, unrotated      atomic.Int64 // writers of records that cannot write, or rotate
}

// NewMetrics returns counters that all stand at zero.
func NewMetrics(b Build, l Limits) *Metrics {
	l = l.orDefaults()
	c := newCatalogue()
	m := &Metrics{
		catalogue:      c,
		requestSets:    newTable[requestKey, requestSeries](l.Requests),
		operationSets:  newTable[operationKey, operationSeries](l.Operations),
		tenants:        newValues(l.Tenants),
		routes:         newValues(maxReasons),
		endpoints:      newValues(maxReasons),
		providers:      newValues(maxReasons),
		requestModels:  newValues(l.Models),
		responseModels: newValues(l.Models),
		errorTypes:     newValues(maxReasons),
		degradedBy:     newTable[string, metrics.Gauge](maxReasons),
		attemptsBy:     newCounters(c.attempts),
		retriesBy:      newCounters(c.retries),
		streamErrorsBy: newCounters(c.streamErrors),
		badBy:          newCounters(c.badRequests),
		exhaustedBy:    newCounters(c.retryBudget),
		leftBy:         newCounters(c.clientLeft),
		uninspectedBy:  newCounters(c.uninspected),
		reloadedBy:     newCounters(c.reloads),
	}
	m.signalsBy = newTenantCounters(c.signals, m.tenants, l.Requests)
	m.phrasesBy = newTenantCounters(c.phrases, m.tenants, l.Requests)
	m.uploadsBy = newTenantCounters(c.plugins.uploads, m.tenants, l.Requests)
	m.pluginsBy = newPlugins(&c.plugins, m.tenants, l)
	m.restRequests = &requestSeries{key: requestKey{other, other, other}}
	m.restOperations = &operationSeries{key: operationKey{other, other, other, other, other}}

	c.buildInfo.gauge(nil, clean(clip(b.Version)), clean(clip(b.Revision)), runtime.Version()).Set(1)
	c.connections.gauge(func() float64 { return float64(m.open.Load()) })
	c.inFlight.gauge(func() float64 { return float64(m.running.Load()) })
	c.degraded.gauge(func() float64 { return min(float64(m.failing.Load()), 1) }, recordsPart)
	c.degraded.gauge(func() float64 { return min(float64(m.unrotated.Load()), 1) }, rotationPart)
	m.lastReload = c.reloadSuccess.gauge(nil)
	m.shed = c.connectionsShed.counter()
	m.written = c.recordsWritten.counter()
	m.dropped = c.recordsDropped.counter()
	m.leftEarly = m.leftBy.of("before_first_byte", "")
	m.leftInStream = m.leftBy.of("in_stream", "")
	for i, part := range (&Uninspected{}).kinds() {
		m.uninspectedParts[i] = m.uninspectedBy.of(part.kind, "")
	}
	m.reloadedBy.of("ok", "")
	m.reloadedBy.of("failed", "")
	return m
}

// Write writes everything in the Prometheus text format 0.0.4 (text/plain; version=0.0.4; charset=utf-8), figures of the process included.
func (m *Metrics) Write(w io.Writer) {
	var b bytes.Buffer
	m.writeFamilies(&b)
	writeProcess(&b)
	_, _ = w.Write(b.Bytes()) // the scraper has gone: nobody to tell
}

func (m *Metrics) writeFamilies(b *bytes.Buffer) {
	for _, f := range m.all {
		f.write(b)
	}
}

// ConnOpened counts a client connection in; ConnClosed must follow once.
func (m *Metrics) ConnOpened() { m.open.Add(1) }

// ConnClosed counts a client connection out.
func (m *Metrics) ConnClosed() { m.open.Add(-1) }

// ConnShed counts a client connection refused for want of room.
func (m *Metrics) ConnShed() { m.shed.Inc() }

// Connections returns how many client connections are open.
func (m *Metrics) Connections() int64 { return m.open.Load() }

// InFlight returns how many requests have begun and not ended.
func (m *Metrics) InFlight() int64 { return m.running.Load() }

// BadRequest counts a request refused for its framing, headers or body; reason is a short snake_case word.
func (m *Metrics) BadRequest(reason string) { m.badBy.of(reason, "").Inc() }

// RetryBudgetExhausted counts a retry that was not made because the target's budget was spent.
func (m *Metrics) RetryBudgetExhausted(target string) { m.exhaustedBy.of(target, "").Inc() }

// Degraded says whether a part (log, cache, …) fails to do its work while requests are served. Parts are constants of the code; those of the records are
// kept by [Records] and not set here.
func (m *Metrics) Degraded(part string, on bool) {
	if part == recordsPart || part == rotationPart {
		return
	}
	g := m.degradedBy.get(part)
	if g == nil {
		g = m.degraded.gauge(nil, clean(clip(part)))
		if g = m.degradedBy.put(strings.Clone(part), g); g == nil {
			return
		}
	}
	if on {
		g.Set(1)
	} else {
		g.Set(0)
	}
}

// Reloaded counts a reload of the configuration; a successful one also sets the time from which the configuration in force dates.
func (m *Metrics) Reloaded(ok bool, at time.Time) {
	if !ok {
		m.reloadedBy.of("failed", "").Inc()
		return
	}
	m.reloadedBy.of("ok", "").Inc()
	m.Loaded(at)
}

// Loaded sets the time from which the configuration in force dates; Reloaded does so too. It is for the load at start, which is no reload.
func (m *Metrics) Loaded(at time.Time) { m.lastReload.Set(float64(at.UnixMilli()) / 1000) }
