package compile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"weir/sdk/abi"
)

// roles are what the test's own executable plays when a test starts it again; the environment of a child is empty, so the
// command line says which.
var roles = map[string]func() error{
	"compile": func() error { return Child(os.Stdin, os.Stdout) },
	"probe":   probe,
	"panic":   func() error { panic("planted") },
	"silent":  func() error { return nil },
	"hang":    func() error { _, err := io.Copy(io.Discard, os.Stdin); return err },
	"flood":   func() error { return flood(os.Stdout) },
}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "play" {
		play := roles[os.Args[2]]
		if play == nil {
			play = systemRoles[os.Args[2]]
		}
		if play == nil {
			play = func() error { return errors.New("no such role") }
		}
		if err := play(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "weir:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// playing is the command line of a role.
func playing(role string) []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{exe, "play", role}
}

// open opens a cache in a directory of its own, with the test's executable as the child.
func open(t testing.TB, opt Options) *Cache {
	t.Helper()
	if opt.Dir == "" {
		opt.Dir = filepath.Join(t.TempDir(), "cache")
	}
	if opt.Self == nil {
		opt.Self = playing("compile")
	}
	if opt.Build == "" {
		opt.Build = "test" // or each would read the whole executable
	}
	c, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// job is a module that anybody may have sent.
func job(g *guest) Job { return Job{Name: "p", Wasm: g.bytes(), Rules: rules} }

// compiled compiles a module and closes what came of it.
func compiled(t testing.TB, c *Cache, j Job) *Code {
	t.Helper()
	code, err := c.Compile(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if err := code.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return code
}

// wantKind compiles a module that does not get through.
func wantKind(t *testing.T, c *Cache, j Job, kind Kind) *Error {
	t.Helper()
	code, err := c.Compile(t.Context(), j)
	var e *Error
	if code != nil || !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("%s: got %v, %v; want an error of kind %s", j.Name, code, err, kind)
	}
	return e
}

// smallest is a module to compile.
func smallest() *guest { return plugin(abi.HookRequest) }

// flood writes without end.
func flood(f *os.File) error {
	page := make([]byte, 1<<16)
	for {
		if _, err := f.Write(page); err != nil {
			return err
		}
	}
}

// probed is what a child finds around it.
type probed struct {
	Env         []string
	Dir         string
	Mode        os.FileMode
	Descriptors map[string]string
	Limits      map[string]syscall.Rlimit
	Nice        int
}

// probe answers a job with what the child finds once it is confined.
func probe() error {
	h, err := readHeader(os.Stdin)
	if err != nil {
		return err
	}
	if _, err := readSized(os.Stdin, MaxSize); err != nil {
		return err
	}
	if err := confine(&h); err != nil {
		return err
	}
	p := probed{Env: os.Environ(), Descriptors: map[string]string{}, Limits: map[string]syscall.Rlimit{}}
	p.Dir, _ = os.Getwd()
	if info, err := os.Stat("."); err == nil {
		p.Mode = info.Mode().Perm()
	}
	list, _ := os.ReadDir("/proc/self/fd")
	for _, e := range list {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			p.Descriptors[e.Name()] = target
		}
	}
	for name, resource := range map[string]int{
		"cpu": syscall.RLIMIT_CPU, "core": syscall.RLIMIT_CORE, "file": syscall.RLIMIT_FSIZE, "descriptors": syscall.RLIMIT_NOFILE, "data": syscall.RLIMIT_DATA,
	} {
		var l syscall.Rlimit
		_ = syscall.Getrlimit(resource, &l)
		p.Limits[name] = l
	}
	p.Nice, _ = syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(reply{Kind: Refused, Detail: string(text), Cause: "probe"})
}
