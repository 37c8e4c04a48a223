package generate

import (
	"context"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Names of the modules that generated ones import from: functions of the host, and constants.
const (
	hostModule = "env"
	libModule  = "lib"
)

// hostFunction is a function that generated modules may import. What it answers follows from its arguments and from
// what was called before.
type hostFunction struct {
	name            string
	params, results string
	call            func(mod api.Module, stack []uint64, seed uint64) // stack holds the arguments, then takes the results
}

// hostFunctions are all there are. Hosts of wazero's cannot take vectors.
var hostFunctions = [...]hostFunction{
	{"nop", "", "", nil},
	{"i32", "i", "i", nil},
	{"i64", "ll", "l", nil},
	{"floats", "fd", "df", nil},
	{"pair", "", "il", nil},
	{"nine", "ilfdilfdi", "d", nil},
	{"extern", "e", "e", func(api.Module, []uint64, uint64) {}},
	{"func", "r", "r", func(api.Module, []uint64, uint64) {}},
	{"peek", "i", "l", peek},
	{"poke", "il", "", poke},
	{"grow", "", "i", grow},
}

func peek(mod api.Module, stack []uint64, _ uint64) {
	v := uint64(0)
	if m := mod.ExportedMemory(ExportMemory); m != nil {
		v, _ = m.ReadUint64Le(uint32(stack[0]))
	}
	stack[0] = v
}

func poke(mod api.Module, stack []uint64, _ uint64) {
	if m := mod.ExportedMemory(ExportMemory); m != nil {
		m.WriteUint64Le(uint32(stack[0]), stack[1])
	}
}

func grow(mod api.Module, stack []uint64, _ uint64) {
	v := uint32(math.MaxUint32)
	if m := mod.ExportedMemory(ExportMemory); m != nil {
		if old, ok := m.Grow(1); ok {
			v = old
		}
	}
	stack[0] = uint64(v)
}

// traceKey is the context's key of the hash over a run's calls of imported functions.
type traceKey struct{}

// Call implements api.GoModuleFunction.
func (h *hostFunction) Call(ctx context.Context, mod api.Module, stack []uint64) {
	trace, ok := ctx.Value(traceKey{}).(*uint64)
	if !ok {
		trace = new(uint64)
	}
	*trace = mix(*trace, uint64(len(h.name))<<8|uint64(h.name[0]))
	for _, w := range mask(stack[:len(h.params)], typesOf(h.params)) {
		*trace = mix(*trace, w)
	}
	if h.call != nil {
		h.call(mod, stack, *trace)
		return
	}
	for i := range len(h.results) {
		v := mix(*trace, uint64(i))
		switch h.results[i] {
		case letterI32:
			v &= math.MaxUint32
		case letterF32:
			v = uint64(math.Float32bits(float32(int32(v))))
		case letterF64:
			v = math.Float64bits(float64(int32(v)))
		}
		stack[i] = v
	}
}

// mix is a step of FNV-1a, a word at a time, with the high bits folded in.
func mix(hash, word uint64) uint64 {
	hash = (hash ^ word) * 0x100000001b3
	return hash ^ hash>>29
}

// install adds to r what generated modules import.
func install(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(hostModule)
	for i := range hostFunctions {
		h := &hostFunctions[i]
		b = b.NewFunctionBuilder().WithGoModuleFunction(h, typesOf(h.params), typesOf(h.results)).Export(h.name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return err
	}
	_, err := r.InstantiateWithConfig(ctx, constants(), wazero.NewModuleConfig().WithName(libModule))
	return err
}

// constants is a module that exports an immutable global of each type, under its letter.
func constants() []byte {
	s := &source{[]byte{0, 3, 0, 5, 255, 1, 2, 3, 4, 5, 6, 7, 64, 9, 8, 7}} // any
	b := builder{}
	var globals, exports code
	globals.u(len(letters))
	exports.u(len(letters))
	for i := range len(letters) {
		globals.put(typeOf(letters[i]), 0)
		if letters[i] == letterFunc {
			globals.put(opRefNull, ValueTypeFuncref)
		} else {
			b.constant(s, &globals, letters[i])
		}
		globals.put(opEnd)
		exports.name(letters[i : i+1])
		exports.put(3)
		exports.u(i)
	}
	out := code{0, 'a', 's', 'm', 1, 0, 0, 0}
	out.section(secGlobal, globals)
	out.section(secExport, exports)
	return out
}
