package meter

import "fmt"

// Names that rewritten modules and their host agree on. A guest that uses ReservedPrefix in an export, or imports from a module
// whose name begins with it, is refused.
const (
	ReservedPrefix = "weir_meter"
	ExportFuel     = "weir_meter_fuel"  // mutable i64: units left
	ExportStack    = "weir_meter_stack" // mutable i32: estimated bytes left
	ImportModule   = "weir_meter"
	ImportTick     = "tick" // () → ()
)

// PageSize is a page of linear memory, in bytes.
const PageSize = 64 << 10

// Bounds of Options, whatever is asked for.
const (
	MaxMemoryPages   = 65535   // one page less than 4 GiB, so that an end of a range always fits 32 bits
	MaxTableElements = 1 << 17 // 1 MiB of references: a table operation needs no splitting
	MaxStackBytes    = 64 << 20
)

// Options bound what a module may be and may do. A zero field means its default.
type Options struct {
	StartFuel     int64  // units for the start function and whatever runs before the host sets the fuel; default 1,000,000
	MemoryPages   uint32 // maximum of the memory, in pages; default 128 (8 MiB)
	TableElements uint32 // maximum of all tables together, in elements; default 10,000
	StackBytes    int64  // estimated bytes of all frames; default 512 KiB

	MaxSize      int // bytes of the module as given; default 16 MiB
	MaxMetered   int // bytes of the rewritten module; default 48 MiB
	MaxFunctions int // functions, imported ones included; default 100,000
	MaxLocals    int // parameters and locals of one function; default 10,000
	MaxBody      int // bytes of one function's body; default 1 MiB
	MaxNesting   int // depth of blocks in one function; default 4,096
	MaxItems     int // types, imports, globals, exports, segments, elements of all segments: of each; default 100,000

	exact bool // for tests: pay for every piece of code where it begins
}

// withDefaults fills zero fields and refuses what is out of range.
func (o Options) withDefaults() (Options, error) {
	defaults := []struct {
		field *int
		value int
	}{
		{&o.MaxSize, 16 << 20}, {&o.MaxMetered, 48 << 20}, {&o.MaxFunctions, 100_000}, {&o.MaxLocals, 10_000},
		{&o.MaxBody, 1 << 20}, {&o.MaxNesting, 4096}, {&o.MaxItems, 100_000},
	}
	for _, d := range defaults {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.StartFuel == 0 {
		o.StartFuel = 1_000_000
	}
	if o.MemoryPages == 0 {
		o.MemoryPages = 128
	}
	if o.TableElements == 0 {
		o.TableElements = 10_000
	}
	if o.StackBytes == 0 {
		o.StackBytes = 512 << 10
	}
	switch {
	case o.StartFuel < 0 || o.StartFuel > 1<<56:
		return o, fmt.Errorf("%w: start fuel %d is not between 1 and 2^56", ErrOptions, o.StartFuel)
	case o.MemoryPages > MaxMemoryPages:
		return o, fmt.Errorf("%w: memory of %d pages exceeds %d", ErrOptions, o.MemoryPages, MaxMemoryPages)
	case o.TableElements > MaxTableElements:
		return o, fmt.Errorf("%w: %d table elements exceed %d", ErrOptions, o.TableElements, MaxTableElements)
	case o.StackBytes < 4<<10 || o.StackBytes > MaxStackBytes:
		return o, fmt.Errorf("%w: stack of %d bytes is not between 4 KiB and %d", ErrOptions, o.StackBytes, MaxStackBytes)
	}
	for _, d := range defaults {
		if *d.field < 0 || *d.field > 1<<30 {
			return o, fmt.Errorf("%w: a maximum of %d is out of range", ErrOptions, *d.field)
		}
	}
	return o, nil
}
