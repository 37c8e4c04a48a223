package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFresh: what is generated is what the tables say today.
func TestFresh(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	want, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("sdk/%s is not what sdk/abi says (%v): run go generate ./sdk/abi", name, err)
		}
	}
}

// TestRun writes what is missing and changed, and leaves the rest alone.
func TestRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	page, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "abi"), 0o755); err != nil {
		t.Fatal(err)
	}
	stale, _, _ := bytes.Cut(page, []byte("| `weir_alloc` |"))
	_, rest, _ := bytes.Cut(page, []byte(markEnd))
	if err := os.WriteFile(filepath.Join(root, "abi", "README.md"), bytes.Join([][]byte{stale, rest}, []byte(markEnd)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(root); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "abi", "README.md"))
	if err != nil || !bytes.Equal(got, page) {
		t.Errorf("a stale table was not mended (%v)", err)
	}
	header := filepath.Join(root, "c", "weir_abi.h")
	before, err := os.Stat(header)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(root); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(header); err != nil || after.ModTime() != before.ModTime() {
		t.Errorf("a file that was right was written again (%v)", err)
	}
}

func TestReadmeFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "is missing",
		markBegin + "limits":                 "is not closed",
		markBegin + "limits -->\n":           "is not closed",
		markBegin + "prices -->\n" + markEnd: `"prices" is unknown`,
		strings.Repeat(markBegin+"limits -->\n"+markEnd, 2): "there twice",
	} {
		if _, err := readme([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// TestCompiles has each language's compiler, where it is installed, look at its file; its assertions on sizes hold there.
func TestCompiles(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, file, source string
		command            []string
	}{
		{"C99", "use.c", "#include \"weir_abi.h\"\n", []string{"cc", "-std=c99", "-pedantic", "-Wall", "-Werror", "-fsyntax-only", "-I" + filepath.Join(root, "c")}},
		{"C++", "use.cc", "#include \"weir_abi.h\"\n", []string{"c++", "-pedantic", "-Wall", "-Werror", "-fsyntax-only", "-I" + filepath.Join(root, "c")}},
		{"C for Wasm", "use.c", "#include \"weir_abi.h\"\n", []string{"clang-19", "--target=wasm32", "-ffreestanding", "-Wall", "-Werror", "-fsyntax-only", "-I" + filepath.Join(root, "c")}},
		{"Rust", "use.rs", "#[path = \"" + filepath.ToSlash(filepath.Join(root, "rust", "weir_abi.rs")) + "\"]\npub mod weir_abi;\n",
			[]string{"rustc", "--crate-type=lib", "--emit=metadata", "--edition=2021", "-Dwarnings"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tt.command[0]); err != nil {
				t.Skipf("%s is not installed", tt.command[0])
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.source), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tt.command[0], append(tt.command[1:], tt.file)...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
			}
		})
	}
}
