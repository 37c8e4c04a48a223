package upload

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func open(t testing.TB, dir string) (*Store, *lines) {
	t.Helper()
	log := &lines{}
	s, err := Open(dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, log
}

// put keeps a plugin whose module is text.
func put(t testing.TB, s *Store, tenant, name, text, settings string) {
	t.Helper()
	p := Plugin{Tenant: tenant, Name: name, Settings: []byte(settings), Time: time.Date(2026, 11, 23, 1, 2, 3, 4, time.UTC)}
	if err := s.Put(p, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// holds checks that a plugin is there, whole.
func holds(t testing.TB, s *Store, tenant, name, text, settings string) {
	t.Helper()
	p, ok := s.Get(tenant, name)
	if !ok || p.Fault != "" || string(p.Settings) != settings || p.Tenant != tenant || p.Name != name {
		t.Fatalf("%s/%s: %v %+v", tenant, name, ok, p)
	}
	module, err := s.Module(p)
	if err != nil || string(module) != text {
		t.Fatalf("%s/%s: %q, %v", tenant, name, module, err)
	}
}

// files lists what is in a folder, but for locks.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != ".lock" {
			path, err = filepath.Rel(dir, path)
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
