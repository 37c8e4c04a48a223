package meter

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// stubs answers every import of a module with zeros.
func stubs(t testing.TB, h *host, wasm []byte) {
	t.Helper()
	compiled, err := h.runtime.CompileModule(context.Background(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	builders := map[string]wazero.HostModuleBuilder{}
	zeros := api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) { clear(stack) })
	for _, f := range compiled.ImportedFunctions() {
		from, name, _ := f.Import()
		if from == ImportModule {
			continue
		}
		if builders[from] == nil {
			builders[from] = h.runtime.NewHostModuleBuilder(from)
		}
		builders[from].NewFunctionBuilder().WithGoModuleFunction(zeros, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// callable are the exported functions that a host of plugins would call, in a fixed order.
func callable(m api.Module) []string {
	var names []string
	for name, def := range m.ExportedFunctionDefinitions() {
		if !slices.ContainsFunc(def.ParamTypes(), func(t api.ValueType) bool { return t != api.ValueTypeI32 }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// arguments are a place in memory and lengths, for as many parameters as there are.
func arguments(f api.Function) []uint64 {
	return []uint64{1024, 256, 64, 32}[:len(f.Definition().ParamTypes())]
}

// TestGuests runs the working guests of the repository plain and metered on both engines, over memory of zeros.
func TestGuests(t *testing.T) {
	t.Parallel()
	found := modules(t, "../../../testdata/guests/working/*.wasm")
	if len(found) == 0 {
		t.Skip("the repository has no guests yet")
	}
	for path, wasm := range found {
		for name, config := range engines() {
			t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) {
				t.Parallel()
				a, b := newHost(t, config), newHost(t, config)
				b.slice = 1000
				meter := metered(t, wasm, Options{StartFuel: 1, MemoryPages: 4096})
				stubs(t, a, wasm)
				stubs(t, b, meter)
				plain, errPlain := a.instantiate(wasm)
				other, errMeter := b.instantiate(meter)
				if errPlain != nil || errMeter != nil {
					t.Fatal(errPlain, errMeter)
				}
				for _, export := range callable(plain) {
					f, g := plain.ExportedFunction(export), other.ExportedFunction(export)
					want, errPlain := f.Call(context.Background(), arguments(f)...)
					got, errMeter := g.Call(context.Background(), arguments(g)...)
					if !slices.Equal(want, got) || firstLine(errPlain) != firstLine(errMeter) {
						t.Errorf("%s: plain %x %v, metered %x %v", export, want, errPlain, got, errMeter)
					}
				}
				if m := plain.Memory(); m != nil {
					x, _ := m.Read(0, m.Size())
					y, _ := other.Memory().Read(0, other.Memory().Size())
					if !bytes.Equal(x, y) {
						t.Error("memory differs")
					}
				}
			})
		}
	}
}

// TestFault19_HostileGuests refuses the hostile guests or runs them out of fuel, stack or memory: nothing hangs, and nothing grows past its limit.
func TestFault19_HostileGuests(t *testing.T) {
	t.Parallel()
	for path, wasm := range modules(t, "../../../testdata/guests/hostile/*.wasm") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			meter, _, err := Rewrite(wasm, Options{})
			if err != nil {
				if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrReserved) {
					t.Errorf("refused: %v", err)
				}
				return
			}
			h := newHost(t, engines()["compiler"])
			h.slice, h.most = sliceUnits, 40
			if _, err := h.runtime.CompileModule(context.Background(), wasm); err != nil {
				return // it is refused before it is metered
			}
			stubs(t, h, meter)
			m, err := h.instantiate(meter)
			if err != nil {
				bounded(t, err)
				return
			}
			for _, export := range callable(m) {
				h.ticks = 0
				f := m.ExportedFunction(export)
				if _, err := f.Call(context.Background(), arguments(f)...); err != nil {
					bounded(t, err)
				}
				if size := stackOfCall(f); size > 1<<20 {
					t.Errorf("%s: the engine's stack has %d bytes", export, size)
				}
				if memory := m.Memory(); memory != nil && memory.Size() > 8<<20 {
					t.Errorf("%s: memory has %d bytes", export, memory.Size())
				}
			}
		})
	}
}

// bounded checks that a call ended by the guest's own fault or by ours, never by the engine's limits.
func bounded(t *testing.T, err error) {
	t.Helper()
	if exhausted(err) || strings.Contains(err.Error(), "runtime error") {
		t.Errorf("it ended with %v", err)
	}
}
