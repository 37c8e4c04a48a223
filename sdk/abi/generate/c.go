package main

import (
	"fmt"
	"strings"

	"weir/sdk/abi"
)

var cTypes = map[abi.Kind]string{
	abi.U8: "uint8_t", abi.U16: "uint16_t", abi.U32: "uint32_t", abi.S32: "int32_t",
	abi.U64: "uint64_t", abi.S64: "int64_t", abi.F64: "double",
}

// c is weir_abi.h: C99, C11 and C++.
func c() []byte {
	var s source
	s.line("/* %s */", notice)
	s.line("#ifndef WEIR_ABI_H\n#define WEIR_ABI_H\n\n#include <stddef.h>\n#include <stdint.h>\n")
	for _, l := range abi.Limits() {
		s.line("#define WEIR_%s %s%s", upper(l.Name), cNumber(l.Value), cComment(l.Doc))
	}
	for _, e := range abi.Enums() {
		s.line("\n/* %s: %s */", upper(e.Name), e.Doc)
		for _, v := range e.Values {
			s.line("#define WEIR_%s_%s %du%s", upper(e.Name), upper(v.Name), v.Value, cComment(v.Doc))
		}
	}
	for _, t := range abi.Structs() {
		s.line("\n/* %s */\ntypedef struct weir_%s {", t.Doc, t.Name)
		for i, f := range t.Fields {
			name := fieldName(f, i)
			if f.Count > 1 {
				name = fmt.Sprintf("%s[%d]", name, f.Count)
			}
			s.line("    %s %s;%s", cTypes[f.Kind], name, cComment(f.Doc))
		}
		s.line("} weir_%s;", t.Name)
		// An array of negative length where the compiler lays the struct out differently: a static assertion in every C.
		s.line("typedef char weir_%s_has_%d_bytes[sizeof(weir_%s) == %d ? 1 : -1];", t.Name, t.Size, t.Name, t.Size)
	}
	cFunctions(&s)
	s.line("\n#endif")
	return s.bytes()
}

func cFunctions(s *source) {
	s.line("\n#ifdef __wasm__")
	s.line("#define WEIR_EXPORT(name) __attribute__((export_name(name), visibility(\"default\")))")
	s.line("#define WEIR_IMPORT(name) __attribute__((import_module(\"%s\"), import_name(name)))", abi.Module)
	s.line("#else\n#define WEIR_EXPORT(name)\n#define WEIR_IMPORT(name)\n#endif")
	s.line("\n#ifdef __cplusplus\nextern \"C\" {\n#endif")
	s.line("\n/* What the host offers. */")
	for _, f := range abi.Functions() {
		s.line("\n/* %s */\nWEIR_IMPORT(\"%s\")\n%s;", f.Doc, f.Name, cPrototype(f, "weir_"+f.Name))
	}
	s.line("\n/* What a guest may export; %s marks the version and is required. */", abi.ExportVersion)
	for _, f := range abi.Exports() {
		if f.Name == abi.ExportInitialize {
			continue // the C library's start file defines it
		}
		s.line("\n/* %s */\nWEIR_EXPORT(\"%s\")\n%s;", f.Doc, f.Name, cPrototype(f, f.Name))
	}
	s.line("\n#ifdef __cplusplus\n}\n#endif")
}

// cPrototype declares f. Pointers are i32 in Wasm's 32-bit memory, so they are what they are in the C of a guest.
func cPrototype(f abi.Function, name string) string {
	var params []string
	for i, p := range f.Params {
		switch {
		case p.Type == abi.I64:
			params = append(params, "int64_t "+p.Name)
		case p.Name == "out":
			params = append(params, "void *out")
		case isPointer(f.Params, i) || p.Name == "ptr":
			params = append(params, "const void *"+p.Name)
		case strings.HasSuffix(p.Name, "len") || p.Name == "cap" || p.Name == "size":
			params = append(params, "uint32_t "+p.Name)
		default:
			params = append(params, "int32_t "+p.Name)
		}
	}
	if params == nil {
		params = []string{"void"}
	}
	result := "void"
	switch {
	case f.Name == abi.ExportAlloc:
		result = "void*"
	case f.Result == abi.I64 && isExport(f):
		result = "uint64_t"
	case f.Result == abi.I64:
		result = "int64_t"
	case f.Result == abi.I32:
		result = "int32_t"
	}
	return fmt.Sprintf("%s %s(%s)", result, name, strings.Join(params, ", "))
}

// isExport tells the guest's functions from the host's.
func isExport(f abi.Function) bool {
	return strings.HasPrefix(f.Name, "weir_") || f.Name == abi.ExportInitialize
}

// isPointer tells whether parameter i is a pointer: its length follows it.
func isPointer(params []abi.Param, i int) bool {
	if i+1 == len(params) {
		return false
	}
	next := params[i+1].Name
	return next == params[i].Name+"_len" || params[i].Name == "ptr" && next == "len" || params[i].Name == "out"
}

func cNumber(v int64) string {
	switch {
	case v == -1<<63:
		return "INT64_MIN"
	case v < 0:
		return fmt.Sprintf("(%d)", v)
	default:
		return fmt.Sprintf("%du", v)
	}
}

func cComment(doc string) string {
	if doc == "" {
		return ""
	}
	return " /* " + doc + " */"
}
