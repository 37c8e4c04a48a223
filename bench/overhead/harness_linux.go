package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"weir/bench/overhead/machine"
	"weir/bench/overhead/stat"
)

// A harness is one run.
type harness struct {
	*options
	dir      string // temporary
	progress io.Writer
	spawner  *machine.Spawner
	load     *session
	proxyCPU []int // one, where there are two or more
	loadCPU  []int
	peers    []*peer
	samples  *samples
	faults   []string
}

// measure is the whole of a run.
func measure(ctx context.Context, o *options, progress io.Writer) (_ *report, err error) {
	h := &harness{options: o, progress: progress, samples: newSamples(o.Rounds)}
	if h.dir, err = os.MkdirTemp("", "weir-overhead-"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(h.dir) }()
	rep := newReport(o)
	if err := h.pin(); err != nil {
		return nil, err
	}
	if err := h.prepare(ctx, rep); err != nil {
		return nil, err
	}
	h.spawner = machine.NewSpawner()
	defer h.spawner.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if h.load, err = openSession(ctx, h.spawner, self, h.loadCPU, os.Stderr); err != nil {
		return nil, fmt.Errorf("start the load process: %w", err)
	}
	defer func() { err = errors.Join(err, h.load.Close()) }()
	rep.describe(h)
	for round := range o.Rounds {
		if err := h.round(ctx, round); err != nil {
			return nil, err
		}
	}
	if o.Profile != "" {
		if err := h.profile(ctx); err != nil {
			return nil, err
		}
	}
	rep.fill(h)
	return rep, nil
}

// pin gives the proxy a processor of its own.
func (h *harness) pin() error {
	cpus, err := machine.CPUs()
	if err != nil {
		return err
	}
	if len(cpus) > 1 {
		h.proxyCPU, h.loadCPU = cpus[len(cpus)-1:], cpus[:1]
	}
	return nil
}

// prepare finds or builds the peers.
func (h *harness) prepare(ctx context.Context, rep *report) error {
	binaries := map[string]string{"weir": h.Weir, "weir-portable": h.WeirPortable}
	for name, experiment := range map[string]string{"weir": "simd", "weir-portable": ""} {
		wanted := slices.Contains(h.Peers, name) || name == "weir" && slices.Contains(h.Peers, peerPlugins)
		if !wanted || binaries[name] != "" {
			continue
		}
		var err error
		if binaries[name], err = build(ctx, h.dir, experiment, h.progress); err != nil {
			return err
		}
	}
	binaries[peerPlugins] = binaries["weir"]
	self, err := os.Executable()
	if err != nil {
		return err
	}
	h.peers, rep.Skipped = findPeers(h.Peers, self, binaries)
	for name, why := range rep.Skipped {
		fmt.Fprintf(h.progress, "skip %s: %s\n", name, why)
	}
	return nil
}

// seed differs from round to round, and is the same for all peers of one.
func (h *harness) seed(round int) uint64 { return h.Seed<<16 + uint64(round) } // #nosec G115 -- not below 0

// round starts every peer anew and takes it through every cell. Processes differ from start to start in where their memory lies, so that figures of one process
// would have a bias which no number of repetitions shows.
func (h *harness) round(ctx context.Context, round int) (err error) {
	var up []*running
	defer func() {
		for _, r := range up {
			err = errors.Join(err, r.stop())
		}
	}()
	for _, p := range stat.Rotated(h.peers, round) {
		r, err := h.launch(ctx, p)
		if over := final(ctx, err); over != nil {
			return over
		}
		if err != nil {
			h.fault(round, p, scenarioStart, 0, err)
			continue
		}
		up = append(up, r)
		if err := h.atStart(r, round); err != nil {
			h.fault(round, p, scenarioStart, 0, err)
		}
	}
	for _, c := range h.cells() {
		fmt.Fprintf(h.progress, "round %d of %d: %s %s\n", round+1, h.Rounds, c.scenario, sizeName(c.size))
		for i, r := range up {
			if r == nil {
				continue
			}
			if up[i], err = h.take(ctx, c, r, round); err != nil {
				return err
			}
		}
		up = slices.DeleteFunc(up, func(r *running) bool { return r == nil })
	}
	if slices.Contains(h.Scenarios, scenarioOpen) {
		if err := h.aloneRound(ctx, round, cell{scenarioOpen, 0, h.open}); err != nil {
			return err
		}
	}
	if slices.Contains(h.Scenarios, scenarioReload) {
		return h.aloneRound(ctx, round, cell{scenarioReload, h.Sizes[0], h.reload})
	}
	return nil
}

// take measures one cell of one peer. A peer that fails is stopped, and out for the rest of the round: then it returns nil. An error is the end of the run.
func (h *harness) take(ctx context.Context, c cell, r *running, round int) (*running, error) {
	m, err := c.measure(ctx, r, round)
	if over := final(ctx, err); over != nil {
		return r, over
	}
	if err != nil {
		h.fault(round, r.peer, c.scenario, c.size, r.post(err))
		return nil, nil
	}
	for metric, v := range m {
		h.samples.set(key{r.name, c.scenario, c.size, metric}, round, v)
	}
	return r, nil
}

// final returns the error that ends the run, nil when others can still be measured.
func final(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errLoad):
		return err
	}
	return nil
}

// atStart notes what the start itself tells.
func (h *harness) atStart(r *running, round int) error {
	if r.direct() || !slices.Contains(h.Scenarios, scenarioStart) {
		return nil
	}
	h.samples.set(key{r.name, scenarioStart, 0, startMS}, round, r.start.Seconds()*1e3)
	mb, err := r.resident()
	if err != nil {
		return err
	}
	h.samples.set(key{r.name, scenarioStart, 0, idleMB}, round, mb)
	return nil
}

// aloneRound measures a cell in new processes, one after the other: one that has been saturated keeps memory of that.
func (h *harness) aloneRound(ctx context.Context, round int, c cell) error {
	fmt.Fprintf(h.progress, "round %d of %d: %s\n", round+1, h.Rounds, c.scenario)
	for _, p := range stat.Rotated(h.peers, round) {
		if p.direct() || c.scenario == scenarioReload && p.name != peerPlugins {
			continue
		}
		r, err := h.launch(ctx, p)
		if err == nil {
			r, err = h.take(ctx, c, r, round)
			if err != nil {
				return err
			}
			if r != nil {
				err = r.stop()
			}
		}
		if over := final(ctx, err); over != nil {
			return over
		}
		if err != nil {
			h.fault(round, p, c.scenario, c.size, err)
		}
	}
	return nil
}

func (h *harness) fault(round int, p *peer, scenario string, size int, err error) {
	text := strings.TrimSpace(fmt.Sprintf("round %d, %s, %s %s", round+1, p.name, scenario, sizeName(size))) + ": " + err.Error()
	h.faults = append(h.faults, text)
	fmt.Fprintln(h.progress, "ERROR", text)
}
