package plugin

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// What a guest built on the standard library of Rust, Go or C asks at its start is answered, and there is nothing behind it.
func TestWASI(t *testing.T) {
	t.Parallel()
	b := newBench(t) // for its log
	r := b.pool.plugin.runtime
	plugin := configure(t, r, "wasi", patient, Setting{})
	tags := tagsOf(t, plugin.For("a"), newText(abi.HookRequest, nil))
	want := map[string]string{
		"args_sizes_get": "0", "args": "0", "args_get": "0", "environ_sizes_get": "0", "environ": "0", "environ_get": "0",
		"clock_time_get": "0", "random_get": "0", "fd_write": "0", "written": "25", "fd_read": "0", "fd_fdstat_get": "0",
		"fd_prestat_get": "8", "fd_prestat_dir_name": "8", "fd_seek": "70", "fd_close": "8", "sched_yield": "0", "time": "1000",
	}
	for name, value := range want {
		if tags[name] != value {
			t.Errorf("%s is %s, want %s", name, tags[name], value)
		}
	}
	for _, line := range []string{"text=initialized\n", `tenant=a text="a line to standard error"`} {
		if !strings.Contains(b.log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, b.log)
		}
	}

	exits := configure(t, r, "wasi", patient, Setting{Config: []byte(`{"exit":true}`)})
	if f := request(exits.For("a")); f == nil || f.Class != frame.Trap || !strings.Contains(f.Detail, "code 3") {
		t.Errorf("a guest that exits: %v", f)
	}
}

const goGuest = `package main

import (
	"fmt"
	"os"
	"time"
	"unsafe"
)

var input []byte

//go:wasmexport weir_abi_1
func version() {}

//go:wasmexport weir_alloc
func alloc(size int32) int32 {
	input = make([]byte, size)
	return int32(uintptr(unsafe.Pointer(&input[0])))
}

//go:wasmexport weir_on_request
func request(ptr, size int32) int64 {
	done := make(chan map[string]int)
	go func() {
		time.Sleep(time.Hour) // no time passes for a guest without a clock
		counts := make(map[string]int)
		for n := range 100 {
			counts[fmt.Sprint("key ", n)] += n
		}
		done <- counts
	}()
	if counts := <-done; len(counts) != 100 || counts["key 7"] != 7 {
		panic("wrong counts")
	}
	if _, err := os.ReadFile("/etc/passwd"); err == nil {
		panic("there is a file")
	}
	if input[0] == 'p' {
		panic("as asked")
	}
	fmt.Println("hello from Go", len(os.Args), len(os.Environ()))
	return 0
}

func main() {}
`

// A guest of Go's own toolchain runs: its runtime, goroutines, timers, maps, and its panics in the log.
func TestGoGuest(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a Go module")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": goGuest, "go.mod": "module guest\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", "guest.wasm", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOEXPERIMENT=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "guest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	r := b.pool.plugin.runtime
	limits := patient
	limits.Fuel = 1 << 40
	m, err := r.Admit(context.Background(), Source{Name: "go", Wasm: wasm, Trusted: true}, limits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p, err := r.Configure(context.Background(), m, Setting{Name: "go", Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	pool := p.For("a")
	for range 3 {
		if f := request(pool); f != nil {
			t.Fatal(f)
		}
	}
	c := frame.Call{Hook: abi.HookRequest, Frame: encoder{16, func(dst []byte) { copy(dst, "panic, please...") }}}
	if f := pool.Call(&c); f == nil || f.Class != frame.Trap {
		t.Errorf("a guest that panics: %v", f)
	}
	for _, line := range []string{"hello from Go 0 0", "panic: as asked"} {
		if !strings.Contains(b.log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, b.log)
		}
	}
	if f := request(pool); f != nil {
		t.Errorf("after the panic: %v", f)
	}
	t.Logf("%+v, %d units a call", p.Stats(), c.Fuel)
}
