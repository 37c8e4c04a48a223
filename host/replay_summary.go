package host

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// ReplayChange is a record of which the new plugin says something else.
type ReplayChange struct {
	Line      int          `json:"line"` // of the file, from 1
	Time      string       `json:"time"`
	RequestID string       `json:"request_id"`
	Tenant    string       `json:"tenant"`
	Hooks     []ReplayHook `json:"hooks"` // those in which it does
}

// ReplayHook is what was said in a hook, and what would be.
type ReplayHook struct {
	Hook string        `json:"hook"`
	Old  ReplayVerdict `json:"old"`
	New  ReplayVerdict `json:"new"`
}

// ReplayVerdict is a verdict as far as it is compared.
type ReplayVerdict struct {
	Action string   `json:"action"`          // "none": nothing was said, or the plugin did not run
	Score  *float64 `json:"score"`           // nil: none
	Fault  string   `json:"fault,omitempty"` // class
}

// Word is the verdict in one word.
func (v *ReplayVerdict) Word() string {
	if v.Fault != "" {
		return "fault:" + v.Fault
	}
	return v.Action
}

func (v *ReplayVerdict) equal(w *ReplayVerdict) bool {
	return v.Action == w.Action && v.Fault == w.Fault && (v.Score == nil) == (w.Score == nil) && (v.Score == nil || *v.Score == *w.Score)
}

// ReplaySummary is what came of a replay.
type ReplaySummary struct {
	Plugin  string `json:"plugin"`  // of the records
	Digest  string `json:"digest"`  // SHA-256 of the new module
	Version string `json:"version"` // by its manifest

	Records     int64 `json:"records"`      // lines that are records
	Replayed    int64 `json:"replayed"`     // of them
	Changed     int64 `json:"changed"`      // of those
	WithoutText int64 `json:"without_text"` // not replayed: their texts were not recorded
	OtherTenant int64 `json:"other_tenant"` // not replayed: the plugin is a tenant's own, and not theirs
	Unreadable  int64 `json:"unreadable"`   // not replayed: their texts make no request

	WithoutVerdict  int64 `json:"without_verdict"`  // replayed, and compared to nothing said: the plugin had not run
	Truncated       int64 `json:"truncated"`        // replayed, with texts that were cut when they were recorded
	AlteredRequests int64 `json:"altered_requests"` // replayed, and not compared: the plugin, or one after it, had edited the text that was recorded
	AlteredAnswers  int64 `json:"altered_answers"`  // likewise; of an answer that was stopped only what went on was recorded

	BadLines int64           `json:"bad_lines"`
	Bad      []ReplayBadLine `json:"bad,omitempty"` // the first of them
	// WhyUnreadable is the first reason for Unreadable.
	WhyUnreadable string `json:"why_unreadable,omitempty"`

	Verdicts []ReplayCount    `json:"verdicts"`         // of what was compared, by hook, and by what was and would be said
	Faults   map[string]int64 `json:"faults,omitempty"` // of the new plugin, by class
	Others   []string         `json:"others,omitempty"` // names of plugins that the records tell of, when no record tells of Plugin

	Costs []ReplayCost `json:"costs"`
}

// ReplayBadLine is a line that is no record.
type ReplayBadLine struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// ReplayCount is how many records had one verdict, and would have another or the same.
type ReplayCount struct {
	Hook    string `json:"hook"`
	Old     string `json:"old"`
	New     string `json:"new"`
	Records int64  `json:"records"`
}

// ReplayCost is what a hook took, for one request or answer each.
type ReplayCost struct {
	Hook string       `json:"hook"`
	Old  *ReplayCalls `json:"old,omitempty"` // as recorded; nil: it was not called
	New  *ReplayCalls `json:"new,omitempty"`
	Slow int64        `json:"slow"` // of the new: took longer than limits.deadline
}

// ReplayCalls are the figures of some calls, exact to three digits.
type ReplayCalls struct {
	Calls int64         `json:"calls"`
	Fuel  ReplayFigures `json:"fuel"` // units
	US    ReplayFigures `json:"us"`   // microseconds, on whichever machine it was
}

// ReplayFigures are a distribution.
type ReplayFigures struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// What a summary lists at most.
const (
	maxBadLines = 20
	maxOthers   = 100
)

// replaySum adds up.
type replaySum struct {
	plugin   *replayPlugin
	s        ReplaySummary
	verdicts map[ReplayCount]int64 // Records is 0 in keys
	others   map[string]bool
	costs    [len(replayHooks)]struct {
		old, now costs
		slow     int64
	}
}

func newReplaySum(p *replayPlugin) *replaySum {
	return &replaySum{
		plugin: p, verdicts: map[ReplayCount]int64{}, others: map[string]bool{},
		s: ReplaySummary{Plugin: p.label, Digest: p.loaded.Digest(), Version: p.loaded.Manifest().Version, Faults: map[string]int64{}, Verdicts: []ReplayCount{}, Costs: []ReplayCost{}},
	}
}

// add takes what came of a line, and tells changed of it if something would be otherwise.
func (a *replaySum) add(t *replayTask, changed func(*ReplayChange) error) error {
	s, res := &a.s, &t.result
	if res.bad != nil {
		if s.BadLines++; len(s.Bad) < maxBadLines {
			s.Bad = append(s.Bad, ReplayBadLine{Line: t.number, Why: res.bad.Error()})
		}
		return nil
	}
	s.Records++
	a.name(res.record)
	switch res.skip {
	case withoutText:
		s.WithoutText++
		return nil
	case otherTenant:
		s.OtherTenant++
		return nil
	case unreadable:
		if s.Unreadable++; s.WhyUnreadable == "" {
			s.WhyUnreadable = fmt.Sprintf("line %d: %s", t.number, res.reason)
		}
		return nil
	case replayed:
	}
	s.Replayed++
	if res.truncated {
		s.Truncated++
	}
	c := ReplayChange{Line: t.number, Time: res.record.Time, RequestID: res.record.RequestID, Tenant: res.record.Tenant}
	ran := false
	for i := range res.said {
		ran = ran || res.said[i].old != nil
		if hook, differs := a.pair(i, &res.said[i]); differs {
			c.Hooks = append(c.Hooks, hook)
		}
	}
	if !ran {
		s.WithoutVerdict++
	}
	if len(c.Hooks) == 0 {
		return nil
	}
	s.Changed++
	if changed == nil {
		return nil
	}
	return changed(&c)
}

// name remembers which plugins the records tell of.
func (a *replaySum) name(r *replayRecord) {
	for i := range r.verdicts {
		if label := r.verdicts[i].Plugin; len(a.others) < maxOthers || label == a.plugin.label {
			a.others[label] = true
		}
	}
}

// pair adds what was said in a hook, and compares.
func (a *replaySum) pair(i int, p *replayPair) (hook ReplayHook, differs bool) {
	hook.Hook = replayHooks[i].String()
	cost := &a.costs[i]
	cost.old.add(p.old)
	if cost.now.add(p.now); p.now != nil {
		if p.now.Fault != "" {
			a.s.Faults[p.now.Fault]++
		}
		if p.now.US*1000 > float64(a.plugin.deadline) {
			cost.slow++
		}
	}
	if p.old == nil && p.now == nil {
		return hook, false
	}
	switch p.state {
	case altered:
		if i == 0 {
			a.s.AlteredRequests++
		} else {
			a.s.AlteredAnswers++
		}
		return hook, false
	case notShown:
		return hook, false
	case sameSight, onlyWhatDone:
	}
	hook.Old, hook.New = p.old.verdict(p.state), p.now.verdict(p.state)
	a.verdicts[ReplayCount{Hook: hook.Hook, Old: hook.Old.Word(), New: hook.New.Word()}]++
	return hook, !hook.Old.equal(&hook.New)
}

// verdict is v as far as it is compared.
func (v *recordedVerdict) verdict(state replayState) ReplayVerdict {
	if v == nil {
		return ReplayVerdict{Action: "none"}
	}
	out := ReplayVerdict{Action: cmp.Or(v.Action, "none"), Score: v.Score, Fault: v.Fault}
	if state == onlyWhatDone {
		out.Score = nil
		if out.Action != "delta_edit" && out.Action != "stop" {
			out.Action = "none"
		}
	}
	return out
}

// progress is how far it has come, with so many bytes read of size.
func (a *replaySum) progress(at, size int64) ReplayProgress {
	p := ReplayProgress{Records: a.s.Records, Changed: a.s.Changed, Share: math.NaN()}
	if size > 0 {
		p.Share = min(float64(at)/float64(size), 1)
	}
	return p
}

// summary is the whole.
func (a *replaySum) summary() *ReplaySummary {
	s := &a.s
	for count, n := range a.verdicts {
		count.Records = n
		s.Verdicts = append(s.Verdicts, count)
	}
	slices.SortFunc(s.Verdicts, func(x, y ReplayCount) int {
		return cmp.Or(cmp.Compare(order(x.Hook), order(y.Hook)), cmp.Compare(x.Old, y.Old), cmp.Compare(x.New, y.New))
	})
	if !a.others[s.Plugin] {
		s.Others = slices.Sorted(maps.Keys(a.others))
	}
	for i, h := range replayHooks {
		c := &a.costs[i]
		if row := (ReplayCost{Hook: h.String(), Old: c.old.figures(), New: c.now.figures(), Slow: c.slow}); row.Old != nil || row.New != nil {
			s.Costs = append(s.Costs, row)
		}
	}
	return s
}

// order is the place of a hook among those of a request.
func order(hook string) int {
	for i, h := range replayHooks {
		if h.String() == hook {
			return i
		}
	}
	return len(replayHooks)
}

// costs are fuel and time of calls. The zero value is empty.
type costs struct{ fuel, nanos *hdrhistogram.Histogram }

// What histograms tell apart; more counts as the most.
const (
	mostFuel  = 1 << 50
	mostNanos = int64(time.Hour)
)

// add takes a verdict, unless the plugin was not called.
func (c *costs) add(v *recordedVerdict) {
	if v == nil || v.Calls != nil && *v.Calls <= 0 {
		return
	}
	if c.fuel == nil {
		c.fuel, c.nanos = hdrhistogram.New(1, mostFuel, 3), hdrhistogram.New(1, mostNanos, 3)
	}
	_ = c.fuel.RecordValue(min(max(v.Fuel, 0), mostFuel)) // they are in range
	_ = c.nanos.RecordValue(int64(min(max(v.US*1000, 0), float64(mostNanos))))
}

func (c *costs) figures() *ReplayCalls {
	if c.fuel == nil {
		return nil
	}
	return &ReplayCalls{Calls: c.fuel.TotalCount(), Fuel: figures(c.fuel, 1), US: figures(c.nanos, 1000)}
}

func figures(h *hdrhistogram.Histogram, unit float64) ReplayFigures {
	return ReplayFigures{
		P50: float64(h.ValueAtQuantile(50)) / unit, P99: float64(h.ValueAtQuantile(99)) / unit, Max: float64(h.Max()) / unit,
	}
}
