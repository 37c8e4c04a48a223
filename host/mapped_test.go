package host_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"weir/host"
)

// mapped is a gateway whose configuration is mounted as Kubernetes mounts a
// ConfigMap: file → ..data/file, ..data → a folder that is replaced.
type mapped struct {
	*gateway
	dir string
	n   int
}

func startMapped(t testing.TB, yaml string) *mapped {
	t.Helper()
	m := &mapped{dir: t.TempDir()}
	m.swap(t, yaml)
	path := filepath.Join(m.dir, "weir.yaml")
	if err := os.Symlink(filepath.Join("..data", "weir.yaml"), path); err != nil {
		t.Fatal(err)
	}
	m.gateway = &gateway{path: path, log: &syncBuffer{}}
	gw, err := host.New(host.Options{Path: path, Env: os.LookupEnv, Log: slog.New(slog.NewJSONHandler(m.log, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := gw.Start(); err != nil {
		t.Fatal(err)
	}
	m.Gateway = gw
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		gw.Drain(ctx)
	})
	return m
}

// swap puts another version in place with one rename, as the kubelet does.
func (m *mapped) swap(t testing.TB, yaml string) {
	t.Helper()
	m.n++
	folder := "..v" + strconv.Itoa(m.n)
	if err := os.Mkdir(filepath.Join(m.dir, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, folder, "weir.yaml"), []byte(listen+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(folder, filepath.Join(m.dir, "..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(m.dir, "..data_tmp"), filepath.Join(m.dir, "..data")); err != nil {
		t.Fatal(err)
	}
}
