package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"weir/bench/overhead/load"
	"weir/host/frame"
	"weir/host/plugin/meter"
	"weir/sdk/abi"
)

// slice is the fuel a metered guest is granted at a time: what host/plugin comes to grant guests that spend it fast.
const slice = 60_000

// A bare is an instance on wazero alone.
type bare struct {
	runtime wazero.Runtime
	module  api.Module
	fuel    api.MutableGlobal // of a metered guest
	looked  int64             // at the clock, by tick
	stack   [2]uint64
}

// compiler is the configuration of all runtimes here.
func compiler() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigCompiler().WithDebugInfoEnabled(false)
}

// instantiate makes an instance of a module as it is, or metered if metered is set: then fuel is granted in slices, with a look at the clock at each, as
// host/plugin does.
func instantiate(ctx context.Context, config wazero.RuntimeConfig, wasm []byte, metered bool) (*bare, error) {
	b := &bare{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if metered {
		var err error
		if wasm, _, err = meter.Rewrite(wasm, meter.Options{StartFuel: slice}); err != nil {
			return nil, err
		}
		host := b.runtime.NewHostModuleBuilder(meter.ImportModule)
		if _, err := host.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(b.tick), nil, nil).Export(meter.ImportTick).Instantiate(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if b.module, err = b.runtime.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName("").WithStartFunctions()); err != nil {
		_ = b.runtime.Close(ctx)
		return nil, err
	}
	if metered {
		b.fuel = b.module.ExportedGlobal(meter.ExportFuel).(api.MutableGlobal)
	}
	return b, nil
}

func (b *bare) tick(_ context.Context, m api.Module, _ []uint64) {
	b.looked = frame.Nanotime()
	if b.fuel == nil { // in the start function
		b.fuel = m.ExportedGlobal(meter.ExportFuel).(api.MutableGlobal)
	}
	b.fuel.Set(b.fuel.Get() + slice)
}

func (b *bare) close() { _ = b.runtime.Close(context.Background()) }

// call calls an export that takes two numbers at most.
func (b *bare) call(ctx context.Context, f api.Function, params ...uint64) error {
	if b.fuel != nil {
		b.fuel.Set(slice)
	}
	copy(b.stack[:], params)
	return f.CallWithStack(ctx, b.stack[:])
}

// place asks the guest for a buffer of the frame's size.
func (b *bare) place(ctx context.Context, f frame.Encoder) (ptr uint64, err error) {
	if err := b.call(ctx, b.module.ExportedFunction(abi.ExportAlloc), uint64(f.Size())); err != nil { // #nosec G115 -- some KiB
		return 0, err
	}
	return b.stack[0], b.write(b.stack[0], f)
}

// write encodes the frame into the guest's memory.
func (b *bare) write(ptr uint64, f frame.Encoder) error {
	dst, ok := b.module.Memory().Read(uint32(ptr), uint32(f.Size())) // #nosec G115 -- what the guest answered has 32 bits
	if !ok {
		return fmt.Errorf("a frame of %d bytes at %#x is not in the guest's memory", f.Size(), ptr)
	}
	f.Encode(dst)
	return nil
}

// A text is a frame of on_request that holds a text and nothing else.
type text struct {
	layout frame.Layout
	body   []byte
}

func newText(body []byte) *text {
	f := &text{body: body}
	f.layout.Reset(abi.HookRequest, 0)
	f.layout.Add(abi.SectionText, len(body))
	return f
}

// textOf makes a frame of size bytes in all, of prose.
func textOf(seed uint64, size int) *text {
	head := newText(nil).Size()
	return newText(prose(seed, size)[:size-head])
}

// prose is a text of a request, of size bytes at least.
func prose(seed uint64, size int) []byte {
	return load.Body(rand.New(rand.NewPCG(seed, uint64(size))), size+512, "u000000", false)[512:] // #nosec G404 G115 -- input of a benchmark
}

// Size is frame.Encoder.
func (f *text) Size() int { return f.layout.Size() }

// Encode is frame.Encoder.
func (f *text) Encode(dst []byte) {
	w := f.layout.Writer(dst)
	w.Bytes(abi.SectionText, f.body)
}
