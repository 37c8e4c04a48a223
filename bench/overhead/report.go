package main

import (
	"time"

	"weir/bench/overhead/machine"
	"weir/bench/overhead/stat"
)

// A report is what --json prints; bench/README.md describes it.
type report struct {
	Bench       string              `json:"bench"`
	Began       time.Time           `json:"began"`
	Settings    settings            `json:"settings"`
	Machine     machine.Description `json:"machine"`
	Pinned      *pinned             `json:"pinned"` // null where everything shares all processors
	Peers       []peerReport        `json:"peers"`
	Skipped     map[string]string   `json:"skipped"`
	NotMeasured []string            `json:"not_measured"`
	Figures     []figure            `json:"figures"`
	Targets     []target            `json:"targets"`
	Errors      []string            `json:"errors"`
}

type settings struct {
	Quick       bool     `json:"quick"`
	Rounds      int      `json:"rounds"`
	DurationMS  float64  `json:"duration_ms"`
	WarmupMS    float64  `json:"warmup_ms"`
	Rate        float64  `json:"rate"`
	Connections int      `json:"connections"`
	OpenStreams int      `json:"open_streams"`
	Events      int      `json:"events"`
	IntervalMS  float64  `json:"interval_ms"`
	Sizes       []int    `json:"sizes"`
	Scenarios   []string `json:"scenarios"`
	Without     []string `json:"without"` // of Weir
	Plugins     []string `json:"plugins"` // of weir-plugins
	Reloads     int      `json:"reloads"` // a round
	Seed        uint64   `json:"seed"`
}

type pinned struct {
	Proxy []int `json:"proxy"`
	Load  []int `json:"load"`
}

type peerReport struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Binary  string `json:"binary,omitempty"`
}

// A figure is one metric of one peer; its unit is the end of its name.
type figure struct {
	Peer     string `json:"peer"`
	Scenario string `json:"scenario"`
	Size     int    `json:"size,omitempty"`
	Metric   string `json:"metric"`
	stat.Summary
	OverBare *comparison `json:"over_bare,omitempty"`
}

// A comparison pairs the values of the same round.
type comparison struct {
	Ratio      stat.Summary `json:"ratio"`
	Difference stat.Summary `json:"difference"`
}

func newReport(o *options) *report {
	ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 }
	return &report{
		Bench: "overhead", Began: time.Now().UTC().Truncate(time.Second), Machine: machine.Describe(),
		Settings: settings{
			Quick: o.Quick, Rounds: o.Rounds, DurationMS: ms(o.Duration), WarmupMS: ms(o.Warmup), Rate: o.Rate, Connections: o.Connections,
			OpenStreams: o.Open, Events: o.Events, IntervalMS: ms(o.Interval), Sizes: o.Sizes, Scenarios: o.Scenarios, Without: append([]string{}, o.Without...),
			Plugins: append([]string{}, o.Plugins...), Reloads: o.Reloads, Seed: o.Seed,
		},
		Peers: []peerReport{}, Skipped: map[string]string{}, NotMeasured: []string{}, Figures: []figure{}, Targets: []target{}, Errors: []string{},
	}
}

// summarize fills in what was measured.
func (r *report) summarize(s *samples) {
	s.derive()
	for _, k := range s.sorted() {
		sum, ok := stat.Summarize(s.values[k])
		if !ok {
			continue
		}
		f := figure{Peer: k.Peer, Scenario: k.Scenario, Size: k.Size, Metric: k.Metric, Summary: sum}
		if ratio, difference, ok := s.over(k, "bare"); ok {
			f.OverBare = &comparison{ratio, difference}
		}
		r.Figures = append(r.Figures, f)
	}
	r.Targets = judge(s)
}
