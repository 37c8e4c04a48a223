package meter

import (
	"strconv"
	"strings"
)

// Kind is what an import or export is.
type Kind uint8

// The kinds, with the numbers of the binary format.
const (
	Func Kind = iota
	TableKind
	MemoryKind
	Global
)

var kinds = [...]string{Func: "function", TableKind: "table", MemoryKind: "memory", Global: "global"}

// String is the kind in errors and reports: "function".
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return "unknown"
	}
	return kinds[k]
}

// MarshalText makes reports readable.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kinds {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return malformedf(0, "kind %q is unknown", text)
}

// Import is something a module asks of its host. Type is written as in Signature for functions, "i64" or "mut i64" for globals, "1..16" (in
// pages, no end: no maximum) for memories and "funcref 1..16" for tables.
type Import struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	Type   string `json:"type"`
}

// Export is something a module offers; Type as in Import.
type Export struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Type string `json:"type"`
}

// Limits are the size of a memory in pages, or of a table in elements.
type Limits struct {
	Min    uint32 `json:"min"`
	Max    uint32 `json:"max"` // meaningless without HasMax
	HasMax bool   `json:"has_max"`
}

func (l Limits) String() string {
	if !l.HasMax {
		return strconv.FormatUint(uint64(l.Min), 10) + ".."
	}
	return strconv.FormatUint(uint64(l.Min), 10) + ".." + strconv.FormatUint(uint64(l.Max), 10)
}

// Table is a table of a module.
type Table struct {
	Type   string `json:"type"` // "funcref", "externref"
	Limits Limits `json:"limits"`
}

// Report is what a module contains, as given. It shares no memory with the module.
type Report struct {
	Size         int      `json:"size"`         // bytes as given
	MeteredSize  int      `json:"metered_size"` // bytes as rewritten; 0 from Inspect
	Functions    int      `json:"functions"`    // without imports
	Imports      []Import `json:"imports"`
	Exports      []Export `json:"exports"`
	Memory       *Limits  `json:"memory,omitempty"` // nil: the module has none
	Tables       []Table  `json:"tables,omitempty"`
	Globals      int      `json:"globals"` // without imports
	Start        bool     `json:"start"`   // it has a start function
	CodeBytes    int      `json:"code_bytes"`
	Elements     int      `json:"elements"` // entries of all element segments
	Data         int      `json:"data"`     // data segments
	DataBytes    int      `json:"data_bytes"`
	Customs      []string `json:"customs,omitempty"` // names of custom sections, in order
	LargestBody  int      `json:"largest_body"`      // bytes
	LargestFrame int      `json:"largest_frame"`     // estimated bytes of stack
}

// Signature writes a function type as imports and exports have it: Signature([]string{"i32", "i32"}, []string{"i64"}) is
// "(i32 i32) -> (i64)".
func Signature(params, results []string) string {
	return "(" + strings.Join(params, " ") + ") -> (" + strings.Join(results, " ") + ")"
}
