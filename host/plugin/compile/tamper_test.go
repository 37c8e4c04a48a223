package compile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/sdk/abi"
)

// Whatever was done to an entry, it is not loaded: it is compiled again and then stands in the other's place.
func TestFault26_TamperedCache(t *testing.T) {
	t.Parallel()
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	short := func(b []byte) []byte { return b[:len(b)-1] }
	long := func(b []byte) []byte { return append(b, 0) }
	each := func(by func([]byte) []byte) func(*testing.T, string, []string) {
		return func(t *testing.T, _ string, files []string) {
			for _, f := range files {
				if filepath.Base(f) == meteredFile || strings.Contains(f, codeDir+string(filepath.Separator)) {
					change(t, f, by)
				}
			}
		}
	}
	one := func(name string, do func(path string) error) func(*testing.T, string, []string) {
		return func(t *testing.T, entry string, _ []string) { must(t, do(filepath.Join(entry, name))) }
	}
	tests := map[string]func(t *testing.T, entry string, files []string){
		"a bit changed":     each(flip),
		"shortened":         each(short),
		"lengthened":        each(long),
		"report changed":    func(t *testing.T, entry string, _ []string) { change(t, filepath.Join(entry, reportFile), flip) },
		"seal changed":      func(t *testing.T, entry string, _ []string) { change(t, filepath.Join(entry, sealFile), flip) },
		"seal shortened":    func(t *testing.T, entry string, _ []string) { change(t, filepath.Join(entry, sealFile), short) },
		"seal huge":         one(sealFile, func(p string) error { return os.Truncate(p, 1<<30) }),
		"seal gone":         one(sealFile, os.Remove),
		"module gone":       one(meteredFile, os.Remove),
		"code gone":         one(codeDir, os.RemoveAll),
		"readable by group": one(meteredFile, func(p string) error { return os.Chmod(p, 0o640) }),
		"directory open":    one("", func(p string) error { return os.Chmod(p, 0o755) }),
		"a link out": one(meteredFile, func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Symlink("/etc/passwd", p)
		}),
		"a directory": one(meteredFile, func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Mkdir(p, 0o700)
		}),
		"the entry a file": one("", func(p string) error {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
			return os.WriteFile(p, nil, 0o600)
		}),
		"the entry a link out": one("", func(p string) error {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
			return os.Symlink("/tmp", p)
		}),
	}
	for name, tamper := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, log := filepath.Join(t.TempDir(), "cache"), &logged{}
			c := open(t, Options{Dir: dir, Log: log.logger()})
			compiled(t, c, job(smallest()))
			entry, files := sealed(t, dir)
			tamper(t, entry, files)
			code, err := c.Compile(t.Context(), job(smallest()))
			must(t, err)
			calls(t, code)
			_ = code.Close(t.Context())
			if code.Cached {
				t.Error("it was loaded")
			}
			if !strings.Contains(log.String(), "is not used, and compiled again") {
				t.Errorf("the log does not tell: %s", log)
			}
			if again := compiled(t, c, job(smallest())); !again.Cached {
				t.Errorf("not replaced: %s", log)
			}
		})
	}
}

// Code that was sealed for one module is nothing to another, nor to another build.
func TestFault26_MovedEntry(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Options{Dir: dir})
	compiled(t, c, job(smallest()))
	entry, _ := sealed(t, dir)
	other := job(smallest().with(abi.Function{Name: "f"}, 0))
	sum, _ := digest(other.Wasm, "")
	must(t, os.Rename(entry, filepath.Join(filepath.Dir(entry), entryKey(sum, other.Meter))))
	if code := compiled(t, c, other); code.Cached {
		t.Error("another module's code was loaded")
	}
}

func TestFault26_ForeignOwner(t *testing.T) {
	t.Parallel()
	dir, log := filepath.Join(t.TempDir(), "cache"), &logged{}
	c := open(t, Options{Dir: dir, Log: log.logger()})
	compiled(t, c, job(smallest()))
	entry, _ := sealed(t, dir)
	if os.Getuid() == 0 {
		must(t, os.Chown(filepath.Join(entry, meteredFile), 65534, 65534))
		if code := compiled(t, c, job(smallest())); code.Cached || !strings.Contains(log.String(), "it belongs to user 65534") {
			t.Errorf("cached %t: %s", code.Cached, log)
		}
	}
	c.dir.uid++ // everything is somebody else's now
	if _, err := c.load(t.Context(), filepath.Base(entry), filepath.Base(entry)); err == nil || !strings.Contains(err.Error(), "it belongs to user") {
		t.Error(err)
	}
	c.dir.uid--
	uid := os.Getuid()
	parent, err := os.OpenRoot(dir)
	must(t, err)
	defer func() { _ = parent.Close() }()
	if d, err := openDirectory(parent, uid+1, c.build, c.platform); err == nil || !strings.Contains(err.Error(), "it belongs to user") {
		t.Error(d, err)
	}
}

// Another key opens nothing; a key that others could have read is not used.
func TestFault26_Key(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	compiled(t, open(t, Options{Dir: dir}), job(smallest()))
	must(t, os.Remove(dir+".key"))
	if code := compiled(t, open(t, Options{Dir: dir}), job(smallest())); code.Cached {
		t.Error("code was loaded that is sealed with another key")
	}
	for want, do := range map[string]func(string) error{
		"its mode is 0644":               func(p string) error { return os.Chmod(p, 0o644) },
		"it is not a key of 32 bytes":    func(p string) error { return os.WriteFile(p, []byte("short"), 0o600) },
		"too many levels":                func(p string) error { return os.Symlink(dir+".key", p) },
		"it is no regular file":          func(p string) error { return os.Mkdir(p, 0o700) },
		"it is not a key of 32 bytes; r": func(p string) error { return os.WriteFile(p, make([]byte, 33), 0o600) },
	} {
		path := filepath.Join(t.TempDir(), "key")
		if strings.HasPrefix(want, "its mode") {
			must(t, makeKey(path))
		}
		must(t, do(path))
		_, err := Open(Options{Dir: dir, Key: path, Build: "test"})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), SettingKey) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := Open(Options{Dir: dir, Key: filepath.Join(dir, "a", "key"), Build: "test"}); err == nil || !strings.Contains(err.Error(), "lies in cache_dir") {
		t.Error(err)
	}
	log := &logged{}
	c := open(t, Options{Dir: dir, Key: filepath.Join(dir, "..", "gone", "key"), Log: log.logger()})
	compiled(t, c, job(smallest()))
	if !compiled(t, c, job(smallest())).Cached || !strings.Contains(log.String(), "are not kept over restarts") {
		t.Errorf("without a key that can be kept: %s", log)
	}
}

// A directory that others can read is none.
func TestFault26_OpenDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Options{Dir: dir})
	_ = c.Close()
	for _, path := range []string{c.build, filepath.Join(c.build, c.platform)} {
		must(t, os.Chmod(filepath.Join(dir, path), 0o750))
		if _, err := Open(Options{Dir: dir, Build: "test"}); err == nil || !strings.Contains(err.Error(), "its mode is 0750: others than its owner have access") {
			t.Error(err)
		}
		must(t, os.Chmod(filepath.Join(dir, path), 0o700))
	}
	must(t, os.RemoveAll(filepath.Join(dir, c.build)))
	must(t, os.WriteFile(filepath.Join(dir, c.build), nil, 0o600))
	if _, err := Open(Options{Dir: dir, Build: "test"}); err == nil || !strings.Contains(err.Error(), "it is no directory") {
		t.Error(err)
	}
	if _, err := Open(Options{Dir: "", Build: "test"}); err == nil || err.Error() != "cache_dir is not set" {
		t.Error(err)
	}
	if _, err := Open(Options{Dir: filepath.Join(dir, c.build, "x"), Build: "test"}); err == nil || !strings.HasPrefix(err.Error(), "cache_dir: ") {
		t.Error(err)
	}
	if err := unshared(fakeInfo{mode: fs.ModeDir | 0o777}); (err == nil) != byDescriptor {
		t.Error(err)
	}
}

type fakeInfo struct {
	fs.FileInfo
	mode fs.FileMode
}

func (f fakeInfo) Mode() fs.FileMode { return f.mode }
