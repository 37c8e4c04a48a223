package telemetry

import (
	"bytes"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"weir/sdk/abi"
)

// hookBounds are the upper bounds of the buckets of weir_plugin_seconds: from a plugin that does nothing to the longest deadlines of Go guests.
var hookBounds = [...]time.Duration{
	500 * time.Nanosecond, time.Microsecond, 2 * time.Microsecond, 5 * time.Microsecond, 10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	50 * time.Millisecond, 250 * time.Millisecond,
}

// buckets are those of a histogram; the last is what lies beyond all bounds.
type buckets [len(hookBounds) + 1]int64

// hookCounters are what is counted on every call of one hook of one plugin for one tenant: side by side, so that cores that count for the same plugin pass
// one cache line or two between them. Without counters and histograms of the metrics library, each of which would be one more.
type hookCounters struct {
	fuel, frame, nanos atomic.Int64
	buckets            [len(hookBounds) + 1]atomic.Int64
	actions            [abi.Actions]atomic.Int64
}

func (h *hookCounters) count(c *PluginCall) {
	took := max(c.Took, 0) // a stepped clock
	i := 0
	for i < len(hookBounds) && took > hookBounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.nanos.Add(int64(took))
	if c.Fuel > 0 {
		h.fuel.Add(c.Fuel)
	}
	if c.Frame > 0 {
		h.frame.Add(int64(c.Frame))
	}
	h.actions[c.Action].Add(1)
}

// read adds the hook's durations to sum and buckets, and returns how many calls that were.
func (h *hookCounters) read(sum *buckets) int64 {
	calls := int64(0)
	for i := range h.buckets {
		n := h.buckets[i].Load()
		sum[i] += n
		calls += n
	}
	return calls
}

// show has the families read what the series count.
func (p *plugins) show() {
	sums := func(f *family, of func(*hookCounters) int64) {
		f.more = func(b *bytes.Buffer) { p.writeSums(b, f, of) }
	}
	p.calls.more, p.seconds.more = p.writeCalls, p.writeSeconds
	sums(p.fuel, func(h *hookCounters) int64 { return h.fuel.Load() })
	sums(p.frameBytes, func(h *hookCounters) int64 { return h.frame.Load() })
}

// every returns all series there are.
func (p *plugins) every() []*PluginSeries {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[:len(p.all):len(p.all)]
}

func sample(b *bytes.Buffer, name string, value int64) {
	b.WriteString(name)
	b.WriteByte(' ')
	b.Write(strconv.AppendInt(b.AvailableBuffer(), value, 10))
	b.WriteByte('\n')
}

// writeCalls appends the calls by action.
func (p *plugins) writeCalls(b *bytes.Buffer) {
	for _, s := range p.every() {
		for hook := range s.hooks {
			h := s.hooks[hook].Load()
			if h == nil {
				continue
			}
			for a := range h.actions {
				if n := h.actions[a].Load(); n > 0 {
					sample(b, series(p.calls.name, p.calls.labels, s.key.plugin, s.key.tenant, abi.Hook(hook).String(), abi.Action(a).String()), n)
				}
			}
		}
	}
}

// writeSums appends one figure of each plugin and tenant, all hooks together.
func (p *plugins) writeSums(b *bytes.Buffer, f *family, of func(*hookCounters) int64) {
	for _, s := range p.every() {
		sum := int64(0)
		for hook := range s.hooks {
			if h := s.hooks[hook].Load(); h != nil {
				sum += of(h)
			}
		}
		if sum > 0 {
			sample(b, series(f.name, f.labels, s.key.plugin, s.key.tenant), sum)
		}
	}
}

// durations are those of one hook of one plugin, all tenants together.
type durations struct {
	buckets
	calls, nanos int64
}

// writeSeconds appends the histograms.
func (p *plugins) writeSeconds(b *bytes.Buffer) {
	var order []*pluginShared
	of := map[*pluginShared]*[abi.Hooks]durations{}
	for _, s := range p.every() {
		all := of[s.shared]
		if all == nil {
			all = new([abi.Hooks]durations)
			of[s.shared] = all
			order = append(order, s.shared)
		}
		for hook := range s.hooks {
			if h := s.hooks[hook].Load(); h != nil {
				d := &all[hook]
				d.calls += h.read(&d.buckets)
				d.nanos += h.nanos.Load()
			}
		}
	}
	for _, shared := range order {
		for hook := range of[shared] {
			if d := &of[shared][hook]; d.calls > 0 {
				d.write(b, p.seconds, shared.label, abi.Hook(hook).String())
			}
		}
	}
}

// write appends a histogram. What is counted at this moment may be in the sum and not in the buckets, or the other way round.
func (d *durations) write(b *bytes.Buffer, f *family, shown ...string) {
	bounded := append(slices.Clone(shown), "")
	total := int64(0)
	for i, n := range d.buckets {
		total += n
		bounded[len(shown)] = "+Inf"
		if i < len(hookBounds) {
			bounded[len(shown)] = strconv.FormatFloat(hookBounds[i].Seconds(), 'g', -1, 64)
		}
		sample(b, series(f.name+"_bucket", append(slices.Clone(f.labels), "le"), bounded...), total)
	}
	b.WriteString(series(f.name+"_sum", f.labels, shown...) + " " + strconv.FormatFloat(time.Duration(d.nanos).Seconds(), 'g', -1, 64) + "\n")
	sample(b, series(f.name+"_count", f.labels, shown...), d.calls)
}
