package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files and the reference in README.md")

const (
	beginKeys = "<!-- Keys: made from the struct tags by go test -run TestReadme -update; edit those. -->\n"
	endKeys   = "<!-- End of keys. -->\n"
)

// TestReadmeHoldsEveryKey fails when a setting, or what its tags say, is
// missing from the reference.
func TestReadmeHoldsEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(beginKeys))
	_, after, ok2 := bytes.Cut(rest, []byte(endKeys))
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the marks %q and %q", beginKeys, endKeys)
	}
	var want bytes.Buffer
	want.Write(before)
	want.WriteString(beginKeys)
	reference(&want, "", reflect.TypeFor[Config]())
	want.WriteString("\n" + endKeys)
	want.Write(after)
	if *update {
		if err := os.WriteFile("README.md", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for line := range strings.Lines(want.String()) {
		if !bytes.Contains(text, []byte(line)) {
			t.Errorf("README.md lacks the line\n%s(go test ./host/config -run TestReadme -update)", line)
		}
	}
	if !t.Failed() && !bytes.Equal(text, want.Bytes()) {
		t.Error("README.md holds keys that are no longer there (go test ./host/config -run TestReadme -update)")
	}
}

// reference writes one table for a struct and then those of the structs in it.
func reference(w *bytes.Buffer, path string, typ reflect.Type) {
	title := "Top level"
	if path != "" {
		title = "`" + path + "`"
	}
	fmt.Fprintf(w, "\n### %s\n\n| key | type | default | meaning | example |\n|---|---|---|---|---|\n", title)
	for _, f := range fieldsOf(typ) {
		ft := typ.Field(f.index).Type
		def := "—"
		switch {
		case f.required:
			def = "required"
		case f.hasDef:
			def = "`" + f.def + "`"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | `%s` |\n", dotted(path, f.key), cell(typeName(f, ft)), def, cell(f.doc), f.example)
	}
	for _, f := range fieldsOf(typ) {
		ft := typ.Field(f.index).Type
		inner := elementOf(ft)
		if inner.Kind() != reflect.Struct || isScalar(inner) {
			continue
		}
		next := dotted(path, f.key)
		switch {
		case ft.Kind() == reflect.Map:
			next += ".NAME"
		case ft.Kind() == reflect.Slice:
			next += "[]"
		}
		reference(w, next, inner)
	}
}

func dotted(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func typeName(f field, t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	inner := elementOf(t)
	switch {
	case t == reflect.TypeFor[Listen]():
		return f.shape(t)
	case t.Kind() == reflect.Slice && inner.Kind() == reflect.Struct && !isScalar(inner):
		return fmt.Sprintf("a list of mappings, %d at most", f.most)
	case t.Kind() == reflect.Slice:
		return fmt.Sprintf("a list, %d at most: %s", f.most, f.shape(inner))
	case t.Kind() == reflect.Map && isScalar(inner):
		return "a mapping of names to strings"
	case t.Kind() == reflect.Map && f.most > 0:
		return fmt.Sprintf("a mapping of names to mappings, %d at most", f.most)
	case t.Kind() == reflect.Map:
		return "a mapping of names to mappings"
	}
	return strings.Split(f.shape(t), ", such as ")[0]
}
