package compile

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/sdk/abi"
)

// number is a module unlike those of other numbers.
func number(n int) Job {
	return job(smallest().with(abi.Function{Name: "f"}, constants([]byte{0}, n)...))
}

func keyOf(j Job) string {
	sum, _ := digest(j.Wasm, "")
	return entryKey(sum, j.Meter)
}

func entries(t *testing.T, c *Cache) (names []string) {
	t.Helper()
	for _, name := range directoryNames(t, c) {
		if isHex(keyLength)(name) {
			names = append(names, name)
		}
	}
	return names
}

// aged makes an entry look as if it was used so long ago.
func aged(t *testing.T, c *Cache, key string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	must(t, c.dir.Chtimes(key+"/"+sealFile, then, then))
}

func TestSweepUnused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	old := open(t, Options{Dir: dir, Build: "an older build"})
	compiled(t, old, number(1))
	compiled(t, old, number(2))
	aged(t, old, keyOf(number(1)), unusedFor+time.Hour)
	c := open(t, Options{Dir: dir})
	if left := entries(t, old); !slices.Equal(left, []string{keyOf(number(2))}) {
		t.Errorf("left: %v", left)
	}
	compiled(t, c, number(3))
	aged(t, c, keyOf(number(3)), unusedFor-time.Hour)
	if !compiled(t, c, number(3)).Cached {
		t.Error("gone too early")
	}
	c.sweep(time.Now().Add(unusedFor - time.Hour)) // it was used just now
	if len(entries(t, c)) != 1 {
		t.Error("use was not noted")
	}
	c.sweep(time.Now().Add(unusedFor + time.Hour))
	if left := append(entries(t, c), entries(t, old)...); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	compiled(t, old, number(1)) // its directory is still there
}

func TestSweepSize(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	for n := range 4 {
		compiled(t, c, number(n))
		aged(t, c, keyOf(number(n)), time.Duration(4-n)*time.Hour)
	}
	compiled(t, c, number(0)) // the oldest is the latest used
	one := c.measure(filepath.Join(c.build, c.platform, keyOf(number(3)))).size
	c.size = 2*one + one/2
	c.sweep(time.Now())
	want := []string{keyOf(number(0)), keyOf(number(3))}
	slices.Sort(want)
	if left := entries(t, c); !slices.Equal(left, want) || one < 1000 {
		t.Errorf("left: %v of %d bytes, want %v", left, one, want)
	}
}

// What a process left that died goes; what is not ours is never touched, whatever directory was named.
func TestSweepLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Options{Dir: dir})
	compiled(t, c, number(1))
	place := filepath.Join(c.build, c.platform)
	foreign := []string{
		"notes.txt", "src/main.go", "0123/linux-amd64/" + strings.Repeat("a", 64) + "/seal", place + "/README",
		place + "/job", place + "/cache-1/file", strings.Repeat("b", 32) + "/other/" + strings.Repeat("a", 64) + "/seal",
	}
	ours := []string{place + "/job-OLD/metered.wasm", place + "/live-OLD/code/x", place + "/trash-OLD/x"}
	for _, path := range slices.Concat(foreign, ours) {
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, path), nil, 0o600))
	}
	young := filepath.Join(dir, place, "job-YOUNG")
	must(t, os.Mkdir(young, 0o700))
	past := time.Now().Add(-2 * unusedFor)
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == young {
			return err
		}
		return os.Chtimes(path, past, past)
	}))
	c.sweep(time.Now())
	for _, path := range foreign {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
	for _, path := range append(ours, place+"/"+keyOf(number(1))) {
		if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if _, err := os.Stat(young); err != nil {
		t.Error(err)
	}
}
