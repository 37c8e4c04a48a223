package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"weir/host/sim"
)

func simCommand() *cobra.Command {
	var listen string
	opt := sim.Options{}
	c := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulated model alone",
		Long: `Run a simulated model server: the OpenAI and Anthropic APIs, streamed and not,
with tools, embeddings, usage and a prefix cache; text that follows from the
seed; and faults on demand through the header x-sim-fault, described in
host/sim/README.md. It answers until SIGTERM or Ctrl-C, which cuts open streams.`,
		Example: `  weir sim --listen 127.0.0.1:9000 --ttft 200ms --tpot 20ms
  curl 127.0.0.1:9000/v1/chat/completions -H 'content-type: application/json' \
    -H 'x-sim-fault: cut=between:3' \
    -d '{"model":"sim","stream":true,"messages":[{"role":"user","content":"hello"}]}'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkSim(&opt); err != nil {
				return fmt.Errorf("%w; %s", err, seeHelp(c))
			}
			return runSim(c, listen, opt)
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9000", "`HOST:PORT` to serve on; port 0 takes a free one")
	f.Uint64Var(&opt.Seed, "seed", 0, "seed of the text")
	f.DurationVar(&opt.TTFT, "ttft", 20*time.Millisecond, "time to the first token")
	f.DurationVar(&opt.TPOT, "tpot", 5*time.Millisecond, "time for each further token")
	f.IntVar(&opt.Slots, "slots", 8, "requests that generate at the same time, others wait; 0 means no limit")
	f.IntVar(&opt.CacheBlocks, "cache-blocks", 4096, "blocks of 64 tokens that the prefix cache holds; 0 means no cache")
	return c
}

// checkSim refuses what means nothing, and writes 0 blocks as sim.Options has it.
func checkSim(opt *sim.Options) error {
	switch {
	case opt.TTFT < 0:
		return errors.New("--ttft is below 0")
	case opt.TPOT < 0:
		return errors.New("--tpot is below 0")
	case opt.Slots < 0:
		return errors.New("--slots is below 0")
	case opt.CacheBlocks < 0:
		return errors.New("--cache-blocks is below 0")
	case opt.CacheBlocks == 0:
		opt.CacheBlocks = -1
	}
	return nil
}

func runSim(c *cobra.Command, listen string, opt sim.Options) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	_, _ = fmt.Fprintf(c.OutOrStdout(), "simulated model on http://%s (OpenAI base URL: http://%s/v1)\n", ln.Addr(), ln.Addr())
	s := sim.New(opt)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-c.Context().Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		return err
	}
	return <-done
}
