package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/spf13/cobra"

	"weir/host"
	"weir/host/config"
	"weir/host/telemetry"
)

func serveCommand() *cobra.Command {
	var path, adminAddr string
	var listen []string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the sidecar",
		Long: `Run the sidecar until SIGTERM or Ctrl-C, then finish open requests within
limits.drain.

Without --config it serves the embedded default: a simulated model named "sim"
(any model name reaches it) on 127.0.0.1:8080, no key needed, admin on
127.0.0.1:8081. The configuration is reloaded on SIGHUP and when one of its
files changes; a file with faults leaves the old configuration serving.
SIGUSR1 reopens the records' file, for an external log rotation.

Every key of the configuration is described in host/config/README.md and by
"weir check --schema".`,
		Example: `  weir serve
  weir serve --config weir.yaml
  weir serve --listen 127.0.0.1:9000 --admin 127.0.0.1:9001
  weir serve --listen unix:/run/weir.sock`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return serve(c.Context(), path, listen, adminAddr)
		},
	}
	c.Flags().StringVarP(&path, "config", "c", "", "configuration `FILE` (default: embedded)")
	c.Flags().StringArrayVar(&listen, "listen", nil, "`ADDRESS` to serve on, instead of the configuration's: HOST:PORT or unix:PATH; may be repeated")
	c.Flags().StringVar(&adminAddr, "admin", "", "`ADDRESS` of the admin listener, instead of the configuration's; off disables it")
	return c
}

func serve(ctx context.Context, path string, listen []string, adminAddr string) error {
	signals := catch() // from here on a SIGHUP does not end the process
	defer signals.release()
	cfg := config.Default()
	if path != "" {
		var err error
		if cfg, err = config.Load(path, os.LookupEnv); err != nil {
			return faults(err)
		}
	}
	level := new(slog.LevelVar)
	signal.Ignore(syscall.SIGPIPE) // a log that nobody reads any more must not end the process
	out := newJournal(os.Stderr)
	defer out.close()
	log := logger(out, &cfg.Log, level)
	slog.SetDefault(log)
	_, _ = memlimit.Set() // no cgroup, no limit
	g, err := host.New(host.Options{
		Path: path, Config: cfg, Listen: listen, Admin: adminAddr, Env: os.LookupEnv,
		Log: log, Level: level, Version: versionString(),
	})
	if err != nil {
		return faults(err)
	}
	out.tell(func(bad bool) { g.Degraded("log", bad) })
	logStart(ctx, log)
	if err := g.Start(); err != nil {
		return addressHint(err)
	}
	signals.serve(ctx, g)
	log.Info("draining", "deadline", g.DrainTime().String())
	deadline, cancel := context.WithTimeout(context.Background(), g.DrainTime())
	defer cancel()
	began := time.Now()
	ended := g.Drain(deadline)
	log.Info("stopped", "took", time.Since(began).Round(time.Millisecond).String(), "requests_ended", ended)
	return nil
}

// addressHint names the flags to those whose address is taken: with the embedded
// configuration there is no setting to change.
func addressHint(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; choose other addresses with --listen and --admin", err)
	}
	return err
}

// signals are those that steer a running process. Each kind has a channel of its
// own, so that none pushes out another, and all stay caught until the end: a
// SIGHUP while draining must not cut what is being drained.
type signals struct {
	reload, reopen chan os.Signal
}

func catch() signals {
	s := signals{reload: make(chan os.Signal, 1), reopen: make(chan os.Signal, 1)}
	signal.Notify(s.reload, syscall.SIGHUP)
	signal.Notify(s.reopen, syscall.SIGUSR1)
	return s
}

func (s signals) release() {
	signal.Stop(s.reload)
	signal.Stop(s.reopen)
}

// serve obeys signals until the process is to end. A second SIGTERM or Ctrl-C
// then ends it at once.
func (s signals) serve(ctx context.Context, g *host.Gateway) {
	for {
		select {
		case <-ctx.Done():
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			return
		case <-s.reopen:
			g.ReopenRecords()
		case <-s.reload:
			_ = g.Reload(ctx) // it logs its faults
		}
	}
}

// logger makes the process log as the configuration wants it.
func logger(w io.Writer, c *config.Log, level *slog.LevelVar) *slog.Logger {
	level.Set(c.SlogLevel())
	h := telemetry.NewLogHandler(w, telemetry.LogOptions{Level: level, Text: c.Format == "text"})
	return slog.New(telemetry.NewLimited(h, 20, time.Second))
}
