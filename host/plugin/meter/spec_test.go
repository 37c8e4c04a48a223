package meter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// script is a file of the WebAssembly specification's tests as wast2json writes it.
type script struct {
	Commands []command `json:"commands"`
}

type command struct {
	Type     string  `json:"type"`
	Line     int     `json:"line"`
	Filename string  `json:"filename"`
	Name     string  `json:"name"`
	Action   *action `json:"action"`
}

type action struct {
	Type   string  `json:"type"`
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []value `json:"args"`
}

type value struct {
	Type  string          `json:"type"`
	Lane  string          `json:"lane_type"`
	Value json.RawMessage `json:"value"`
}

// words are the value as wazero takes it: one word, or two of a v128.
func (v value) words() ([]uint64, error) {
	if v.Type == "v128" {
		return v.lanes()
	}
	var s string
	if err := json.Unmarshal(v.Value, &s); err != nil {
		return nil, err
	}
	if s == "null" {
		return []uint64{0}, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return nil, err
	}
	if v.Type == "externref" {
		n++
	}
	return []uint64{n}, nil
}

func (v value) lanes() ([]uint64, error) {
	var lanes []string
	if err := json.Unmarshal(v.Value, &lanes); err != nil {
		return nil, err
	}
	words := make([]uint64, 2)
	bits := 128 / len(lanes)
	for i, lane := range lanes {
		n, err := strconv.ParseUint(lane, 10, 64)
		if err != nil {
			return nil, err
		}
		words[i*bits/64] |= n << (i * bits % 64)
	}
	return words, nil
}

// specFolder holds the tests of WebAssembly 2.0 that come with wazero's module, when the module cache has them.
func specFolder(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Skipf("go list cannot find wazero's source: %v", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(dir)), "internal", "integration_test", "spectest", "v2", "testdata")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("wazero's module comes without the specification's tests here: %v", err)
	}
	return folder
}

// TestSpecification runs the specification's tests plain and metered, on both engines: they must answer the same, bit by bit, or trap with the
// same words.
func TestSpecification(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob(filepath.Join(specFolder(t), "*.json"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			total := 0
			for _, path := range scripts {
				r := newSpecRun(t, config)
				r.script(path)
				r.close()
				total += r.compared
			}
			t.Logf("%d actions compared in %d scripts", total, len(scripts))
			if total < 40_000 {
				t.Errorf("only %d actions were compared", total)
			}
		})
	}
}

// specRun is one script on two runtimes.
type specRun struct {
	t        *testing.T
	folder   string
	where    string
	plain    *host
	meter    *host
	last     [2]api.Module
	named    map[string][2]api.Module
	compared int
}

func newSpecRun(t *testing.T, config wazero.RuntimeConfig) *specRun {
	r := &specRun{t: t, plain: newHost(t, config), meter: newHost(t, config), named: map[string][2]api.Module{}}
	for _, h := range []*host{r.plain, r.meter} {
		spectestModule(t, h)
	}
	return r
}

func (r *specRun) close() {
	for _, h := range []*host{r.plain, r.meter} {
		_ = h.runtime.Close(context.Background())
	}
}

// spectestModule offers what the specification's tests import, but for its memory and table.
func spectestModule(t *testing.T, h *host) {
	t.Helper()
	b := h.runtime.NewHostModuleBuilder("spectest")
	nothing := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {})
	i32, i64, f32, f64 := api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64
	for name, params := range map[string][]api.ValueType{
		"print": {}, "print_i32": {i32}, "print_i64": {i64}, "print_f32": {f32}, "print_f64": {f64},
		"print_i32_f32": {i32, f32}, "print_f64_f64": {f64, f64},
	} {
		b.NewFunctionBuilder().WithGoModuleFunction(nothing, params, nil).Export(name)
	}
	if _, err := b.Instantiate(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (r *specRun) script(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	var s script
	if err := json.Unmarshal(raw, &s); err != nil {
		r.t.Fatalf("%s: %v", path, err)
	}
	r.folder = filepath.Dir(path)
	for _, c := range s.Commands {
		r.where = fmt.Sprintf("%s:%d", filepath.Base(path), c.Line)
		switch {
		case c.Type == "module":
			r.module(c)
		case c.Action != nil:
			r.action(c.Action)
		case strings.HasSuffix(c.Filename, ".wasm"):
			r.refused(c)
		}
	}
}

func (r *specRun) read(name string) []byte {
	raw, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

// refused checks that what is malformed to wazero is not metered. What is well-formed and invalid may be: types are wazero's to check, first.
func (r *specRun) refused(c command) {
	plain := r.read(c.Filename)
	_, _, err := Rewrite(plain, specOptions())
	if c.Type != "assert_malformed" || err != nil {
		return
	}
	if _, err := r.plain.runtime.CompileModule(context.Background(), plain); err != nil {
		r.t.Errorf("%s: %s is malformed and is metered: wazero says %v", r.where, c.Filename, err)
	}
}

func specOptions() Options {
	return Options{MemoryPages: MaxMemoryPages, TableElements: MaxTableElements, StackBytes: 8 << 20}
}

func (r *specRun) module(c command) {
	r.last = [2]api.Module{}
	plain := r.read(c.Filename)
	out, _, err := Rewrite(plain, specOptions())
	if err != nil {
		if compiled, ours := r.plain.runtime.CompileModule(context.Background(), plain); ours == nil {
			_ = compiled.Close(context.Background())
			if !errors.Is(err, ErrLimit) {
				r.t.Errorf("%s: %s is refused: %v", r.where, c.Filename, err)
			}
		}
		return
	}
	a, errPlain := r.plain.instantiate(plain)
	b, errMeter := r.meter.instantiate(out)
	if (errPlain == nil) != (errMeter == nil) || errPlain != nil && firstLine(errPlain) != firstLine(errMeter) {
		r.t.Errorf("%s: %s: plain %v, metered %v", r.where, c.Filename, errPlain, errMeter)
		return
	}
	if errPlain != nil {
		return
	}
	r.last = [2]api.Module{a, b}
	if c.Name != "" {
		r.named[c.Name] = r.last
	}
}

func (r *specRun) action(a *action) {
	m := r.last
	if a.Module != "" {
		m = r.named[a.Module]
	}
	if m[0] == nil || a.Type != "invoke" {
		return
	}
	var args []uint64
	for _, v := range a.Args {
		words, err := v.words()
		if err != nil {
			r.t.Fatalf("%s: argument %s %s: %v", r.where, v.Type, v.Value, err)
		}
		args = append(args, words...)
	}
	plain, errPlain := m[0].ExportedFunction(a.Field).Call(context.Background(), args...)
	meter, errMeter := m[1].ExportedFunction(a.Field).Call(context.Background(), args...)
	r.compared++
	stack := stackOf(m[1])
	m[1].ExportedGlobal(ExportStack).(api.MutableGlobal).Set(uint64(specOptions().StackBytes)) // traps leave it where it was
	if exhausted(errPlain) && stack < 0 {
		return
	}
	if firstLine(errPlain) != firstLine(errMeter) {
		r.t.Errorf("%s: %s: plain %v, metered %v", r.where, a.Field, errPlain, errMeter)
		return
	}
	types := m[0].ExportedFunction(a.Field).Definition().ResultTypes()
	if !slices.Equal(plain, meter) && !opaque(types) {
		r.t.Errorf("%s: %s: plain %x, metered %x", r.where, a.Field, plain, meter)
	}
	if errPlain == nil && int64(stack) != specOptions().StackBytes {
		r.t.Errorf("%s: %s leaves a stack of %d", r.where, a.Field, stack)
	}
}

// opaque tells whether results hold function references, which differ between instances.
func opaque(types []api.ValueType) bool { return slices.Contains(types, 0x70) }

func exhausted(err error) bool { return err != nil && strings.Contains(err.Error(), "stack overflow") }

// firstLine is an error without its stack trace.
func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
