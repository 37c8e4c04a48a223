package main

import (
	"context"
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
		Args: cobra.NoArgs,
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
	level := new(slog.LevelVar)
	log, err := logger(path, level)
	if err != nil {
		return faults(err)
	}
	slog.SetDefault(log)
	_, _ = memlimit.Set() // no cgroup, no limit
	g, err := host.New(host.Options{
		Path: path, Listen: listen, Admin: adminAddr, Env: os.LookupEnv,
		Log: log, Level: level, Version: versionString(),
	})
	if err != nil {
		return faults(err)
	}
	logStart(ctx, log)
	if err := g.Start(); err != nil {
		return err
	}
	wait(ctx, g)
	log.Info("draining", "deadline", g.DrainTime().String())
	deadline, cancel := context.WithTimeout(context.Background(), g.DrainTime())
	defer cancel()
	began := time.Now()
	ended := g.Drain(deadline)
	log.Info("stopped", "took", time.Since(began).Round(time.Millisecond).String(), "requests_ended", ended)
	return nil
}

// wait serves signals until the process is to end. A second SIGTERM or Ctrl-C
// ends it at once.
func wait(ctx context.Context, g *host.Gateway) {
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGHUP, syscall.SIGUSR1)
	defer signal.Stop(sig)
	for {
		select {
		case <-ctx.Done():
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			return
		case s := <-sig:
			if s == syscall.SIGUSR1 {
				g.ReopenRecords()
				continue
			}
			_ = g.Reload(ctx) // it logs its faults
		}
	}
}

// logger makes the process log as the configuration wants it. The
// configuration is read once for this alone: its faults are to be told in the
// log's own format by nobody but check's printer.
func logger(path string, level *slog.LevelVar) (*slog.Logger, error) {
	cfg := config.Default()
	if path != "" {
		var err error
		if cfg, err = config.Load(path, os.LookupEnv); err != nil {
			return nil, err
		}
	}
	level.Set(cfg.Log.SlogLevel())
	h := telemetry.NewLogHandler(os.Stderr, telemetry.LogOptions{Level: level, Text: cfg.Log.Format == "text"})
	return slog.New(telemetry.NewLimited(h, 20, time.Second)), nil
}
