package main

import (
	"fmt"
	"strings"

	"weir/sdk/abi"
)

var rustTypes = map[abi.Kind]string{
	abi.U8: "u8", abi.U16: "u16", abi.U32: "u32", abi.S32: "i32", abi.U64: "u64", abi.S64: "i64", abi.F64: "f64",
}

// rust is weir_abi.rs, for no_std too.
func rust() []byte {
	var s source
	s.line("// %s", notice)
	s.line("#![allow(dead_code)]\n")
	for _, l := range abi.Limits() {
		s.line("/// %s\npub const %s: %s = %s;", sentence(l.Doc), upper(l.Name), rustLimit(l.Value), rustNumber(l.Value))
	}
	for _, e := range abi.Enums() {
		s.line("\n// %s: %s.", upper(e.Name), e.Doc)
		for _, v := range e.Values {
			if v.Doc != "" {
				s.line("/// %s", sentence(v.Doc))
			}
			s.line("pub const %s_%s: %s = %d;", upper(e.Name), upper(v.Name), rustTypes[e.Type], v.Value)
		}
	}
	for _, t := range abi.Structs() {
		s.line("\n/// %s\n#[repr(C)]\n#[derive(Clone, Copy, Debug)]\npub struct %s {", sentence(t.Doc), camelRust(t.Name))
		for i, f := range t.Fields {
			typ := rustTypes[f.Kind]
			if f.Count > 1 {
				typ = fmt.Sprintf("[%s; %d]", typ, f.Count)
			}
			if f.Doc != "" {
				s.line("    /// %s", sentence(f.Doc))
			}
			s.line("    pub %s: %s,", fieldName(f, i), typ)
		}
		s.line("}\nconst _: () = assert!(core::mem::size_of::<%s>() == %d);", camelRust(t.Name), t.Size)
	}
	s.line("\n/// What the host offers.\n#[cfg(target_arch = \"wasm32\")]\n#[link(wasm_import_module = \"%s\")]\nextern \"C\" {", abi.Module)
	for _, f := range abi.Functions() {
		s.line("    /// %s\n    #[link_name = \"%s\"]\n    pub fn host_%s(%s)%s;", sentence(f.Doc), f.Name, f.Name, rustParams(f), rustResult(f))
	}
	s.line("}")
	return s.bytes()
}

func rustParams(f abi.Function) string {
	var params []string
	for i, p := range f.Params {
		typ := "i32"
		switch {
		case p.Type == abi.I64:
			typ = "i64"
		case p.Name == "out":
			typ = "*mut u8"
		case isPointer(f.Params, i):
			typ = "*const u8"
		case strings.HasSuffix(p.Name, "_len") || p.Name == "cap":
			typ = "usize"
		}
		params = append(params, p.Name+": "+typ)
	}
	return strings.Join(params, ", ")
}

func rustResult(f abi.Function) string {
	if f.Result == 0 {
		return ""
	}
	return " -> " + f.Result.String()
}

func rustLimit(v int64) string {
	switch {
	case v == -1<<63:
		return "i64"
	case v < 0:
		return "i32"
	default:
		return "u32"
	}
}

func rustNumber(v int64) string {
	if v == -1<<63 {
		return "i64::MIN"
	}
	return fmt.Sprint(v)
}

// camelRust is camel without acronyms, as Rust spells its types.
func camelRust(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// sentence ends doc as doc comments do.
func sentence(doc string) string {
	if doc == "" {
		return ""
	}
	if strings.HasSuffix(doc, "…") {
		return doc
	}
	return strings.ToUpper(doc[:1]) + doc[1:] + "."
}
