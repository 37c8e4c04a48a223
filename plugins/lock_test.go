package plugins_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/plugins"
)

// lock is a plugin's lock.json: what its module was built from, with digests in hex.
type lock struct {
	Compiler string
	Sources  map[string]string // by path
	Module   string
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func module(t *testing.T, name string) []byte {
	t.Helper()
	wasm, err := plugins.Module(name)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// TestLock holds sources and modules to lock.json: whoever changes one runs build.sh.
func TestLock(t *testing.T) {
	t.Parallel()
	for _, name := range plugins.Names() {
		var l lock
		dec := json.NewDecoder(bytes.NewReader(read(t, filepath.Join(name, "lock.json"))))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if digest(module(t, name)) != l.Module {
			t.Errorf("%s.wasm is not what build.sh made", name)
		}
		for _, pattern := range []string{name + "/*.[ch]", "c/*.h", "build.sh"} {
			files, err := filepath.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if digest(read(t, f)) != l.Sources[filepath.ToSlash(f)] {
					t.Errorf("%s has changed since %s was built: run build.sh", f, name)
				}
				delete(l.Sources, filepath.ToSlash(f))
			}
		}
		for f := range l.Sources {
			t.Errorf("%s was built from %s, which is gone: run build.sh", name, f)
		}
	}
}

// TestEverySourceIsBuilt: a folder with a plugin's source has its module, and the other way round.
func TestEverySourceIsBuilt(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("*/*.c")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sources {
		names = append(names, filepath.Base(filepath.Dir(s)))
	}
	if !slices.Equal(names, plugins.Names()) {
		t.Errorf("sources of %q, modules of %q", names, plugins.Names())
	}
}

func TestNoSuchModule(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nothing", "c", "../plugins", "phrases/phrases"} {
		if _, err := plugins.Module(name); err == nil || !strings.Contains(err.Error(), "phrases") {
			t.Errorf("%q: error %v, want one that says what there is", name, err)
		}
	}
}

// TestRebuild builds all plugins anew and compares, where the pinned compiler is installed.
func TestRebuild(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short")
	}
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "./build.sh", dir).CombinedOutput()
	const missing = 3 // build.sh's status
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == missing {
		t.Skipf("%s", out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range plugins.Names() {
		if !bytes.Equal(read(t, filepath.Join(dir, name+".wasm")), module(t, name)) {
			t.Errorf("%s is not what its source makes: run build.sh", name)
		}
	}
}
