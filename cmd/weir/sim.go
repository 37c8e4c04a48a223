package main

import (
	"context"
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
host/sim/README.md.`,
		Example: `  weir sim --listen 127.0.0.1:9000 --ttft 200ms --tpot 20ms
  curl 127.0.0.1:9000/v1/chat/completions -H 'content-type: application/json' \
    -H 'x-sim-fault: cut=between:3' \
    -d '{"model":"sim","stream":true,"messages":[{"role":"user","content":"hello"}]}'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runSim(c, listen, opt)
		},
	}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:9000", "`ADDRESS` to serve on")
	f.Uint64Var(&opt.Seed, "seed", 0, "seed of the text")
	f.DurationVar(&opt.TTFT, "ttft", 20*time.Millisecond, "time to the first token")
	f.DurationVar(&opt.TPOT, "tpot", 5*time.Millisecond, "time for each further token")
	f.IntVar(&opt.Slots, "slots", 8, "requests that generate at the same time; others wait")
	f.IntVar(&opt.CacheBlocks, "cache-blocks", 4096, "blocks of 64 tokens that the prefix cache holds")
	return c
}

func runSim(c *cobra.Command, listen string, opt sim.Options) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
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
