package meter

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

var (
	//go:embed testdata/kill.wasm
	killModule []byte
	//go:embed testdata/start.wasm
	startModule []byte
)

// sliceUnits is what a host might grant at a time: about 100 µs.
const sliceUnits = 200_000

// TestFault18_LoopsTick runs what never ends with fuel in slices. Each must come back to the host for every slice, at once, and be
// stoppable there.
func TestFault18_LoopsTick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		export string
		args   []uint64
		over   int64 // a tick may come that many units late
	}{
		{"spin", nil, 100}, {"spin_if", []uint64{1}, 100}, {"spin_table", nil, 100}, {"spin_operand", nil, 100},
		{"spin_nested", nil, 100}, {"fan", []uint64{40}, 500}, {"fill", nil, pieceBytes/bytesPerUnit + 100},
		{"fill_by", []uint64{1 << 20}, pieceBytes/bytesPerUnit + 100}, {"fill_by", []uint64{0}, 100},
		{"copy_by", []uint64{1<<20 - 8}, pieceBytes/bytesPerUnit + 100}, {"grow", nil, costPage + 2*costGrowMemory},
		{"grow_table", nil, 500}, {"fill_table", nil, 200},
	}
	wasm := metered(t, killModule, Options{StartFuel: 1, StackBytes: 32 << 20})
	for name, config := range engines() {
		for _, test := range tests {
			t.Run(name+"/"+test.export, func(t *testing.T) {
				t.Parallel()
				h := newHost(t, config)
				m, err := h.instantiate(wasm)
				if err != nil {
					t.Fatal(err)
				}
				h.slice, h.most = sliceUnits, 7
				lowest := int64(math.MaxInt64)
				h.seen = func(fuel int64) { lowest = min(lowest, fuel) }
				_, err = m.ExportedFunction(test.export).Call(context.Background(), test.args...)
				if !errors.Is(err, outOfFuel{}) {
					t.Fatalf("it ended with %v", err)
				}
				if h.ticks != 8 || lowest < -test.over {
					t.Errorf("%d ticks, the latest %d units late", h.ticks, -lowest)
				}
				if fuel := int64(fuelOf(m).Get()); fuel >= 0 || fuel < -test.over {
					t.Errorf("%d units are left", fuel)
				}
			})
		}
	}
}

// TestStraightCodeTicks runs long code without any loop.
func TestStraightCodeTicks(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string][]byte{
		"cheap":    {opI32Const, 0, 0x1a},
		"branches": {opI32Const, 0, opIf, typeEmpty, opI32Const, 0, 0x1a, opEnd},
		"skipped":  {opBlock, typeEmpty, opI32Const, 1, opBrIf, 0, opI32Const, 0, 0x1a, opEnd},
		"bulk":     {opI32Const, 0, opI32Const, 0, opI32Const, 0x80, 0x20, 0xfc, 11, 0},
		"leaves":   {opCall, 1},
		"quiet":    {opCall, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := (&builder{}).section(secType, 1, 0x60, 0, 0).section(secFunction, 3, 0, 0, 0).section(secMemory, 1, 0, 1)
			b.section(secExport, 1, 1, 'f', 0, 0)
			body := append(append([]byte{0}, bytes.Repeat(piece, 4000)...), opEnd)
			leaf := append(append([]byte{0}, bytes.Repeat([]byte{opI32Const, 0, 0x1a}, 10)...), opEnd)
			quiet := append(append([]byte{0}, bytes.Repeat([]byte{opI32Const, 0, 0x1a}, 90)...), opEnd)
			b.code(body, leaf, quiet)
			h := newHost(t, engines()["compiler"])
			m, err := h.instantiate(metered(t, b.bytes(), Options{StackBytes: 32 << 20}))
			if err != nil {
				t.Fatal(err)
			}
			var last, gap int64
			h.slice = 1
			h.seen = func(fuel int64) { gap, last = max(gap, last-fuel), fuel }
			fuelOf(m).Set(0)
			if _, err := m.ExportedFunction("f").Call(context.Background()); err != nil {
				t.Fatal(err)
			}
			if gap = max(gap, last-int64(fuelOf(m).Get())); h.ticks < 3 || gap > 10_000 {
				t.Errorf("%d ticks, and once %d units without", h.ticks, gap)
			}
		})
	}
}

// TestFault18_StartTicks does the same with a start function, before the host can set any fuel.
func TestFault18_StartTicks(t *testing.T) {
	t.Parallel()
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config)
			h.most = 3
			h.slice = sliceUnits
			_, err := h.instantiate(metered(t, startModule, Options{StartFuel: 10_000}))
			if !errors.Is(err, outOfFuel{}) || h.ticks != 4 {
				t.Fatalf("it ended with %v after %d ticks", err, h.ticks)
			}
		})
	}
}

// stackOfCall is how large the engine's own stack has become for calls of a function. The engine grows it by doubling.
func stackOfCall(f api.Function) int {
	v := reflect.ValueOf(f)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v.FieldByName("stack").Len()
}

// TestFault19_RecursionStops runs recursion of all sorts into the limit.
func TestFault19_RecursionStops(t *testing.T) {
	t.Parallel()
	wasm := metered(t, killModule, Options{})
	for _, export := range []string{"direct", "mutual", "indirect"} {
		t.Run(export, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, engines()["compiler"]) // the interpreter has a limit of its own
			m, err := h.instantiate(wasm)
			if err != nil {
				t.Fatal(err)
			}
			f := m.ExportedFunction(export)
			_, err = f.Call(context.Background(), 1)
			if err == nil || !strings.Contains(err.Error(), "unreachable") {
				t.Fatalf("it ended with %v", err)
			}
			if left := stackOf(m); left >= 0 {
				t.Errorf("%d bytes of stack are left, so the host cannot tell", left)
			}
			if size := stackOfCall(f); size > 1<<20 {
				t.Errorf("the engine's stack has %d bytes", size)
			}
		})
	}
}

// TestFuelIsExact holds fuel to being the same however it is granted, and what it is for a few functions.
func TestFuelIsExact(t *testing.T) {
	t.Parallel()
	wasm := metered(t, killModule, Options{})
	spent := func(t *testing.T, engine string, slice int64, export string, args ...uint64) int64 {
		h := newHost(t, engines()[engine])
		m, err := h.instantiate(wasm)
		if err != nil {
			t.Fatal(err)
		}
		h.slice = slice
		fuelOf(m).Set(0)
		if _, err := m.ExportedFunction(export).Call(context.Background(), args...); err != nil {
			t.Fatal(err)
		}
		return int64(h.ticks)*slice - int64(fuelOf(m).Get())
	}
	for _, test := range []struct {
		export string
		args   []uint64
		want   int64
	}{
		{"leaf", nil, 0}, // a call of the host's costs nothing by itself
		{"fan", []uint64{3}, 15*2 + 7*26},
		{"fill_once", []uint64{0, 1, 0}, 23},
		{"fill_once", []uint64{0, 1, 800}, 23 + 100},
		{"fill_once", []uint64{0, 1, 1 << 20}, 23 + 1<<17},
		{"grow_once", []uint64{1}, 1001 + costPage},
		{"grow_once", []uint64{1 << 20}, 1001}, // fails
		{"grow_table_once", []uint64{5}, 202 + 5},
	} {
		first := spent(t, "compiler", 1<<40, test.export, test.args...)
		if first != test.want {
			t.Errorf("%s %d spends %d, want %d", test.export, test.args, first, test.want)
		}
		for _, slice := range []int64{100, 7919} {
			for engine := range engines() {
				if again := spent(t, engine, slice, test.export, test.args...); again != first {
					t.Errorf("%s %d spends %d, and %d in slices of %d", test.export, test.args, first, again, slice)
				}
			}
		}
	}
}

// TestHostSeesFuel calls a host function from a loop, which keeps its fuel in a local: the function must find the global up to date, and
// what it takes off must stay off.
func TestHostSeesFuel(t *testing.T) {
	t.Parallel()
	b := (&builder{}).section(secType, 2, 0x60, 0, 1, typeI32, 0x60, 0, 0)
	b.section(secImport, append(appendName(appendName([]byte{1}, "env"), "more"), 0, 0)...).section(secFunction, 1, 1)
	b.section(secExport, 1, 1, 'f', 0, 1)
	b.code([]byte{0, opLoop, typeEmpty, opCall, 0, opBrIf, 0, opEnd, opEnd})
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config)
			var seen []int64
			_, err := h.runtime.NewHostModuleBuilder("env").NewFunctionBuilder().WithGoModuleFunction(
				api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
					fuel := fuelOf(m)
					seen = append(seen, int64(fuel.Get()))
					fuel.Set(fuel.Get() - 5000)
					stack[0] = 1
					if len(seen) == 4 {
						stack[0] = 0
					}
				}), nil, []api.ValueType{api.ValueTypeI32}).Export("more").Instantiate(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			m, err := h.instantiate(metered(t, b.bytes(), Options{}))
			if err != nil {
				t.Fatal(err)
			}
			fuelOf(m).Set(100_000)
			if _, err := m.ExportedFunction("f").Call(context.Background()); err != nil {
				t.Fatal(err)
			}
			const round = costCall + costImported + 1 // the branch
			want := []int64{100_000 - round, 95_000 - 2*round, 90_000 - 3*round, 85_000 - 4*round}
			if !slices.Equal(seen, want) || int64(fuelOf(m).Get()) != want[3]-5000 {
				t.Errorf("the host saw %d, want %d, and %d is left", seen, want, int64(fuelOf(m).Get()))
			}
		})
	}
}
