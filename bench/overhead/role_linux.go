package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"weir/bench/overhead/bare"
	"weir/bench/overhead/load"
	"weir/bench/overhead/standard"
)

// What this program can be when it runs itself, as its first argument.
const (
	roleLoad    = "@load"    // no arguments: commands on standard input
	roleBare    = "@bare"    // LISTEN UPSTREAM
	roleNetHTTP = "@nethttp" // LISTEN UPSTREAM
)

// isRole reports whether the arguments are those of a child.
func isRole(args []string) bool { return len(args) > 0 && len(args[0]) > 0 && args[0][0] == '@' }

// playRole is the whole of a child.
func playRole(args []string) error {
	switch {
	case args[0] == roleLoad:
		signal.Ignore(os.Interrupt, syscall.SIGPIPE) // the parent says when it ends
		return load.Serve(os.Stdin, os.Stdout)
	case args[0] == roleBare && len(args) == 3:
		return proxy(bare.New(args[2]), args[1])
	case args[0] == roleNetHTTP && len(args) == 3:
		return proxy(standard.New(args[2]), args[1])
	}
	return fmt.Errorf("no such role: %q", args)
}

type server interface {
	Serve(ln net.Listener) error
	Shutdown(ctx context.Context) error
}

// proxy serves until SIGTERM.
func proxy(s server, addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.Shutdown(ending); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err := <-failed; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
