package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"weir/bench/overhead/source"
	"weir/bench/overhead/stat"
)

// sidecarGroups are measured through the built binary, by bench/overhead: it knows how to start a proxy and how to load one.
var sidecarGroups = []string{"request", "streams", "reload"}

// What bench/overhead prints with --json, as far as it is needed here.
type overhead struct {
	Figures []overheadFigure `json:"figures"`
	Errors  []string         `json:"errors"`
}

type overheadFigure struct {
	Peer   string `json:"peer"`
	Metric string `json:"metric"`
	stat.Summary
	OverBare *struct {
		Ratio stat.Summary `json:"ratio"`
	} `json:"over_bare"`
}

// A requested is a figure of bench/overhead that goes into the report.
type requested struct{ peer, metric string }

// overhead runs bench/overhead with the plugins given, and notes the figures wanted. Errors of its rounds are errors of the report.
func (b *bench) overhead(ctx context.Context, group string, plugins []string, wanted []requested, args ...string) (*overhead, error) {
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	var modules []string
	for _, name := range plugins {
		modules = append(modules, b.guestPath(name))
	}
	args = append(args, "--json", "--weir", b.Weir, "--plugins", strings.Join(modules, ","), "--seed", strconv.FormatUint(b.Seed, 10))
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, "overhead"), args...) // #nosec G204 -- built here
	cmd.WaitDelay = 10 * time.Second                                           // for it to end what it started
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	failed := cmd.Run()
	r := &overhead{}
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		return nil, fmt.Errorf("%w: %w; bench/overhead printed %.2000s", failed, err, messages.String())
	}
	for _, e := range r.Errors {
		b.Errors = append(b.Errors, group+": "+e)
	}
	if failed != nil && len(r.Errors) == 0 {
		return nil, fmt.Errorf("bench/overhead: %w", failed)
	}
	for _, w := range wanted {
		if f := r.find(w.peer, w.metric); f != nil {
			b.Figures = append(b.Figures, f.as(group))
		}
	}
	return r, nil
}

// as is the figure in the report of this run.
func (f *overheadFigure) as(group string) figure {
	out := figure{Group: group, Case: f.Peer, Metric: f.Metric, Summary: f.Summary}
	if f.OverBare != nil && !strings.HasSuffix(f.Metric, "_share") {
		out.To = &comparison{Case: "bare", Ratio: f.OverBare.Ratio}
	}
	return out
}

func (r *overhead) find(peer, metric string) *overheadFigure {
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Peer == peer && f.Metric == metric {
			return f
		}
	}
	return nil
}

// median is NaN of what was not measured.
func (r *overhead) median(peer, metric string) float64 {
	if f := r.find(peer, metric); f != nil {
		return f.Median
	}
	return math.NaN()
}

// build builds bench/overhead and the sidecar, once.
func (b *bench) build(ctx context.Context) error {
	if b.built {
		return nil
	}
	if err := source.Build(ctx, b.root, "./bench/overhead", "", filepath.Join(b.dir, "overhead")); err != nil {
		return err
	}
	if b.Weir == "" {
		fmt.Fprintln(b.progress, "build weir, GOEXPERIMENT=\"simd\"")
		out := filepath.Join(b.dir, "weir")
		if err := source.Build(ctx, b.root, "./cmd/weir", "simd", out); err != nil {
			return err
		}
		b.Weir = out
	}
	b.built = true
	return nil
}

// sidecarRounds are fewer: each takes a second.
func (b *bench) sidecarRounds() string { return strconv.Itoa(max(1, b.Rounds/3)) }

// pace is how long each measurement of bench/overhead lasts.
func (b *bench) pace() []string {
	if b.Quick {
		return []string{"--duration", "100ms", "--warmup", "50ms"}
	}
	return []string{"--duration", "300ms", "--warmup", "150ms"}
}

// request measures the processor time of a request at saturation.
func (b *bench) request(ctx context.Context) error {
	wanted := []requested{{"bare", "cpu_us"}, {"weir", "cpu_us"}, {"weir-plugins", "cpu_us"}, {"weir", "waited_share"}, {"weir-plugins", "waited_share"}}
	r, err := b.overhead(ctx, "request", []string{"noop", "noop", "noop"}, wanted,
		append(b.pace(), "--scenarios", "saturation", "--peers", "bare,weir,weir-plugins", "--sizes", "1KiB", "--rounds", b.sidecarRounds())...)
	if err != nil {
		return err
	}
	f := r.find("weir-plugins", "cpu_us")
	if f == nil || f.OverBare == nil {
		return errors.New("bench/overhead did not measure it")
	}
	b.aim("request", "processor time with three plugins, to the bare proxy's", "×", 1.25, f.OverBare.Ratio.Median)
	return nil
}

// streams measures the memory of open streams with a plugin that holds text back.
func (b *bench) streams(ctx context.Context) error {
	rounds := "3"
	if b.Quick {
		rounds = "1"
	}
	wanted := []requested{{"weir", "idle_mb"}, {"weir", "open_mb"}, {"weir-plugins", "idle_mb"}, {"weir-plugins", "open_mb"}, {"weir-plugins", "instances"}}
	// Half the duration is the time between two events of a stream: an event a second.
	r, err := b.overhead(ctx, "streams", []string{"hold"}, wanted,
		"--scenarios", "start,open", "--peers", "weir,weir-plugins", "--sizes", "1KiB", "--open", strconv.Itoa(b.Streams), "--duration", "2s", "--rounds", rounds)
	if err != nil {
		return err
	}
	each := func(peer string) float64 {
		return (r.median(peer, "open_mb") - r.median(peer, "idle_mb")) * 1e3 / float64(b.Streams)
	}
	b.figure("streams", "weir", "stream_kb", []float64{each("weir")})
	b.figure("streams", "weir-plugins", "stream_kb", []float64{each("weir-plugins")})
	b.aim("streams", fmt.Sprintf("instances for %d streams", b.Streams), "instances", 16, r.median("weir-plugins", "instances"))
	b.aim("streams", "memory of a stream, all of it", "kB", 40, each("weir-plugins"))
	return nil
}

// reload measures what reloads do to requests, and what they leave behind.
func (b *bench) reload(ctx context.Context) error {
	var wanted []requested
	for _, metric := range []string{"reload_p50_ms", "reload_p99_ms", "grown_mb", "grown_heap_mb", "grown_goroutines", "grown_descriptors", "grown_instances"} {
		wanted = append(wanted, requested{"weir-plugins", metric})
	}
	before := len(b.Errors)
	r, err := b.overhead(ctx, "reload", []string{"noop", "noop"}, wanted,
		"--scenarios", "reload", "--peers", "weir-plugins", "--sizes", "1KiB", "--reloads", strconv.Itoa(b.Reloads), "--rounds", "1")
	if err != nil {
		return err
	}
	b.aim("reload", fmt.Sprintf("requests that failed during %d reloads", b.Reloads), "failures", 0, float64(len(b.Errors)-before))
	b.aim("reload", "growth of the reachable heap", "MB", 1, r.median("weir-plugins", "grown_heap_mb"))
	b.aim("reload", "growth of resident memory", "MB", 10, r.median("weir-plugins", "grown_mb"))
	b.aim("reload", "growth of goroutines", "goroutines", 10, r.median("weir-plugins", "grown_goroutines"))
	b.aim("reload", "growth of descriptors", "descriptors", 10, r.median("weir-plugins", "grown_descriptors"))
	b.aim("reload", "growth of instances", "instances", 2, r.median("weir-plugins", "grown_instances"))
	return nil
}
