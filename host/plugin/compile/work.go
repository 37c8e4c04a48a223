package compile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"weir/host/plugin/meter"
)

// config is what the compiling and the loading side must have in common, for the cache's names depend on it.
func config() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigCompiler().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithDebugInfoEnabled(false) // DWARF is one more parser of hostile input
}

// interpreter is config where no machine code can run. It has no cache: its code is no more than a form of the module.
func interpreter() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
}

// compilerRuns fails where memory cannot be made executable: an engine begins with code of its own.
func compilerRuns(ctx context.Context) (err error) {
	defer recovered(&err)
	return wazero.NewRuntimeWithConfig(ctx, config()).Close(ctx)
}

// notCompiling is a context under which wazero decodes and validates a module and loads machine code from its cache, but fails
// with context.Canceled where it would have to make some: its parallel compiler looks at the context before each function.
func notCompiling(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return experimental.WithCompilationWorkers(ctx, 2)
}

// validate holds a module as given to the specification.
func validate(ctx context.Context, engine wazero.RuntimeConfig, wasm []byte) (err error) {
	defer recovered(&err)
	r := wazero.NewRuntimeWithConfig(ctx, engine)
	defer func() { _ = r.Close(ctx) }()
	if _, err := r.CompileModule(notCompiling(ctx), wasm); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// work validates a module, meters it, compiles it, and leaves the metered module and the machine code in dir. What its
// errors mean is fault's to tell.
func work(ctx context.Context, dir string, wasm []byte, opt meter.Options) (*meter.Report, error) {
	metered, report, err := prepare(ctx, config(), wasm, opt)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, meteredFile), metered, 0o600); err != nil {
		return nil, err
	}
	code, err := makeCode(ctx, config(), filepath.Join(dir, codeDir), metered)
	if err != nil {
		return nil, err
	}
	return report, code.Close(ctx)
}

// prepare validates and meters. The order matters: what is valid by itself cannot name what metering adds.
func prepare(ctx context.Context, engine wazero.RuntimeConfig, wasm []byte, opt meter.Options) ([]byte, *meter.Report, error) {
	if err := validate(ctx, engine, wasm); err != nil {
		return nil, nil, err
	}
	return meter.Rewrite(wasm, opt)
}

// makeCode compiles a module, into wazero's cache at path unless that is "".
func makeCode(ctx context.Context, engine wazero.RuntimeConfig, path string, metered []byte) (*Code, error) {
	return code(ctx, ctx, engine, path, metered)
}

// loadCode takes a module's machine code from wazero's cache at path. It never makes any.
func loadCode(ctx context.Context, path string, metered []byte) (*Code, error) {
	return code(ctx, notCompiling(ctx), config(), path, metered)
}

func code(ctx, compiling context.Context, engine wazero.RuntimeConfig, path string, metered []byte) (c *Code, err error) {
	cache := wazero.NewCompilationCache()
	if path != "" {
		if cache, err = wazero.NewCompilationCacheWithDir(path); err != nil {
			return nil, fmt.Errorf("%w: %w", errDisk, err)
		}
	}
	made := &Code{cache: cache, wasm: metered}
	defer func() {
		if err != nil {
			_ = made.Close(ctx)
			c = nil
		}
	}()
	defer recovered(&err)
	made.Runtime = wazero.NewRuntimeWithConfig(ctx, engine.WithCompilationCache(cache))
	made.Module, err = made.Runtime.CompileModule(compiling, metered)
	sum := sha256.Sum256(metered)
	made.Metered = hex.EncodeToString(sum[:])
	return made, err
}

// What is wrong with the place, where wazero's own errors do not tell.
var (
	errExecutable = errors.New("memory cannot be made executable")
	errDisk       = errors.New("the directory cannot be written to")
)

// recovered turns wazero's panics into errors: it panics where memory cannot be made executable.
func recovered(err *error) {
	r := recover()
	if r == nil {
		return
	}
	cause, ok := r.(error)
	switch {
	case ok && (errors.Is(cause, syscall.EACCES) || errors.Is(cause, syscall.EPERM)):
		*err = fmt.Errorf("%w: wazero's compiler: %w", errExecutable, cause)
	case ok && errors.As(cause, new(syscall.Errno)):
		*err = fmt.Errorf("wazero's compiler: %w", cause)
	default:
		*err = crashError{fmt.Sprint(r)}
	}
}
