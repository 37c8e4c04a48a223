package meter

import (
	"bytes"
	"context"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// TestBulkInPieces compares bulk operations plain and metered at and around the length of a piece and the bounds of memory: results, traps and every
// byte of memory must be the same, and nothing may be written by what traps.
func TestBulkInPieces(t *testing.T) {
	t.Parallel()
	const piece, memory = pieceBytes, 64 * PageSize
	tests := []struct {
		name, export string
		args         []uint64
	}{
		{"nothing", "fill_once", []uint64{5, 1, 0}},
		{"nothing at the bound", "fill_once", []uint64{memory, 1, 0}},
		{"nothing beyond it", "fill_once", []uint64{memory + 1, 1, 0}},
		{"less than a piece", "fill_once", []uint64{5, 1, piece - 1}},
		{"a piece", "fill_once", []uint64{5, 2, piece}},
		{"a piece and a byte", "fill_once", []uint64{5, 3, piece + 1}},
		{"two pieces", "fill_once", []uint64{7, 4, 2 * piece}},
		{"all", "fill_once", []uint64{0, 5, memory}},
		{"one too many", "fill_once", []uint64{1, 5, memory}},
		{"far too many", "fill_once", []uint64{1, 5, 0xffffffff}},
		{"an end that wraps to zero", "fill_once", []uint64{0x80000000, 5, 0x80000000}},
		{"copy up, overlapping", "copy_once", []uint64{100, 0, 3*piece + 17}},
		{"copy down, overlapping", "copy_once", []uint64{0, 100, 3*piece + 17}},
		{"copy up by more than a piece", "copy_once", []uint64{piece + 5, 0, 2*piece + 3}},
		{"copy down by more than a piece", "copy_once", []uint64{0, piece + 5, 2*piece + 3}},
		{"copy onto itself", "copy_once", []uint64{33, 33, 2*piece + 3}},
		{"copy to the last byte", "copy_once", []uint64{memory - 2*piece, 0, 2 * piece}},
		{"copy from the last byte", "copy_once", []uint64{0, memory - 2*piece, 2 * piece}},
		{"copy one beyond", "copy_once", []uint64{memory - 2*piece + 1, 0, 2 * piece}},
		{"copy from one beyond", "copy_once", []uint64{0, memory - 2*piece + 1, 2 * piece}},
		{"copy that wraps", "copy_once", []uint64{0xffff0000, 0, 2 * piece}},
		{"copy from where it wraps", "copy_once", []uint64{0, 0xffff0000, 2 * piece}},
		{"init", "init_once", []uint64{9, 1, 4}},
		{"init of too much", "init_once", []uint64{9, 1, 10}},
		{"init of very much", "init_once", []uint64{9, 0, 0xfffffff0}},
		{"init of very much at the end", "init_once", []uint64{9, 10, 2 * piece}},
		{"drop", "drop_once", nil},
		{"init after drop", "init_once", []uint64{9, 1, 4}},
		{"init of nothing after drop", "init_once", []uint64{9, 0, 0}},
	}
	wasm := metered(t, killModule, Options{MemoryPages: 4096})
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, config)
			h.slice = 1000
			var m [2]api.Module
			for i, wasm := range [][]byte{killModule, wasm} {
				var err error
				if m[i], err = h.instantiate(wasm); err != nil {
					t.Fatal(err)
				}
				m[i].Memory().Grow(64 - 16)
				view, _ := m[i].Memory().Read(0, memory)
				for k := range view {
					view[k] = byte(k*7 + k>>13)
				}
			}
			for _, test := range tests {
				_, plain := m[0].ExportedFunction(test.export).Call(context.Background(), test.args...)
				_, meter := m[1].ExportedFunction(test.export).Call(context.Background(), test.args...)
				if firstLine(plain) != firstLine(meter) {
					t.Errorf("%s: plain %v, metered %v", test.name, plain, meter)
				}
				a, _ := m[0].Memory().Read(0, memory)
				b, _ := m[1].Memory().Read(0, memory)
				if !bytes.Equal(a, b) {
					t.Fatalf("%s: memory differs", test.name)
				}
			}
		})
	}
}

// TestLongInit splits a data segment longer than a piece.
func TestLongInit(t *testing.T) {
	t.Parallel()
	segment := make([]byte, 3*pieceBytes+5)
	for i := range segment {
		segment[i] = byte(i * 31)
	}
	b := &builder{}
	b.section(secType, 1, 0x60, 3, typeI32, typeI32, typeI32, 0)
	b.section(secFunction, 1, 0)
	b.section(secMemory, 1, 0, 64)
	b.section(secExport, 2, 1, 'f', 0, 0, 1, 'm', 2, 0)
	b.section(secDataCount, 1)
	b.code([]byte{0, opLocalGet, 0, opLocalGet, 1, opLocalGet, 2, 0xfc, 8, 0, 0, opEnd})
	b.section(secData, append(appendU32([]byte{1, 1}, uint32(len(segment))), segment...)...)
	h := newHost(t, engines()["compiler"])
	h.slice = 1000
	m, err := h.instantiate(metered(t, b.bytes(), Options{StartFuel: 1}))
	if err != nil {
		t.Fatal(err)
	}
	f := m.ExportedFunction("f")
	if _, err := f.Call(context.Background(), 100, 5, 3*pieceBytes); err != nil {
		t.Fatal(err)
	}
	if got, _ := m.Memory().Read(100, 3*pieceBytes); !bytes.Equal(got, segment[5:]) {
		t.Error("the segment was not copied as it is")
	}
	if h.ticks < 3 {
		t.Errorf("%d ticks", h.ticks)
	}
	before, _ := m.Memory().Read(0, 64*PageSize)
	before = bytes.Clone(before)
	if _, err := f.Call(context.Background(), 0, 6, 3*pieceBytes); err == nil {
		t.Error("a byte too many is copied")
	}
	if after, _ := m.Memory().Read(0, 64*PageSize); !bytes.Equal(before, after) {
		t.Error("what traps has written")
	}
}
