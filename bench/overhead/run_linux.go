package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"weir/bench/overhead/load"
	"weir/bench/overhead/machine"
	"weir/bench/overhead/source"
)

// A running is a peer's process that answers.
type running struct {
	*peer
	*site
	process *machine.Process // nil for direct
	output  *tail
	start   time.Duration // from exec to the first answer
}

// launch starts a peer and waits for its first answer.
func (h *harness) launch(ctx context.Context, p *peer) (*running, error) {
	if p.direct() {
		return &running{peer: p, site: &site{addr: h.load.Upstream}}, nil
	}
	s := &site{upstream: h.load.Upstream, without: h.Without}
	if p.name == peerPlugins {
		s.plugins, s.cache = h.Plugins, filepath.Join(h.dir, "cache")
	}
	var err error
	if s.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.admin, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp(h.dir, p.name+"-"); err != nil {
		return nil, err
	}
	args, err := p.command(p, s)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", p.name, err)
	}
	r := &running{peer: p, site: s, output: &tail{}}
	cmd := exec.Command(p.binary, args...) // #nosec G204 -- a peer
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, r.output, r.output
	// The load process knocks from before the start, so that it misses nothing of it.
	if err := h.load.send(load.Command{Do: load.First, Addr: s.addr, Seed: h.Seed, Duration: 10 * time.Second, Patience: time.Nanosecond}); err != nil {
		return nil, err
	}
	if r.process, err = h.spawner.Start(cmd, h.proxyCPU); err != nil {
		_, _ = h.load.next(ctx) // that nobody listens
		return nil, err
	}
	m, err := h.first(ctx, r)
	if err != nil {
		return nil, r.post(fmt.Errorf("start %s: %w", p.name, err))
	}
	r.start = *m.Result.At - r.process.Started()
	return r, nil
}

// first waits for the first answer. When the process ends instead, somebody must tell the load process, which goes on knocking: a listener in its place that
// hangs up.
func (h *harness) first(ctx context.Context, r *running) (load.Message, error) {
	waiting, answered := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-waiting.Done():
			return
		case <-r.process.Done():
		}
		ln, err := net.Listen("tcp", r.addr)
		if err != nil {
			return // then its patience ends, too
		}
		defer context.AfterFunc(waiting, func() { _ = ln.Close() })()
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	m, err := h.load.next(ctx)
	answered()
	<-done
	return m, err
}

// post stops a peer that failed, and adds to the error what it printed and how it ended.
func (r *running) post(err error) error {
	if r.process == nil {
		return err
	}
	select {
	case <-r.process.Done():
		how := "exit status 0"
		if ended := r.process.Err(); ended != nil {
			how = ended.Error()
		}
		err = fmt.Errorf("%w; the process has ended: %s", err, how)
	default:
	}
	if stop := r.stop(); stop != nil {
		err = fmt.Errorf("%w; %w", err, stop)
	}
	if text := r.output.String(); text != "" {
		err = fmt.Errorf("%w; it printed %q", err, text)
	}
	return err
}

func (r *running) stop() error {
	if r.process == nil {
		return nil
	}
	err := r.process.Stop(5 * time.Second)
	_ = os.RemoveAll(r.dir)
	return err
}

// build compiles Weir from the repository this program is run in.
func build(ctx context.Context, dir, experiment string, progress io.Writer) (string, error) {
	root, err := source.Root(ctx)
	if err != nil {
		return "", fmt.Errorf("%w; or give --weir FILE", err)
	}
	name := filepath.Join(dir, "weir"+experiment)
	fmt.Fprintf(progress, "build weir, GOEXPERIMENT=%q\n", experiment)
	return name, source.Build(ctx, root, "./cmd/weir", experiment, name)
}

// tail keeps the last of what a process prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps p.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - 4096; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// String is the text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
