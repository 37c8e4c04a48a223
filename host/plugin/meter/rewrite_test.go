package meter

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

//go:embed testdata/sections.wasm
var sectionsModule []byte

var update = flag.Bool("update", false, "write the golden files")

// withCustoms adds custom sections to a module, some of which cannot survive.
func withCustoms(wasm []byte) []byte {
	first := (&builder{}).custom("producers", 1, 2, 3).custom(".debug_info", 4).bytes()
	last := (&builder{}).custom("metadata.code.branch_hint", 5).custom("last", 6).custom("last", 7).bytes()
	return slices.Concat(first, wasm[len(header):], last[len(header):])
}

// TestEverySectionSurvives runs a module with all sections and all kinds of segments, and looks at what only engines see.
func TestEverySectionSurvives(t *testing.T) {
	t.Parallel()
	plain := withCustoms(sectionsModule)
	meter := metered(t, plain, Options{})
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config.WithCustomSections(true))
			env(t, h)
			a, errA := h.instantiate(plain)
			b, errB := h.instantiate(meter)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			calls := [][]uint64{{0}, {1}, {2}, {3}, {4}, {9}}
			for _, export := range []string{"inc", "dec", "imported", "call", "call2", "init", "call", "call2", "init", "ref", "bytes", "bytes"} {
				for _, args := range calls {
					fa, fb := a.ExportedFunction(export), b.ExportedFunction(export)
					for len(args) < len(fa.Definition().ParamTypes()) {
						args = append(args, 7)
					}
					args = args[:len(fa.Definition().ParamTypes())]
					ra, ea := fa.Call(context.Background(), args...)
					rb, eb := fb.Call(context.Background(), args...)
					if !slices.Equal(ra, rb) || firstLine(ea) != firstLine(eb) {
						t.Errorf("%s %d: plain %d %v, metered %d %v", export, args, ra, ea, rb, eb)
					}
				}
			}
			if got := b.ExportedGlobal("count").Get(); got != 40 {
				t.Errorf("the start function left %d", got)
			}
			sameDefinitions(t, h, plain, meter)
		})
	}
}

// env offers double, and zero as a module of its own since hosts of wazero's offer no globals.
func env(t *testing.T, h *host) {
	t.Helper()
	b := (&builder{}).section(secType, 1, 0x60, 1, typeI32, 1, typeI32).section(secFunction, 1, 0)
	b.section(secGlobal, 1, typeI32, 0, opI32Const, 0, opEnd)
	b.section(secExport, slices.Concat(appendName([]byte{2}, "zero"), []byte{3, 0}, appendName(nil, "double"), []byte{0, 0})...)
	b.code([]byte{0, opLocalGet, 0, opI32Const, 2, 0x6c, opEnd})
	if _, err := h.runtime.InstantiateWithConfig(context.Background(), b.bytes(), wazero.NewModuleConfig().WithName("env")); err != nil {
		t.Fatal(err)
	}
}

// sameDefinitions compares what wazero shows of two modules: names, types and custom sections.
func sameDefinitions(t *testing.T, h *host, plain, meter []byte) {
	t.Helper()
	a, errA := h.runtime.CompileModule(context.Background(), plain)
	b, errB := h.runtime.CompileModule(context.Background(), meter)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if a.Name() != b.Name() || a.Name() != "sections" {
		t.Errorf("the module is named %q, and %q", a.Name(), b.Name())
	}
	for name, f := range a.ExportedFunctions() {
		g := b.ExportedFunctions()[name]
		if g == nil || f.Name() != g.Name() || f.Name() != "" && f.DebugName() != g.DebugName() || !slices.Equal(f.ParamNames(), g.ParamNames()) ||
			!slices.Equal(f.ParamTypes(), g.ParamTypes()) || !slices.Equal(f.ResultTypes(), g.ResultTypes()) {
			t.Errorf("%s is %v, and %v", name, f, g)
		}
	}
	imports := b.ImportedFunctions()
	if last := imports[len(imports)-1]; len(imports) != len(a.ImportedFunctions())+1 || last.DebugName() != "sections.weir_meter.tick" {
		t.Errorf("the last import is %s", last.DebugName())
	}
	var left []string
	for _, c := range b.CustomSections() {
		left = append(left, c.Name()+string(c.Data()))
	}
	if want := []string{"producers\x01\x02\x03", "last\x06", "last\x07"}; !slices.Equal(left, want) {
		t.Errorf("custom sections are %q, want %q", left, want)
	}
}

// TestReport shows what Inspect and Rewrite tell.
func TestReport(t *testing.T) {
	t.Parallel()
	got, err := Inspect(withCustoms(sectionsModule))
	if err != nil {
		t.Fatal(err)
	}
	want := []Import{{"env", "zero", Global, "i32"}, {"env", "double", Func, "(i32) -> (i32)"}}
	if !slices.Equal(got.Imports, want) {
		t.Errorf("imports %v, want %v", got.Imports, want)
	}
	for _, e := range []Export{
		{"inc", Func, "(i32) -> (i32)"}, {"t", TableKind, "funcref 10..20"}, {"memory", MemoryKind, "1.."}, {"count", Global, "mut i32"},
	} {
		if !slices.Contains(got.Exports, e) {
			t.Errorf("no export %v in %v", e, got.Exports)
		}
	}
	if got.Functions != 10 || !got.Start || got.Data != 3 || got.DataBytes != 15 || got.Elements != 15 || len(got.Tables) != 3 ||
		got.Globals != 2 || got.Memory.String() != "1.." || got.LargestFrame == 0 || len(got.Customs) != 6 {
		t.Errorf("got %+v", got)
	}
	again, _, err := Rewrite(withCustoms(sectionsModule), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Rewrite(again, Options{}); err == nil {
		t.Error("a metered module is metered again")
	}
	encoded, err := json.Marshal(got)
	var decoded Report
	if err != nil || json.Unmarshal(encoded, &decoded) != nil || !reflect.DeepEqual(&decoded, got) {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
}

// TestGolden compares rewritten modules with those kept, byte for byte. go test -run Golden -update writes them anew; wasm2wat shows them.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, wasm := range map[string][]byte{
		"empty": (&builder{}).bytes(), "bench": benchModule, "kill": killModule, "sections": sectionsModule, "start": startModule,
	} {
		before := bytes.Clone(wasm)
		got := metered(t, wasm, Options{})
		if !bytes.Equal(before, wasm) {
			t.Errorf("%s: Rewrite has changed its argument", name)
		}
		if again := metered(t, wasm, Options{}); !bytes.Equal(got, again) {
			t.Errorf("%s: rewritten twice, it differs", name)
		}
		path := filepath.Join("testdata", "golden", name+".wasm")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s: %v", name, path, err)
		}
	}
}

// TestFault19_GrowthIsBounded grows memory and tables as far as they go.
func TestFault19_GrowthIsBounded(t *testing.T) {
	t.Parallel()
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config)
			m, err := h.instantiate(metered(t, killModule, Options{MemoryPages: 20, TableElements: 30}))
			if err != nil {
				t.Fatal(err)
			}
			grow := func(export string, n uint64) int32 {
				got, err := m.ExportedFunction(export).Call(context.Background(), n)
				if err != nil {
					t.Fatal(err)
				}
				return int32(got[0])
			}
			for _, step := range []struct {
				export string
				by     uint64
				want   int32
			}{
				{"grow_once", 5, -1}, {"grow_once", 4, 16}, {"grow_once", 1, -1}, {"grow_once", 0, 20},
				{"grow_table_once", 27, -1}, {"grow_table_once", 26, 4}, {"grow_table_once", 1, -1}, {"grow_table_once", 0xffffffff, -1},
			} {
				if got := grow(step.export, step.by); got != step.want {
					t.Errorf("%s %d: %d, want %d", step.export, step.by, got, step.want)
				}
			}
			if m.Memory().Size() != 20*PageSize {
				t.Errorf("memory has %d bytes", m.Memory().Size())
			}
			if got := m.ExportedGlobal(ExportFuel).Type(); got != api.ValueTypeI64 {
				t.Errorf("fuel is of type %x", got)
			}
		})
	}
}
