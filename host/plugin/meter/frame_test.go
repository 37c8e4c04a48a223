package meter

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero"

	"weir/host/plugin/meter/generate"
)

// compiledFrames compiles a module and reads from the prologues of its functions how many bytes of stack each asks for. The layout is that of wazero 1.12's cache
// files: "WAZEVO", the version's length and the version, the number of functions (u32), their offsets (u64), the code's length (u64), the code.
// A prologue is push rbp; mov rbp, rsp; sub rsp, SIZE.
func compiledFrames(t testing.TB, wasm []byte) []int {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the prologues of amd64 are read")
	}
	ctx := context.Background()
	dir, err := os.MkdirTemp(t.TempDir(), "cache")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntimeWithConfig(ctx, engines()["compiler"].WithCompilationCache(cache))
	_, err = r.CompileModule(ctx, wasm)
	_ = r.Close(ctx)
	_ = cache.Close(ctx)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files in the cache: %v", len(files), err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_ = os.RemoveAll(dir)
	b = b[6:]
	b = b[1+int(b[0]):]
	frames := make([]int, binary.LittleEndian.Uint32(b))
	offsets := b[4:]
	code := offsets[8*len(frames)+8:]
	for i := range frames {
		p := code[binary.LittleEndian.Uint64(offsets[8*i:]):]
		switch string(p[4:7]) {
		case "\x48\x83\xec":
			frames[i] = int(int8(p[7]))
		case "\x48\x81\xec":
			frames[i] = int(int32(binary.LittleEndian.Uint32(p[7:])))
		default:
			t.Fatalf("function %d does not begin as expected: % x", i, p[:12])
		}
	}
	return frames
}

// checkFrames holds the estimate of every function of a module to what the compiled function takes, and returns the sum of both.
func checkFrames(t testing.TB, name string, wasm []byte, opt Options) (estimated, taken int) {
	t.Helper()
	opt, err := opt.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode(wasm, opt)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scan(m)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{m: m, add: newAdditions(m)}
	if err := w.code(s); err != nil {
		t.Fatal(err)
	}
	out, err := w.module()
	if err != nil {
		t.Fatal(err)
	}
	frames := compiledFrames(t, out)
	framed := len(m.codes) // the next of those that wrappers call
	for i, sum := range s.leaves {
		size := frames[i]
		if sum.frame > wrapFrame && !sum.leaf {
			for w.add.extra[framed-len(m.codes)].name != framedName {
				framed++
			}
			size = frames[framed]
			framed++
		}
		if size > sum.frame {
			t.Errorf("%s: function %d takes %d bytes of stack and is estimated to take %d (%d locals, %d bytes of code)", name,
				m.imported+i, size, sum.frame, m.codes[i].locals, m.codes[i].end-m.codes[i].start)
		}
		estimated, taken = estimated+sum.frame, taken+size
	}
	return estimated, taken
}

// stress writes bodies that put many values aside: many locals, deep stacks, calls, loops and branches, as a hostile guest would to make large
// frames that look small.
type stress struct {
	r      *rand.Rand
	out    []byte
	locals int
	typ    byte
	wide   int // parameters and results of function 2
	depth  int
	left   int
}

func (s *stress) get(n int) { s.out = appendU32(append(s.out, n2op(n)), uint32(s.r.IntN(s.locals))) }

func n2op(n int) byte { return byte(opLocalGet + n) }

func (s *stress) binary() {
	switch s.typ {
	case typeV128:
		s.out = append(s.out, 0xfd, 0xae, 0x01) // i32x4.add
	case typeF64:
		s.out = append(s.out, 0xa0)
	case typeI64:
		s.out = append(s.out, 0x7c)
	default:
		s.out = append(s.out, 0x6a)
	}
}

// value leaves one value on the stack.
func (s *stress) value(deep int) {
	s.left--
	if deep == 0 || s.left < 0 {
		s.get(0)
		return
	}
	switch s.r.IntN(9) {
	case 7: // addresses are kept beside what they were made of
		if s.typ != typeI32 {
			s.get(0)
			return
		}
		s.value(deep - 1)
		s.out = append(s.out, 0x28, 2, 4)
	case 8:
		for range s.wide {
			s.value(max(deep-3, 0))
		}
		s.out = append(s.out, opCall, 2)
		for range s.wide - 1 {
			s.binary()
		}
	case 0, 1, 2:
		s.value(deep - 1)
		s.value(deep - 1)
		s.binary()
	case 3:
		s.value(deep - 1)
		s.get(2)
	case 4:
		s.value(deep - 1)
		s.out = append(s.out, opCall, 0)
		s.binary()
	case 5:
		s.out = append(s.out, opBlock, s.typ)
		s.value(deep - 1)
		s.out = append(s.out, opI32Const, 1, opBrIf, 0)
		s.get(1)
		s.value(deep - 1)
		s.out = append(s.out, opEnd)
	default:
		s.get(0)
	}
}

func (s *stress) statement() {
	switch s.r.IntN(12) {
	case 0:
		s.out = append(s.out, opI32Const, 1, opIf, typeEmpty)
		s.statements(s.r.IntN(4))
		if s.r.IntN(2) == 0 {
			s.out = append(s.out, opElse)
			s.statements(s.r.IntN(4))
		}
		s.out = append(s.out, opEnd)
	case 1:
		s.out = append(s.out, opLoop, typeEmpty)
		s.statements(s.r.IntN(4))
		s.out = append(s.out, opI32Const, 0, opBrIf, 0, opEnd)
	case 2:
		s.value(1)
		s.out = append(s.out, opCall, 0)
		s.binary()
		s.get(1)
	default:
		s.value(s.r.IntN(6))
		s.get(1)
	}
}

func (s *stress) statements(n int) {
	if s.depth++; s.depth < 8 {
		for range n {
			s.statement()
		}
	}
	s.depth--
}

// module is function 0 of type () → t, which everything calls, one stressful function, and one that returns its many parameters.
func (s *stress) module(statements int) []byte {
	s.left = statements * 40
	s.statements(statements)
	body := append(appendU32(appendU32(nil, 1), uint32(s.locals)), s.typ)
	body = append(append(body, s.out...), opEnd)
	zero := append([]byte{0}, map[byte][]byte{
		typeI32: {opI32Const, 0}, typeI64: {opI64Const, 0}, typeF64: append([]byte{0x44}, make([]byte, 8)...),
		typeV128: append([]byte{0xfd, 12}, make([]byte, 16)...),
	}[s.typ]...)
	zero = append(zero, opCall, 0, 0x1a, opEnd) // it calls itself, so it is no leaf
	back := []byte{0, opCall, 0, 0x1a}
	for i := range s.wide {
		back = append(back, opLocalGet, byte(i))
	}
	wide := append([]byte{byte(s.wide)}, bytes.Repeat([]byte{s.typ}, s.wide)...)
	b := &builder{}
	b.section(secType, slices.Concat([]byte{3, 0x60, 0, 1, s.typ, 0x60, 0, 0, 0x60}, wide, wide)...)
	return b.section(secFunction, 3, 0, 1, 2).section(secMemory, 1, 0, 1).code(zero, body, append(back, opEnd)).bytes()
}

// TestFrameEstimate holds the estimate to wazero's real frames: over bodies made to break it, generated modules, the guests and the
// specification's tests.
func TestFrameEstimate(t *testing.T) {
	t.Parallel()
	large := Options{MemoryPages: MaxMemoryPages, TableElements: MaxTableElements}
	t.Run("stress", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(200) {
			checkFrames(t, "stress "+strconv.FormatUint(seed, 10), newStress(seed, 150), Options{})
		}
	})
	t.Run("generated", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(60) {
			checkFrames(t, "generated "+strconv.FormatUint(seed, 10), generate.New(randomBytes(seed, 3000), generate.Options{}).Wasm, large)
		}
	})
	for _, name := range []string{"guests", "specification"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pattern := "../../../testdata/guests/*/*.wasm"
			if name == "specification" {
				pattern = filepath.Join(specFolder(t), "*.wasm")
			}
			estimated, taken := 0, 0
			for path, wasm := range modules(t, pattern) {
				if _, _, err := Rewrite(wasm, large); err != nil || len(wasm) < 200 || !compiles(t, wasm) {
					continue
				}
				e, n := checkFrames(t, filepath.Base(path), wasm, large)
				estimated, taken = estimated+e, taken+n
			}
			t.Logf("estimated %d, taken %d: %.1f", estimated, taken, float64(estimated)/float64(taken))
		})
	}
}

// modules are the files a pattern names.
func modules(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]byte, len(paths))
	for _, path := range paths {
		if found[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// compiles tells whether wazero takes a module as it is.
func compiles(t testing.TB, wasm []byte) bool {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(context.Background(), engines()["interpreter"])
	defer func() { _ = r.Close(context.Background()) }()
	_, err := r.CompileModule(context.Background(), wasm)
	return err == nil
}

// FuzzFrameEstimate looks for bodies whose frames are larger than estimated.
func FuzzFrameEstimate(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint16(seed*20))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size uint16) {
		checkFrames(t, "stress", newStress(seed, int(size%600)+1), Options{})
	})
}

func newStress(seed uint64, most int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	types := []byte{typeI32, typeI64, typeF64, typeV128}
	s := &stress{r: r, locals: 1 + r.IntN(1+r.IntN(80)), typ: types[r.IntN(len(types))], wide: 1 + r.IntN(25)}
	return s.module(1 + r.IntN(1+r.IntN(most)))
}

func randomBytes(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}
