package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"weir/bench/overhead/stat"
)

// print writes the tables.
func (r *report) print(w io.Writer) {
	r.printHead(w)
	type group struct {
		scenario string
		size     int
		metric   string
	}
	var groups []group
	for _, f := range r.Figures {
		if g := (group{f.Scenario, f.Size, f.Metric}); !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	for _, scenario := range r.Settings.Scenarios {
		if !slices.ContainsFunc(groups, func(g group) bool { return g.scenario == scenario }) {
			continue
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "\n%s\t\t\tmedian\tquartiles\tover bare\tquartiles\tto bare\n", strings.ToUpper(scenario))
		for _, g := range groups {
			if g.scenario != scenario || diagnostic(g.metric) {
				continue
			}
			for _, f := range r.Figures {
				if f.Scenario == g.scenario && f.Size == g.size && f.Metric == g.metric {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Metric, sizeName(f.Size), f.Peer, f.row())
				}
			}
		}
		_ = t.Flush()
		r.printTrust(w, scenario)
	}
	r.printTargets(w)
	for _, e := range r.Errors {
		fmt.Fprintln(w, "ERROR", e)
	}
}

// printTrust says what may be wrong with a scenario's figures: somebody else used the processors, or the proxy was not what saturates.
func (r *report) printTrust(w io.Writer, scenario string) {
	most := map[string]float64{}
	var idle []string
	for _, f := range r.Figures {
		switch {
		case f.Scenario != scenario:
		case f.Metric == waitedShare || f.Metric == loadWaitedShare:
			most[f.Metric] = max(most[f.Metric], f.Median)
		case (f.Metric == busyShare || f.Metric == eventBusy) && f.Median < saturated:
			idle = append(idle, strings.TrimSpace(fmt.Sprintf("%s %.0f %% %s", f.Peer, 100*f.Median, sizeName(f.Size))))
		}
	}
	if len(idle) > 0 {
		fmt.Fprintf(w, "not saturated, so that idle times and wake-ups are in the figures (share of the processor used): %s\n", strings.Join(idle, ", "))
	}
	if most[waitedShare] > disturbed || most[loadWaitedShare] > disturbed {
		fmt.Fprintf(w, "the machine was not quiet: a proxy waited up to %.0f %% of the time for its processor, the load process up to %.0f %% (medians)\n",
			100*most[waitedShare], 100*most[loadWaitedShare])
	}
}

const (
	saturated = 0.9  // share of its processor that a saturated proxy uses
	disturbed = 0.05 // share of waiting above which others have a part in the figures
)

func (f *figure) row() string {
	text := number(f.Median) + "\t" + spread(f.Summary)
	if c := f.OverBare; c != nil {
		text += fmt.Sprintf("\t%s\t%s\t%.2f×", signed(c.Difference.Median), spread(c.Difference), c.Ratio.Median)
	}
	return text
}

func (r *report) printHead(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "\n%s, %d cores, %s, %s %s/%s, load %s\n", m.CPU, m.Cores, m.Kernel, m.Go, m.OS, m.Arch, m.Load)
	if r.Pinned != nil {
		fmt.Fprintf(w, "pinned: the proxy to processor %v, clients and upstream to %v\n", r.Pinned.Proxy, r.Pinned.Load)
	}
	for _, p := range r.Peers {
		if p.Version != "" {
			fmt.Fprintf(w, "%s: %s\n", p.Name, p.Version)
		}
	}
	for _, name := range allPeers {
		if why, ok := r.Skipped[name]; ok {
			fmt.Fprintf(w, "%s: skipped, %s\n", name, why)
		}
	}
	for _, n := range r.NotMeasured {
		fmt.Fprintf(w, "not measured: %s\n", n)
	}
	fmt.Fprintf(w, "%d rounds; over bare and to bare: difference and ratio to bare in the same round, their median\n", r.Settings.Rounds)
}

func (r *report) printTargets(w io.Writer) {
	if len(r.Targets) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nTARGETS\t\t\tat most\tgot\t\n")
	for _, g := range r.Targets {
		verdict := "met"
		if !g.Met {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s %s\t%s\n", g.Name, sizeName(g.Size), g.Peer, number(g.Wanted), number(g.Got), g.Unit, verdict)
	}
	_ = t.Flush()
}

func spread(s stat.Summary) string { return number(s.Q1) + ".." + number(s.Q3) }

// number has three digits that count, or all before the point.
func number(v float64) string {
	a := max(v, -v)
	switch {
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func signed(v float64) string {
	if v < 0 {
		return number(v)
	}
	return "+" + number(v)
}
