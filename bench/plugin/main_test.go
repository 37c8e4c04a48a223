package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSmoke runs every group that runs in this process, very short. It is not parallel: kill and gc look at the whole process.
func TestSmoke(t *testing.T) {
	var stdout, stderr bytes.Buffer
	groups := "call,fuel,kill,gc,chain,memo"
	ok, err := run(t.Context(), []string{"--json", "--only", groups, "--rounds", "2", "--sample", "200us", "--kills", "2", "--collections", "2"}, &stdout, &stderr)
	if err != nil || !ok {
		t.Fatalf("%t, %v: %s", ok, err, &stderr)
	}
	var r report
	dec := json.NewDecoder(&stdout)
	if err := dec.Decode(&r); err != nil || dec.More() {
		t.Fatalf("standard output holds more or less than one object: %v", err)
	}
	if r.Bench != "plugin" || len(r.Errors) > 0 || len(r.Aims) != 12 || r.Machine.Go == "" || r.Settings.Rounds != 2 {
		t.Errorf("%q, %d aims, %+v, %+v", r.Errors, len(r.Aims), r.Settings, r.Machine)
	}
	for _, want := range []struct {
		group, name, metric, to string
		n                       int
	}{
		{"call", "weir", "call_ns", "", 2}, {"call", "wazero", "call_ns", "weir", 2}, {"call", "wazero, interruptible", "call_ns", "weir", 2},
		{"call", "http-wasm", "call_ns", "weir", 2}, {"fuel", "scan-simd plain", "call_ns", "", 2}, {"fuel", "scan metered", "call_ns", "plain", 2},
		{"fuel", "fib interruptible", "call_ns", "plain", 2}, {"kill", "loop-request", "late_p99_ms", "", 1}, {"kill", "recursion-direct", "host_stack_kib", "", 1},
		{"kill", "loop-start", "late_max_ms", "", 1}, {"gc", "memory-fill", "stopping_p99_us", "", 1}, {"chain", "three plugins", "request_ns", "", 2},
		{"memo", "turn 20", "request_ns", "new message alone", 2},
	} {
		i := slices.IndexFunc(r.Figures, func(f figure) bool { return f.Group == want.group && f.Case == want.name && f.Metric == want.metric })
		if i < 0 {
			t.Errorf("no figure %+v", want)
			continue
		}
		f := r.Figures[i]
		if f.N != want.n || f.Min > f.Median || f.Median > f.Max || (f.To != nil) != (want.to != "") || f.To != nil && (f.To.Case != want.to || f.To.Ratio.Median <= 0) {
			t.Errorf("%+v: %+v", want, f)
		}
	}
	for _, a := range r.Aims {
		if a.Met != (a.Got <= a.Wanted) || a.Unit == "allocations" && !a.Met && !raceEnabled {
			t.Errorf("%+v", a)
		}
	}
	for _, want := range []string{"AIMS", "call:", "memo:", "quartiles"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %s in the tables", want)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--quick", "--rounds", "5", "--only", "memo, call"}, nil)
	if err != nil || o.Rounds != 5 || o.Kills >= 200 || o.Sample >= 10*time.Millisecond || !slices.Equal(o.Only, []string{"memo", "call"}) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parse(nil, nil); err != nil || len(o.Only) != 9 || o.Streams != 5000 || o.Reloads != 1000 {
		t.Errorf("%+v, %v", o, err)
	}
	for args, want := range map[string]string{
		"--bogus": "see --help", "bogus": "is not a flag", "--only call,x": `"x" is none of call,`, "--only call,call": "is there twice", "--rounds 0": "--rounds",
		"--sample 1us": "--sample", "--kills 0": "--kills", "--collections 0": "--collections", "--reloads -1": "--reloads", "--streams 9000": "--streams",
	} {
		if _, err := parse(strings.Fields(args), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", args, err, want)
		}
	}
	var out bytes.Buffer
	if _, err := parse([]string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, want := range append(groupNames(), "Examples", "exit code", "-check") {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the help", want)
		}
	}
}

// An aim that is missed is the exit code's business with --check alone; one that is not known is none.
func TestReport(t *testing.T) {
	t.Parallel()
	b := &bench{options: &options{}, report: newReport(&options{Only: []string{"call"}})}
	b.figure("call", "weir", "call_ns", []float64{200, 220, math.NaN()})
	b.figure("call", "wazero", "call_ns", []float64{100, 220})
	if ratio := b.compare("weir", []float64{100, 220}, []float64{200, 220}); ratio != 0.75 {
		t.Errorf("ratio %v", ratio)
	}
	b.Waited["call"] = 0.5
	b.figure("kill", "one", "late_p99_ms", []float64{1.25})
	b.aim("call", "a call", "ns", 250, 210)
	b.aim("call", "another", "ns", 200, 210)
	b.aim("call", "unknown", "ns", 200, math.NaN())
	b.Errors = append(b.Errors, "something went wrong")
	var out bytes.Buffer
	b.print(&out)
	for _, want := range []string{"0.75× weir", "met", "MISSED", "ERROR something went wrong", "1.25", "205..215", "50 %"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
	if len(b.Aims) != 2 || !b.Aims[0].Met || b.Aims[1].Met {
		t.Errorf("%+v", b.Aims)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	buckets := []float64{0, 1, 2, 4, 8}
	sum := metrics.Float64Histogram{}
	if q := quantile(&sum, 0.5); !math.IsNaN(q) {
		t.Errorf("of nothing: %v", q)
	}
	add(&sum, &metrics.Float64Histogram{Counts: []uint64{5, 0, 1, 0}, Buckets: buckets}, &metrics.Float64Histogram{Counts: []uint64{5, 90, 10, 1}, Buckets: buckets})
	for q, want := range map[float64]float64{0: 2, 0.5: 2, 0.9: 2, 0.95: 4, 0.99: 4, 1: 8} {
		if got := quantile(&sum, q); got != want {
			t.Errorf("%v: got %v, want %v", q, got, want)
		}
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1 << 10, 16 << 10} {
		f := textOf(1, size)
		if f.Size() != size {
			t.Errorf("%d bytes, want %d", f.Size(), size)
		}
		dst := make([]byte, size)
		f.Encode(dst)
		in, err := frame.Read(dst)
		if err != nil || in.Hook() != abi.HookRequest {
			t.Errorf("%v", err)
		}
	}
}

// What bench/overhead printed is read, whatever its exit code.
func TestOverheadFigures(t *testing.T) {
	t.Parallel()
	r := &overhead{}
	text := `{"figures":[{"peer":"bare","metric":"cpu_us","median":20,"n":3},{"peer":"weir-plugins","metric":"cpu_us","median":25,"n":3,"over_bare":{"ratio":{"median":1.25,"n":3}}}]}`
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	f := r.find("weir-plugins", "cpu_us").as("request")
	if f.Group != "request" || f.Case != "weir-plugins" || f.Median != 25 || f.To == nil || f.To.Case != "bare" || f.To.Ratio.Median != 1.25 {
		t.Errorf("%+v", f)
	}
	if v := r.median("weir", "cpu_us"); !math.IsNaN(v) || r.median("bare", "cpu_us") != 20 {
		t.Errorf("%v", v)
	}
}

// The committed module is what its source makes, where the compiler is installed.
func TestJudgeIsBuiltFromItsSource(t *testing.T) {
	t.Parallel()
	version, err := exec.Command("clang-19", "--version").Output()
	if err != nil || !bytes.Contains(version, []byte("19.1.7")) {
		t.Skip("clang-19 19.1.7 is not installed")
	}
	out := filepath.Join(t.TempDir(), "judge.wasm")
	if text, err := exec.Command("judge/build.sh", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	built, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(built, judge) {
		t.Errorf("judge.wasm differs from what judge.c makes: run judge/build.sh (%v)", err)
	}
}

// Only what is made while the function runs counts.
func TestLargestStack(t *testing.T) {
	wasm, err := os.ReadFile("../../testdata/guests/hostile/recursion-direct.wasm")
	if err != nil {
		t.Fatal(err)
	}
	pools, err := openPools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pools.close()
	p, err := pools.plugin(t.Context(), "recursion", wasm, plugin.Limits{Deadline: time.Minute, Wait: time.Minute, Start: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	kib, err := largestStack(func() error { return killCall(t.Context(), p.For("a"), nil) })
	if err != nil || kib < 20 || kib > 1024 {
		t.Errorf("%v KiB, %v", kib, err)
	}
	if kib, err := largestStack(func() error { return nil }); kib != 0 || err != nil {
		t.Errorf("of nothing: %v KiB, %v", kib, err)
	}
}
