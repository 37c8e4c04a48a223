package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/host/plugin"
	"weir/host/plugin/compile"
	"weir/host/plugin/meter"
	"weir/sdk/abi"
)

// compileFlags are those of weir plugin compile.
type compileFlags struct {
	cache, out, sha256 string
	json, child        bool
	memory, stack      size
	limits             compile.Limits
	compileMemory      size
}

func pluginCompileCommand() *cobra.Command {
	var f compileFlags
	c := &cobra.Command{
		Use:   "compile MODULE",
		Short: "Admit, meter and compile a module, and tell what is in it",
		Long: `Take a module through all that "weir serve" does before it runs one: hold its
imports and exports to the ABI, validate it, meter it, compile it in a process
of its own under limits, start it once and read its manifest. Then print what
is in it. The exit status is 1, with the reason, when it would be refused.

With --cache the machine code stays in that directory, and a "weir serve" of the
same build with that cache_dir and the same limits.memory and limits.stack
starts the module in milliseconds.`,
		Example: `  weir plugin compile filter.wasm
  weir plugin compile filter.wasm --json
  weir plugin compile filter.wasm --memory 32MiB --out metered.wasm
  weir plugin compile filter.wasm --cache /var/cache/weir`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case f.child, len(args) == 1:
				return nil
			case len(args) == 0:
				return errors.New("name the module: weir plugin compile MODULE")
			default:
				return fmt.Errorf("%s takes one module, and %q is another; %s", c.CommandPath(), args[1], seeHelp(c))
			}
		},
		RunE: func(c *cobra.Command, args []string) error {
			if f.child {
				return compile.Child(os.Stdin, os.Stdout)
			}
			f.limits.Memory = int64(f.compileMemory)
			return pluginCompile(c.Context(), c.OutOrStdout(), args[0], &f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	flags.StringVar(&f.out, "out", "", "write the metered module to `FILE`")
	flags.StringVar(&f.sha256, "sha256", "", "refuse the module unless this `HEX` is its digest")
	flags.StringVar(&f.cache, "cache", "", "keep the machine code in `DIR`, a configuration's cache_dir")
	flags.Var(&f.memory, "memory", "most linear memory of an instance, as limits.memory (default 8MiB)")
	flags.Var(&f.stack, "stack", "most stack of a call, as limits.stack (default 512KiB)")
	flags.DurationVar(&f.limits.CPU, "compile-cpu", 0, "most processor time of the compiler (default 10s)")
	flags.DurationVar(&f.limits.Wall, "compile-wall", 0, "most time of the compiler, waiting included (default 1m0s)")
	flags.Var(&f.compileMemory, "compile-memory", "most memory of the compiler, at most a quarter of the cgroup's (default 256MiB)")
	flags.BoolVar(&f.child, "child", false, "be the process that compiles one module, given on standard input")
	_ = flags.MarkHidden("child") // it exists
	return c
}

// compiled is what the command tells of a module.
type compiled struct {
	Module   string        `json:"module"`
	SHA256   string        `json:"sha256"`
	Metered  string        `json:"metered_sha256"`
	Name     string        `json:"name,omitempty"`    // by the manifest
	Version  string        `json:"version,omitempty"` // by the manifest
	Guard    bool          `json:"guard"`
	Hooks    []string      `json:"hooks"`
	Wants    []string      `json:"capabilities,omitempty"`
	Cached   bool          `json:"cached"`
	Compiled float64       `json:"compile_ms"`
	Admitted float64       `json:"admit_ms"`
	Report   *meter.Report `json:"report"`
}

func pluginCompile(ctx context.Context, stdout io.Writer, path string, f *compileFlags) error {
	wasm, err := readModule(path)
	if err != nil {
		return err
	}
	dir := f.cache
	if dir == "" {
		temporary, err := os.MkdirTemp("", "weir-plugin-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = filepath.Join(temporary, "cache")
	}
	told := compiled{Module: path}
	var metered []byte
	cache, err := compile.Open(compile.Options{
		Dir: dir, Limits: f.limits, Tell: func(code *compile.Code, wasm []byte) {
			metered, told.Metered, told.Cached = wasm, code.Metered, code.Cached
			told.Compiled = milliseconds(code.Took)
		},
	})
	if err != nil {
		return inFlags(err)
	}
	defer func() { _ = cache.Close() }()
	if err := told.admit(ctx, cache, wasm, f); err != nil {
		return fmt.Errorf("%s: %w", path, inFlags(err))
	}
	if f.out != "" {
		if err := os.WriteFile(f.out, metered, 0o666); err != nil { //nolint:gosec // a module, as the umask has it
			return err
		}
	}
	if f.json {
		return json.NewEncoder(stdout).Encode(told)
	}
	_, err = io.WriteString(stdout, told.text())
	return err
}

// readModule reads a module, but no more than one can have.
func readModule(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return io.ReadAll(io.LimitReader(in, compile.MaxSize+1))
}

// admit does what weir serve does with a module that it is given.
func (c *compiled) admit(ctx context.Context, cache *compile.Cache, wasm []byte, f *compileFlags) error {
	began := time.Now()
	runtime, err := plugin.Open(ctx, plugin.Options{Cache: cache})
	if err != nil {
		return err
	}
	defer func() { _ = runtime.Close() }()
	name := strings.TrimSuffix(filepath.Base(c.Module), ".wasm")
	source := plugin.Source{Name: name, Wasm: wasm, SHA256: f.sha256}
	m, err := runtime.Admit(ctx, source, plugin.Limits{Memory: int64(f.memory), Stack: int64(f.stack)})
	if err != nil {
		return err
	}
	defer m.Close()
	c.Admitted = milliseconds(time.Since(began))
	c.SHA256, c.Report = m.Digest(), m.Report()
	manifest := m.Manifest()
	c.Name, c.Version, c.Wants = manifest.Name, manifest.Version, manifest.Capabilities
	c.Guard = manifest.Guard && (m.Has(abi.HookRequest) || m.Has(abi.HookDelta))
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		if m.Has(h) {
			c.Hooks = append(c.Hooks, h.String())
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// text is what people read.
func (c *compiled) text() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		_, _ = fmt.Fprintf(&b, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	r := c.Report
	line("module", "%s", c.Module)
	if c.Name != "" {
		line("name", "%s %s", c.Name, c.Version)
	}
	line("sha256", "%s", c.SHA256)
	line("size", "%d bytes, metered %d; %s, the largest of %d bytes", r.Size, r.MeteredSize, number(r.Functions, "function"), r.LargestBody)
	if r.Memory != nil {
		line("memory", "%s pages of 64 KiB", r.Memory)
	}
	line("hooks", "%s", strings.Join(c.Hooks, ", "))
	for _, i := range r.Imports {
		line("import", "%s.%s %s", i.Module, i.Name, i.Type)
	}
	for _, e := range r.Exports {
		line("export", "%s %s %s", e.Name, e.Kind, e.Type)
	}
	if len(c.Wants) > 0 {
		line("wants", "%s", strings.Join(c.Wants, ", "))
	}
	if c.Guard {
		line("fails", "deny, unless on_error says otherwise")
	}
	how := "compiled"
	if c.Cached {
		how = "loaded"
	}
	line(how, "in %.1f ms; admitted after %.1f ms", c.Compiled, c.Admitted)
	return b.String()
}

// inFlags names the flag beside the setting that an error points to.
func inFlags(err error) error {
	var e *compile.Error
	if !errors.As(err, &e) {
		return err
	}
	flag, ok := map[string]string{
		compile.SettingCPU: "--compile-cpu", compile.SettingWall: "--compile-wall",
		compile.SettingMemory: "--compile-memory", compile.SettingDir: "--cache",
	}[e.Setting]
	if !ok {
		return err
	}
	return fmt.Errorf("%w, here %s", err, flag)
}
