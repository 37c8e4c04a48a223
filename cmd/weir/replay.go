package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"weir/host"
	"weir/host/config"
	"weir/host/telemetry"
)

// replayFlags are those of weir replay.
type replayFlags struct {
	host.ReplayOptions

	config       string
	json         bool
	failOnChange bool
}

func replayCommand() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay",
		Short: "Run a new version of a plugin over recorded requests, and tell what would have changed",
		Long: `Take requests and answers out of a file of records through a plugin, offline, and
compare what it says with what the records tell of the plugin it is to replace.
Nothing is sent anywhere.

The records must hold texts: they are written by a configuration with
records: { file: FILE, content: text }. What is not recorded the plugin does not
see: tools, images, parameters, headers.

--config gives the plugin the settings and limits of plugins.NAME, and tells it
of targets and routes; without one it gets defaults, no settings, and the
capabilities that it asks for.`,
		Example: `  weir replay --records records.jsonl --plugin filter-2.wasm
  weir replay --records records.jsonl --plugin filter-2.wasm --name filter --config weir.yaml
  weir replay --records records.jsonl --plugin filter-2.wasm --json --fail-on-change`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return replay(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.Records, "records", "", "`FILE` of records, one JSON object a line")
	flags.StringVar(&f.Plugin, "plugin", "", "the new version: a .wasm `FILE`, or builtin:NAME")
	flags.StringVar(&f.Name, "name", "", "`NAME` of the plugin that it replaces, as the records have it; a tenant's own is TENANT/NAME (default: the records' only one, or the one named as the file or its manifest)")
	flags.StringVarP(&f.config, "config", "c", "", "configuration `FILE` with its settings and limits, under plugins.NAME")
	flags.IntVar(&f.Limit, "limit", 0, "read the first `N` records only")
	flags.IntVar(&f.Parallel, "parallel", 0, "requests at a time, `N` up to 256; 1 keeps the records' order, for plugins that keep state (default: as many as there are processors)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object for each record that changes, and one with the summary")
	flags.BoolVar(&f.failOnChange, "fail-on-change", false, "exit with 1 when something changes, or nothing could be replayed")
	return c
}

// check tells what is wrong with the command line.
func (f *replayFlags) check() error {
	switch {
	case f.Records == "":
		return errors.New("name the records: weir replay --records FILE --plugin NEW.wasm")
	case f.Plugin == "":
		return errors.New("name the new version of the plugin: weir replay --records FILE --plugin NEW.wasm")
	case f.Limit < 0:
		return errors.New("--limit is below 0; leave it out to read all records")
	case f.Parallel < 0 || f.Parallel > 256:
		return errors.New("--parallel is not between 1 and 256; leave it out for one request a processor")
	}
	return nil
}

func replay(ctx context.Context, stdout, stderr io.Writer, f *replayFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.config != "" {
		var err error
		if f.Config, err = config.Load(f.config, os.LookupEnv); err != nil {
			return faults(err)
		}
	}
	faulty := telemetry.NewLogHandler(stderr, telemetry.LogOptions{Level: slog.LevelWarn, Text: true})
	f.Log = slog.New(telemetry.NewLimited(faulty, 3, time.Minute))
	out := bufio.NewWriter(stdout)
	say := &replayReport{out: out, encoder: json.NewEncoder(out)}
	f.Changed = say.change
	if f.json {
		f.Changed = func(c *host.ReplayChange) error { return say.encoder.Encode(c) }
	}
	f.Progress = func(p host.ReplayProgress) { tellProgress(stderr, p) }
	sum, err := host.Replay(ctx, f.ReplayOptions)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted: there is no summary of a part")
	}
	if err != nil {
		return errors.Join(err, out.Flush())
	}
	if f.json {
		err = say.encoder.Encode(map[string]*host.ReplaySummary{"summary": sum})
	} else {
		say.summary(sum)
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	switch {
	case !f.failOnChange:
		return nil
	case sum.Replayed == 0:
		return errors.New("no record was replayed, so --fail-on-change has nothing to go by")
	case sum.Changed > 0:
		return errSaid
	}
	return nil
}

// tellProgress is a line for those who wait.
func tellProgress(w io.Writer, p host.ReplayProgress) {
	share := ""
	if p.Share >= 0 { // it may not be known
		share = fmt.Sprintf(", %.0f %% of the file", 100*p.Share)
	}
	_, _ = fmt.Fprintf(w, "%d records read%s, %d changed\n", p.Records, share, p.Changed)
}
