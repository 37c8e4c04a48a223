package meter

import "slices"

// additions are what a metered module has beyond the one given: types, the two globals, tick, and functions after all others.
type additions struct {
	m      *module
	types  []funcType        // after those given
	index  map[string]uint32 // of types, by their bytes
	tick   uint32            // function
	empty  uint32            // type () → ()
	fuel   uint32            // global
	stack  uint32            // global
	extra  []function
	helped map[instrKey]uint32 // function index by what it does
	made   map[instrKey]uint32 // type index by what it is made of
}

// function is an added function.
type function struct {
	typ  uint32
	body []byte // with its locals, without its size
	name string
}

// instrKey is an operation with its immediates.
type instrKey struct {
	op   uint16
	a, b uint32
}

func newAdditions(m *module) *additions {
	a := &additions{
		m: m, index: make(map[string]uint32, len(m.types)), helped: map[instrKey]uint32{}, made: map[instrKey]uint32{},
		tick: uint32(m.imported), fuel: uint32(len(m.globals)), stack: uint32(len(m.globals) + 1),
	}
	for i, t := range m.types {
		if key := typeKey(t); a.index[key] == 0 {
			a.index[key] = uint32(i) + 1
		}
	}
	a.empty = a.typeIndex(nil, nil)
	return a
}

// renumber is a function's index after tick has been put behind the imports.
func (m *module) renumber(f uint32) uint32 {
	if int(f) < m.imported {
		return f
	}
	return f + 1
}

func typeKey(t funcType) string {
	return string(t.params) + "\x00" + string(t.results)
}

// typeIndex finds a type or adds it.
func (a *additions) typeIndex(params, results []byte) uint32 {
	t := funcType{params: params, results: results}
	key := typeKey(t)
	if i := a.index[key]; i > 0 {
		return i - 1
	}
	i := uint32(len(a.m.types) + len(a.types))
	a.types = append(a.types, funcType{params: slices.Clone(params), results: slices.Clone(results)})
	a.index[key] = i + 1
	return i
}

// leaving appends the type of a block that takes nothing and leaves what type t leaves.
func (a *additions) leaving(dst []byte, t uint32) []byte {
	results := a.m.types[t].results
	switch len(results) {
	case 0:
		return append(dst, typeEmpty)
	case 1:
		return append(dst, results[0])
	}
	return appendS64(dst, int64(a.derived(instrKey{op: opBlock, a: t}, nil, results)))
}

// through appends the type of a block that takes and leaves what a loop takes.
func (a *additions) through(dst []byte, loop *instr) []byte {
	if loop.a == noType || len(a.m.types[loop.a].params) == 0 {
		return append(dst, typeEmpty)
	}
	params := a.m.types[loop.a].params
	return appendS64(dst, int64(a.derived(instrKey{op: opLoop, a: loop.a}, params, params)))
}

// derived is typeIndex for types made of another. It is remembered by that: a type may have a thousand operands, and a module
// a million loops.
func (a *additions) derived(key instrKey, params, results []byte) uint32 {
	i, ok := a.made[key]
	if !ok {
		i = a.typeIndex(params, results)
		a.made[key] = i
	}
	return i
}

// function adds one and returns its index.
func (a *additions) function(f function) uint32 {
	a.extra = append(a.extra, f)
	return uint32(len(a.m.functions) + len(a.extra)) // tick is one more
}

func (a *additions) get(dst []byte, global uint32) []byte {
	return appendU32(append(dst, opGlobalGet), global)
}

func (a *additions) set(dst []byte, global uint32) []byte {
	return appendU32(append(dst, opGlobalSet), global)
}

// enter takes a frame from the stack and traps when none is left; the global then stays negative.
func (a *additions) enter(dst []byte, frame int) []byte {
	dst = a.get(dst, a.stack)
	dst = appendS64(append(dst, opI32Const), int64(frame))
	dst = a.set(append(dst, 0x6b), a.stack) // i32.sub
	dst = a.get(dst, a.stack)
	return append(dst, opI32Const, 0, 0x48, opIf, typeEmpty, opUnreachable, opEnd) // i32.lt_s
}

// leave gives a frame back.
func (a *additions) leave(dst []byte, frame int) []byte {
	dst = a.get(dst, a.stack)
	dst = appendS64(append(dst, opI32Const), int64(frame))
	return a.set(append(dst, 0x6a), a.stack) // i32.add
}

// wrapper is the body of a function that takes the frame of another before calling it. A frame is made before its function can
// look at the stack: with large ones, that would be too late.
func (a *additions) wrapper(t funcType, target uint32, frame int) []byte {
	dst := a.enter([]byte{0}, frame)
	for i := range t.params {
		dst = appendU32(append(dst, opLocalGet), uint32(i))
	}
	dst = appendU32(append(dst, opCall), target)
	return append(a.leave(dst, frame), opEnd)
}
