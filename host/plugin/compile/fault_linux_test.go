package compile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// systemRoles are those that need Linux.
var systemRoles = map[string]func() error{"unmapped": noExecutable, "full": onFullDisk, "read-only": onReadOnlyDisk, "orphan": orphan, "announced": announced}

// in has a role played by a process of its own, which may mount what it likes.
func in(t *testing.T, role string, namespaces uintptr) string {
	t.Helper()
	self := playing(role)
	cmd := exec.CommandContext(t.Context(), self[0], self[1:]...)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if namespaces != 0 && os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && strings.HasPrefix(string(out), "weir: skip: "):
		t.Skip(string(out))
	case errors.As(err, &exit):
		t.Fatalf("%v: %s", err, out)
	case err != nil:
		t.Skip("this system gives no namespaces:", err)
	}
	return string(out)
}

// tries compiles an untrusted module, a trusted one and prints what came of them.
func tries(c *Cache, untrusted Job) {
	for _, trusted := range []bool{false, true} {
		untrusted.Trusted = trusted
		code, err := c.Compile(background(), untrusted)
		fmt.Printf("trusted %t: %v\n", trusted, err)
		if err == nil {
			_ = code.Close(background())
		}
	}
}

// Where memory cannot be made executable nothing untrusted is compiled, and the reason is told.
func TestFault31_NoExecutableMemory(t *testing.T) {
	t.Parallel()
	out := in(t, "unmapped", 0)
	for _, want := range []string{
		"trusted false: untrusted modules cannot be compiled here: memory cannot be made executable", "trusted true: <nil>",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}

func noExecutable() error {
	const setMDWE, refuseExecGain = 65, 1 // prctl(2), since Linux 6.3; inherited by children
	if err := unix.Prctl(setMDWE, refuseExecGain, 0, 0, 0); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	c, err := Open(Options{Dir: "cache", Self: playing("compile"), Build: "test"})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	tries(c, job(smallest()))
	return nil
}

// A full disk refuses what is untrusted with the reason; what is trusted, and what is in memory, goes on.
func TestFault31_FullDisk(t *testing.T) {
	t.Parallel()
	out := in(t, "full", syscall.CLONE_NEWNS)
	for _, want := range []string{
		"trusted false: untrusted modules cannot be compiled here: ", "no space left on device; the setting is cache_dir\n", "trusted true: <nil>\n",
		"smallest again: true",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}

func mount(options string) error {
	if err := os.Mkdir("disk", 0o700); err != nil {
		return err
	}
	if err := errors.Join(unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""), unix.Mount("tmpfs", "disk", "tmpfs", 0, options)); err != nil {
		return fmt.Errorf("skip: %w", err)
	}
	return nil
}

func onFullDisk() error {
	if err := mount("size=256k"); err != nil {
		return err
	}
	c, err := Open(Options{Dir: "disk/cache", Self: playing("compile"), Build: "test"})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	code, err := c.Compile(background(), job(smallest()))
	if err != nil {
		return err
	}
	_ = code.Close(background())
	tries(c, job(bomb(20, 100, 100))) // its code is larger than the disk
	if code, err = c.Compile(background(), job(smallest())); err != nil {
		return err
	}
	fmt.Println("smallest again:", code.Cached)
	return code.Close(background())
}

func TestFault31_ReadOnlyDisk(t *testing.T) {
	t.Parallel()
	out := in(t, "read-only", syscall.CLONE_NEWNS)
	for _, want := range []string{
		"open: cache_dir: ", "read-only file system\n", "trusted true: <nil>\n",
		"trusted false: untrusted modules cannot be compiled here: mkdir", "read-only file system; the setting is cache_dir\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}

func onReadOnlyDisk() error {
	if err := mount(""); err != nil {
		return err
	}
	c, err := Open(Options{Dir: "disk/cache", Self: playing("compile"), Build: "test"})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := unix.Mount("", "disk", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	tries(c, job(smallest()))
	_, err = Open(Options{Dir: "disk/cache", Self: playing("compile"), Build: "test"})
	fmt.Println("open:", err)
	return nil
}

// The child finds nothing of its parent's around it, and itself under limits.
func TestChildIsConfined(t *testing.T) {
	t.Setenv("WEIR_TEST_SECRET", "planted")
	leak, err := os.Open("/dev/null")
	must(t, err)
	defer func() { _ = leak.Close() }()
	inherited, err := syscall.Dup(int(leak.Fd())) // without close-on-exec, as a supervisor may leave it
	must(t, err)
	defer func() { _ = syscall.Close(inherited) }()
	c := open(t, Options{Self: playing("probe"), Limits: Limits{CPU: 3*time.Second - 1, Memory: 128 << 20}})
	e := wantKind(t, c, job(smallest()), Refused)
	var p probed
	must(t, json.Unmarshal([]byte(e.Detail), &p))
	if len(p.Env) != 0 {
		t.Errorf("environment %q", p.Env)
	}
	if p.Mode != 0o700 || filepath.Dir(p.Dir) != filepath.Join(c.top.Name(), c.build, c.platform) || !strings.HasPrefix(filepath.Base(p.Dir), jobPrefix+"-") {
		t.Errorf("it works in %s, mode %v", p.Dir, p.Mode)
	}
	for fd, target := range p.Descriptors {
		std := fd == "0" || fd == "1" || fd == "2"
		if std != strings.HasPrefix(target, "pipe:") || !std && !strings.HasPrefix(target, "anon_inode:[event") &&
			!strings.HasPrefix(target, "/sys/fs/cgroup/") && !strings.HasPrefix(target, "/proc/") { // the last is the probe's own look
			t.Errorf("descriptor %s is %s", fd, target)
		}
	}
	for name, want := range map[string]uint64{"cpu": 3, "core": 0, "file": maxFile, "descriptors": maxDescriptors} {
		if l := p.Limits[name]; l.Cur != want || l.Max != want {
			t.Errorf("limit of %s: %+v, want %d", name, l, want)
		}
	}
	if l := p.Limits["data"]; l.Cur < 128<<20 || l.Cur > 1<<30 || l.Max != l.Cur {
		t.Errorf("limit of data: %+v", l)
	}
	if nice := 20 - p.Nice; nice != niceness { // the system call answers 20 - nice
		t.Errorf("niceness %d", nice)
	}
}

// A child whose parent is killed does not stay behind.
func TestChildFollowsItsParent(t *testing.T) {
	t.Parallel()
	self := playing("orphan")
	cmd := exec.CommandContext(t.Context(), self[0], self[1:]...)
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var pid int
	_, err = fmt.Fscan(out, &pid)
	must(t, err)
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	waitFor(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // a zombie is over, too
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

// orphan compiles what takes long, and tells the number of the child.
func orphan() error {
	c, err := Open(Options{Dir: "cache", Self: playing("announced"), Build: "test"})
	if err != nil {
		return err
	}
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			files, _ := filepath.Glob("cache/*/*/" + jobPrefix + "-*/pid")
			if len(files) == 0 {
				continue
			}
			if pid, err := os.ReadFile(files[0]); err == nil && len(pid) > 0 {
				fmt.Println(string(pid))
				return
			}
		}
	}()
	_, err = c.Compile(background(), job(bomb(500, 300, 300)))
	return err
}

// announced is a child that tells its number.
func announced() error {
	if err := os.WriteFile("pid", fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	return Child(os.Stdin, os.Stdout)
}
