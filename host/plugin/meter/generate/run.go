package generate

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Engine is one of wazero's two.
type Engine int

// The engines.
const (
	Compiler Engine = iota
	Interpreter
)

// NewRuntime makes a runtime of WebAssembly 2.0 with what generated modules import. The caller closes it.
func NewRuntime(ctx context.Context, e Engine) (wazero.Runtime, error) {
	config := wazero.NewRuntimeConfigCompiler()
	if e == Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	r := wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(api.CoreFeaturesV2))
	if err := install(ctx, r); err != nil {
		_ = r.Close(ctx)
		return nil, fmt.Errorf("install what generated modules import: %w", err)
	}
	return r, nil
}

// Outcome is what can be seen of a run.
type Outcome struct {
	Start   string // why there is no instance; "" when there is
	Calls   []Result
	Globals []uint64 // of Module.Globals
	Memory  []byte   // a copy; nil where none is exported
	Host    uint64   // a hash over all calls of imported functions
}

// Result is the outcome of a call.
type Result struct {
	Values []uint64 // masked to their size; funcrefs are 1 or, null, 0
	Trap   string   // "" when it returned
}

// Run makes an instance of wasm in r, which NewRuntime made, and makes the calls of m. wasm is m.Wasm or a rewriting of it that exports the same.
// Where before is not nil it is called after instantiation and before each call. The error is that wasm does not
// compile, or lacks what m exports.
func Run(ctx context.Context, r wazero.Runtime, m *Module, wasm []byte, before func(api.Module)) (*Outcome, error) {
	compiled, err := r.CompileModule(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	defer func() { _ = compiled.Close(ctx) }()
	out := &Outcome{}
	ctx = context.WithValue(ctx, traceKey{}, &out.Host)
	mod, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		out.Start = reason(err)
		return out, nil
	}
	defer func() { _ = mod.Close(ctx) }()
	budget, ok := mod.ExportedGlobal(ExportBudget).(api.MutableGlobal)
	if !ok {
		return nil, fmt.Errorf("the module does not export the global %q as mutable", ExportBudget)
	}
	for _, c := range m.Calls {
		budget.Set(Budget)
		if before != nil {
			before(mod)
		}
		f := mod.ExportedFunction(c.Function)
		if f == nil {
			return nil, fmt.Errorf("the module does not export the function %q", c.Function)
		}
		values, err := f.Call(ctx, c.Args...)
		if err != nil {
			out.Calls = append(out.Calls, Result{Trap: reason(err)})
			continue
		}
		out.Calls = append(out.Calls, Result{Values: mask(values, c.Results)})
	}
	if err := out.readState(mod, m); err != nil {
		return nil, err
	}
	return out, nil
}

// readState reads what calls left behind.
func (o *Outcome) readState(mod api.Module, m *Module) error {
	for _, name := range m.Globals {
		g := mod.ExportedGlobal(name)
		if g == nil {
			return fmt.Errorf("the module does not export the global %q", name)
		}
		o.Globals = append(o.Globals, mask([]uint64{g.Get()}, []api.ValueType{g.Type()})...)
	}
	if m.Memory {
		memory := mod.ExportedMemory(ExportMemory)
		if memory == nil {
			return fmt.Errorf("the module does not export the memory %q", ExportMemory)
		}
		view, ok := memory.Read(0, memory.Size())
		if !ok {
			return fmt.Errorf("the memory %q cannot be read", ExportMemory)
		}
		o.Memory = bytes.Clone(view)
	}
	return nil
}

// mask leaves of words what their types hold, and of funcrefs, which are addresses, whether they are null.
func mask(words []uint64, types []api.ValueType) []uint64 {
	masked := make([]uint64, 0, len(words))
	for _, t := range types {
		if len(words) == 0 {
			break
		}
		w := words[0]
		words = words[1:]
		switch t {
		case api.ValueTypeI32, api.ValueTypeF32:
			w &= math.MaxUint32
		case ValueTypeFuncref:
			w = min(w, 1)
		case ValueTypeV128:
			masked = append(masked, w)
			w, words = words[0], words[1:]
		}
		masked = append(masked, w)
	}
	return masked
}

// reason is the first line of an error, without the index of a start function: what follows are names and offsets of code, and
// rewriting moves them.
func reason(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if _, why, ok := strings.Cut(line, " failed: "); ok && strings.HasPrefix(line, "start function[") {
		return "start function: " + why
	}
	return line
}

// Diff says how o and p differ; "" when they do not.
func (o *Outcome) Diff(p *Outcome) string {
	if o.Start != p.Start {
		return fmt.Sprintf("instantiation: %q, and %q", o.Start, p.Start)
	}
	for i := range min(len(o.Calls), len(p.Calls)) {
		a, b := o.Calls[i], p.Calls[i]
		if a.Trap != b.Trap || !slices.Equal(a.Values, b.Values) {
			return fmt.Sprintf("call %d: %#x %q, and %#x %q", i, a.Values, a.Trap, b.Values, b.Trap)
		}
	}
	switch {
	case len(o.Calls) != len(p.Calls):
		return fmt.Sprintf("%d calls, and %d", len(o.Calls), len(p.Calls))
	case !slices.Equal(o.Globals, p.Globals):
		return fmt.Sprintf("globals: %#x, and %#x", o.Globals, p.Globals)
	case o.Host != p.Host:
		return "calls of imported functions differ"
	case len(o.Memory) != len(p.Memory):
		return fmt.Sprintf("memory: %d bytes, and %d", len(o.Memory), len(p.Memory))
	}
	for i := range o.Memory {
		if o.Memory[i] != p.Memory[i] {
			return fmt.Sprintf("memory at %#x: %#x, and %#x", i, o.Memory[i], p.Memory[i])
		}
	}
	return ""
}
