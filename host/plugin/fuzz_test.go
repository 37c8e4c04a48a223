package plugin

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"

	"weir/host/plugin/wasi"
)

// hostCall is one call of a host function in a fuzz input: its number, then five parameters.
const hostCall = 1 + 5*8

// FuzzHostFunctions calls host functions, WASI's too, with whatever parameters: pointers, lengths, handles and numbers that no guest
// of good will would use. Nothing may panic but what ends a call, and nothing may be written outside the guest's memory, which
// api.Memory sees to as long as every pointer goes through it.
func FuzzHostFunctions(f *testing.F) {
	names := slices.Sorted(maps.Keys(hostFunctions))
	functions := make([]hostFunc, 0, 64)
	for _, name := range names {
		functions = append(functions, hostFunctions[name])
	}
	for _, w := range wasi.Functions() {
		call, _ := wasi.Lookup(w.Name)
		functions = append(functions, func(i *instance, stack []uint64) { call(i, stack) })
	}
	edges := []uint64{0, 1, 8, 64, 4096, 65528, 65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 8, 1<<32 - 1, 1 << 63, 1<<64 - 1}
	for n := range functions {
		for shift := range edges {
			var seed []byte
			for k := range 3 {
				seed = append(seed, byte(n))
				for p := range 5 {
					seed = binary.LittleEndian.AppendUint64(seed, edges[(shift+k*p+p)%len(edges)])
				}
			}
			f.Add(seed)
		}
	}
	b := newBench(f, "clock", "random")
	f.Fuzz(func(t *testing.T, data []byte) {
		b.again()
		b.phase = phase(len(data) % 3)
		b.patterns, b.line = nil, b.line[:0]
		for ; len(data) >= hostCall; data = data[hostCall:] {
			stack := make([]uint64, 10)
			for p := range 5 {
				stack[p] = binary.LittleEndian.Uint64(data[1+8*p:])
				stack[5+p] = stack[p] >> 7
			}
			endsCall(t, func() { functions[int(data[0])%len(functions)](b.instance, stack) })
		}
		b.settle()
		if len(b.line) > maxLine || len(b.matches) > keptMatches {
			t.Errorf("kept: a line of %d bytes, %d matches", len(b.line), len(b.matches))
		}
	})
}

// endsCall lets through the panics that end a call.
func endsCall(t *testing.T, f func()) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		err, ok := r.(error)
		var exit exitError
		if !ok || !errors.Is(err, errFuel) && !errors.Is(err, errDeadline) && !errors.As(err, &exit) {
			panic(r)
		}
	}()
	f()
}

// FuzzClean: whatever a guest writes becomes one line of valid text of bounded length.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\nb\x1b[0m\u202e", "\xff\xc3", "é…\u2028"} {
		f.Add(seed, 16)
	}
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most < 0 || most > 1<<16 {
			return
		}
		checkClean(t, text, clean(text, most), most)
	})
}
