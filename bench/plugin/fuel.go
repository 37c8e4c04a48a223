package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"weir/sdk/abi"
)

// A workload is a guest whose work is timed with and without fuel.
type workload struct {
	name   string
	wasm   []byte
	params []uint64 // of the export of that name; nil: on_request over a frame of 16 KiB
}

const (
	fibonacci = 20   // the number whose Fibonacci number the recursion finds: 21,891 calls
	textAt    = 1024 // where the exports of benchGuest find their text
)

// benchGuest is the module of host/plugin/meter's own benchmark: byte loops as compilers write them, and a recursion.
const benchGuest = "host/plugin/meter/testdata/bench.wasm"

// workloads are scan-simd and simd, which look at sixteen bytes at a time; loops over each of 16 KiB's bytes; and a recursion.
func (b *bench) workloads() ([]workload, error) {
	text := []uint64{textAt, 16 << 10}
	all := []workload{
		{name: "scan-simd"}, {name: "simd", params: text}, {name: "scan"}, {name: "bytes", params: text}, {name: "search", params: text}, {name: "hash", params: text},
		{name: "fib", params: []uint64{fibonacci}},
	}
	for i := range all {
		w := &all[i]
		var err error
		if w.params == nil {
			w.wasm, err = b.guest(w.name)
		} else {
			w.wasm, err = os.ReadFile(filepath.Join(b.root, filepath.FromSlash(benchGuest)))
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fuel times guests plain, metered, and with wazero's own interruption.
func (b *bench) fuel(ctx context.Context) error {
	all, err := b.workloads()
	if err != nil {
		return err
	}
	loops := 0.0
	for i := range all {
		ratio, err := b.workload(ctx, &all[i])
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
		switch all[i].name {
		case "scan-simd":
			b.aim("fuel", "scan-simd of 16 KiB, metered to plain", "×", 1.15, ratio)
		case "simd", "fib":
		default:
			loops = max(loops, ratio)
		}
	}
	b.aim("fuel", "the worst loop over 16 KiB byte by byte, metered to plain", "×", 2.2, loops)
	return nil
}

// workload tells the ratio of metered to plain.
func (b *bench) workload(ctx context.Context, w *workload) (ratio float64, err error) {
	ctx, cancel := context.WithCancel(ctx) // interruption needs a context that can end
	defer cancel()
	var open []*bare
	defer func() {
		for _, i := range open {
			i.close()
		}
	}()
	var all []*subject
	for _, v := range []struct {
		name                   string
		metered, interruptible bool
	}{{name: "plain"}, {name: "metered", metered: true}, {name: "interruptible", interruptible: true}} {
		i, err := instantiate(ctx, compiler().WithCloseOnContextDone(v.interruptible), w.wasm, v.metered)
		if err != nil {
			return 0, err
		}
		open = append(open, i)
		do, err := w.work(ctx, i, b.Seed)
		if err != nil {
			return 0, err
		}
		all = append(all, &subject{name: v.name, do: do})
	}
	if err := b.interleave(ctx, all); err != nil {
		return 0, err
	}
	for _, s := range all {
		b.figure("fuel", w.name+" "+s.name, "call_ns", s.ns)
		if s == all[0] {
			continue
		}
		if r := b.compare(all[0].name, s.ns, all[0].ns); s.name == "metered" {
			ratio = r
		}
	}
	return ratio, nil
}

// work is one call. The frame lies in the guest's memory before: its copying is not the guest's work.
func (w *workload) work(ctx context.Context, i *bare, seed uint64) (func(int) error, error) {
	if w.params != nil {
		if !i.module.Memory().Write(textAt, prose(seed, 16<<10)[:16<<10]) {
			return nil, errors.New("its memory has no room for the text")
		}
		f := i.module.ExportedFunction(w.name)
		return times(func() error { return i.call(ctx, f, w.params...) }), nil
	}
	frame := textOf(seed, 16<<10)
	ptr, err := i.place(ctx, frame)
	if err != nil {
		return nil, err
	}
	f, size := i.module.ExportedFunction(abi.HookRequest.Export()), uint64(frame.Size()) // #nosec G115 -- some KiB
	return times(func() error { return i.call(ctx, f, ptr, size) }), nil
}
