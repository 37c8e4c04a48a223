package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/bench/overhead/machine"
	"weir/bench/overhead/source"
	"weir/bench/overhead/stat"
)

// A bench is one run.
type bench struct {
	*options
	*report
	progress io.Writer
	root     string // of the repository
	dir      string // temporary
	built    bool   // what the sidecar's groups run
}

// A group is what is measured together.
type group struct {
	name, about string
	run         func(b *bench, ctx context.Context) error
}

// groups are all, in the order in which they are measured.
func groups() []group {
	return []group{
		{"call", "a plugin that does nothing, called on a frame of 1 KiB, beside wazero and http-wasm", (*bench).call},
		{"fuel", "what counting fuel adds to scans of 16 KiB and to a recursion, beside wazero's own interruption", (*bench).fuel},
		{"kill", "how long after its deadline a hostile plugin ends, and what memory it cost", (*bench).kill},
		{"gc", "how long the garbage collector waits for plugins that never end", (*bench).collector},
		{"chain", "a chain of three plugins that do nothing, over a chat of 1 KiB", (*bench).chain},
		{"request", "the sidecar with that chain, beside the bare proxy and the sidecar without plugins", (*bench).request},
		{"memo", "turn 20 of a conversation with a plugin that judges message by message, beside its new message alone", (*bench).memo},
		{"streams", "memory of thousands of open streams with a plugin that holds text back, and its instances", (*bench).streams},
		{"reload", "reloads that change a plugin, under load", (*bench).reload},
	}
}

func groupNames() []string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return names
}

func aboutGroups() string {
	var b strings.Builder
	for _, g := range groups() {
		fmt.Fprintf(&b, "  %-9s %s\n", g.name, g.about)
	}
	return b.String()
}

// measure is the whole of a run. A group that fails is an error of the report; the others are measured all the same.
func measure(ctx context.Context, o *options, progress io.Writer) (*report, error) {
	b := &bench{options: o, report: newReport(o), progress: progress}
	var err error
	if b.root, err = source.Root(ctx); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "weir-plugin-"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	for _, g := range groups() {
		if !slices.Contains(o.Only, g.name) {
			continue
		}
		if why := machine.Supported(); why != nil && slices.Contains(sidecarGroups, g.name) {
			b.NotMeasured = append(b.NotMeasured, fmt.Sprintf("%s: %v", g.name, why))
			continue
		}
		fmt.Fprintf(progress, "%s: %s\n", g.name, g.about)
		begin, before := time.Now(), waited()
		err := g.run(b, ctx)
		if !slices.Contains(sidecarGroups, g.name) { // of these bench/overhead tells it
			b.Waited[g.name] = float64(waited()-before) / float64(time.Since(begin))
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			b.Errors = append(b.Errors, fmt.Sprintf("%s: %v", g.name, err))
			fmt.Fprintf(progress, "ERROR %s: %v\n", g.name, err)
		}
	}
	return b.report, nil
}

// guest is a module of the repository's collection for tests.
func (b *bench) guest(name string) ([]byte, error) { return os.ReadFile(b.guestPath(name)) }

func (b *bench) guestPath(name string) string {
	for _, folder := range []string{"working", "hostile"} {
		path := filepath.Join(b.root, "testdata", "guests", folder, name+".wasm")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return filepath.Join(b.root, "testdata", "guests", "working", name+".wasm") // whoever opens it says what is missing
}

// figure notes the values of all rounds; n is that of the group.
func (b *bench) figure(group, name, metric string, values []float64) stat.Summary {
	s, ok := stat.Summarize(values)
	if ok {
		b.Figures = append(b.Figures, figure{Group: group, Case: name, Metric: metric, Summary: s})
	}
	return s
}

// compare adds to the figure noted last what its values are to another case's, round by round.
func (b *bench) compare(to string, values, others []float64) float64 {
	s, ok := stat.Summarize(stat.Ratios(values, others))
	if ok {
		b.Figures[len(b.Figures)-1].To = &comparison{Case: to, Ratio: s}
	}
	return s.Median
}

// aim notes what is allowed at most and what was got; nothing where that is not known: then there is an error that says why.
func (b *bench) aim(group, name, unit string, wanted, got float64) {
	if math.IsNaN(got) {
		return
	}
	b.Aims = append(b.Aims, aim{Group: group, Name: name, Unit: unit, Wanted: wanted, Got: got, Met: got <= wanted})
}
