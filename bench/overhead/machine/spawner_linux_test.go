package machine

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cat runs until its input ends.
func cat(t *testing.T, s *Spawner, cpus []int) (*Process, io.Closer) {
	t.Helper()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Start(cmd, cpus)
	if err != nil {
		t.Fatal(err)
	}
	return p, in
}

func TestPinned(t *testing.T) {
	t.Parallel()
	cpus, err := CPUs()
	if err != nil || len(cpus) == 0 {
		t.Fatal(cpus, err)
	}
	s := NewSpawner()
	defer s.Close()
	last := cpus[len(cpus)-1]
	p, in := cat(t, s, []int{last})
	all, in2 := cat(t, s, nil)
	for _, test := range []struct {
		p    *Process
		want string
	}{{p, fmt.Sprint(last)}, {all, strings.TrimSpace(allowed(t, os.Getpid()))}} {
		if got := strings.TrimSpace(allowed(t, test.p.PID())); got != test.want {
			t.Errorf("runs on processors %s, want %s", got, test.want)
		}
	}
	if n, err := Resident(p.PID()); err != nil || n < 64<<10 {
		t.Errorf("memory %d, %v", n, err)
	}
	for _, c := range []io.Closer{in, in2} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	<-p.Done()
	if p.Err() != nil {
		t.Error(p.Err())
	}
	if err := p.Stop(time.Minute); err != nil { // it has ended
		t.Error(err)
	}
	if err := all.Stop(time.Minute); err != nil {
		t.Error(err)
	}
	if _, err := Resident(p.PID()); err == nil {
		t.Error("a process that has ended has memory")
	}
}

func allowed(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "Cpus_allowed_list:")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func TestSpawnerClose(t *testing.T) {
	t.Parallel()
	s := NewSpawner()
	p, in := cat(t, s, nil)
	defer func() { _ = in.Close() }()
	s.Close()
	s.Close()
	if !p.ended() {
		t.Error("the process lives on")
	}
}

func TestStopKills(t *testing.T) {
	t.Parallel()
	s := NewSpawner()
	defer s.Close()
	cmd := exec.Command("sh", "-c", `trap "" TERM; echo ready; while :; do read line; done`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // stays open
		t.Fatal(err)
	}
	p, err := s.Start(cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(20 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("got %v", err)
	}
	if err := p.Stop(time.Minute); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	s := NewSpawner()
	defer s.Close()
	if _, err := s.Start(exec.Command("/nowhere/at/all"), nil); err == nil || !strings.Contains(err.Error(), "/nowhere/at/all") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Start(exec.Command("cat"), []int{1000}); err == nil || !strings.Contains(err.Error(), "[1000]") {
		t.Errorf("got %v", err)
	}
}

// The two ways to the processor time must tell the same, but for the second one's rounding.
func TestCPUTime(t *testing.T) {
	t.Parallel()
	before, err := CPUTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for sum, end := uint64(0), before+50*time.Millisecond; ; sum++ {
		if sum%(1<<20) != 0 {
			continue
		}
		if now, err := CPUTime(os.Getpid()); err != nil || now > end {
			break
		}
	}
	low, err := statTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	now, err := CPUTime(os.Getpid())
	if err != nil || now < low-2*tick {
		t.Errorf("the clock says %v, /proc said %v before: %v", now, low, err)
	}
	high, err := statTime(os.Getpid())
	if err != nil || high < now-2*tick-50*time.Millisecond { // running threads are told at their last tick
		t.Errorf("the clock says %v, /proc %v after it: %v", now, high, err)
	}
	if _, err := CPUTime(1 << 22); err == nil { // above the largest process id
		t.Error("a process that is not has used time")
	}
	if d := Waited(os.Getpid()); d < 0 {
		t.Errorf("waited %v", d)
	}
	if d := Describe(); d.Kernel == "" || d.Cores < 1 || d.Load == "" {
		t.Errorf("%+v", d)
	}
}
