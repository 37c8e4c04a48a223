// Command overhead measures what Weir costs a request, beside other proxies on the same machine in the same run. bench/README.md tells how, and how to read it.
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

	"weir/bench/overhead/machine"
)

func main() {
	if isRole(os.Args[1:]) {
		if err := playRole(os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "overhead %s: %v\n", os.Args[1], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "overhead:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// run does what the arguments say. ok is false when something failed, or with --check a target was missed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (ok bool, err error) {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var r *report
	if why := machine.Supported(); why != nil {
		r = newReport(o)
		r.NotMeasured = append(r.NotMeasured, why.Error())
	} else if r, err = measure(ctx, o, stderr); err != nil {
		return false, err
	}
	r.print(stderr)
	if o.JSON {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return false, err
		}
	}
	ok = len(r.Errors) == 0
	for _, t := range r.Targets {
		ok = ok && (t.Met || !o.Check)
	}
	return ok, nil
}
