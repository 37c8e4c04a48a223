package meter

import (
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"weir/host/plugin/meter/generate"
)

// differ runs generated modules plain and metered.
type differ struct {
	plain, compiled, interpreted *host
}

func newDiffer(t testing.TB) *differ {
	t.Helper()
	runtime := func(e generate.Engine) *host {
		r, err := generate.NewRuntime(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		return hostOn(t, r)
	}
	return &differ{
		plain: runtime(generate.Compiler), compiled: runtime(generate.Compiler), interpreted: runtime(generate.Interpreter),
	}
}

// spend runs a metered module with slices of fuel of a size and returns the units it spent.
func spend(t testing.TB, h *host, m *generate.Module, wasm []byte, slice int64) (*generate.Outcome, int64) {
	t.Helper()
	h.ticks, h.slice = 0, slice
	var last api.Module
	out, err := generate.Run(context.Background(), h.runtime, m, wasm, func(mod api.Module) { // the budget is the module's own
		last = mod
		mod.ExportedGlobal(ExportStack).(api.MutableGlobal).Set(8 << 20) // traps leave it where it was
	})
	if err != nil {
		t.Fatalf("metered: %v", err)
	}
	if last == nil {
		return out, 0
	}
	return out, int64(h.ticks)*slice - int64(fuelOf(last).Get())
}

// module compares one module on wazero's compiler, plain, with itself metered, on both engines, with fuel in large and in small slices.
func (d *differ) module(t testing.TB, m *generate.Module) {
	t.Helper()
	opt := Options{StartFuel: 1, MemoryPages: MaxMemoryPages, TableElements: MaxTableElements, StackBytes: 8 << 20}
	wasm, _, err := Rewrite(m.Wasm, opt)
	if err != nil {
		t.Fatalf("rewrite: %v", err)
	}
	want, err := generate.Run(context.Background(), d.plain.runtime, m, m.Wasm, nil)
	if err != nil {
		t.Fatalf("plain: %v", err)
	}
	fuel := int64(-1)
	for _, run := range []struct {
		name  string
		h     *host
		slice int64
	}{
		{"compiled", d.compiled, 1 << 40},
		{"compiled, small slices", d.compiled, 97},
		{"interpreted", d.interpreted, 1 << 40},
		{"interpreted, small slices", d.interpreted, 1009},
	} {
		got, spent := spend(t, run.h, m, wasm, run.slice)
		if diff := want.Diff(got); diff != "" {
			t.Errorf("plain and %s differ: %s", run.name, diff)
		}
		if trapped(want) {
			continue // what a trapped function had not written back is lost, and ticks write back
		}
		if fuel >= 0 && spent != fuel {
			t.Errorf("%s spends %d units, another run %d", run.name, spent, fuel)
		}
		fuel = spent
	}
}

func trapped(o *generate.Outcome) bool {
	return o.Start != "" || slices.ContainsFunc(o.Calls, func(r generate.Result) bool { return r.Trap != "" })
}

// FuzzDifferential holds metered modules to what they compute plain, on both of wazero's engines, and fuel to being the same everywhere.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(randomBytes(seed, int(50+seed*40)))
	}
	d := newDiffer(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		d.module(t, generate.New(data, generate.Options{}))
	})
}

// TestFuelCoversAllCode holds what is charged to what runs: paying for small pieces of code in advance may cost more than paying for each when it
// begins, never less, and not much more.
func TestFuelCoversAllCode(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	var sums [2]int64
	for seed := range uint64(150) {
		m := generate.New(randomBytes(seed, int(100+seed*20)), generate.Options{})
		var spent [2]int64
		for i, exact := range []bool{true, false} {
			wasm := metered(t, m.Wasm, Options{
				StartFuel: 1 << 50, MemoryPages: MaxMemoryPages, TableElements: MaxTableElements, StackBytes: 8 << 20, exact: exact,
			})
			out, left := spend(t, d.compiled, m, wasm, 1<<40)
			if trapped(out) {
				continue
			}
			spent[i] = 1<<50 + left // no tick: left is what is left, below zero
			sums[i] += spent[i]
		}
		if spent[1] < spent[0] {
			t.Errorf("seed %d: %d units run and %d are charged", seed, spent[0], spent[1])
		}
	}
	t.Logf("%d units ran and %d were charged: %.2f", sums[0], sums[1], float64(sums[1])/float64(sums[0]))
	if sums[1] > 2*sums[0] {
		t.Errorf("%d units ran and %d were charged", sums[0], sums[1])
	}
}
