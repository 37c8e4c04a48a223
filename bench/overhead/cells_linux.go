package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"weir/bench/overhead/load"
	"weir/bench/overhead/machine"
)

// A cell is one measurement that every peer goes through in every round.
type cell struct {
	scenario string
	size     int
	measure  func(ctx context.Context, r *running, round int) (map[string]float64, error)
}

// cells are those of the scenarios chosen, but for start and open, which begin with a new process.
func (h *harness) cells() []cell {
	var all []cell
	for _, size := range h.Sizes {
		if slices.Contains(h.Scenarios, scenarioSaturation) {
			all = append(all, cell{scenarioSaturation, size, h.saturation(size)})
		}
		if slices.Contains(h.Scenarios, scenarioRate) {
			all = append(all, cell{scenarioRate, size, h.rate(size)})
		}
	}
	if slices.Contains(h.Scenarios, scenarioStream) {
		all = append(all, cell{scenarioStream, 0, h.events(load.Lockstep)}, cell{scenarioStream, 0, h.events(load.Burst)}, cell{scenarioStream, 0, h.delays})
	}
	return all
}

// usage is what a measurement took beside its result.
type usage struct {
	cpu        time.Duration // that the proxy used
	waited     time.Duration // that it was ready to run and did not
	loadWaited time.Duration // that the load process did
}

func (h *harness) usage(r *running) (u usage, err error) {
	u.loadWaited = machine.Waited(h.load.process.PID())
	if r.process != nil {
		u.waited = machine.Waited(r.process.PID())
		u.cpu, err = machine.CPUTime(r.process.PID())
	}
	return u, err
}

// used runs a command, and measures what it took from the time all is warm to the last answer.
func (h *harness) used(ctx context.Context, r *running, c load.Command) (*load.Result, usage, error) {
	var before, after usage
	c.Addr = r.addr
	result, err := h.load.run(ctx, c, during{
		ready: func() (err error) { before, err = h.usage(r); return err },
		over:  func() (err error) { after, err = h.usage(r); return err },
	})
	return result, usage{after.cpu - before.cpu, after.waited - before.waited, after.loadWaited - before.loadWaited}, err
}

// shares are how much of the time proxy and load waited for their processors.
func (u usage) shares(r *running, wall time.Duration) map[string]float64 {
	m := map[string]float64{loadWaitedShare: float64(u.loadWaited) / float64(wall)}
	if !r.direct() {
		m[waitedShare] = float64(u.waited) / float64(wall)
	}
	return m
}

// perUnit is the processor time a request or an event in µs.
func perUnit(used time.Duration, n int) float64 { return float64(used) / microsecondNS / float64(n) }

func us(d time.Duration) float64 { return float64(d) / microsecondNS }

func (h *harness) saturation(size int) func(context.Context, *running, int) (map[string]float64, error) {
	return func(ctx context.Context, r *running, round int) (map[string]float64, error) {
		result, used, err := h.used(ctx, r, load.Command{
			Do: load.Closed, Connections: h.Connections, Size: size, Warmup: h.Warmup, Duration: h.Duration, Seed: h.seed(round),
		})
		if err != nil {
			return nil, err
		}
		m := used.shares(r, result.Wall)
		m[requestsPerS] = float64(result.Requests) / result.Wall.Seconds()
		if !r.direct() {
			m[cpuUS], m[busyShare] = perUnit(used.cpu, result.Requests), float64(used.cpu)/float64(result.Wall)
		}
		return m, nil
	}
}

func (h *harness) rate(size int) func(context.Context, *running, int) (map[string]float64, error) {
	return func(ctx context.Context, r *running, round int) (map[string]float64, error) {
		result, used, err := h.used(ctx, r, load.Command{
			Do: load.Open, Connections: 64, Size: size, Warmup: h.Warmup / 2, Duration: 2 * h.Duration, Rate: h.Rate, Seed: h.seed(round),
		})
		if err != nil {
			return nil, err
		}
		m := used.shares(r, result.Wall)
		m[p50US], m[p99US], m[lateP99US] = us(result.Latency.P50), us(result.Latency.P99), us(result.Late.P99)
		if !r.direct() {
			m[cpuUS] = perUnit(used.cpu, result.Requests)
		}
		return m, nil
	}
}

// events measures the processor time of events at saturation.
func (h *harness) events(pace string) func(context.Context, *running, int) (map[string]float64, error) {
	return func(ctx context.Context, r *running, round int) (map[string]float64, error) {
		result, used, err := h.used(ctx, r, load.Command{
			Do: load.Streams, Connections: h.Connections, Warmup: h.Warmup, Duration: h.Duration, Seed: h.seed(round), Pace: pace, Events: h.Events,
		})
		if err != nil {
			return nil, err
		}
		cpu := map[string]float64{}
		if !r.direct() {
			cpu[cpuUS], cpu[busyShare] = perUnit(used.cpu, result.Events), float64(used.cpu)/float64(result.Wall)
		}
		if pace == load.Burst {
			return rename(cpu, map[string]string{cpuUS: burstCPUUS, busyShare: burstBusy}), nil
		}
		m := used.shares(r, result.Wall)
		m[eventsPerS] = float64(result.Events) / result.Wall.Seconds()
		maps.Copy(m, rename(cpu, map[string]string{cpuUS: eventCPUUS, busyShare: eventBusy}))
		return m, nil
	}
}

func rename(m map[string]float64, names map[string]string) map[string]float64 {
	out := map[string]float64{}
	for name, v := range m {
		out[names[name]] = v
	}
	return out
}

// delays measures how long events take when they come at a moderate pace.
func (h *harness) delays(ctx context.Context, r *running, round int) (map[string]float64, error) {
	result, _, err := h.used(ctx, r, load.Command{
		Do: load.Streams, Connections: h.Connections, Duration: 2 * h.Duration, Seed: h.seed(round), Pace: load.Paced, Events: h.Events, Interval: h.Interval,
	})
	if err != nil {
		return nil, err
	}
	return map[string]float64{delayP50US: us(result.Delay.P50), delayP99US: us(result.Delay.P99)}, nil
}

// open measures the memory of a process with many streams open: the most seen from the moment all are open to the end of the first. Every stream has an event a
// second, and the whole takes so many events.
func (h *harness) open(ctx context.Context, r *running, round int) (map[string]float64, error) {
	if r.direct() {
		return nil, nil
	}
	watch := &watch{pid: r.process.PID()}
	m := map[string]float64{}
	over := func() (err error) {
		if err = watch.stop(); err == nil && len(r.plugins) > 0 {
			m[instances], err = r.metric(ctx, "weir_plugin_instances")
		}
		return err
	}
	_, err := h.load.run(ctx, load.Command{
		Do: load.Hold, Addr: r.addr, Connections: h.Open, Seed: h.seed(round), Pace: load.Paced, Events: 4, Interval: h.Duration / 2,
	}, during{open: watch.start, over: over})
	watch.close()
	if err != nil {
		return nil, err
	}
	m[openMB] = float64(watch.most) / megabyte
	return m, nil
}

// resident is the memory of a peer in MB.
func (r *running) resident() (float64, error) {
	n, err := machine.Resident(r.process.PID())
	return float64(n) / megabyte, err
}
