package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"weir/bench/overhead/load"
	"weir/bench/overhead/machine"
)

// errLoad is the end of a run: without the load process nothing more can be measured.
var errLoad = errors.New("the load process has failed")

// A session is the load process seen from here.
type session struct {
	process  *machine.Process
	in       io.WriteCloser
	messages chan load.Message // closed at the end of its output
	failed   error             // why, set before messages is closed
	Upstream string
}

func openSession(ctx context.Context, s *machine.Spawner, self string, cpus []int, stderr io.Writer) (*session, error) {
	cmd := exec.Command(self, roleLoad) // #nosec G204 -- this program
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, w := io.Pipe()
	cmd.Stdout = w
	p, err := s.Start(cmd, cpus)
	if err != nil {
		return nil, err
	}
	go func() { <-p.Done(); _ = w.Close() }()
	ses := &session{process: p, in: in, messages: make(chan load.Message, 16)}
	go ses.read(out)
	m, err := ses.next(ctx)
	if err != nil {
		_ = ses.Close()
		return nil, err
	}
	ses.Upstream = m.Upstream
	return ses, nil
}

func (s *session) read(out io.Reader) {
	defer close(s.messages)
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			s.failed = fmt.Errorf("%w: its output has ended", errLoad)
			if err := lines.Err(); err != nil {
				s.failed = fmt.Errorf("%w: %w", errLoad, err)
			}
			return
		}
		var m load.Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			s.failed = fmt.Errorf("%w: it writes %.200q: %w", errLoad, lines.Bytes(), err)
			return
		}
		s.messages <- m
	}
}

// next waits for a message; one with an error becomes an error.
func (s *session) next(ctx context.Context) (load.Message, error) {
	select {
	case m, ok := <-s.messages:
		if !ok {
			return m, s.failed
		}
		if m.Error != "" {
			return m, errors.New(m.Error)
		}
		return m, nil
	case <-ctx.Done():
		return load.Message{}, context.Cause(ctx)
	}
}

func (s *session) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%w: %w", errLoad, err)
	}
	return nil
}

// during are what a measurement calls at its moments; nil for nothing.
type during struct {
	ready func() error // warmed up, everything idle
	open  func() error // Hold: all streams are open
	over  func() error // answered, everything idle, connections still there
}

// run does one command that has a warm-up.
func (s *session) run(ctx context.Context, c load.Command, at during) (*load.Result, error) {
	if err := s.send(c); err != nil {
		return nil, err
	}
	for {
		m, err := s.next(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case m.Ready:
			if err := call(at.ready); err != nil {
				return nil, err
			}
			if err := s.send("go"); err != nil {
				return nil, err
			}
		case m.Open:
			if err := call(at.open); err != nil {
				return nil, err
			}
		case m.Result != nil:
			return m.Result, call(at.over)
		}
	}
}

func call(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

// Close ends the load process.
func (s *session) Close() error {
	_ = s.in.Close() // its end of input
	return s.process.Stop(5 * time.Second)
}
