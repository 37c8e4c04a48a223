package plugins

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed */*.wasm
var files embed.FS

// Names are the plugins there are, sorted.
func Names() []string {
	paths, err := fs.Glob(files, "*/*.wasm")
	if err != nil {
		return nil // the pattern is right
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = path.Dir(p)
	}
	slices.Sort(names)
	return names
}

// Module is the module of a plugin.
func Module(name string) ([]byte, error) {
	wasm, err := files.ReadFile(name + "/" + name + ".wasm")
	if err != nil {
		return nil, fmt.Errorf("no built-in plugin is called %q; there are: %s", name, strings.Join(Names(), ", "))
	}
	return wasm, nil
}
