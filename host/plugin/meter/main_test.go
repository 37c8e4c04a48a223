package meter

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engines are wazero's two, by name.
func engines() map[string]wazero.RuntimeConfig {
	return map[string]wazero.RuntimeConfig{
		"compiler":    wazero.NewRuntimeConfigCompiler().WithDebugInfoEnabled(false),
		"interpreter": wazero.NewRuntimeConfigInterpreter().WithDebugInfoEnabled(false),
	}
}

// outOfFuel is what the test's tick traps with.
type outOfFuel struct{}

func (outOfFuel) Error() string { return "out of fuel" }

// host is a runtime with a tick that grants slices of fuel.
type host struct {
	t       testing.TB
	runtime wazero.Runtime
	ticks   int
	slice   int64
	most    int // ticks granted; then it traps
	seen    func(fuel int64)
}

func newHost(t testing.TB, config wazero.RuntimeConfig) *host {
	t.Helper()
	return hostOn(t, wazero.NewRuntimeWithConfig(context.Background(), config))
}

// hostOn adds tick to a runtime, which is closed with the test.
func hostOn(t testing.TB, r wazero.Runtime) *host {
	t.Helper()
	ctx := context.Background()
	h := &host{t: t, runtime: r, slice: 1 << 40, most: 1 << 30}
	t.Cleanup(func() { _ = h.runtime.Close(ctx) })
	_, err := h.runtime.NewHostModuleBuilder(ImportModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(h.tick), nil, nil).Export(ImportTick).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *host) tick(_ context.Context, m api.Module, _ []uint64) {
	h.ticks++
	fuel := fuelOf(m)
	if h.seen != nil {
		h.seen(int64(fuel.Get()))
	}
	if h.ticks > h.most {
		panic(outOfFuel{})
	}
	fuel.Set(uint64(int64(fuel.Get()) + h.slice))
}

func fuelOf(m api.Module) api.MutableGlobal {
	return m.ExportedGlobal(ExportFuel).(api.MutableGlobal)
}

func stackOf(m api.Module) int32 { return int32(m.ExportedGlobal(ExportStack).Get()) }

// instantiate makes an unnamed instance.
func (h *host) instantiate(wasm []byte) (api.Module, error) {
	return h.runtime.InstantiateWithConfig(context.Background(), wasm, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}

// metered rewrites a module that must be fit for it.
func metered(t testing.TB, wasm []byte, opt Options) []byte {
	t.Helper()
	out, _, err := Rewrite(wasm, opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
