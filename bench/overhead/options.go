package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	allPeers     = []string{"bare", "weir", "weir-portable", peerPlugins, "nginx", "haproxy", "nethttp", "direct"}
	allScenarios = []string{scenarioStart, scenarioSaturation, scenarioRate, scenarioStream, scenarioOpen, scenarioReload}
)

// peerPlugins is Weir with the plugins of --plugins. It and scenarioReload, which is about it, take part only when they are asked for.
const peerPlugins = "weir-plugins"

// unless are all but one.
func unless(all []string, one string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one }), ",")
}

// options are the command line.
type options struct {
	JSON, Quick, Check bool
	Peers, Scenarios   []string
	Without            []string // Weir: what is switched off
	Plugins            []string // of peerPlugins: modules
	Sizes              []int    // of request bodies, bytes
	Rounds             int
	Duration           time.Duration // of one measurement
	Warmup             time.Duration
	Rate               float64
	Connections        int // saturation and streams
	Open               int // streams open at once
	Reloads            int // of scenario reload
	Events             int // of a stream
	Interval           time.Duration
	Seed               uint64
	Weir, WeirPortable string
	Profile            string
	ProfileTime        time.Duration
}

const helpText = `Usage: go run ./bench/overhead [flags]

Measures what Weir costs a request, beside other proxies on the same machine in the same run: each round measures every peer once, in an order that rotates.
The proxy has one processor; clients and upstream, one process, have another.

Scenarios (--scenarios)
  start       milliseconds from exec to the first answer; memory of the idle process
  saturation  32 connections in a closed loop: processor time a request, requests a second
  rate        1,000 requests a second at random times (Poisson): latency from the time a request was to be sent
  stream      answers of 64 events: processor time an event when saturated, delay of each event at a moderate pace
  open        memory with 1,000 streams open
  reload      a configuration with another plugin, taken into force again and again under load; when asked for

Peers (--peers)
  bare           a bare fasthttp reverse proxy, the yardstick (bench/overhead/bare)
  weir           built from this repository with GOEXPERIMENT=simd, or the binary of --weir
  weir-portable  the same built without, or the binary of --weir-portable
  weir-plugins   the same as weir, with the plugins of --plugins run for every request; when asked for
  nginx haproxy  where they are installed
  nethttp        the standard library's httputil.ReverseProxy
  direct         no proxy: what the harness itself takes

Examples
  go run ./bench/overhead                                          everything; about half an hour
  go run ./bench/overhead --quick                                  everything, in about a minute; figures for orientation
  go run ./bench/overhead --scenarios saturation --peers bare,weir --rounds 7
  go run ./bench/overhead --peers weir --rounds 0 --profile /tmp/p --sizes 16KiB
  go run ./bench/overhead --json > overhead.json                   one object on standard output, tables on standard error

The exit code is 0 when everything was measured without an error, 1 when not, and with --check also 1 when a target is missed.

Flags
`

// parse reads the command line. flag.ErrHelp means that the help was asked for and printed.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	var peers, scenarios, sizes, without, plugins string
	f := flag.NewFlagSet("overhead", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.JSON, "json", false, "print one JSON object on standard output (schema: bench/README.md); tables go to standard error either way")
	f.BoolVar(&o.Quick, "quick", false, "few and short rounds; flags given beside it win")
	f.BoolVar(&o.Check, "check", false, "exit with 1 when a target is missed")
	f.StringVar(&peers, "peers", unless(allPeers, peerPlugins), "`LIST` of peers")
	f.StringVar(&scenarios, "scenarios", unless(allScenarios, scenarioReload), "`LIST` of scenarios")
	f.StringVar(&sizes, "sizes", "1KiB,16KiB,128KiB", "`LIST` of request body sizes, 1KiB to 4MiB")
	f.IntVar(&o.Rounds, "rounds", 15, "rounds; 0 with --profile takes profiles alone")
	f.DurationVar(&o.Duration, "duration", time.Second, "length of one measurement; those of latency and of open streams take twice as long")
	f.DurationVar(&o.Warmup, "warmup", 250*time.Millisecond, "load before each measurement")
	f.Float64Var(&o.Rate, "rate", 1000, "requests a second of scenario rate")
	f.IntVar(&o.Connections, "connections", 32, "client connections at saturation, and streams at a time")
	f.IntVar(&o.Open, "open", 1000, "streams of scenario open")
	f.IntVar(&o.Reloads, "reloads", 100, "reloads of scenario reload, in each round")
	f.IntVar(&o.Events, "events", 64, "events of a stream, 4 at least")
	f.DurationVar(&o.Interval, "interval", 20*time.Millisecond, "time between two events of a stream whose delays are measured")
	f.Uint64Var(&o.Seed, "seed", 1, "seed of bodies and of sending times")
	f.StringVar(&o.Weir, "weir", "", "`BINARY` of peer weir (default: built from the repository)")
	f.StringVar(&o.WeirPortable, "weir-portable", "", "`BINARY` of peer weir-portable (default: built from the repository)")
	f.StringVar(&without, "without", "", "`LIST` of what Weir is measured without: signals, phrases, prefix")
	f.StringVar(&plugins, "plugins", "", "`LIST` of modules (.wasm files) that peer weir-plugins runs for every request, in this order")
	f.StringVar(&o.Profile, "profile", "", "`DIR` for CPU profiles of the peers weir and weir-portable at saturation, one a size, taken after the rounds")
	f.DurationVar(&o.ProfileTime, "profile-time", 5*time.Second, "length of a profile")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, helpText)
			f.SetOutput(out)
			f.PrintDefaults()
			return nil, flag.ErrHelp
		}
		return nil, fmt.Errorf("%w; see --help", err)
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag; see --help", f.Arg(0))
	}
	given := map[string]bool{}
	f.Visit(func(one *flag.Flag) { given[one.Name] = true })
	o.hurry(given)
	if without != "" {
		var err error
		if o.Without, err = choose("--without", without, []string{"signals", "phrases", "prefix"}); err != nil {
			return nil, err
		}
	}
	if plugins != "" {
		o.Plugins = strings.Split(plugins, ",")
	}
	if err := o.complete(peers, scenarios, sizes); err != nil {
		return nil, err
	}
	return o, nil
}

// hurry shortens what --quick stands for.
func (o *options) hurry(given map[string]bool) {
	if !o.Quick {
		return
	}
	if !given["rounds"] {
		o.Rounds = 3
	}
	if !given["duration"] {
		o.Duration = 100 * time.Millisecond
	}
	if !given["warmup"] {
		o.Warmup = 50 * time.Millisecond
	}
	if !given["interval"] {
		o.Interval = 4 * time.Millisecond
	}
}

// complete checks what was given.
func (o *options) complete(peers, scenarios, sizes string) (err error) {
	if o.Peers, err = choose("--peers", peers, allPeers); err != nil {
		return err
	}
	if o.Scenarios, err = choose("--scenarios", scenarios, allScenarios); err != nil {
		return err
	}
	for s := range strings.SplitSeq(sizes, ",") {
		n, err := parseSize(s)
		if err != nil {
			return fmt.Errorf("--sizes: %w", err)
		}
		o.Sizes = append(o.Sizes, n)
	}
	switch {
	case o.Rounds < 0 || o.Rounds == 0 && o.Profile == "":
		return errors.New("--rounds must be 1 or more, or 0 with --profile")
	case o.Duration <= 0 || o.Duration > time.Minute || o.Warmup < 0 || o.Warmup > time.Minute:
		return errors.New("--duration must be above 0, --warmup not below, and both at most 1m")
	case !(o.Rate*o.Duration.Seconds() >= 10 && o.Rate <= 1e6):
		return errors.New("--rate must give 10 requests or more within --duration, and be at most 1000000")
	case o.Connections < 1 || o.Connections > 4096 || o.Open < 1 || o.Open > 8192:
		return errors.New("--connections must be from 1 to 4096, --open from 1 to 8192")
	case o.Events < 4 || o.Events > 100_000 || o.Interval <= 0 || o.Interval > time.Second:
		return errors.New("--events must be from 4 to 100000, --interval above 0 and at most 1s")
	case slices.Contains(o.Peers, peerPlugins) != (len(o.Plugins) > 0):
		return fmt.Errorf("peer %s runs what --plugins lists: give both or neither", peerPlugins)
	case slices.Contains(o.Scenarios, scenarioReload) && len(o.Plugins) == 0:
		return fmt.Errorf("scenario %s is about peer %s: add it to --peers", scenarioReload, peerPlugins)
	case o.Reloads < 1 || o.Reloads > 100_000:
		return errors.New("--reloads must be from 1 to 100000")
	case o.ProfileTime < time.Second || o.ProfileTime > time.Minute:
		return errors.New("--profile-time must be from 1s to 1m")
	}
	return nil
}

// choose splits a list of known names, each once, in the order given.
func choose(name, list string, known []string) ([]string, error) {
	var chosen []string
	for s := range strings.SplitSeq(list, ",") {
		s = strings.TrimSpace(s)
		if !slices.Contains(known, s) {
			return nil, fmt.Errorf("%s: %q is none of %s", name, s, strings.Join(known, ", "))
		}
		if slices.Contains(chosen, s) {
			return nil, fmt.Errorf("%s: %s is there twice", name, s)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// parseSize reads 512B, 16KiB or 1MiB.
func parseSize(s string) (int, error) {
	s = strings.TrimSpace(s)
	for _, unit := range []struct {
		name string
		size int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"B", 1}} {
		number, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 4<<20/unit.size || n*unit.size < 1<<10 {
			return 0, fmt.Errorf("%q is not from 1KiB to 4MiB", s)
		}
		return n * unit.size, nil
	}
	return 0, fmt.Errorf("%q has no unit; write 16KiB", s)
}

// sizeName is the opposite of parseSize.
func sizeName(n int) string {
	switch {
	case n == 0:
		return ""
	case n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n) + "B"
}
