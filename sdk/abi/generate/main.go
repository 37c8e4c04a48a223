package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("sdk", "..", "the folder that holds abi and the languages")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes every generated file below root that is not as it should be.
func run(root string) error {
	files, err := files(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // source code, for everybody to read
			return err
		}
	}
	return nil
}

// files are the generated files by name below root. README.md is read there, since only its tables are generated.
func files(root string) (map[string][]byte, error) {
	page, err := os.ReadFile(filepath.Join(root, "abi", "README.md"))
	if err != nil {
		return nil, err
	}
	page, err = readme(page)
	if err != nil {
		return nil, err
	}
	plain, err := golang()
	if err != nil {
		return nil, err
	}
	imports, err := golangImports()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"abi/README.md":              page,
		"c/weir_abi.h":               c(),
		"rust/weir_abi.rs":           rust(),
		"go/weir_abi.go":             plain,
		"go/weir_host_wasip1.go":     imports,
		"assemblyscript/weir_abi.ts": assemblyscript(),
	}, nil
}
