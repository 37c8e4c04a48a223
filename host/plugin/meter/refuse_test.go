package meter

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func only(id byte, payload ...byte) []byte { return (&builder{}).section(id, payload...).bytes() }

// TestProposalsAreRefusedByName gives a module of each proposal beyond WebAssembly 2.0.
func TestProposalsAreRefusedByName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, proposal string
		wasm           []byte
	}{
		{"component", "the component model", []byte("\x00asm\x0d\x00\x01\x00")},
		{"tag section", "exception handling", only(secTag, 0)},
		{"struct type", "garbage collection", only(secType, 1, 0x5f, 0)},
		{"recursive type", "garbage collection", only(secType, 1, 0x4e, 0)},
		{"exnref", "exception handling", only(secType, 1, 0x60, 1, 0x69, 0)},
		{"reference to a type", "typed function references", only(secType, 1, 0x60, 1, 0x63, 0)},
		{"anyref", "garbage collection", only(secType, 1, 0x60, 1, 0x6e, 0)},
		{"imported tag", "exception handling", only(secImport, 1, 0, 0, 4, 0, 0)},
		{"exported tag", "exception handling", only(secExport, 1, 0, 4, 0)},
		{"shared memory", "threads", only(secMemory, 1, 3, 1, 1)},
		{"memory64", "memory64", only(secMemory, 1, 4, 1)},
		{"table64", "memory64", only(secTable, 1, typeFuncref, 4, 1)},
		{"page size", "custom page sizes", only(secMemory, 1, 8, 1, 0)},
		{"second memory", "multi-memory", only(secMemory, 2, 0, 1, 0, 1)},
		{"table initialiser", "typed function references", only(secTable, 1, 0x40, 0, typeFuncref, 0, 1)},
		{"extended constant", "extended constant", only(secGlobal, 1, typeI32, 0, opI32Const, 1, opI32Const, 1, 0x6a, opEnd)},
		{"try", "exception handling", one(0x06, typeEmpty)},
		{"throw", "exception handling", one(0x08, 0)},
		{"try_table", "exception handling", one(0x1f, typeEmpty, 0)},
		{"return_call", "tail calls", one(0x12, 0)},
		{"return_call_indirect", "tail calls", one(0x13, 0, 0)},
		{"call_ref", "typed function references", one(0x14, 0)},
		{"br_on_null", "typed function references", one(0xd5, 0)},
		{"ref.eq", "garbage collection", one(0xd3)},
		{"struct.new", "garbage collection", one(0xfb, 0, 0)},
		{"atomic", "threads", one(0xfe, 0x10, 2, 0)},
		{"relaxed SIMD", "relaxed SIMD", one(0xfd, 0x80, 0x02)},
		{"wide arithmetic", "wide arithmetic", one(0xfc, 19)},
		{"stack switching", "stack switching", one(0xe0, 0)},
		{"load of memory 1", "multi-memory", one(opI32Const, 0, 0x28, 0x42, 1, 0, 0x1a)},
		{"memory.size of 1", "multi-memory", one(0x3f, 1, 0x1a)},
		{"data of memory 1", "multi-memory", (&builder{}).section(secMemory, 1, 0, 1).
			section(secData, 1, 2, 1, opI32Const, 0, opEnd, 0).bytes()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Rewrite(test.wasm, Options{})
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), test.proposal) {
				t.Errorf("got %v, want %q named", err, test.proposal)
			}
		})
	}
}

// many are n functions of a type and their code.
func many(n int) []byte {
	b := (&builder{}).section(secType, 1, 0x60, 0, 0)
	b.section(secFunction, append(appendU32(nil, uint32(n)), make([]byte, n)...)...)
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = []byte{0, opEnd}
	}
	return b.code(bodies...).bytes()
}

func TestFault19_LimitsAreNamed(t *testing.T) {
	t.Parallel()
	table := func(n uint32) []byte { return appendU32([]byte{typeFuncref, 0}, n) }
	tests := []struct {
		name string
		wasm []byte
		opt  Options
		want error
		says string
	}{
		{"size", one(), Options{MaxSize: 10}, ErrLimit, "more than 10"},
		{"functions", many(11), Options{MaxFunctions: 10}, ErrLimit, "11 functions, more than 10"},
		{"locals", (&builder{}).section(secType, 1, 0x60, 0, 0).section(secFunction, 1, 0).
			code([]byte{1, 0x80, 0x80, 0x80, 0x80, 0x08, typeI32, opEnd}).bytes(), Options{}, ErrLimit, "more than 10000 locals"},
		{"body", one(bytes.Repeat([]byte{opNop}, 200)...), Options{MaxBody: 100}, ErrLimit, "body of 202 bytes, more than 100"},
		{"nesting", one(append(bytes.Repeat([]byte{opBlock, typeEmpty}, 50), bytes.Repeat([]byte{opEnd}, 50)...)...),
			Options{MaxNesting: 40}, ErrLimit, "deeper than 40"},
		{"metered size", many(100), Options{MaxMetered: 100}, ErrLimit, "more than 100"},
		{"types", only(secType, 3, 0x60, 0, 0, 0x60, 0, 0, 0x60, 0, 0), Options{MaxItems: 2}, ErrLimit, "3 types, more than 2"},
		{"memory minimum", only(secMemory, 1, 0, 0x81, 0x01), Options{}, ErrLimit, "129 pages"},
		{"memory minimum of 4 GiB", only(secMemory, 1, 0, 0x80, 0x80, 0x04), Options{}, ErrLimit, "65536 pages"},
		{"table minimum", only(secTable, append([]byte{1}, table(10_001)...)...), Options{}, ErrLimit, "10001 elements, more than 10000"},
		{"table minima", only(secTable, append(append([]byte{2}, table(6000)...), table(6000)...)...), Options{}, ErrLimit, "12000"},
		{"huge table", only(secTable, append([]byte{1}, table(0xffffffff)...)...), Options{}, ErrLimit, "4294967295"},
		{"imported memory", only(secImport, 1, 1, 'm', 1, 'n', 2, 0, 1), Options{}, ErrLimit, "--import-memory"},
		{"imported table", only(secImport, 1, 1, 'm', 1, 'n', 1, typeFuncref, 0, 1), Options{}, ErrLimit, "table cannot be imported"},
		{"fuel's export", (&builder{}).section(secGlobal, 1, typeI64, 1, opI64Const, 0, opEnd).
			section(secExport, append(appendName([]byte{1}, ExportFuel), 3, 0)...).bytes(), Options{}, ErrReserved, ExportFuel},
		{"an export like it", (&builder{}).section(secGlobal, 1, typeI64, 1, opI64Const, 0, opEnd).
			section(secExport, append(appendName([]byte{1}, "weir_meter2"), 3, 0)...).bytes(), Options{}, ErrReserved, "rename"},
		{"tick's import", (&builder{}).section(secType, 1, 0x60, 0, 0).
			section(secImport, append(appendName(appendName([]byte{1}, ImportModule), ImportTick), 0, 0)...).bytes(),
			Options{}, ErrReserved, ImportModule},
		{"negative fuel", one(), Options{StartFuel: -1}, ErrOptions, "fuel"},
		{"all pages", one(), Options{MemoryPages: 65536}, ErrOptions, "exceeds 65535"},
		{"large tables", one(), Options{TableElements: 1 << 18}, ErrOptions, "table"},
		{"small stack", one(), Options{StackBytes: 100}, ErrOptions, "stack"},
		{"negative maximum", one(), Options{MaxBody: -1}, ErrOptions, "maximum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Rewrite(test.wasm, test.opt)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %v saying %q", err, test.want, test.says)
			}
		})
	}
}

// TestMalformedIsRefused covers what the specification's tests do not: names of what is injected, and the operand stack.
func TestMalformedIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		wasm []byte
		says string
	}{
		{"empty", nil, "0 bytes"},
		{"text", []byte("(module)"), "asm"},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00"), "version"},
		{"the fuel by its index", one(0x23, 1, 0x1a), "global 1 where there are 1"},
		{"the stack by its index", one(opI32Const, 0, 0x24, 2), "global 2 where there are 1"},
		{"tick by its index", one(opCall, 1), "function 1 where there are 1"},
		{"a helper in an element", (&builder{}).section(secTable, 1, typeFuncref, 0, 1).
			section(secElement, 1, 0, opI32Const, 0, opEnd, 1, 0).bytes(), "function 0 where there are 0"},
		{"a global of itself", only(secGlobal, 1, typeI32, 0, 0x23, 0, opEnd), "global 0 where there are 0"},
		{"a function that nothing declares", one(opRefFunc, 0, 0x1a), "nothing declares"},
		{"an empty stack", one(0x1a), "operand stack is 1 short"},
		{"an operand too many", one(opI32Const, 0), "1 operands too many"},
		{"a label too far", one(opBr, 2), "label 2 of 1"},
		{"tables of several sorts", one(opBlock, typeI32, opI32Const, 0, opI32Const, 0, opBrTable, 1, 0, 1, opEnd, 0x1a), "br_table"},
		{"else without if", one(opBlock, typeEmpty, opElse, opEnd), "else without if"},
		{"an if that should have an else", one(opI32Const, 0, opIf, typeI32, opI32Const, 0, opEnd, 0x1a), "without else"},
		{"code after the end", one(opEnd, opNop), "goes on"},
		{"a local too far", one(opLocalGet, 0, 0x1a), "local 0 where there are 0"},
		{"data without count", one(0xfc, 9, 0), "data count"},
		{"two exports of a name", (&builder{}).section(secMemory, 1, 0, 1).section(secExport, 2, 1, 'm', 2, 0, 1, 'm', 2, 0).bytes(), "twice"},
		{"a count beyond the bytes", only(secType, 100), "100 types in 0 bytes"},
		{"a start function with parameters", (&builder{}).section(secType, 1, 0x60, 1, typeI32, 0).section(secFunction, 1, 0).
			section(secStart, 0).code([]byte{0, opEnd}).bytes(), "start function"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Inspect(test.wasm); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
