package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Spawner starts processes that cannot outlive it, nor this program, however it ends: the kernel kills a child when the thread that started it ends
// (PR_SET_PDEATHSIG), so one thread starts them all and lasts as long as the Spawner.
type Spawner struct {
	jobs chan func()
	once sync.Once
	done chan struct{}

	mu      sync.Mutex
	started []*Process
}

// NewSpawner starts the thread.
func NewSpawner() *Spawner {
	s := &Spawner{jobs: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // for good: its affinity is changed, so nobody else should run on it
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

// Close kills every process that still runs, waits for them, and ends the thread. (The thread's end alone would not do: Go keeps a program's first thread.)
func (s *Spawner) Close() {
	s.once.Do(func() { close(s.jobs) })
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.started {
		_ = p.cmd.Process.Kill() // or it has ended
		<-p.done
	}
	s.started = nil
}

// Start starts a process on the processors given; none means all. The child inherits the affinity of the thread that forks, so it is pinned from its first
// instruction, and Go's GOMAXPROCS follows.
func (s *Spawner) Start(cmd *exec.Cmd, cpus []int) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // Ctrl-C is for the parent, which then ends them in order
	p := &Process{cmd: cmd, done: make(chan struct{})}
	result := make(chan error)
	s.jobs <- func() { result <- p.start(cpus) }
	if err := <-result; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = append(slices.DeleteFunc(s.started, (*Process).ended), p)
	return p, nil
}

// A Process is one that a Spawner started.
type Process struct {
	cmd     *exec.Cmd
	started time.Duration
	done    chan struct{}
	err     error // set before done is closed
}

func (p *Process) start(cpus []int) error {
	if len(cpus) > 0 {
		var before, set unix.CPUSet
		if err := unix.SchedGetaffinity(0, &before); err != nil {
			return fmt.Errorf("ask for the processors: %w", err)
		}
		for _, c := range cpus {
			set.Set(c)
		}
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pin to processors %v: %w", cpus, err)
		}
		defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	}
	var err error
	if p.started, err = Clock(); err != nil {
		return err
	}
	return p.cmd.Start()
}

// PID is the process' id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Started is when it was started, by Clock.
func (p *Process) Started() time.Duration { return p.started }

// Done is closed when the process has ended and its output has been read.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Err says how it ended, once Done is closed.
func (p *Process) Err() error { return p.err }

// Stop asks the process to end, kills it after a grace, and waits for it. It may be called again.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("%s did not end within %v of SIGTERM and was killed", p.cmd.Path, grace)
}
