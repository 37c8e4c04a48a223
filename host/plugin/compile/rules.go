package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/host/plugin/meter"
	"weir/sdk/abi"
)

// MaxSize is the largest module that is looked at, in bytes.
const MaxSize = 16 << 20

// Rules are what a module may import, and what of its exports is looked at. Make them by ABI.
type Rules struct {
	Imports map[string][]abi.Function // functions by the name of their module; nothing else can be imported
	Exports []abi.Function            // signatures that exports of these names must have
	Prefix  string                    // exports that begin so are of Exports or a mistake
	Require []string                  // exports that must be there
	AnyOf   []string                  // exports of which one must be there
}

// versionPrefix is what the exports begin with that mark versions of the ABI.
const versionPrefix = "weir_abi_"

// ABI gives the rules of Weir's own ABI. Modules of more may be imported beside it: wasi_snapshot_preview1, for example.
func ABI(more map[string][]abi.Function) Rules {
	r := Rules{
		Imports: map[string][]abi.Function{abi.Module: abi.Functions()},
		Exports: abi.Exports(),
		Prefix:  "weir_",
		Require: []string{abi.ExportVersion, abi.ExportMemory},
	}
	maps.Copy(r.Imports, more)
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		r.AnyOf = append(r.AnyOf, h.Export())
	}
	return r
}

// Inspect holds a module to rules without compiling it: its size, its structure, its imports and its exports. The error is an
// *Error of Kind Refused that tells an author what to change.
func Inspect(name string, wasm []byte, rules Rules) (*meter.Report, error) {
	if err := looksLike(wasm); err != nil {
		return nil, refused(name, err)
	}
	report, err := meter.Inspect(wasm)
	if err == nil {
		err = rules.check(report)
	}
	if err != nil {
		return nil, refused(name, err)
	}
	return report, nil
}

// looksLike tells files that are no modules from modules with a fault.
func looksLike(wasm []byte) error {
	const header = "\x00asm\x01\x00\x00\x00"
	switch {
	case len(wasm) > MaxSize:
		return fmt.Errorf("the module has %d bytes, at most %d: strip its names and debug sections", len(wasm), MaxSize)
	case strings.HasPrefix(string(wasm[:min(8, len(wasm))]), "\x00asm\x0d\x00\x01\x00"):
		return errors.New("it is a component, and Weir runs core modules: build without the component model (wasm32-unknown-unknown, wasip1)")
	case len(wasm) < len(header) || string(wasm[:len(header)]) != header:
		return errors.New("it is no WebAssembly module: the first eight bytes are not those of the binary format, version 1")
	}
	return nil
}

// digest is the SHA-256 of the module; an error when it is not the one that was expected.
func digest(wasm []byte, want string) (string, error) {
	sum := sha256.Sum256(wasm)
	got := hex.EncodeToString(sum[:])
	if want != "" && !strings.EqualFold(want, got) {
		return got, fmt.Errorf("its SHA-256 is %s, and sha256 says %q: the file is not the one that was meant", got, cut(want))
	}
	return got, nil
}

// check holds what a module imports and exports to the rules.
func (r Rules) check(report *meter.Report) error {
	for _, i := range report.Imports {
		if err := r.imported(i); err != nil {
			return err
		}
	}
	names := make(map[string]bool, len(report.Exports))
	for _, e := range report.Exports {
		names[e.Name] = true
	}
	if err := version(names); err != nil && slices.Contains(r.Require, abi.ExportVersion) {
		return err
	}
	for _, e := range report.Exports {
		if err := r.exported(e, names); err != nil {
			return err
		}
	}
	for _, name := range r.Require {
		if !names[name] {
			return fmt.Errorf("it does not export %s", name)
		}
	}
	if len(r.AnyOf) > 0 && !slices.ContainsFunc(r.AnyOf, func(n string) bool { return names[n] }) {
		return fmt.Errorf("it exports no hook: export one of %s", strings.Join(r.AnyOf, ", "))
	}
	return nil
}

// version tells which version of the ABI a guest without the right mark was built for.
func version(names map[string]bool) error {
	if names[abi.ExportVersion] {
		return nil
	}
	var others []string
	for name := range names {
		if n, ok := strings.CutPrefix(name, versionPrefix); ok {
			if _, err := strconv.ParseUint(n, 10, 16); err == nil {
				others = append(others, n)
			}
		}
	}
	if len(others) == 0 {
		return fmt.Errorf("it does not export %s, which marks plugins for Weir: build it with an SDK, or export an empty function of that name",
			abi.ExportVersion)
	}
	slices.Sort(others)
	return fmt.Errorf("it is built for version %s of the plugin ABI, and this Weir serves version %d: build it with the SDK of this Weir",
		strings.Join(others, ", "), abi.Version)
}

func (r Rules) imported(i meter.Import) error {
	functions, ok := r.Imports[i.Module]
	if !ok {
		return fmt.Errorf("it imports %s %s from module %s; plugins import from %s alone",
			i.Kind, cut(i.Name), cut(i.Module), strings.Join(slices.Sorted(maps.Keys(r.Imports)), ", "))
	}
	if i.Kind != meter.Func {
		return fmt.Errorf("it imports %s %s from module %s, and only functions can be imported; memory is the plugin's own, export it",
			i.Kind, cut(i.Name), i.Module)
	}
	for _, f := range functions {
		if f.Name != i.Name {
			continue
		}
		if want := signature(f); i.Type != want {
			return fmt.Errorf("it imports %s.%s as %s, and that is %s", i.Module, i.Name, cut(i.Type), want)
		}
		return nil
	}
	return fmt.Errorf("it imports %s.%s, which does not exist; module %s has %s", i.Module, cut(i.Name), i.Module, functionNames(functions))
}

// exported holds an export of the ABI to its signature. Exports of other names are the guest's own business.
func (r Rules) exported(e meter.Export, names map[string]bool) error {
	if e.Name == abi.ExportMemory && e.Kind != meter.MemoryKind {
		return fmt.Errorf("its export %s is a %s, and the host needs the memory under that name", e.Name, e.Kind)
	}
	for _, f := range r.Exports {
		if f.Name != e.Name {
			continue
		}
		if want := signature(f); e.Kind != meter.Func || e.Type != want {
			return fmt.Errorf("its export %s is a %s %s, and the ABI has it as function %s", e.Name, e.Kind, cut(e.Type), want)
		}
		if slices.Contains(r.AnyOf, e.Name) && !names[abi.ExportAlloc] && slices.Contains(r.Require, abi.ExportVersion) {
			return fmt.Errorf("it exports %s, and not %s, by which the host gets room for the frame", e.Name, abi.ExportAlloc)
		}
		return nil
	}
	if r.Prefix == "" || !strings.HasPrefix(e.Name, r.Prefix) || otherVersion(e.Name) {
		return nil
	}
	return fmt.Errorf("it exports %s, which this version of the ABI does not have and would never call; names that begin with %s are %s",
		cut(e.Name), r.Prefix, functionNames(r.Exports))
}

// otherVersion tells the marks of other versions: a guest may carry several.
func otherVersion(name string) bool {
	_, err := strconv.ParseUint(strings.TrimPrefix(name, versionPrefix), 10, 16)
	return strings.HasPrefix(name, versionPrefix) && err == nil
}

// signature is a function's type as reports have it.
func signature(f abi.Function) string {
	var params, results []string
	for _, p := range f.Params {
		params = append(params, p.Type.String())
	}
	if f.Result != 0 {
		results = append(results, f.Result.String())
	}
	return meter.Signature(params, results)
}

func functionNames(functions []abi.Function) string {
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// cut makes what a module's author wrote fit into a line of a log.
func cut(s string) string {
	const limit = 100
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.Trim(strconv.QuoteToGraphic(strings.ToValidUTF8(s, "?")), `"`)
}
