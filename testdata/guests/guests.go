package guests

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed working/*.wasm hostile/*.wasm
var modules embed.FS

// folders hold the modules. No name occurs in both.
var folders = [...]string{"working", "hostile"}

// Bytes is the module of that name, "noop" for example. There must be one: a name is a constant of a test.
func Bytes(name string) []byte {
	for _, folder := range folders {
		if b, err := modules.ReadFile(path.Join(folder, name+".wasm")); err == nil {
			return b
		}
	}
	panic(fmt.Sprintf("guests: there is no %q; README.md lists them", name))
}

// Names are all modules, sorted.
func Names() []string { return slices.Sorted(slices.Values(slices.Concat(Working(), Hostile()))) }

// Working are the modules that a host admits and that do what they should, sorted.
func Working() []string { return list(folders[0]) }

// Hostile are the modules that a host refuses, stops, or finds fault with, sorted.
func Hostile() []string { return list(folders[1]) }

func list(folder string) []string {
	entries, err := modules.ReadDir(folder)
	if err != nil {
		panic(err) // embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".wasm")
	}
	slices.Sort(names)
	return names
}
