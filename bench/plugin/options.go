package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	JSON, Quick, Check bool
	Only               []string
	Rounds             int
	Sample             time.Duration
	Kills              int
	Collections        int
	Streams            int
	Reloads            int
	Seed               uint64
	Weir               string
}

const helpText = `Usage: go run ./bench/plugin [flags]

Measures what plugins cost a request, beside wazero's own interruption and http-wasm-host-go, and whether what bounds them holds: in one run, each round measuring
every case once in an order that rotates.

Groups (--only)
%s
Examples
  go run ./bench/plugin                         everything
  go run ./bench/plugin --quick                 everything, in less than a minute; figures for orientation
  go run ./bench/plugin --only call,fuel        two groups
  go run ./bench/plugin --json > plugin.json    one object on standard output, tables on standard error

The exit code is 0 when everything was measured without an error, 1 when not, and with --check also 1 when an aim is missed.

Flags
`

// parse reads the command line. flag.ErrHelp means that the help was asked for and printed.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	only := ""
	f := flag.NewFlagSet("plugin", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.JSON, "json", false, "print one JSON object on standard output (schema: bench/README.md); tables go to standard error either way")
	f.BoolVar(&o.Quick, "quick", false, "few and short rounds; flags given beside it win")
	f.BoolVar(&o.Check, "check", false, "exit with 1 when an aim is missed")
	f.StringVar(&only, "only", strings.Join(groupNames(), ","), "`LIST` of groups")
	f.IntVar(&o.Rounds, "rounds", 51, "rounds of what is timed in this process; a third of them through the sidecar")
	f.DurationVar(&o.Sample, "sample", 10*time.Millisecond, "length of one sample of what is timed in this process")
	f.IntVar(&o.Kills, "kills", 200, "guests killed of each kind")
	f.IntVar(&o.Collections, "collections", 1000, "collections of garbage beside each kind of guest")
	f.IntVar(&o.Streams, "streams", 5000, "streams open at once, 8192 at most")
	f.IntVar(&o.Reloads, "reloads", 1000, "reloads under load")
	f.Uint64Var(&o.Seed, "seed", 1, "seed of bodies")
	f.StringVar(&o.Weir, "weir", "", "`BINARY` of the sidecar (default: built from the repository with GOEXPERIMENT=simd)")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(out, helpText, aboutGroups())
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
	if err := o.complete(only); err != nil {
		return nil, err
	}
	return o, nil
}

// hurry shortens what --quick stands for.
func (o *options) hurry(given map[string]bool) {
	if !o.Quick {
		return
	}
	for name, shorten := range map[string]func(){
		"rounds":      func() { o.Rounds = 9 },
		"sample":      func() { o.Sample = 2 * time.Millisecond },
		"kills":       func() { o.Kills = 10 },
		"collections": func() { o.Collections = 30 },
		"streams":     func() { o.Streams = 200 },
		"reloads":     func() { o.Reloads = 20 },
	} {
		if !given[name] {
			shorten()
		}
	}
}

// complete checks what was given.
func (o *options) complete(only string) error {
	for name := range strings.SplitSeq(only, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(groupNames(), name) {
			return fmt.Errorf("--only: %q is none of %s", name, strings.Join(groupNames(), ", "))
		}
		if slices.Contains(o.Only, name) {
			return fmt.Errorf("--only: %s is there twice", name)
		}
		o.Only = append(o.Only, name)
	}
	switch {
	case o.Rounds < 1 || o.Rounds > 10_000:
		return errors.New("--rounds must be from 1 to 10000")
	case o.Sample < 100*time.Microsecond || o.Sample > 10*time.Second:
		return errors.New("--sample must be from 100us to 10s")
	case o.Kills < 1 || o.Kills > 100_000 || o.Collections < 1 || o.Collections > 100_000 || o.Reloads < 1 || o.Reloads > 100_000:
		return errors.New("--kills, --collections and --reloads must be from 1 to 100000")
	case o.Streams < 1 || o.Streams > 8192:
		return errors.New("--streams must be from 1 to 8192")
	}
	return nil
}
