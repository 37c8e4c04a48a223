package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/host"
)

// replayReport is what people read of a replay. Its writer keeps the first error for Flush.
type replayReport struct {
	out     *bufio.Writer
	encoder *json.Encoder
}

func (r *replayReport) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

// change is a line for each hook in which a record changes.
func (r *replayReport) change(c *host.ReplayChange) error {
	for i := range c.Hooks {
		h := &c.Hooks[i]
		r.printf("%s  %s  %s  %s → %s\n", harmless(c.RequestID), harmless(c.Tenant), h.Hook, verdictText(&h.Old), verdictText(&h.New))
	}
	return nil
}

func verdictText(v *host.ReplayVerdict) string {
	word := harmless(v.Word())
	if v.Score != nil {
		word += " " + strconv.FormatFloat(*v.Score, 'g', 6, 64)
	}
	return word
}

// harmless is a string of a file as it may be shown in a terminal.
func harmless(s string) string {
	if s == "" {
		return "-"
	}
	if q := strconv.Quote(s); q != `"`+s+`"` || strings.ContainsAny(s, " ") {
		return q
	}
	return s
}

// summary tells what came of it all.
func (r *replayReport) summary(s *host.ReplaySummary) {
	r.printf("\nplugin    %s, replaced by %.12s", harmless(s.Plugin), s.Digest)
	if s.Version != "" {
		r.printf(", version %s", harmless(s.Version))
	}
	r.printf("\nrecords   %d, replayed %d, changed %d\n", s.Records, s.Replayed, s.Changed)
	r.notes(s)
	for _, v := range s.Verdicts {
		r.printf("verdicts  %-8s %s → %s: %d\n", v.Hook, harmless(v.Old), harmless(v.New), v.Records)
	}
	for _, class := range slices.Sorted(maps.Keys(s.Faults)) {
		r.printf("faults    %s: %d\n", class, s.Faults[class])
	}
	for i := range s.Costs {
		r.cost(&s.Costs[i])
	}
}

// notes are what one has to know to read the figures right; those that say nothing are left out.
func (r *replayReport) notes(s *host.ReplaySummary) {
	for _, note := range []struct {
		n    int64
		text string
	}{
		{s.WithoutText, "hold no text and were not replayed: records.content: text records it"},
		{s.OtherTenant, "are of tenants whose plugin it is not, and were not replayed"},
		{s.Unreadable, "make no request and were not replayed; the first: " + harmless(s.WhyUnreadable)},
		{s.WithoutVerdict, "have no verdict of " + harmless(s.Plugin) + ": compared to none"},
		{s.Truncated, "hold texts that were cut when they were recorded"},
		{s.AlteredRequests, "hold the request as plugins had edited it: not compared"},
		{s.AlteredAnswers, "hold the answer as plugins had edited or stopped it: not compared"},
	} {
		if note.n > 0 {
			r.printf("          %d %s\n", note.n, note.text)
		}
	}
	if len(s.Others) > 0 {
		shown := make([]string, len(s.Others))
		for i, name := range s.Others {
			shown[i] = harmless(name)
		}
		r.printf("          the plugins that they tell of: %s\n", strings.Join(shown, ", "))
	}
	if s.BadLines > 0 {
		r.printf("          %d lines are no records\n", s.BadLines)
	}
	for _, b := range s.Bad {
		r.printf("          line %d: %s\n", b.Line, harmless(b.Why))
	}
}

// cost tells what a hook took, then and now.
func (r *replayReport) cost(c *host.ReplayCost) {
	for _, of := range []struct {
		when  string
		calls *host.ReplayCalls
	}{{"then", c.Old}, {"now", c.New}} {
		if of.calls == nil {
			continue
		}
		r.printf("cost      %-8s %-4s %d: fuel p50 %.0f, p99 %.0f, most %.0f; µs p50 %.1f, p99 %.1f, most %.1f\n", c.Hook, of.when, of.calls.Calls,
			of.calls.Fuel.P50, of.calls.Fuel.P99, of.calls.Fuel.Max, of.calls.US.P50, of.calls.US.P99, of.calls.US.Max)
	}
	if c.Slow > 0 {
		r.printf("          %d took longer than limits.deadline allows\n", c.Slow)
	}
}
