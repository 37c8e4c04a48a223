package main

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/config"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--quick", "--rounds", "5", "--sizes", "2KiB,1MiB,1500B", "--peers", "direct, bare", "--scenarios", "rate"}, nil)
	if err != nil || o.Rounds != 5 || o.Duration >= time.Second || !slices.Equal(o.Sizes, []int{2 << 10, 1 << 20, 1500}) ||
		!slices.Equal(o.Peers, []string{"direct", "bare"}) || !slices.Equal(o.Scenarios, []string{"rate"}) {
		t.Errorf("%+v, %v", o, err)
	}
	for _, n := range o.Sizes {
		if back, err := parseSize(sizeName(n)); err != nil || back != n {
			t.Errorf("%d is written %s and read %d, %v", n, sizeName(n), back, err)
		}
	}
	if o, err := parse(nil, nil); err != nil || o.Rounds != 15 || o.Rate != 1000 || len(o.Peers) != 7 || len(o.Sizes) != 3 {
		t.Errorf("%+v, %v", o, err)
	}
	for args, want := range map[string]string{
		"--bogus":                       "see --help",
		"bogus":                         `"bogus" is not a flag`,
		"--peers bare,apache":           `"apache" is none of bare, weir,`,
		"--peers bare,bare":             "bare is there twice",
		"--scenarios start,":            `"" is none of`,
		"--sizes 16":                    "no unit",
		"--sizes 0KiB":                  "not from 1KiB",
		"--sizes 5MiB":                  "not from 1KiB",
		"--sizes 512B":                  "not from 1KiB",
		"--sizes 99999999999999999MiB":  "not from 1KiB",
		"--rounds 0":                    "--rounds",
		"--rounds -1 --profile x":       "--rounds",
		"--duration 0s":                 "--duration",
		"--warmup 2m":                   "--warmup",
		"--rate 5":                      "--rate",
		"--rate NaN":                    "--rate",
		"--connections 0":               "--connections",
		"--events 3":                    "--events",
		"--interval 2s":                 "--interval",
		"--without tls":                 "--without",
		"--profile x --profile-time 1h": "--profile-time",
		"--open 9000":                   "--open",
		"--plugins x.wasm":              "give both or neither",
		"--peers weir-plugins":          "give both or neither",
		"--scenarios reload":            "add it to --peers",
		"--peers weir-plugins --plugins x.wasm --reloads 0": "--reloads",
	} {
		if _, err := parse(strings.Fields(args), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", args, err, want)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if _, err := parse([]string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, want := range slices.Concat([]string{"Examples", "exit code", "-rounds", "-profile DIR"}, allPeers, allScenarios) {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the help", want)
		}
	}
}

// filled are three rounds in which Weir costs 2, 3 and 4 µs more than bare, on a machine that gets slower and slower.
func filled() *samples {
	s := newSamples(3)
	for round, v := range []float64{20, 40, 80} {
		s.set(key{"bare", scenarioSaturation, 1 << 10, cpuUS}, round, v)
		s.set(key{"weir", scenarioSaturation, 1 << 10, cpuUS}, round, v+2+float64(round))
		s.set(key{"weir", scenarioStream, 0, delayP99US}, round, v+100)
		s.set(key{"direct", scenarioStream, 0, delayP99US}, round, v)
	}
	s.set(key{"weir", scenarioStart, 0, startMS}, 1, 100)
	return s
}

func TestJudge(t *testing.T) {
	t.Parallel()
	s := filled()
	s.derive()
	got := map[string]target{}
	for _, g := range judge(s) {
		got[g.Name] = g
	}
	want := []target{
		{"processor time of a request over bare", "weir", 1 << 10, "µs", 2.5, 3, false},
		{"delay of an event beyond direct's, p99", "weir", 0, "µs", 150, 100, true},
		{"start to first answer", "weir", 0, "ms", 100, 100, true},
	}
	if len(got) != len(want) {
		t.Errorf("got %+v", got)
	}
	for _, w := range want {
		if got[w.Name] != w {
			t.Errorf("got %+v, want %+v", got[w.Name], w)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	o, err := parse(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(o)
	r.summarize(filled())
	var order []string
	for _, f := range r.Figures {
		order = append(order, f.Peer+" "+f.Metric)
		if f.Peer == "weir" && f.Metric == cpuUS && (f.OverBare == nil || f.OverBare.Difference.Median != 3 || math.Abs(f.OverBare.Ratio.Median-1.075) > 1e-9) {
			t.Errorf("%+v", f)
		}
		if f.Metric == startMS && (f.N != 1 || f.OverBare != nil) {
			t.Errorf("%+v", f)
		}
	}
	if want := []string{"weir start_ms", "bare cpu_us", "weir cpu_us", "weir delay_p99_us", "direct delay_p99_us", "weir added_p99_us"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	r.Errors = []string{"round 1 went wrong"}
	var out bytes.Buffer
	r.print(&out)
	for _, want := range []string{"43.0", "+3.00", "2.50..3.50", "1.07×", "MISSED", "met", "ERROR round 1 went wrong"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

// Weir must take the configuration it is measured with.
func TestWeirConfig(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), addr: "127.0.0.1:1234", admin: "127.0.0.1:1235", upstream: "127.0.0.1:1236"}
	load := func() *config.Config {
		path, err := s.write("weir.yaml", weirConfig(s))
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load()
	if len(c.Targets) != 1 || c.Records != nil || !*c.Signals || len(c.Phrases) != 1 || len(c.Phrases["bench"].List) != 50 || c.Prefix.Seen == 0 {
		t.Errorf("%+v", c)
	}
	s.without = []string{"signals", "phrases", "prefix"}
	if c := load(); *c.Signals || len(c.Phrases) > 0 || c.Prefix.Seen != 0 || len(c.Plugins) > 0 {
		t.Errorf("%+v", c)
	}
	for _, name := range []string{"one module.wasm", "two.wasm"} {
		path, err := s.write(name, "")
		if err != nil {
			t.Fatal(err)
		}
		s.plugins = append(s.plugins, path)
	}
	s.cache, s.revision = "/cache", 7
	c = load()
	if len(c.Plugins) != 2 || c.Plugins["p1"].Module != s.plugins[0] || string(c.Plugins["p1"].Config.JSON()) != `{"version":7}` ||
		!slices.Equal(c.Policies["default"].Before, []string{"p1", "p2"}) || c.CacheDir != "/cache" {
		t.Errorf("%+v", c)
	}
}
