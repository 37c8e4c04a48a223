package main

import (
	"fmt"
	"strings"

	"weir/sdk/abi"
)

// assemblyscript is weir_abi.ts. Fields of structs are offsets, as AssemblyScript's own classes have headers: load<u32>(p + Part.offset).
func assemblyscript() []byte {
	var s source
	s.line("// %s\n", notice)
	for _, l := range abi.Limits() {
		typ, number := "u32", fmt.Sprint(l.Value)
		switch {
		case l.Value == -1<<63:
			typ, number = "i64", "i64.MIN_VALUE"
		case l.Value < 0:
			typ = "i32"
		}
		s.line("/** %s */\nexport const %s: %s = %s;", sentence(l.Doc), upper(l.Name), typ, number)
	}
	for _, e := range abi.Enums() {
		s.line("\n/** %s */\nexport namespace %s {", sentence(e.Doc), camel(e.Name))
		for _, v := range e.Values {
			s.line("  export const %s: u32 = %d;%s", upper(v.Name), v.Value, comment("//", v.Doc))
		}
		s.line("}")
	}
	for _, t := range abi.Structs() {
		s.line("\n/** Offsets of %s: %s. */\nexport namespace %sAt {", t.Name, t.Doc, camel(t.Name))
		s.line("  export const SIZEOF: usize = %d;", t.Size)
		for _, f := range t.Fields {
			if f.Name != "reserved" {
				s.line("  export const %s: usize = %d; // %s%s", upper(f.Name), f.Offset, f.Kind, comment("—", f.Doc))
			}
		}
		s.line("}")
	}
	s.line("\n// What the host offers.")
	for _, f := range abi.Functions() {
		var params []string
		for i, p := range f.Params {
			typ := "i32"
			switch {
			case p.Type == abi.I64:
				typ = "i64"
			case p.Name == "out" || isPointer(f.Params, i) || strings.HasSuffix(p.Name, "_len") || p.Name == "cap":
				typ = "usize"
			}
			params = append(params, p.Name+": "+typ)
		}
		result := "void"
		if f.Result != 0 {
			result = f.Result.String()
		}
		s.line("\n/** %s */\n// @ts-ignore: decorator\n@external(\"%s\", \"%s\")\nexport declare function host_%s(%s): %s;",
			sentence(f.Doc), abi.Module, f.Name, f.Name, strings.Join(params, ", "), result)
	}
	return s.bytes()
}
