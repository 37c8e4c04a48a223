package compile

import (
	"slices"

	"weir/sdk/abi"
)

// guest is a module under construction: the smallest plugin, changed as a test needs it.
type guest struct {
	imports []guestImport
	funcs   []guestFunc
	memory  []byte            // limits; nil: none
	names   map[string]string // exports under other names; "": not exported
	extra   []byte            // a section put before the code
}

type guestImport struct {
	module, name string
	kind         byte
	fn           abi.Function // of kind 0
	desc         []byte       // of other kinds
}

type guestFunc struct {
	abi.Function
	body []byte // with locals, without size and end
}

// plugin is a guest with these hooks, each of which answers 0.
func plugin(hooks ...abi.Hook) *guest {
	g := &guest{memory: []byte{0, 1}, names: map[string]string{}}
	for _, f := range abi.Exports() {
		switch {
		case f.Name == abi.ExportVersion:
			g.funcs = append(g.funcs, guestFunc{f, []byte{0}})
		case f.Name == abi.ExportAlloc:
			g.funcs = append(g.funcs, guestFunc{f, []byte{0, 0x41, 8}}) // i32.const 8
		case slices.ContainsFunc(hooks, func(h abi.Hook) bool { return h.Export() == f.Name }):
			g.funcs = append(g.funcs, guestFunc{f, []byte{0, 0x42, 0}}) // i64.const 0
		}
	}
	return g
}

func (g *guest) with(f abi.Function, body ...byte) *guest {
	g.funcs = append(g.funcs, guestFunc{f, body})
	return g
}

func (g *guest) rename(from, to string) *guest {
	g.names[from] = to
	return g
}

func (g *guest) importing(module string, f abi.Function) *guest {
	g.imports = append(g.imports, guestImport{module: module, name: f.Name, fn: f})
	return g
}

func leb(n int) []byte {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func vector[T any](items []T, each func(T) []byte) []byte {
	b := leb(len(items))
	for _, item := range items {
		b = append(b, each(item)...)
	}
	return b
}

func sized(b []byte) []byte { return append(leb(len(b)), b...) }

func section(id byte, body []byte) []byte { return append([]byte{id}, sized(body)...) }

func functionType(f abi.Function) []byte {
	b := append([]byte{0x60}, vector(f.Params, func(p abi.Param) []byte { return []byte{byte(p.Type)} })...)
	if f.Result == 0 {
		return append(b, 0)
	}
	return append(b, 1, byte(f.Result))
}

// bytes is the module. Each function has a type of its own, imported ones first.
func (g *guest) bytes() []byte {
	var types, imports, funcs, exports, code [][]byte
	imported := 0
	for _, i := range g.imports {
		desc := i.desc
		if i.kind == 0 {
			desc = leb(len(types))
			types = append(types, functionType(i.fn))
			imported++
		}
		b := slices.Concat(sized([]byte(i.module)), sized([]byte(i.name)), []byte{i.kind}, desc)
		imports = append(imports, b)
	}
	for n, f := range g.funcs {
		funcs = append(funcs, leb(len(types)))
		types = append(types, functionType(f.Function))
		code = append(code, sized(append(slices.Clone(f.body), 0x0b)))
		name := f.Name
		if other, ok := g.names[name]; ok {
			name = other
		}
		if name != "" {
			exports = append(exports, slices.Concat(sized([]byte(name)), []byte{0}, leb(imported+n)))
		}
	}
	self := func(b []byte) []byte { return b }
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, vector(types, self))...)
	if len(imports) > 0 {
		out = append(out, section(2, vector(imports, self))...)
	}
	out = append(out, section(3, vector(funcs, self))...)
	if g.memory != nil {
		out = append(out, section(5, append([]byte{1}, g.memory...))...)
		if name, ok := g.names[abi.ExportMemory]; !ok {
			exports = append(exports, append(sized([]byte(abi.ExportMemory)), 2, 0))
		} else if name != "" {
			exports = append(exports, append(sized([]byte(name)), 2, 0))
		}
	}
	out = append(out, section(7, vector(exports, self))...)
	out = append(out, g.extra...)
	return append(out, section(10, vector(code, self))...)
}

// constants appends n times i32.const, drop: code that is long and plain.
func constants(body []byte, n int) []byte {
	for range n {
		body = append(body, 0x41, 0, 0x1a)
	}
	return body
}
