package generate

import (
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// Budget is what a call may spend, on loops and function entries by what is in them, before the module's own code makes it leave. It
// is kept in the exported global ExportBudget, an i32.
const (
	Budget       = 1500
	ExportBudget = "budget"
	ExportMemory = "memory"
)

// Bounds of generated modules, which a meter's own limits have to leave room for. A start function is held to Budget as calls are.
const (
	MaxPages         = 48  // of memory, in pages of 64 KiB; every memory says its maximum
	MaxTableElements = 256 // of all tables together
)

// Module is a generated module.
type Module struct {
	Wasm    []byte
	Calls   []Call   // to be made, in this order
	Globals []string // exported, ExportBudget left out
	Memory  bool     // exported as ExportMemory
}

// Call is a call of an exported function. A v128 takes two words of Args; a funcref's is 0.
type Call struct {
	Function string
	Results  []api.ValueType
	Args     []uint64
}

// Options choose among what is generated. The zero value is for everything.
type Options struct {
	Functions int  // at most; default 8
	NoImports bool // neither functions nor globals
}

// builder gathers a module.
type builder struct {
	Options
	s *source

	types   []signature
	hosts   []int // host functions that are imported, as indices of hostFunctions
	lib     string
	funcs   []int // types of all functions, imported ones first
	bodies  [][]byte
	globals []global
	budget  int
	memory  struct {
		there       bool
		least, most int
	}
	tables []table
	elems  []elem
	datas  []data
	start  int // function; -1: none

	scalars, saturating, vectors []operation
	accesses                     []access
}

type global struct {
	letter   byte
	mutable  bool
	imported bool
	value    code
}

type table struct {
	letter      byte
	least, most int   // most -1: none is said, and it is not grown
	funcs       []int // what active segments put where, -1 nothing
}

type elem struct {
	letter byte
	kind   int // flags of the binary format
	table  int
	offset int
	funcs  []int // -1: null
}

type data struct {
	passive bool
	offset  int
	bytes   []byte
}

// New makes a module of bytes; more bytes, a larger module.
func New(bytes []byte, o Options) *Module {
	if o.Functions <= 0 {
		o.Functions = 8
	}
	b := &builder{
		Options: o, s: &source{bytes}, start: -1,
		scalars: scalars(), saturating: saturating(), vectors: vectors(), accesses: accesses(),
	}
	frame := b.s.split(4)
	bodies := b.s
	b.s = frame
	b.addTypes()
	if !o.NoImports {
		b.addImports()
	}
	own := 1 + b.s.n(o.Functions)
	for range own {
		b.funcs = append(b.funcs, b.s.n(len(b.types)))
	}
	b.addMemory()
	b.addGlobals()
	b.addTables()
	b.addSegments()
	b.addStart()
	for i := range own {
		b.bodies = append(b.bodies, newBody(b, bodies.split(own-i), len(b.hosts)+i).build())
	}
	probes := b.addProbes()
	m := &Module{Memory: b.memory.there}
	m.Wasm = b.encode(m, probes)
	return m
}

// typeIndex is the index of a type, which is added when it is new.
func (b *builder) typeIndex(params, results string) int {
	for i, t := range b.types {
		if t.params == params && t.results == results {
			return i
		}
	}
	b.types = append(b.types, signature{params, results})
	return len(b.types) - 1
}

func (b *builder) addTypes() {
	b.types = append(b.types, signature{}) // there is always one for a start function
	for range b.s.n(7) {
		most := 4
		if b.s.chance(1, 8) {
			most = 20
		}
		b.typeIndex(b.s.pick(most), b.s.pick(3))
	}
}

func (b *builder) addImports() {
	for i := range hostFunctions {
		h := &hostFunctions[i]
		if !b.s.chance(1, 3) {
			continue
		}
		b.hosts = append(b.hosts, i)
		b.funcs = append(b.funcs, b.typeIndex(h.params, h.results))
	}
	for i := range len(letters) {
		if b.s.chance(1, 4) {
			b.lib += letters[i : i+1]
			b.globals = append(b.globals, global{letter: letters[i], imported: true})
		}
	}
}

func (b *builder) addMemory() {
	m := &b.memory
	switch k := b.s.n(16); {
	case k == 15:
	case k == 14:
		m.there, m.least, m.most = true, 34, MaxPages // more than 2 MiB
	case k == 13:
		m.there, m.least, m.most = true, 0, 2
	default:
		m.there, m.least, m.most = true, 1+k%2, 2+b.s.n(6)
	}
}

func (b *builder) addGlobals() {
	b.budget = len(b.globals)
	imported := b.budget
	var v code
	v.i32(Budget)
	b.globals = append(b.globals, global{letter: letterI32, mutable: true, value: v})
	for range b.s.n(8) {
		g := global{letter: letters[b.s.n(len(letters))], mutable: b.s.chance(3, 4)}
		if from := b.globalsOf(g.letter, false); len(from) > 0 && from[0] < imported && b.s.chance(1, 2) {
			g.value.put(opGlobalGet)
			g.value.u(from[0])
		} else {
			b.constant(b.s, &g.value, g.letter)
		}
		b.globals = append(b.globals, g)
	}
}

// globalsOf are the indices of globals of a type, the budget left out; those that can be set, where that matters.
func (b *builder) globalsOf(letter byte, mutable bool) (list []int) {
	for i, g := range b.globals {
		if g.letter == letter && (g.mutable || !mutable) && i != b.budget {
			list = append(list, i)
		}
	}
	return list
}

func (b *builder) addTables() {
	for range b.s.n(4) {
		t := table{letter: letterFunc, least: b.s.n(17), most: -1}
		if b.s.chance(1, 3) {
			t.letter = letterExtern
		}
		if b.s.chance(1, 2) {
			t.most = t.least + b.s.n(32)
		}
		t.funcs = make([]int, t.least)
		for i := range t.funcs {
			t.funcs[i] = -1
		}
		b.tables = append(b.tables, t)
	}
}

// addStart chooses a function that takes and gives nothing.
func (b *builder) addStart() {
	if !b.s.chance(1, 3) {
		return
	}
	for i := len(b.hosts); i < len(b.funcs); i++ {
		if t := b.types[b.funcs[i]]; t.params == "" && t.results == "" {
			b.start = i
			return
		}
	}
}

// constant appends a constant expression, its end left out.
func (b *builder) constant(s *source, c *code, letter byte) {
	switch letter {
	case letterI32:
		c.i32(int32(word(s, 32)))
	case letterI64:
		c.i64(int64(word(s, 64)))
	case letterF32:
		c.put(opF32Const)
		*c = append(*c, float32Bytes(s)...)
	case letterF64:
		c.put(opF64Const)
		*c = append(*c, float64Bytes(s)...)
	case letterV128:
		c.vector(vecConst)
		*c = append(*c, vectorBytes(s)...)
	case letterExtern:
		c.put(opRefNull, api.ValueTypeExternref)
	case letterFunc:
		if s.chance(1, 2) {
			c.put(opRefFunc)
			c.u(s.n(len(b.funcs)))
			return
		}
		c.put(opRefNull, ValueTypeFuncref)
	}
}

// exportName is how the function i is exported.
func exportName(i int) string { return fmt.Sprintf("f%d", i) }

// arguments are words for parameters.
func arguments(s *source, params string) (args []uint64) {
	for i := range len(params) {
		switch params[i] {
		case letterI32:
			args = append(args, word(s, 32))
		case letterI64:
			args = append(args, word(s, 64))
		case letterF32:
			args = append(args, wordOf(float32Bytes(s)))
		case letterF64:
			args = append(args, wordOf(float64Bytes(s)))
		case letterV128:
			v := vectorBytes(s)
			args = append(args, wordOf(v[:8]), wordOf(v[8:]))
		case letterFunc:
			args = append(args, 0)
		case letterExtern:
			args = append(args, uint64(s.byte())<<8) // never dereferenced
		}
	}
	return args
}

// isReference tells whether a letter is that of a reference.
func isReference(letter byte) bool { return strings.IndexByte("re", letter) >= 0 }
