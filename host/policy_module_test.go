package host_test

import (
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// said is a plugin that says the same of everything: by hook, a verdict.
type said map[abi.Hook]func(w *frame.VerdictWriter)

// saying is the entry of a plugin of that manifest, which is put to work with settings more.
func saying(t testing.TB, manifest string, s said, more string) string {
	t.Helper()
	verdicts := map[string][]byte{abi.ExportManifest: []byte(manifest)}
	for h, say := range s {
		var w frame.VerdictWriter
		say(&w)
		verdicts[h.Export()] = w.Verdict()
	}
	path := filepath.Join(t.TempDir(), "said.wasm")
	if err := os.WriteFile(path, saidModule(verdicts, nil, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if more != "" {
		more = ", " + more
	}
	return "{ module: " + path + ", " + roomy + more + " }"
}

// What a plugin does that turns bad, as instructions; its hook is function 2.
var (
	loops    = []byte{0x03, 0x40, 0x0c, 0, 0x0b}
	traps    = []byte{0x00}
	recurses = []byte{0x20, 0, 0x20, 1, 0x10, 2, 0x1a}
	grows    = []byte{0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b}              // memory.grow, for ever
	fills    = slices.Concat([]byte{0x03, 0x40, 0x41, 0, 0x41, 0, 0x41}, sleb(2<<20), // memory.fill of all there is
		[]byte{0xfc, 0x0b, 0, 0x0c, 0, 0x0b})
)

// worst is the length of a frame, in bytes, from which on a plugin turns bad: the self-test's is shorter.
const worst = 16 << 10

// badText has frames as long as that.
func badText() string { return strings.Repeat("worse and ", worst/10+1) }

// turning is the entry of a plugin that does nothing, but for long texts in that hook, where it does that.
func turning(t testing.TB, h abi.Hook, bad []byte, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "turning.wasm")
	if err := os.WriteFile(path, saidModule(map[string][]byte{h.Export(): nil}, bad, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	return "{ module: " + path + ", " + more + " }"
}

// saidModule is a WebAssembly module whose exports answer with the places of these bytes, as the ABI has it.
// With bad, each hook does that first when its frame is long. Its start function goes round a loop so many times.
func saidModule(answers map[string][]byte, bad []byte, turns int64) []byte {
	const (
		pages = 32
		heap  = 1 << 20 // where frames are written
	)
	names := slices.Sorted(maps.Keys(answers))
	var funcs, exports, codes [][]byte
	var data []byte
	add := func(name string, kind byte, body ...byte) {
		exports = append(exports, slices.Concat(sized7(name), []byte{0}, leb(len(funcs))))
		funcs = append(funcs, []byte{kind})
		codes = append(codes, vector(slices.Concat([]byte{0}, body, []byte{0x0b})))
	}
	add(abi.ExportVersion, 0)
	add(abi.ExportAlloc, 2, append([]byte{0x41}, sleb(heap)...)...)
	for _, name := range names {
		kind := byte(3)
		if name == abi.ExportManifest {
			kind = 1
		}
		at := 64 + len(data)
		if kind == 3 && bad != nil {
			head := slices.Concat([]byte{0x20, 1, 0x41}, sleb(worst), []byte{0x4b, 0x04, 0x40}, bad, []byte{0x0b, 0x42, 0})
			add(name, kind, head...)
			continue
		}
		add(name, kind, append([]byte{0x42}, sleb(int64(at)<<32|int64(len(answers[name])))...)...)
		data = append(data, answers[name]...)
	}
	count := slices.Concat([]byte{1, 1, 0x7e, 0x03, 0x40, 0x20, 0, 0x42, 1, 0x7c, 0x22, 0, 0x42}, sleb(turns), []byte{0x53, 0x0d, 0, 0x0b, 0x0b})
	start := leb(len(funcs))
	funcs, codes = append(funcs, []byte{0}), append(codes, vector(count))
	exports = append(exports, slices.Concat(sized7("memory"), []byte{2, 0}))
	types := [][]byte{{0x60, 0, 0}, {0x60, 0, 1, 0x7e}, {0x60, 1, 0x7f, 1, 0x7f}, {0x60, 2, 0x7f, 0x7f, 1, 0x7e}}
	segment := slices.Concat([]byte{0, 0x41}, sleb(64), []byte{0x0b}, vector(data))
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id   byte
		list [][]byte
	}{{1, types}, {3, funcs}, {5, [][]byte{{0, pages}}}, {7, exports}, {8, nil}, {10, codes}, {11, [][]byte{segment}}} {
		if s.id == 8 {
			out = append(append(out, s.id), vector(start)...)
			continue
		}
		out = append(append(out, s.id), vector(append(leb(len(s.list)), slices.Concat(s.list...)...))...)
	}
	return out
}

// vector is b behind its length.
func vector(b []byte) []byte { return append(leb(len(b)), b...) }

func sized7(s string) []byte { return vector([]byte(s)) }

func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// sleb is the signed LEB128 of n.
func sleb(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

const hookDelta = abi.HookDelta

func nothing(*frame.VerdictWriter) {}
