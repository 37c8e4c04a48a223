// Command plugin measures what plugins cost, and whether what bounds them holds. bench/README.md tells how, and how to read it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// run does what the arguments say. ok is false when something failed, or with --check an aim was missed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (ok bool, err error) {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	r, err := measure(ctx, o, stderr)
	if err != nil {
		return false, err
	}
	r.print(stderr)
	if o.JSON {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return false, err
		}
	}
	ok = len(r.Errors) == 0
	for _, a := range r.Aims {
		ok = ok && (a.Met || !o.Check)
	}
	return ok, nil
}
