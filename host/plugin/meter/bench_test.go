package meter

import (
	"context"
	_ "embed"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

//go:embed testdata/bench.wasm
var benchModule []byte

// BenchmarkGuest compares the same guests plain, metered, and under wazero's own interruption. One iteration is one call: 16 KiB for the scans,
// fib(20) for fib.
func BenchmarkGuest(b *testing.B) {
	scans := map[string][]uint64{
		"empty": nil, "bytes": {1024, 16 << 10}, "search": {1024, 16 << 10}, "simd": {1024, 16 << 10}, "hash": {1024, 16 << 10},
		"fib": {20},
	}
	compiler := engines()["compiler"]
	for _, name := range []string{"empty", "bytes", "search", "simd", "hash", "fib"} {
		b.Run(name+"/plain", func(b *testing.B) { benchCall(b, compiler, benchModule, name, scans[name]) })
		b.Run(name+"/metered", func(b *testing.B) {
			benchCall(b, compiler, metered(b, benchModule, Options{}), name, scans[name])
		})
		b.Run(name+"/flag", func(b *testing.B) {
			benchCall(b, compiler.WithCloseOnContextDone(true), benchModule, name, scans[name])
		})
	}
}

func benchCall(b *testing.B, config wazero.RuntimeConfig, wasm []byte, name string, args []uint64) {
	h := newHost(b, config)
	m, err := h.instantiate(wasm)
	if err != nil {
		b.Fatal(err)
	}
	text := make([]byte, 16<<10)
	for i := range text {
		text[i] = "the quick brown Fox"[i%19]
	}
	m.Memory().Write(1024, text)
	f := m.ExportedFunction(name)
	var fuel api.MutableGlobal
	if g := m.ExportedGlobal(ExportFuel); g != nil {
		fuel = g.(api.MutableGlobal)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stack := make([]uint64, 2)
	b.ReportAllocs()
	for b.Loop() {
		copy(stack, args)
		if fuel != nil {
			fuel.Set(1 << 40)
		}
		if err := f.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}
}
