package main

import "weir/bench/overhead/stat"

// A target is a bound that Weir has to keep.
type target struct {
	Name   string  `json:"name"`
	Peer   string  `json:"peer"`
	Size   int     `json:"size,omitempty"`
	Unit   string  `json:"unit"`
	Wanted float64 `json:"wanted"` // at most
	Got    float64 `json:"got"`
	Met    bool    `json:"met"`
}

// How the figure of a target is made of rounds.
type made uint8

const (
	plain      made = iota // the median
	ratio                  // the median of the ratios to bare
	difference             // the median of the differences to bare
)

// bound is one line of the list of targets.
type bound struct {
	name, unit string
	k          key
	made       made
	wanted     float64
}

// bounds are the targets this harness can measure. Sizes are those of the targets' text; other sizes have none.
func bounds() []bound {
	var all []bound
	for _, b := range []struct {
		peer string
		most [3]float64
	}{{"weir", [3]float64{2.5, 12, 80}}, {"weir-portable", [3]float64{4, 50, 380}}} {
		for i, size := range []int{1 << 10, 16 << 10, 128 << 10} {
			all = append(all, bound{"processor time of a request over bare", "µs", key{b.peer, scenarioSaturation, size, cpuUS}, difference, b.most[i]})
		}
	}
	for _, size := range []int{1 << 10, 16 << 10, 128 << 10} {
		all = append(all,
			bound{"p50 at a fixed rate, to bare's", "×", key{"weir", scenarioRate, size, p50US}, ratio, 1.1},
			bound{"p99 at a fixed rate, to bare's", "×", key{"weir", scenarioRate, size, p99US}, ratio, 1.25})
	}
	return append(all,
		bound{"processor time of an event, to bare's", "×", key{"weir", scenarioStream, 0, eventCPUUS}, ratio, 1.1},
		bound{"delay of an event beyond direct's, p99", "µs", key{"weir", scenarioStream, 0, addedP99US}, plain, 150},
		bound{"memory, idle", "MB", key{"weir", scenarioStart, 0, idleMB}, plain, 30},
		bound{"memory, streams open", "MB", key{"weir", scenarioOpen, 0, openMB}, plain, 64},
		bound{"start to first answer", "ms", key{"weir", scenarioStart, 0, startMS}, plain, 100})
}

// judge compares what was measured with the bounds. A bound whose figures are not there is left out.
func judge(s *samples) []target {
	targets := []target{}
	for _, b := range bounds() {
		var sum stat.Summary
		var ok bool
		switch b.made {
		case plain:
			sum, ok = stat.Summarize(s.values[b.k])
		case ratio:
			sum, _, ok = s.over(b.k, "bare")
		case difference:
			_, sum, ok = s.over(b.k, "bare")
		}
		if ok {
			targets = append(targets, target{b.name, b.k.Peer, b.k.Size, b.unit, b.wanted, sum.Median, sum.Median <= b.wanted})
		}
	}
	return targets
}
