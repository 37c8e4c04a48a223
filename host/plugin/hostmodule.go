package plugin

import (
	"context"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"weir/host/plugin/meter"
	"weir/host/plugin/wasi"
	"weir/sdk/abi"
)

// hostFunc is a function of the module weir1. stack holds its parameters and takes its result.
type hostFunc func(i *instance, stack []uint64)

// hostFunctions are those of abi.Functions, which has their signatures. It is never written to.
var hostFunctions = map[string]hostFunc{
	"log":             hostLog,
	"state_add":       hostStateAdd,
	"state_get":       hostStateGet,
	"state_set":       hostStateSet,
	"state_once":      hostStateOnce,
	"metric_add":      hostMetricAdd,
	"pattern_compile": hostPatternCompile,
	"pattern_scan":    hostPatternScan,
	"now":             hostNow,
	"random":          hostRandom,
}

// Fuel that host functions cost beside the call itself: about what they take, a unit being below a nanosecond.
const (
	fuelLog      = 5_000
	fuelState    = 500
	fuelMetric   = 300
	fuelPattern  = 1_000
	fuelClock    = 200
	fuelRandom   = 2_000
	fuelWASI     = 200
	fuelPerByte  = 1
	fuelPerMatch = 100
)

// link instantiates the modules that report's imports name, in code's own runtime, and only the functions that are imported.
func link(ctx context.Context, r wazero.Runtime, imports []meter.Import) error {
	weir, system := make(map[string]bool), make(map[string]bool)
	for _, i := range imports {
		switch i.Module {
		case abi.Module:
			weir[i.Name] = true
		case wasi.Module:
			system[i.Name] = true
		}
	}
	tick := r.NewHostModuleBuilder(meter.ImportModule)
	export(tick, abi.Function{Name: meter.ImportTick}, func(ctx context.Context, mod api.Module, _ []uint64) {
		calling(ctx, mod).tick()
	})
	builders := []wazero.HostModuleBuilder{tick}
	if len(weir) > 0 {
		b := r.NewHostModuleBuilder(abi.Module)
		for _, f := range abi.Functions() {
			if call, ok := hostFunctions[f.Name]; ok && weir[f.Name] {
				export(b, f, func(ctx context.Context, mod api.Module, stack []uint64) { call(calling(ctx, mod), stack) })
			}
		}
		builders = append(builders, b)
	}
	if len(system) > 0 {
		b := r.NewHostModuleBuilder(wasi.Module)
		for _, f := range wasi.Functions() {
			if call, ok := wasi.Lookup(f.Name); ok && system[f.Name] {
				export(b, f, func(ctx context.Context, mod api.Module, stack []uint64) {
					i := calling(ctx, mod)
					i.charge(fuelWASI)
					call(i, stack)
				})
			}
		}
		builders = append(builders, b)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("link host functions: %w", err)
		}
	}
	return nil
}

// export adds one function. A GoModuleFunc is called without reflection.
func export(b wazero.HostModuleBuilder, f abi.Function, call api.GoModuleFunc) {
	params := make([]api.ValueType, len(f.Params))
	for n, p := range f.Params {
		params[n] = api.ValueType(p.Type)
	}
	var results []api.ValueType
	if f.Result != 0 {
		results = []api.ValueType{api.ValueType(f.Result)}
	}
	b.NewFunctionBuilder().WithGoModuleFunction(call, params, results).Export(f.Name)
}

// calling is the instance whose call this is: every call is made with its instance as the context.
func calling(ctx context.Context, mod api.Module) *instance {
	i := ctx.(*instance)
	i.bind(mod)
	return i
}

// view is n bytes of the guest's memory at ptr, parameters as they come; false when they do not lie in it or are more than most.
func (i *instance) view(ptr, n uint64, most uint32) ([]byte, bool) {
	n &= math.MaxUint32
	if n > uint64(most) {
		return nil, false
	}
	return i.mem.Read(uint32(ptr), uint32(n))
}

// i32 is how a negative answer travels.
func i32(v int32) uint64 { return uint64(uint32(v)) }

// answer is an i32 that host functions answer when they refuse.
const refused = uint64(uint32(1<<32 + abi.StateRefused))
