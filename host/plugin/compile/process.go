package compile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"weir/host/plugin/meter"
)

// maxStderr is how much of what the child says before it dies is kept, in bytes.
const maxStderr = 16 << 10

// child has a module compiled by a process under limits, in the directory of that name.
func (c *Cache) child(ctx context.Context, job *Job, dir string) (*meter.Report, error) {
	limited, cancel := context.WithTimeout(ctx, c.limits.Wall)
	defer cancel()
	stdout, stderr := &bounded{limit: maxReply}, &bounded{limit: maxStderr, spill: true}
	cmd := exec.CommandContext(limited, c.self[0], c.self[1:]...) //nolint:gosec // this executable itself
	cmd.Args[0] = "weir"
	cmd.Env = []string{} // nil would be this process's
	cmd.Dir = c.dir.path(dir)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is not for it
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, unavailable(job.Name, "", fmt.Errorf("start the compiler's process: %w", err))
	}
	h := header{CPU: int64(c.limits.CPU / time.Second), Memory: c.limits.Memory, Meter: job.Meter}
	sent := make(chan struct{})
	go func() { // it stays open until the child has ended: its end is how a child learns that its parent has gone
		defer close(sent)
		_ = writeRequest(stdin, h, job.Wasm)
	}()
	err = cmd.Wait()
	_ = stdin.Close()
	<-sent
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	end := ending{state: cmd.ProcessState, err: err, overtime: limited.Err() != nil, stderr: string(stderr.b)}
	if err := c.classify(job.Name, &end); err != nil {
		return nil, err
	}
	return c.read(job.Name, stdout.b)
}

// read reads the answer of a child that ended in order.
func (c *Cache) read(name string, text []byte) (*meter.Report, error) {
	var answer reply
	err := json.Unmarshal(text, &answer)
	switch {
	case err != nil:
		return nil, &Error{Kind: Crashed, Name: name, Detail: "the compiler's answer cannot be read: " + err.Error(), Err: err}
	case answer.Kind == Memory:
		return nil, c.tooLarge(name, "")
	case answer.Kind != 0:
		return nil, &Error{Kind: answer.Kind, Name: name, Detail: answer.Detail, Setting: answer.Setting, Err: errors.New(answer.Cause)}
	case answer.Report == nil:
		return nil, &Error{Kind: Crashed, Name: name, Detail: "the compiler's process answered nothing"}
	default:
		return answer.Report, nil
	}
}

// ending is how a child ended.
type ending struct {
	state    *os.ProcessState
	err      error // of Wait
	overtime bool
	stderr   string
}

// classify tells what ended a child; nil: it ended in order.
func (c *Cache) classify(name string, end *ending) error {
	status, _ := end.state.Sys().(syscall.WaitStatus)
	cpu := end.state.UserTime() + end.state.SystemTime()
	switch {
	case end.state.Success() && end.err == nil:
		return nil
	case status.Signaled() && !end.overtime && cpu > c.limits.CPU/2: // the kernel's limit counts by ticks, and so sooner than its books
		return &Error{Kind: Time, Name: name, Setting: SettingCPU,
			Detail: fmt.Sprintf("compiling it was stopped after %s of processor time: the module is too large or made to be slow", c.limits.CPU)}
	case end.overtime:
		return &Error{Kind: Time, Name: name, Setting: SettingWall,
			Detail: fmt.Sprintf("compiling it was stopped after %s", c.limits.Wall)}
	case end.state.ExitCode() == exitMemory, outOfMemory(end.stderr):
		return c.tooLarge(name, "")
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return c.tooLarge(name, ", or the system has too little: the kernel killed the compiler")
	default:
		return &Error{Kind: Crashed, Name: name, Err: end.err,
			Detail: fmt.Sprintf("the compiler's process ended with %s: %s", end.state, lastWords(end.stderr))}
	}
}

// outOfMemory tells the Go runtime's death of a refused mmap from others.
func outOfMemory(stderr string) bool {
	return strings.Contains(stderr, "out of memory") || strings.Contains(stderr, "cannot allocate memory")
}

func (c *Cache) tooLarge(name, or string) error {
	const mib = 1 << 20
	of := ""
	if c.cgroup > 0 && c.limits.Memory == c.cgroup/4 {
		of = fmt.Sprintf(", a quarter of the %d MiB that Weir's cgroup may use", c.cgroup/mib)
	}
	return &Error{Kind: Memory, Name: name, Setting: SettingMemory,
		Detail: fmt.Sprintf("compiling it takes more than %d MiB of memory%s%s", c.limits.Memory/mib, of, or)}
}

// lastWords is the line in which a Go program says what it died of.
func lastWords(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "weir: ") {
			return cut(strings.TrimSpace(line))
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
	return cut(first)
}

// bounded collects output up to a limit; what goes beyond is dropped when it spills, else an error.
type bounded struct {
	b     []byte
	limit int
	spill bool
}

func (w *bounded) Write(p []byte) (int, error) {
	n := min(len(p), w.limit-len(w.b))
	w.b = append(w.b, p[:n]...)
	if n < len(p) && !w.spill {
		return n, fmt.Errorf("more than %d bytes", w.limit)
	}
	return len(p), nil
}
