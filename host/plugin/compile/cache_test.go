package compile

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"weir/host/plugin/meter"
	"weir/sdk/abi"
)

// directoryNames is what lies beside the entries of this build.
func directoryNames(t *testing.T, c *Cache) (names []string) {
	t.Helper()
	list, err := fs.ReadDir(c.dir.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// calls instantiates a compiled module and calls its hook.
func calls(t *testing.T, code *Code) {
	t.Helper()
	ctx := t.Context()
	_, err := code.Runtime.NewHostModuleBuilder(meter.ImportModule).NewFunctionBuilder().WithFunc(func() {}).Export(meter.ImportTick).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := code.Runtime.InstantiateModule(ctx, code.Module, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := m.ExportedFunction(abi.HookRequest.Export()).Call(ctx, 0, 0); err != nil || out[0] != 0 {
		t.Errorf("%v, %v", out, err)
	}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "cache")
	for round := range 3 {
		c := open(t, Options{Dir: dir}) // as after a restart
		code, err := c.Compile(t.Context(), job(smallest()))
		if err != nil {
			t.Fatal(err)
		}
		if code.Cached != (round > 0) || len(code.Digest) != 64 || len(code.Metered) != 64 || code.Digest == code.Metered || code.Took <= 0 {
			t.Errorf("round %d: %+v", round, code)
		}
		if r := code.Report; r.Functions != 3 || r.MeteredSize <= r.Size {
			t.Errorf("round %d: %+v", round, r)
		}
		calls(t, code)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := code.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := code.Close(t.Context()); err != nil {
			t.Error("closing again:", err)
		}
	}
	if info, err := os.Stat(dir + ".key"); err != nil || info.Mode().Perm() != 0o600 || info.Size() != keySize {
		t.Errorf("%v, %v", info, err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, e := d.Info()
		if err := errors.Join(err, e); err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Different options of the meter, and different builds, share nothing.
func TestEntriesAreApart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Options{Dir: dir})
	a := compiled(t, c, job(smallest()))
	j := job(smallest())
	j.Meter.MemoryPages = 7
	if b := compiled(t, c, j); b.Cached || b.Metered == a.Metered || b.Digest != a.Digest {
		t.Errorf("%+v and %+v", a, b)
	}
	if b := compiled(t, open(t, Options{Dir: dir, Build: "other"}), job(smallest())); b.Cached {
		t.Error("code of another build was loaded")
	}
	if b := compiled(t, open(t, Options{Dir: dir}), j); !b.Cached {
		t.Error("not found again")
	}
}

// Rules may change while a module lies in the cache.
func TestRulesOfCachedModules(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	g := smallest().importing("env", env["env"][0])
	compiled(t, c, job(g))
	j := job(g)
	j.Rules = ABI(nil)
	if e := wantKind(t, c, j, Refused); !strings.Contains(e.Error(), "imports function f from module env") {
		t.Error(e)
	}
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	j := job(smallest())
	j.Trusted = true
	for name, c := range map[string]*Cache{
		"no cache": nil, "without": Without(errors.New("x")), "cache": open(t, Options{Self: []string{"/nonexistent/weir"}}),
	} {
		code, err := c.Compile(t.Context(), j)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		calls(t, code)
		if code.Cached || code.Metered == "" || code.Report.MeteredSize == 0 {
			t.Errorf("%s: %+v", name, code)
		}
		_ = code.Close(t.Context())
		if again := compiled(t, c, j); again.Cached != (name == "cache") {
			t.Errorf("%s: cached %t", name, again.Cached)
		}
	}
}

func TestFault31_NoCacheDirectory(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cache *Cache
		want  string
	}{
		{nil, "untrusted modules cannot be compiled here: there is no directory for what is compiled; the setting is cache_dir"},
		{Without(errors.New("read-only file system")), "untrusted modules cannot be compiled here: read-only file system; the setting is cache_dir"},
	} {
		if e := wantKind(t, test.cache, job(smallest()), Unavailable); e.Error() != test.want {
			t.Error(e)
		}
		if err := test.cache.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if e := wantKind(t, c, job(smallest()), Unavailable); !strings.Contains(e.Error(), "the cache is closed") {
		t.Error(e)
	}
}

// Close and the end of a context stop the child that compiles.
func TestStopped(t *testing.T) {
	t.Parallel()
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		c, failed := open(t, Options{Self: playing("hang")}), make(chan error)
		go func() {
			_, err := c.Compile(context.Background(), job(smallest()))
			failed <- err
		}()
		waitFor(t, func() bool { return len(directoryNames(t, c)) > 0 })
		_ = c.Close()
		var e *Error
		if err := <-failed; !errors.As(err, &e) || e.Kind != Unavailable {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		c := open(t, Options{Self: playing("hang")})
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := c.Compile(ctx, job(smallest()))
			failed <- err
		}()
		waitFor(t, func() bool { return len(directoryNames(t, c)) > 0 })
		waiting := make(chan error)
		go func() { // for its turn
			_, err := c.Compile(ctx, job(smallest().with(abi.Function{Name: "f"}, 0)))
			waiting <- err
		}()
		trusted := job(smallest())
		trusted.Trusted = true
		compiled(t, c, trusted) // it does not wait
		cancel(nil)
		for _, ch := range []chan error{failed, waiting} {
			if err := <-ch; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if left := directoryNames(t, c); !slices.Equal(left, entries(t, c)) {
			t.Errorf("left behind: %v", left)
		}
	})
}

// waitFor looks until something is so.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass")
		}
	}
}

// Many at once, in two processes' caches over one directory: each gets its code.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	caches := []*Cache{open(t, Options{Dir: dir}), open(t, Options{Dir: dir})}
	modules := make([]Job, 3)
	for i := range modules {
		modules[i] = job(smallest().with(abi.Function{Name: "f"}, constants([]byte{0}, i)...))
	}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			code, err := caches[i%2].Compile(t.Context(), modules[i%3])
			if err != nil {
				t.Error(err)
				return
			}
			_ = code.Close(t.Context())
		})
	}
	wg.Wait()
	if names := directoryNames(t, caches[0]); len(names) != len(modules) {
		t.Errorf("the cache holds %v", names)
	}
}

// logged is a log that can be read.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// sealed finds the files of the one entry of a cache.
func sealed(t *testing.T, dir string) (entry string, files []string) {
	t.Helper()
	seals, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", sealFile))
	if err != nil || len(seals) != 1 {
		t.Fatalf("%v, %v", seals, err)
	}
	entry = filepath.Dir(seals[0])
	err = filepath.WalkDir(entry, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	slices.Sort(files)
	return entry, files
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// change changes a file's contents.
func change(t *testing.T, path string, by func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, by(b), 0o600))
}
