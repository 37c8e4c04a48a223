package plugin

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// probe is the smallest module with a function in it: (module (func)). The
// function makes the engine ask for executable memory.
var probe = []byte{
	0, 'a', 's', 'm', 1, 0, 0, 0,
	1, 4, 1, 0x60, 0, 0, // one type: () → ()
	3, 2, 1, 0, // one function of it
	10, 4, 1, 2, 0, 0x0b, // its body: end
}

// Engine tells how WebAssembly runs on this machine: "compiler" when wazero
// compiles to machine code, else "interpreter", with the reason why. wazero
// itself falls back without a word where the processor is not supported or
// executable memory is denied (seccomp, SELinux, hardened kernels).
func Engine(ctx context.Context) (engine string, why error) {
	defer func() {
		if r := recover(); r != nil {
			engine, why = "interpreter", fmt.Errorf("wazero's compiler: %v", r)
		}
	}()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer func() { _ = r.Close(ctx) }()
	if _, err := r.CompileModule(ctx, probe); err != nil {
		return "interpreter", fmt.Errorf("wazero's compiler: %w", err)
	}
	return "compiler", nil
}
