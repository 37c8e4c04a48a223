package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"weir/host/admin"
	"weir/host/config"
	"weir/host/sim"
)

// socket is a listener with the goroutine that serves it.
type socket struct {
	net.Listener
	once sync.Once
	done chan struct{} // closed when serving has ended; nil before it begins
}

// close stops accepting and waits for the serving goroutine.
func (s *socket) close() {
	s.once.Do(func() { _ = s.Close() })
	if s.done != nil {
		<-s.done
	}
}

// serve runs f on a goroutine until the socket is closed.
func (s *socket) serve(f func(net.Listener) error, failed func(error)) {
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := f(s.Listener); err != nil {
			failed(err)
		}
	}()
}

// open listens on an address. A socket file that nobody listens on any more is
// removed first.
func open(a config.Address) (*socket, error) {
	if a.Network() == "unix" {
		if err := removeStale(a.Address()); err != nil {
			return nil, err
		}
	}
	lc := net.ListenConfig{}
	ln, err := lc.Listen(context.Background(), a.Network(), a.Address())
	if err != nil {
		return nil, err
	}
	if a.Network() == "unix" {
		if err := os.Chmod(a.Address(), 0o660); err != nil { //nolint:gosec // the group may connect: that is what a socket in a shared folder is for
			_ = ln.Close()
			return nil, err
		}
	}
	return &socket{Listener: ln}, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // absent, or not ours to remove: listening will say so
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return fmt.Errorf("another process listens on %s", path)
	}
	return os.Remove(path)
}

// listen opens the addresses that are new in this configuration.
func (b *build) listen() error {
	for _, a := range b.cfg.Listen {
		if old := b.g.listeners[a]; old != nil {
			b.listeners[a] = old
			continue
		}
		s, err := open(a)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		b.listeners[a] = s
	}
	a := b.cfg.Admin.Listen
	switch {
	case a == "":
	case b.g.adminSock != nil && b.g.cfg.Load().Admin.Listen == a:
		b.admin = b.g.adminSock
	default:
		s, err := open(a)
		if err != nil {
			return fmt.Errorf("admin.listen: %w", err)
		}
		b.admin = s
	}
	return nil
}

// swapListeners serves the new sockets and closes those no longer configured.
func (g *Gateway) swapListeners(b *build) {
	failed := func(err error) { g.log.Error("listener failed", "err", err) }
	for a, s := range b.listeners {
		if g.listeners[a] == s {
			continue
		}
		tlsConfig := g.tls.Load
		if a.Network() == "unix" {
			tlsConfig = func() *tls.Config { return nil }
		}
		s.serve(func(ln net.Listener) error { return g.proxy.Serve(ln, tlsConfig) }, failed)
		g.log.Info("listening", "listener", "data", "addr", name(s))
	}
	for a, s := range g.listeners {
		if b.listeners[a] != s {
			s.close()
		}
	}
	g.listeners = b.listeners
	if b.admin == g.adminSock {
		return
	}
	old, oldSock := g.admin, g.adminSock
	g.admin, g.adminSock = nil, b.admin
	if b.admin != nil {
		srv := admin.New(g, g.token, nil, g.log)
		g.admin = srv
		b.admin.serve(srv.Serve, failed)
		g.log.Info("listening", "listener", "admin", "addr", name(b.admin))
	}
	if old != nil {
		g.parting.Go(func() { closeAdmin(old, oldSock) }) // it may be serving the request that asked for this reload
	}
}

func closeAdmin(s *admin.Server, sock *socket) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.Close(ctx)
	sock.close()
}

func name(s *socket) string {
	a := s.Addr()
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

// simulate starts a simulated model.
func simulate(opt sim.Options) (*simulated, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulated model: %w", err)
	}
	s := &simulated{srv: sim.New(opt), ln: ln, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = s.srv.Serve(ln)
	}()
	return s, nil
}

func (s *simulated) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.srv.Close(ctx); errors.Is(err, context.DeadlineExceeded) {
		return
	}
	<-s.done
}
