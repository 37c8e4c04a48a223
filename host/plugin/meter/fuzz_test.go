package meter

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/tetratelabs/wazero"

	"weir/host/plugin/meter/generate"
)

// FuzzRewrite gives the meter any bytes. It must not panic, must not change them, must not make much of little, and what it makes of a
// module must be one.
func FuzzRewrite(f *testing.F) {
	for _, seed := range [][]byte{benchModule, killModule, sectionsModule, startModule, withCustoms(sectionsModule), {}, header} {
		f.Add(seed)
	}
	for _, wasm := range modules(f, "../../../testdata/guests/*/*.wasm") {
		f.Add(wasm)
	}
	for seed := range uint64(20) {
		f.Add(generate.New(randomBytes(seed, 400), generate.Options{}).Wasm)
	}
	r := wazero.NewRuntimeWithConfig(context.Background(), engines()["interpreter"])
	f.Cleanup(func() { _ = r.Close(context.Background()) })
	f.Fuzz(func(t *testing.T, wasm []byte) {
		before := bytes.Clone(wasm)
		out, report, err := Rewrite(wasm, Options{MemoryPages: 1000})
		if !bytes.Equal(before, wasm) {
			t.Fatal("Rewrite has changed its argument")
		}
		if err != nil {
			if out != nil || report != nil {
				t.Error("an error and a module")
			}
			return
		}
		if len(out) > 4096+40*len(wasm) {
			t.Errorf("%d bytes become %d", len(wasm), len(out))
		}
		if _, err := Inspect(wasm); err != nil {
			t.Errorf("Inspect refuses what Rewrite takes: %v", err)
		}
		plain, err := r.CompileModule(context.Background(), wasm)
		if err != nil {
			return // types are wazero's to check, before
		}
		_ = plain.Close(context.Background())
		meter, err := r.CompileModule(context.Background(), out)
		if err != nil {
			t.Fatalf("valid before, and now: %v", err)
		}
		_ = meter.Close(context.Background())
	})
}

// TestMemoryIsBounded rewrites small modules that stand for much.
func TestMemoryIsBounded(t *testing.T) {
	functions := func(n int, body ...byte) []byte {
		b := (&builder{}).section(secType, 1, 0x60, 0, 0)
		b.section(secFunction, append(appendU32(nil, uint32(n)), make([]byte, n)...)...)
		bodies := make([][]byte, n)
		for i := range bodies {
			bodies[i] = body
		}
		return b.code(bodies...).bytes()
	}
	operands := append(append([]byte{2, 0x60}, appendU32(nil, 1000)...), bytes.Repeat([]byte{typeI32}, 1000)...)
	operands = append(append(operands, appendU32(nil, 1000)...), bytes.Repeat([]byte{typeI32}, 1000)...)
	loops := (&builder{}).section(secType, append(operands, 0x60, 0, 0)...).section(secFunction, 1, 1)
	body := append([]byte{0}, bytes.Repeat([]byte{opI32Const, 0}, 1000)...)
	body = append(body, bytes.Repeat([]byte{opLoop, 0, opI32Const, 0, opBrIf, 0, opEnd}, 50_000)...)
	body = append(append(body, bytes.Repeat([]byte{0x1a}, 1000)...), opEnd)
	tests := []struct {
		name string
		wasm []byte
	}{
		{"locals", functions(100_000, 1, 0x8f, 0x4e, typeV128, opEnd)}, // 9,999 each
		{"loops", functions(1, append(append([]byte{0}, bytes.Repeat([]byte{opLoop, typeEmpty, opBr, 0, opEnd}, 100_000)...), opEnd)...)},
		{"operands", loops.code(body).bytes()},
	}
	for _, test := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Rewrite(test.wasm, Options{})
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(200*len(test.wasm)) {
			t.Errorf("%s: %d bytes take %d to rewrite", test.name, len(test.wasm), used)
		}
	}
}
