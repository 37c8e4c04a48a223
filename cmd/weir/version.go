package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"weir/host/dialect"
	"weir/host/plugin"
	"weir/host/signal"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the build and how it runs here",
		Long: `Print the version, the Go toolchain and platform, and how the parts that depend
on the processor run here: simd (scanning of texts: avx2 in builds with
GOEXPERIMENT=simd, as make build makes them, else portable), sonic (JSON; falls
back to encoding/json) and wazero (WebAssembly; falls back to an interpreter
where the processor is not supported or executable memory is denied).`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			engine, why := plugin.Engine(c.Context())
			wasm := engine
			if why != nil {
				wasm += " (" + why.Error() + ")"
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "weir   %s\ngo     %s %s/%s\nsimd   %s\nsonic  %s\nwazero %s\n",
				versionString(), runtime.Version(), runtime.GOOS, runtime.GOARCH, signal.Runs(), dialect.Runs(), wasm)
			return err
		},
	}
}

// versionString is the version stamped by the build, or what Go knows of it.
func versionString() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel+" + s.Value[:12]
		}
	}
	return "devel"
}

// logStart says at start what version prints, and warns of fallbacks.
func logStart(ctx context.Context, log *slog.Logger) {
	engine, why := plugin.Engine(ctx)
	log.Info("weir", "version", versionString(), "go", runtime.Version(), "platform", runtime.GOOS+"/"+runtime.GOARCH,
		"simd", signal.Runs(), "sonic", dialect.Runs(), "wazero", engine)
	if why != nil {
		log.Warn("WebAssembly is interpreted here, which is many times slower", "err", why)
	}
	if dialect.Runs() != "native" {
		log.Warn("sonic falls back to encoding/json here, which is several times slower")
	}
}
