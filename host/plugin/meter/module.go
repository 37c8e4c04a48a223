package meter

// Section ids of the binary format.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
	secTag
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data",
	"data count",
}

// sectionOrder is the place of each section id: data count stands between element and code.
var sectionOrder = [...]int{
	secType: 1, secImport: 2, secFunction: 3, secTable: 4, secMemory: 5, secGlobal: 6, secExport: 7, secStart: 8,
	secElement: 9, secDataCount: 10, secCode: 11, secData: 12,
}

// Value types.
const (
	typeI32       = 0x7f
	typeI64       = 0x7e
	typeF32       = 0x7d
	typeF64       = 0x7c
	typeV128      = 0x7b
	typeFuncref   = 0x70
	typeExternref = 0x6f
	typeEmpty     = 0x40 // of a block
)

func typeName(t byte) string {
	switch t {
	case typeI32:
		return "i32"
	case typeI64:
		return "i64"
	case typeF32:
		return "f32"
	case typeF64:
		return "f64"
	case typeV128:
		return "v128"
	case typeFuncref:
		return "funcref"
	case typeExternref:
		return "externref"
	}
	return "unknown"
}

func typeNames(types []byte) []string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = typeName(t)
	}
	return names
}

// section is one section of the module as given; start and end bound its payload.
type section struct {
	id         byte
	start, end int
	name       string // of a custom section
	body       int    // a custom section's bytes after its name
}

type funcType struct{ params, results []byte }

func (t funcType) String() string { return Signature(typeNames(t.params), typeNames(t.results)) }

type table struct {
	elem   byte
	limits Limits
	grows  bool // some table.grow names it
}

type global struct {
	typ     byte
	mutable bool
}

func (g global) String() string {
	if g.mutable {
		return "mut " + typeName(g.typ)
	}
	return typeName(g.typ)
}

// code is one function's body.
type code struct {
	locals int  // parameters included
	vector bool // some local is a v128
	float  bool // some local is an f32 or f64
	groups int  // the vector of groups of locals
	start  int  // the first instruction
	end    int  // after the final end
}

// site is a place in the module that names a function by index.
type site struct {
	start, end int
	index      uint32
}

// module is a decoded module. Its slices point into raw.
type module struct {
	raw      []byte
	opt      Options
	sections []section

	types         []funcType
	functions     []uint32 // type index of each function, imported ones first
	imported      int      // how many of functions are imports
	tables        []table
	memory        *Limits
	globals       []global
	importedGlob  int
	importEntries int
	exports       map[string]struct{}
	start         int // function index, -1: none
	codes         []code
	segments      []byte   // types of element segments
	data          []uint32 // length of each data segment
	dataCount     int      // -1: no such section

	sites    []site // in element, global, export, start and data sections, by position
	declared []bool // by function: may ref.func name it
	taken    []bool // by function: reachable other than by call: in an element segment or by ref.func

	report Report
}

func (m *module) typeOf(function uint32) funcType { return m.types[m.functions[function]] }
