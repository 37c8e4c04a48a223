package plugin

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"weir/host/frame"
	"weir/host/plugin/meter"
	"weir/host/signal/phrase"
	"weir/sdk/abi"
)

// phase is how far an instance has come; host functions ask.
type phase uint8

const (
	starting phase = iota // start function, _initialize, weir_manifest
	configuring
	serving
)

// Estimates of what an instance holds beside its linear memory, in bytes: wazero keeps a stack for each function that was called.
const (
	bytesPerInstance = 8 << 10
	bytesPerFunction = 12 << 10
)

// instance is one running copy of a module. It is for one goroutine at a time, and it is the context of its own calls: host
// functions find it by a type assertion, without a map, a lock or an allocation.
type instance struct {
	module *Module
	grant  *grant
	limits *Limits
	phase  phase

	mod       api.Module
	mem       api.Memory
	memory    *linear
	fuel      api.MutableGlobal
	stackLeft api.Global
	functions [abi.Hooks]api.Function // those that were called
	base      context.Context         // while the module is instantiated

	allowance
	slice  int64     // of fuel, as this guest's pace allows
	looked int64     // at the clock, last
	stack  [2]uint64 // parameters and result of the call in hand
	buffer uint32    // where weir_alloc lets frames be written
	room   uint32    // how long they may be; 0: it was not asked yet

	quota    quota
	patterns []pattern
	matches  []phrase.Match // scratch
	value    []byte         // scratch
	counters map[string]Counter
	clock    int64  // of a guest that may not see the real one, in nanoseconds
	random   random // likewise
	line     []byte // written to standard error and not yet ended

	bytes   int64  // that it is counted with
	size    uint32 // of its memory, likewise
	called  bool   // a function was called for the first time since
	lastUse int64  // on the clock of frame.Nanotime
}

// instantiate makes an instance and runs its start function and _initialize.
func (m *Module) instantiate(g *grant, l *Limits) (*instance, *frame.Fault) {
	i := &instance{module: m, grant: g, limits: l, allowance: forStart(l), slice: firstSlice}
	i.looked = i.begin
	i.base = experimental.WithMemoryAllocator(context.Background(), i)
	// Anonymous, so that there may be many; without start functions, so that _start is not one.
	mod, err := m.code.Runtime.InstantiateModule(i, m.code.Module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	i.base = context.Background()
	if err != nil {
		if i.memory != nil {
			i.memory.Free() // wazero does not when the start function fails
		}
		return nil, i.startFault("the start function", err)
	}
	i.bind(mod)
	if f := i.mod.ExportedFunction(abi.ExportInitialize); f != nil {
		if err := f.CallWithStack(i, i.stack[:]); err != nil {
			defer i.close()
			return nil, i.startFault(abi.ExportInitialize, err)
		}
	}
	i.settle()
	return i, nil
}

// bind looks up what calls need. A start function can call the host before instantiate has the module in hand, so host functions
// bind too.
func (i *instance) bind(mod api.Module) {
	if i.mod != nil {
		return
	}
	i.mod, i.mem = mod, mod.Memory()
	i.fuel = mod.ExportedGlobal(meter.ExportFuel).(api.MutableGlobal)
	i.stackLeft = mod.ExportedGlobal(meter.ExportStack)
}

// configure calls weir_on_configure with the settings. A DENY refuses them.
func (i *instance) configure(settings []byte) *frame.Fault {
	if i.module.Has(abi.HookConfigure) {
		i.phase = configuring
		c := frame.Call{Hook: abi.HookConfigure, Frame: newSettings(settings)}
		if f := i.call(&c, i.allowance); f != nil {
			return &frame.Fault{Class: frame.Start, Detail: f.Detail}
		}
		if f := configured(c.Verdict); f != nil {
			return f
		}
		i.functions[c.Hook] = nil // with the stack it holds: it is not called again
	}
	i.phase = serving
	i.account()
	return nil
}

// call runs one hook, which the module exports: frame in, verdict out. A Fault leaves the instance unfit for another call, but for Unreadable.
func (i *instance) call(c *frame.Call, a allowance) *frame.Fault {
	fn := i.functions[c.Hook]
	if fn == nil {
		fn = i.mod.ExportedFunction(c.Hook.Export())
		i.functions[c.Hook], i.called = fn, true
	}
	i.allow(a)
	i.quota = quota{}
	size := c.Frame.Size()
	dst, fault := i.input(size, a)
	if fault != nil {
		return fault
	}
	c.Frame.Encode(dst)
	c.Size = size
	i.stack = [2]uint64{uint64(i.buffer), uint64(size)}
	err := fn.CallWithStack(i, i.stack[:])
	c.Fuel = i.spent()
	if err != nil {
		return i.fault(c.Hook.Export(), err)
	}
	fault = i.verdict(c, i.stack[0])
	i.settle()
	return fault
}

// input is where the frame of size bytes goes. weir_alloc is asked at the first call, and again for larger frames; the memory behind its
// answer is looked up each time, since it may have moved.
func (i *instance) input(size int, a allowance) ([]byte, *frame.Fault) {
	if size > abi.MaxFrame || int64(size) >= i.limits.Memory {
		return nil, frame.Faultf(frame.Unreadable, "a frame of %d bytes does not fit a memory of %d (limits.memory) or exceeds %d",
			size, i.limits.Memory, abi.MaxFrame)
	}
	if uint32(size) > i.room {
		if f := i.alloc(size); f != nil {
			return nil, f
		}
		i.allow(a) // what the hook spends is its own: the same for the same frame
	}
	dst, ok := i.mem.Read(i.buffer, uint32(size))
	if !ok {
		return nil, frame.Faultf(frame.BadExport, "the buffer of %d bytes at %#x is not in its memory", size, i.buffer)
	}
	return dst, nil
}

// Room that weir_alloc is asked for: more than needed, so that it is asked rarely.
const (
	leastRoom = 16 << 10
	roomStep  = 256 << 10 // above 1 MiB, where doubling would waste
)

func roomFor(size int) uint32 {
	room := uint32(leastRoom)
	for room < 1<<20 && int(room) < size {
		room *= 2
	}
	if int(room) < size {
		room = uint32((size + roomStep - 1) / roomStep * roomStep)
	}
	return room
}

// alloc asks the guest for a buffer.
func (i *instance) alloc(size int) *frame.Fault {
	fn := i.mod.ExportedFunction(abi.ExportAlloc)
	if fn == nil {
		return frame.Faultf(frame.BadExport, "it does not export %s", abi.ExportAlloc)
	}
	room := roomFor(size)
	i.stack = [2]uint64{uint64(room)}
	if err := fn.CallWithStack(i, i.stack[:]); err != nil {
		return i.fault(abi.ExportAlloc, err)
	}
	ptr := uint32(i.stack[0])
	dst, ok := i.mem.Read(ptr, room)
	if !ok || ptr == 0 && !i.free(dst) {
		return frame.Faultf(frame.BadExport, "%s(%d) answered %#x: there are no %d bytes to spare in its memory of %d%s",
			abi.ExportAlloc, room, ptr, room, i.mem.Size(), i.atMemoryLimit())
	}
	i.buffer, i.room = ptr, room
	return nil
}

// free tells whether the memory at address 0 can be a buffer. 0 is an address, and it is what allocators answer that have no room: a
// frame there would overwrite the guest's data and have it judge what nobody asked. So nothing may lie there but an earlier frame.
func (i *instance) free(at0 []byte) bool {
	if i.room > 0 {
		return i.buffer == 0
	}
	for _, b := range at0 {
		if b != 0 {
			return false
		}
	}
	return true
}

// verdict checks and copies what a hook answered.
func (i *instance) verdict(c *frame.Call, result uint64) *frame.Fault {
	ptr, n := uint32(result>>32), uint32(result)
	if result == 0 || n == 0 {
		return nil
	}
	if n > abi.MaxVerdict {
		return frame.Faultf(frame.BadVerdict, "%s answered a verdict of %d bytes; it may have %d", c.Hook.Export(), n, abi.MaxVerdict)
	}
	b, ok := i.mem.Read(ptr, n)
	if !ok {
		return frame.Faultf(frame.BadVerdict, "%s answered a verdict of %d bytes at %#x, which is not in its memory of %d",
			c.Hook.Export(), n, ptr, i.mem.Size())
	}
	c.Keep(b)
	return nil
}

// settle ends a call that went well: what was written without a newline goes to the log.
func (i *instance) settle() {
	if len(i.line) > 0 {
		i.flush()
	}
}

// account brings bytes up to date and answers by how much they changed.
func (i *instance) account() (change int64) {
	i.called, i.size = false, i.mem.Size()
	now := int64(bytesPerInstance) + int64(i.size)
	for _, f := range i.functions {
		if f != nil {
			now += bytesPerFunction
		}
	}
	change = now - i.bytes
	i.bytes = now
	return change
}

// changed tells whether account has something to do.
func (i *instance) changed() bool { return i.called || i.mem.Size() != i.size }

// close frees the instance. Nothing of it may be used afterwards.
func (i *instance) close() {
	i.settle()
	_ = i.mod.Close(context.Background()) // nothing it closes can fail: no files, memory is ours
}

// Allocate implements experimental.MemoryAllocator.
func (i *instance) Allocate(_, most uint64) experimental.LinearMemory {
	i.memory = i.module.runtime.memory.allocate(most)
	return i.memory
}

// An instance is the context of its calls. It has no deadline of the kind contexts have, and values only while wazero asks for
// the memory allocator.

// Deadline implements context.Context.
func (i *instance) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (i *instance) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (i *instance) Err() error { return nil }

// Value implements context.Context.
func (i *instance) Value(key any) any {
	if i.mod != nil {
		return nil
	}
	return i.base.Value(key)
}

var _ context.Context = (*instance)(nil)
