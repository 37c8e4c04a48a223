package main

import (
	"fmt"
	"io"
	"text/tabwriter"
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
	NotMeasured []string            `json:"not_measured"`
	Waited      map[string]float64  `json:"waited_share"` // by group: of the time that this process's threads were ready to run and did not
	Figures     []figure            `json:"figures"`
	Aims        []aim               `json:"aims"`
	Errors      []string            `json:"errors"`
}

type settings struct {
	Quick       bool     `json:"quick"`
	Groups      []string `json:"groups"`
	Rounds      int      `json:"rounds"`
	SampleMS    float64  `json:"sample_ms"`
	Kills       int      `json:"kills"`
	Collections int      `json:"collections"`
	Streams     int      `json:"streams"`
	Reloads     int      `json:"reloads"`
	Seed        uint64   `json:"seed"`
}

// A figure is one metric of one case; its unit is the end of the metric's name.
type figure struct {
	Group  string `json:"group"`
	Case   string `json:"case"`
	Metric string `json:"metric"`
	stat.Summary
	To *comparison `json:"to,omitempty"`
}

// A comparison pairs the values of the same round.
type comparison struct {
	Case  string       `json:"case"`
	Ratio stat.Summary `json:"ratio"`
}

// An aim is a bound that plugins have to keep.
type aim struct {
	Group  string  `json:"group"`
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Wanted float64 `json:"wanted"` // at most
	Got    float64 `json:"got"`
	Met    bool    `json:"met"`
}

func newReport(o *options) *report {
	return &report{
		Bench: "plugin", Began: time.Now().UTC().Truncate(time.Second), Machine: machine.Describe(),
		Settings: settings{
			Quick: o.Quick, Groups: o.Only, Rounds: o.Rounds, SampleMS: o.Sample.Seconds() * 1e3, Kills: o.Kills, Collections: o.Collections,
			Streams: o.Streams, Reloads: o.Reloads, Seed: o.Seed,
		},
		Waited: map[string]float64{}, NotMeasured: []string{}, Figures: []figure{}, Aims: []aim{}, Errors: []string{},
	}
}

// print writes the tables.
func (r *report) print(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "\n%s, %d cores, %s, %s %s/%s, load %s\n", m.CPU, m.Cores, m.Kernel, m.Go, m.OS, m.Arch, m.Load)
	for _, n := range r.NotMeasured {
		fmt.Fprintf(w, "not measured: %s\n", n)
	}
	for _, g := range groups() {
		r.printGroup(w, g)
	}
	if len(r.Aims) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprint(t, "\nAIMS\t\tat most\tgot\t\n")
		for _, a := range r.Aims {
			verdict := "met"
			if !a.Met {
				verdict = "MISSED"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s %s\n", a.Group, a.Name, number(a.Wanted), number(a.Got), a.Unit, verdict)
		}
		_ = t.Flush()
	}
	for _, e := range r.Errors {
		fmt.Fprintln(w, "ERROR", e)
	}
}

func (r *report) printGroup(w io.Writer, g group) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := false
	for _, f := range r.Figures {
		if f.Group != g.name {
			continue
		}
		if !head {
			head = true
			fmt.Fprintf(w, "\n%s: %s\n", g.name, g.about)
			fmt.Fprint(t, "\t\tmedian\tquartiles\tleast\tmost\tn\tratio\t\n")
		}
		ratio := ""
		if f.To != nil {
			ratio = fmt.Sprintf("%.2f× %s [%.2f..%.2f]", f.To.Ratio.Median, f.To.Case, f.To.Ratio.Q1, f.To.Ratio.Q3)
		}
		if f.N == 1 {
			fmt.Fprintf(t, "%s\t%s\t%s\t\t\t\t%d\t%s\n", f.Case, f.Metric, number(f.Median), f.N, ratio)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s..%s\t%s\t%s\t%d\t%s\n", f.Case, f.Metric, number(f.Median), number(f.Q1), number(f.Q3), number(f.Min), number(f.Max), f.N, ratio)
	}
	_ = t.Flush()
	if share := r.Waited[g.name]; head && share > disturbed {
		fmt.Fprintf(w, "the machine was not quiet: threads of this process waited for a processor, together for %.0f %% of the time\n", 100*share)
	}
}

// disturbed is the share of waiting above which others have a part in the figures.
const disturbed = 0.05

// number has three digits that count, or all before the point.
func number(v float64) string {
	a := max(v, -v)
	switch {
	case v == float64(int64(v)) && a < 1e6, a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
