package deploy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// jailEnv makes the test binary put itself into the folder it names and become /weir there.
	jailEnv = "WEIR_DEPLOY_TEST_JAIL"
	// unprivileged is the user and the group that the image runs as.
	unprivileged = 65532
)

func TestMain(m *testing.M) {
	if root := os.Getenv(jailEnv); root != "" {
		err := enter(root)
		fmt.Fprintln(os.Stderr, "enter the read-only root:", err)
		os.Exit(125)
	}
	os.Exit(m.Run())
}

// enter makes root a read-only mount, then the process's root folder, gives up every privilege, and becomes /weir
// with this process's arguments and an empty environment. It returns only with an error. The caller has put the
// process into a mount namespace of its own.
func enter(root string) error {
	steps := []struct {
		what string
		do   func() error
	}{
		{"keep mounts to this namespace", func() error { return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") }},
		{"mount the root", func() error { return syscall.Mount(root, root, "", syscall.MS_BIND, "") }},
		{"make it read-only", func() error {
			return syscall.Mount("", root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY|syscall.MS_NOSUID|syscall.MS_NODEV, "")
		}},
		{"change root", func() error { return syscall.Chroot(root) }},
		{"change folder", func() error { return os.Chdir("/") }},
		{"drop groups", func() error { return syscall.Setgroups(nil) }},
		{"change group", func() error { return syscall.Setgid(unprivileged) }},
		{"change user", func() error { return syscall.Setuid(unprivileged) }},
		{"become /weir", func() error { return syscall.Exec("/weir", append([]string{"/weir"}, os.Args[1:]...), nil) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// TestReadOnlyRoot runs the binary as the image does: static, unprivileged, with nothing beside it and nothing to
// write to. It must serve the embedded model and end well on SIGTERM.
func TestReadOnlyRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to change root and user; run it as root, as CI does")
	}
	t.Parallel()
	root := emptyRoot(t) // takes what a build takes; only the rest is under a deadline
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	weir := startIn(ctx, t, root)
	data, admin := weir.listeners(t)
	weir.checkPrivileges(t)

	if status, body := get(ctx, t, "http://"+admin+"/readyz", ""); status != http.StatusOK {
		t.Errorf("/readyz: %d %s", status, body)
	}
	status, body := get(ctx, t, "http://"+data+"/v1/chat/completions",
		`{"model":"sim","messages":[{"role":"user","content":"Who is there?"}]}`)
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK ||
		len(answer.Choices) != 1 || answer.Choices[0].Message.Content == "" {
		t.Errorf("chat completion: %d %s", status, body)
	}

	weir.stop(t)
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 {
		t.Errorf("the root holds %v (%v), want /weir alone", entries, err)
	}
}

// emptyRoot makes a folder that holds the binary, built as the image builds it, and nothing else, owned by root
// and writable by nobody.
func emptyRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=test",
		"-o", filepath.Join(root, "weir"), "weir/cmd/weir")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, name := range []string{"weir", "."} {
		if err := os.Chmod(filepath.Join(root, name), 0o555); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// process is a running weir and what it logs, one line at a time, until it has ended.
type process struct {
	*exec.Cmd
	log    *bytes.Buffer // complete once lines is closed
	lines  chan string
	exited chan error
}

func startIn(ctx context.Context, t *testing.T, root string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	cmd.Env = []string{jailEnv + "=" + root}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN to mount a read-only root:", err)
	} else if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: cmd, log: new(bytes.Buffer), lines: make(chan string, 1024), exited: make(chan error, 1)}
	go func() {
		scanner := bufio.NewScanner(io.TeeReader(stderr, p.log))
		for scanner.Scan() {
			select {
			case p.lines <- scanner.Text():
			default: // nobody reads beyond the first lines
			}
		}
		close(p.lines)
		p.exited <- cmd.Wait()
	}()
	t.Cleanup(func() { cmd.Process.Kill() })
	return p
}

// listeners waits for the two lines that say where it listens.
func (p *process) listeners(t *testing.T) (data, admin string) {
	t.Helper()
	for line := range p.lines {
		var entry struct{ Msg, Listener, Addr string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg != "listening" {
			continue
		}
		switch entry.Listener {
		case "data":
			data = entry.Addr
		case "admin":
			admin = entry.Addr
		}
		if data != "" && admin != "" {
			return data, admin
		}
	}
	t.Fatalf("ended before it listened: %v\n%s", <-p.exited, p.log)
	return "", ""
}

// checkPrivileges shows that the process is what the test claims: another user, no capability, a root it cannot write.
func (p *process) checkPrivileges(t *testing.T) {
	t.Helper()
	read := func(name string) []string {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.Process.Pid, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(text), "\n")
	}
	id := fmt.Sprintf("\t%[1]d\t%[1]d\t%[1]d\t%[1]d", unprivileged)
	status := read("status")
	for _, want := range []string{"Uid:" + id, "Gid:" + id, "CapEff:\t0000000000000000"} {
		if !slices.Contains(status, want) {
			t.Errorf("process status lacks %q:\n%s", want, strings.Join(status, "\n"))
		}
	}
	// Seen from inside, the jail is mounted at "/": mount id, parent, device, source, mount point, options.
	fields := strings.Fields(read("mountinfo")[0])
	if len(fields) < 6 || fields[4] != "/" || !strings.HasPrefix(fields[5], "ro,") {
		t.Errorf("the root is not mounted read-only: %q", fields)
	}
}

// stop sends SIGTERM and expects the process to end by itself with code 0.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-p.exited; err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.log)
	}
}

// get sends a GET, or a POST when there is a body, and returns status and body of the answer.
func get(ctx context.Context, t *testing.T, url, body string) (int, []byte) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}
