package main

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"weir/bench/overhead/stat"
)

const (
	scenarioStart      = "start"
	scenarioSaturation = "saturation"
	scenarioRate       = "rate"
	scenarioStream     = "stream"
	scenarioOpen       = "open"
	scenarioReload     = "reload"
)

// The metrics. Each name ends in its unit: µs, ms, MB (10^6 bytes), a second, or a share of the time measured.
const (
	startMS      = "start_ms"
	idleMB       = "idle_mb"
	openMB       = "open_mb"
	instances    = "instances"  // of plugins, when the streams have ended: those that are idle are kept
	cpuUS        = "cpu_us"     // of the proxy, a request
	requestsPerS = "requests_s" // throughput
	p50US        = "p50_us"     // latency
	p99US        = "p99_us"
	eventCPUUS   = "event_cpu_us" // of the proxy, an event; each is handled alone
	eventsPerS   = "events_s"
	burstCPUUS   = "burst_cpu_us" // of the proxy, an event; the upstream writes a stream's events without waiting
	delayP50US   = "delay_p50_us" // of an event, from the upstream's write to the client's read
	delayP99US   = "delay_p99_us"
	addedP50US   = "added_p50_us" // the same beyond direct's of that round
	addedP99US   = "added_p99_us"

	// Of reloads under load: how long one took, and what grew from the time after the first few to the end.
	reloadP50MS      = "reload_p50_ms"
	reloadP99MS      = "reload_p99_ms"
	grownMB          = "grown_mb"
	grownHeapMB      = "grown_heap_mb" // of what is reachable
	grownGoroutines  = "grown_goroutines"
	grownDescriptors = "grown_descriptors"
	grownInstances   = "grown_instances"

	// How far the others can be trusted.
	busyShare       = "busy_share" // of its processor that the proxy used
	eventBusy       = "event_busy_share"
	burstBusy       = "burst_busy_share"
	waitedShare     = "waited_share"      // of the time that the proxy's threads were ready to run and did not
	loadWaitedShare = "load_waited_share" // the same of the load process
	lateP99US       = "late_p99_us"       // how late requests were sent
)

// allMetrics is the order in which they are told.
var allMetrics = []string{
	startMS, idleMB, cpuUS, requestsPerS, p50US, p99US, eventCPUUS, eventsPerS, burstCPUUS, delayP50US, delayP99US, addedP50US, addedP99US, openMB, instances,
	reloadP50MS, reloadP99MS, grownMB, grownHeapMB, grownGoroutines, grownDescriptors, grownInstances,
	busyShare, eventBusy, burstBusy, waitedShare, loadWaitedShare, lateP99US,
}

// diagnostic reports whether a metric is about the measurement rather than about the proxy.
func diagnostic(metric string) bool {
	return slices.Index(allMetrics, metric) >= slices.Index(allMetrics, busyShare)
}

const (
	megabyte      = 1e6
	microsecondNS = 1e3
)

// A key is one figure of one peer.
type key struct {
	Peer, Scenario string
	Size           int // 0 where bodies have one size
	Metric         string
}

// samples holds the values of all rounds by figure; NaN where one was not measured.
type samples struct {
	rounds int
	values map[key][]float64
}

func newSamples(rounds int) *samples {
	return &samples{rounds: rounds, values: map[key][]float64{}}
}

func (s *samples) set(k key, round int, v float64) {
	row, ok := s.values[k]
	if !ok {
		row = make([]float64, s.rounds)
		for i := range row {
			row[i] = math.NaN()
		}
		s.values[k] = row
	}
	row[round] = v
}

// sorted are the keys by scenario, size, metric and peer.
func (s *samples) sorted() []key {
	return slices.SortedFunc(maps.Keys(s.values), func(a, b key) int {
		return cmp.Or(
			slices.Index(allScenarios, a.Scenario)-slices.Index(allScenarios, b.Scenario), a.Size-b.Size,
			slices.Index(allMetrics, a.Metric)-slices.Index(allMetrics, b.Metric), slices.Index(allPeers, a.Peer)-slices.Index(allPeers, b.Peer))
	})
}

// derive adds the delays beyond direct's. It is called once, after the last round.
func (s *samples) derive() {
	for _, k := range s.sorted() {
		added, ok := map[string]string{delayP50US: addedP50US, delayP99US: addedP99US}[k.Metric]
		direct := k
		direct.Peer = "direct"
		if !ok || k.Peer == "direct" || s.values[direct] == nil {
			continue
		}
		sum := k
		sum.Metric = added
		for round, v := range stat.Differences(s.values[k], s.values[direct]) {
			s.set(sum, round, v)
		}
	}
}

// over compares a figure with the same one of another peer, paired by round.
func (s *samples) over(k key, base string) (ratio, difference stat.Summary, ok bool) {
	b := k
	b.Peer = base
	if k.Peer == base || s.values[b] == nil {
		return ratio, difference, false
	}
	ratio, ok = stat.Summarize(stat.Ratios(s.values[k], s.values[b]))
	if !ok {
		return ratio, difference, false
	}
	difference, ok = stat.Summarize(stat.Differences(s.values[k], s.values[b]))
	return ratio, difference, ok
}
