package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/bench/overhead/machine"
)

// TestMain lets the harness run this test binary as its children.
func TestMain(m *testing.M) {
	if isRole(os.Args[1:]) {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// TestSmoke runs every scenario, short, through the peers that need no building, as processes of their own.
func TestSmoke(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	ok, err := run(t.Context(), []string{
		"--json", "--peers", "bare,nethttp,direct", "--rounds", "2", "--duration", "20ms", "--warmup", "1ms", "--sizes", "1KiB,16KiB",
		"--connections", "8", "--open", "40", "--events", "8", "--interval", "1ms",
	}, &stdout, &stderr)
	if err != nil || !ok {
		t.Fatalf("%t, %v: %s", ok, err, &stderr)
	}
	var r report
	dec := json.NewDecoder(&stdout)
	if err := dec.Decode(&r); err != nil || dec.More() {
		t.Fatalf("standard output holds more or less than one object: %v", err)
	}
	if len(r.Errors) > 0 || len(r.Peers) != 3 || r.Machine.Kernel == "" || r.Settings.Rounds != 2 {
		t.Errorf("%+v", r)
	}
	for _, want := range []key{
		{"bare", scenarioStart, 0, startMS}, {"nethttp", scenarioStart, 0, idleMB},
		{"bare", scenarioSaturation, 1 << 10, cpuUS}, {"nethttp", scenarioSaturation, 16 << 10, requestsPerS}, {"direct", scenarioSaturation, 1 << 10, requestsPerS},
		{"bare", scenarioRate, 1 << 10, p99US}, {"direct", scenarioRate, 16 << 10, p50US}, {"bare", scenarioRate, 16 << 10, cpuUS},
		{"bare", scenarioStream, 0, eventCPUUS}, {"nethttp", scenarioStream, 0, burstCPUUS}, {"bare", scenarioStream, 0, addedP99US}, {"direct", scenarioStream, 0, delayP50US},
		{"bare", scenarioOpen, 0, openMB},
	} {
		i := slices.IndexFunc(r.Figures, func(f figure) bool {
			return f.Peer == want.Peer && f.Scenario == want.Scenario && f.Size == want.Size && f.Metric == want.Metric
		})
		if i < 0 {
			t.Errorf("no figure %+v", want)
			continue
		}
		f := r.Figures[i]
		positive := f.Min > 0 || want.Metric == addedP99US
		if f.N != 2 || !positive || f.Min > f.Median || f.Median > f.Max || (f.OverBare != nil) != (f.Peer != "bare") {
			t.Errorf("%+v: %+v", want, f)
		}
	}
	for _, want := range []string{"SATURATION", "RATE", "STREAM", "OPEN", "START", "16KiB", "nethttp"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %s in the tables", want)
		}
	}
}

// A peer that cannot run is an error of the round, and of the exit code; the others are measured all the same. Here the peer is a program that answers nothing.
func TestPeerFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "weir")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho no such key >&2\nexit 3\n"), 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
	o, err := parse([]string{"--peers", "weir,direct", "--weir", broken, "--scenarios", "saturation", "--sizes", "1KiB", "--rounds", "1", "--duration", "20ms"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var progress bytes.Buffer
	r, err := measure(t.Context(), o, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "round 1, weir, start") || !strings.Contains(r.Errors[0], "no such key") {
		t.Errorf("errors %q", r.Errors)
	}
	if !slices.ContainsFunc(r.Figures, func(f figure) bool { return f.Peer == "direct" && f.Metric == requestsPerS }) {
		t.Errorf("the other peer was not measured: %+v", r.Figures)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	o, err := parse([]string{"--peers", "bare,direct", "--duration", "1m", "--warmup", "0s"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	why := fmt.Errorf("stopped by somebody")
	begun := time.AfterFunc(300*time.Millisecond, func() { cancel(why) })
	defer begun.Stop()
	if _, err := measure(ctx, o, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), why.Error()) {
		t.Errorf("got %v", err)
	}
}

// Without the load process there is nothing left to do; the run must end, and say so.
func TestLoadDies(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--peers", "direct", "--duration", "1m", "--warmup", "0s"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{options: o, progress: io.Discard, samples: newSamples(1), dir: t.TempDir(), peers: []*peer{{name: "direct"}}, spawner: machine.NewSpawner()}
	defer h.spawner.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if h.load, err = openSession(t.Context(), h.spawner, self, nil, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := h.load.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.round(t.Context(), 0); !errors.Is(err, errLoad) {
		t.Errorf("got %v", err)
	}
}
