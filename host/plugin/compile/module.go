package compile

import (
	"context"
	"errors"
	"time"

	"github.com/tetratelabs/wazero"

	"weir/host/plugin/meter"
)

// Job is a module to compile.
type Job struct {
	Name    string // of the plugin, for errors
	Wasm    []byte // as given
	SHA256  string // that Wasm must have, hex; "" for none expected
	Trusted bool   // it is part of Weir: may be compiled in this process, and without a cache
	Rules   Rules
	Meter   meter.Options
}

// Code is a compiled module in a runtime of its own, ready to be instantiated once the host modules it imports are there.
type Code struct {
	Runtime wazero.Runtime
	Module  wazero.CompiledModule
	Report  *meter.Report

	Digest  string        // SHA-256 of the module as given, hex
	Metered string        // SHA-256 of the module that runs, hex
	Cached  bool          // it came out of the cache
	Took    time.Duration // compiling and loading

	// Interpreted says why there is no machine code, and the module runs many times slower; nil: there is.
	Interpreted error

	cache wazero.CompilationCache
	wasm  []byte // that runs; until Compile returns
}

// Close closes the runtime with all its instances. It may be called again.
func (c *Code) Close(ctx context.Context) error {
	var err error
	if c.Runtime != nil {
		err = c.Runtime.Close(ctx)
	}
	return errors.Join(err, c.cache.Close(ctx))
}
