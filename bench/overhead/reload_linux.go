package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"weir/bench/overhead/load"
	"weir/bench/overhead/machine"
)

// settle is how many reloads come before those that are counted: with them caches and pools fill, and the heap grows to the size at which it is collected.
func (h *harness) settle() int { return max(20, h.Reloads/5) }

// reload takes configurations into force that differ in the settings of a plugin, so that each makes the plugin anew, while requests come at the rate given.
// The load process ends the measurement with an error at the first request that is not answered as it should be.
func (h *harness) reload(ctx context.Context, r *running, round int) (map[string]float64, error) {
	var took []time.Duration
	var first extent
	settle := h.settle()
	for len(took) < settle+h.Reloads {
		limit := settle
		if len(took) >= settle {
			limit += h.Reloads
		}
		if err := h.reloadsUnderLoad(ctx, r, round, limit, &took); err != nil {
			return nil, fmt.Errorf("after %d reloads: %w", len(took), err)
		}
		if len(took) == settle {
			var err error
			if first, err = r.extent(ctx); err != nil {
				return nil, err
			}
		}
	}
	last, err := r.extent(ctx)
	if err != nil {
		return nil, err
	}
	took = took[settle:]
	slices.Sort(took)
	ms := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1e3 }
	return map[string]float64{
		reloadP50MS: ms(0.5), reloadP99MS: ms(0.99), grownMB: float64(last.resident-first.resident) / megabyte, grownHeapMB: (last.heap - first.heap) / megabyte,
		grownGoroutines:  last.goroutines - first.goroutines,
		grownDescriptors: last.descriptors - first.descriptors, grownInstances: last.instances - first.instances,
	}, nil
}

// reloadsUnderLoad does reloads while one measurement's requests come, until there are as many as limit.
func (h *harness) reloadsUnderLoad(ctx context.Context, r *running, round, limit int, took *[]time.Duration) error {
	reloading, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	done := make(chan struct{})
	begun := false
	over := func() error {
		cancel()
		if begun {
			<-done
		}
		return failed
	}
	c := load.Command{
		Do: load.Open, Addr: r.addr, Connections: 64, Size: h.Sizes[0], Warmup: h.Warmup, Duration: 2 * h.Duration, Rate: h.Rate, Seed: h.seed(round),
	}
	_, err := h.load.run(ctx, c, during{
		ready: func() error {
			begun = true
			go func() {
				defer close(done)
				for reloading.Err() == nil && len(*took) < limit {
					d, err := r.reconfigure(reloading)
					if err != nil {
						if reloading.Err() == nil {
							failed = err
						}
						return
					}
					*took = append(*took, d)
				}
			}()
			return nil
		},
		over: over,
	})
	return errors.Join(err, over())
}

// reconfigure writes a configuration with another revision of the first plugin's settings, and has it taken into force.
func (r *running) reconfigure(ctx context.Context) (time.Duration, error) {
	r.revision++
	// As editors and orchestrators do it: another file takes the name.
	path, err := r.write("weir.yaml.new", weirConfig(r.site))
	if err != nil {
		return 0, err
	}
	if err := os.Rename(path, filepath.Join(r.dir, "weir.yaml")); err != nil {
		return 0, err
	}
	begin := time.Now()
	_, err = r.ask(ctx, "POST", "/admin/v1/reload")
	return time.Since(begin), err
}

// An extent is what a process holds.
type extent struct {
	resident                           int64
	heap                               float64 // bytes that are reachable
	goroutines, descriptors, instances float64
}

// extent waits a moment, so that what is being closed is closed, and has garbage collected by the profile that is asked for.
func (r *running) extent(ctx context.Context) (e extent, err error) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return e, ctx.Err()
	case <-timer.C:
	}
	profile, err := r.ask(ctx, "GET", "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return e, err
	}
	if e.heap, err = heapOf(profile); err != nil {
		return e, err
	}
	profile, err = r.ask(ctx, "GET", "/debug/pprof/goroutine?debug=1")
	if err != nil {
		return e, err
	}
	if _, err := fmt.Sscanf(string(profile), "goroutine profile: total %g", &e.goroutines); err != nil {
		return e, fmt.Errorf("the profile of goroutines begins %.60q: %w", profile, err)
	}
	if e.instances, err = r.metric(ctx, "weir_plugin_instances"); err != nil {
		return e, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.process.PID()))
	if err != nil {
		return e, err
	}
	e.descriptors = float64(len(open))
	e.resident, err = machine.Resident(r.process.PID())
	return e, err
}

// heapOf reads what is reachable, in bytes, from a profile of the heap in text.
func heapOf(profile []byte) (float64, error) {
	for line := range bytes.Lines(profile) {
		if rest, ok := bytes.CutPrefix(line, []byte("# HeapAlloc = ")); ok {
			return strconv.ParseFloat(string(bytes.TrimSpace(rest)), 64)
		}
	}
	return 0, fmt.Errorf("the profile of the heap says nothing of its size: %.60q", profile)
}
