package guests_test

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

	"weir/testdata/guests"
)

// lock is lock.json: what the committed modules were built from.
type lock struct {
	Wat2wasm     string
	Clang        string
	HeaderSHA256 string `json:"header_sha256"`
	Guests       []struct {
		Name, Source, Compiler string
		SourceSHA256           string `json:"source_sha256"`
		WasmSHA256             string `json:"wasm_sha256"`
	}
}

func readLock(t *testing.T) lock {
	t.Helper()
	var l lock
	dec := json.NewDecoder(bytes.NewReader(read(t, "lock.json")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		t.Fatal(err)
	}
	return l
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

// TestLock holds sources and modules to lock.json: whoever changes one runs build.sh.
func TestLock(t *testing.T) {
	t.Parallel()
	l := readLock(t)
	if digest(read(t, "guest.h")) != l.HeaderSHA256 {
		t.Error("guest.h is not the one that the C guests were built with: run build.sh")
	}
	var names []string
	for _, g := range l.Guests {
		names = append(names, g.Name)
		if digest(read(t, g.Source)) != g.SourceSHA256 {
			t.Errorf("%s has changed since it was built: run build.sh", g.Source)
		}
		if digest(guests.Bytes(g.Name)) != g.WasmSHA256 {
			t.Errorf("%s.wasm is not what build.sh made of %s", g.Name, g.Source)
		}
	}
	slices.Sort(names)
	if got := guests.Names(); !slices.Equal(got, names) {
		t.Errorf("embedded are %q\nlocked are %q", got, names)
	}
	for _, pattern := range []string{"working/*.wat", "working/*.c", "hostile/*.wat"} {
		sources, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			if name := strings.TrimSuffix(filepath.Base(s), filepath.Ext(s)); !slices.Contains(names, name) {
				t.Errorf("%s is not built: run build.sh", s)
			}
		}
	}
}

// TestRebuild builds all guests anew and compares, where the pinned compilers are installed.
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
	for _, name := range guests.Names() {
		if !bytes.Equal(read(t, filepath.Join(dir, name+".wasm")), guests.Bytes(name)) {
			t.Errorf("%s is not what its source makes: run build.sh", name)
		}
	}
}

// TestReadme: every guest has a line in README.md, and every line a guest.
func TestReadme(t *testing.T) {
	t.Parallel()
	var listed []string
	for line := range strings.Lines(string(read(t, "README.md"))) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			listed = append(listed, name)
		}
	}
	slices.Sort(listed)
	if want := guests.Names(); !slices.Equal(listed, want) {
		for _, name := range want {
			if !slices.Contains(listed, name) {
				t.Errorf("README.md does not list %s", name)
			}
		}
		for i, name := range listed {
			if !slices.Contains(want, name) || i > 0 && listed[i-1] == name {
				t.Errorf("README.md lists %s, which there is not, or twice", name)
			}
		}
	}
}

func TestBytesOfNone(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a name that does not exist has bytes")
		}
	}()
	guests.Bytes("no-such-guest")
}
