package main

import (
	"fmt"
	"go/format"
	"strings"

	"weir/sdk/abi"
)

var goTypes = map[abi.Kind]string{
	abi.U8: "uint8", abi.U16: "uint16", abi.U32: "uint32", abi.S32: "int32", abi.U64: "uint64", abi.S64: "int64", abi.F64: "float64",
}

const goHead = "// Code generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT.\n// sdk/abi/README.md says what it means."

// golang is weir_abi.go.
func golang() ([]byte, error) {
	var s source
	s.line(goHead + "\n\npackage weir\n")
	s.line("// Bounds of the ABI.\nconst (")
	for _, l := range abi.Limits() {
		s.line("\t%s = %s // %s", camel(l.Name), goNumber(l.Value), l.Doc)
	}
	s.line(")")
	for _, e := range abi.Enums() {
		s.line("\n// %s: %s.\nconst (", upper(e.Name), e.Doc)
		for _, v := range e.Values {
			s.line("\t%s%s = %d%s", camel(e.Name), camel(v.Name), v.Value, comment("//", v.Doc))
		}
		s.line(")")
	}
	for _, t := range abi.Structs() {
		s.line("\n// %s is %s.\ntype %s struct {", camel(t.Name), t.Doc, camel(t.Name))
		for _, f := range t.Fields {
			name, typ := camel(f.Name), goTypes[f.Kind]
			if f.Name == "reserved" {
				name = "_"
			}
			if f.Count > 1 {
				typ = fmt.Sprintf("[%d]%s", f.Count, typ)
			}
			s.line("\t%s %s%s", name, typ, comment("//", f.Doc))
		}
		s.line("}")
	}
	return format.Source(s.bytes())
}

// golangImports is weir_host_wasip1.go.
func golangImports() ([]byte, error) {
	var s source
	s.line(goHead + "\n\npackage weir\n\nimport \"unsafe\"")
	for _, f := range abi.Functions() {
		var params []string
		for i, p := range f.Params {
			typ := "int32"
			switch {
			case p.Type == abi.I64:
				typ = "int64"
			case p.Name == "out" || isPointer(f.Params, i):
				typ = "unsafe.Pointer"
			case strings.HasSuffix(p.Name, "_len") || p.Name == "cap":
				typ = "uint32"
			}
			params = append(params, lowerCamel(p.Name)+" "+typ)
		}
		result := ""
		switch f.Result {
		case abi.I32:
			result = " int32"
		case abi.I64:
			result = " int64"
		}
		s.line("\n// host%s %s.\n//\n//go:wasmimport %s %s\nfunc host%s(%s)%s", camel(f.Name), f.Doc, abi.Module, f.Name, camel(f.Name), strings.Join(params, ", "), result)
	}
	return format.Source(s.bytes())
}

func lowerCamel(name string) string {
	first, rest, _ := strings.Cut(name, "_")
	return first + camel(rest)
}

func goNumber(v int64) string {
	if v == -1<<63 {
		return "-1 << 63"
	}
	return fmt.Sprint(v)
}
