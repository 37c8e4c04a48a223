package meter

// pieceBytes is the longest stretch of memory that is moved without a look at the fuel.
const pieceBytes = 128 << 10

// helper is the function that does a bulk operation in pieces and charges for it; it is added when it is first needed.
func (a *additions) helper(i *instr) uint32 {
	key := instrKey{op: i.op, a: i.a, b: i.b}
	switch i.op {
	case opMemoryInit:
		key.b = 0
	case opMemoryCopy, opMemoryFill, opMemoryGrow:
		key.a, key.b = 0, 0
	}
	if f, ok := a.helped[key]; ok {
		return f
	}
	raw := a.m.raw[i.start:i.end]
	i32s := []byte{typeI32, typeI32, typeI32}
	var f function
	switch i.op {
	case opMemoryInit, opMemoryCopy, opMemoryFill:
		f = function{typ: a.typeIndex(i32s, nil), body: a.memoryHelper(i.op, raw)}
	case opTableInit, opTableCopy:
		f = function{typ: a.typeIndex(i32s, nil), body: a.tableHelper(raw, 3)}
	case opTableFill:
		ref := a.m.tables[i.a].elem
		f = function{typ: a.typeIndex([]byte{typeI32, ref, typeI32}, nil), body: a.tableHelper(raw, 3)}
	case opTableGrow:
		ref := a.m.tables[i.a].elem
		f = function{typ: a.typeIndex([]byte{ref, typeI32}, []byte{typeI32}), body: a.tableHelper(raw, 2)}
	case opMemoryGrow:
		f = function{typ: a.typeIndex([]byte{typeI32}, []byte{typeI32}), body: a.growHelper(raw)}
	}
	f.name = helperName(i.op)
	n := a.function(f)
	a.helped[key] = n
	return n
}

// helperName is what stack traces show for a helper.
func helperName(op uint16) string {
	name := ""
	switch op {
	case opMemoryInit:
		name = "memory_init"
	case opMemoryCopy:
		name = "memory_copy"
	case opMemoryFill:
		name = "memory_fill"
	case opMemoryGrow:
		name = "memory_grow"
	case opTableInit:
		name = "table_init"
	case opTableCopy:
		name = "table_copy"
	case opTableFill:
		name = "table_fill"
	case opTableGrow:
		name = "table_grow"
	}
	return ReservedPrefix + "." + name
}

// asm writes the bodies of helpers.
type asm struct {
	a   *additions
	out []byte
}

func (s *asm) op(bytes ...byte)     { s.out = append(s.out, bytes...) }
func (s *asm) get(local byte)       { s.op(opLocalGet, local) }
func (s *asm) set(local byte)       { s.op(opLocalSet, local) }
func (s *asm) i32(v int64)          { s.out = appendS64(append(s.out, opI32Const), v) }
func (s *asm) i64(v int64)          { s.out = appendS64(append(s.out, opI64Const), v) }
func (s *asm) past(local byte)      { s.get(local); s.get(length); s.op(0x6a) } // its end
func (s *asm) move(l byte, op byte) { s.get(l); s.i32(pieceBytes); s.op(op); s.set(l) }

// check calls tick when the fuel is below zero.
func (s *asm) check() {
	s.op(opBlock, typeEmpty)
	s.out = s.a.get(s.out, s.a.fuel)
	s.op(opI64Const, 0, 0x59, opBrIf, 0) // i64.ge_s
	s.out = appendU32(append(s.out, opCall), s.a.tick)
	s.op(opEnd)
}

// pay takes units, which push leaves on the stack as an i64, off the fuel.
func (s *asm) pay(push func()) {
	s.out = s.a.get(s.out, s.a.fuel)
	push()
	s.out = s.a.set(append(s.out, 0x7d), s.a.fuel) // i64.sub
}

// Locals of the memory helpers: destination, source (of fill: the value), length.
const (
	dst byte = iota
	src
	length
)

// memoryHelper moves long stretches in pieces. Before the first piece it asks the operation itself, with length zero at the far end,
// whether the whole stretch is in bounds: it traps there exactly when the whole would have, and before anything is written.
func (a *additions) memoryHelper(op uint16, raw []byte) []byte {
	s := &asm{a: a, out: []byte{0}}
	s.get(length)
	s.i32(pieceBytes)
	s.op(0x4b, opIf, typeEmpty) // i32.gt_u
	s.probe(op, raw)
	if op == opMemoryCopy {
		s.get(dst)
		s.get(src)
		s.op(0x4b, opIf, typeEmpty)
		s.backward(raw)
		s.op(opElse)
		s.forward(op, raw)
		s.op(opEnd)
	} else {
		s.forward(op, raw)
	}
	s.op(opEnd)
	s.get(dst)
	s.get(src)
	s.get(length)
	s.op(raw...)
	s.pay(func() { s.get(length); s.op(0xad); s.i64(3); s.op(0x88) }) // extend, shr_u: bytesPerUnit
	s.check()
	s.op(opEnd)
	return s.out
}

func (s *asm) probe(op uint16, raw []byte) {
	ends := []byte{dst, src}
	if op == opMemoryFill {
		ends = ends[:1]
	}
	for _, end := range ends {
		// An end beyond 32 bits is out of bounds of any memory; the operation says so itself.
		s.past(end)
		s.get(end)
		s.op(0x49, opIf, typeEmpty) // i32.lt_u
		s.get(dst)
		s.get(src)
		s.get(length)
		s.op(raw...)
		s.op(opUnreachable, opEnd)
	}
	s.past(dst)
	if op == opMemoryFill {
		s.get(src)
	} else {
		s.past(src)
	}
	s.i32(0)
	s.op(raw...)
}

// forward moves pieces from the low end while more than one is left.
func (s *asm) forward(op uint16, raw []byte) {
	s.op(opLoop, typeEmpty)
	s.get(dst)
	s.get(src)
	s.i32(pieceBytes)
	s.op(raw...)
	s.move(dst, 0x6a)
	if op != opMemoryFill {
		s.move(src, 0x6a)
	}
	s.move(length, 0x6b)
	s.again()
}

// backward moves pieces from the high end, for a copy to a higher address, whose pieces would otherwise overwrite their successors.
func (s *asm) backward(raw []byte) {
	s.op(opLoop, typeEmpty)
	s.move(length, 0x6b)
	s.past(dst)
	s.past(src)
	s.i32(pieceBytes)
	s.op(raw...)
	s.again()
}

func (s *asm) again() {
	s.pay(func() { s.i64(pieceBytes / bytesPerUnit) })
	s.check()
	s.get(length)
	s.i32(pieceBytes)
	s.op(0x4b, opBrIf, 0, opEnd)
}

// tableHelper charges a unit an element. What is longer than any table can be traps or fails and costs nothing.
func (a *additions) tableHelper(raw []byte, params byte) []byte {
	s := &asm{a: a, out: []byte{0}}
	n := params - 1
	s.pay(func() { s.atMost(n, int64(a.m.opt.TableElements)) })
	s.check()
	for i := range params {
		s.get(i)
	}
	s.op(raw...)
	s.op(opEnd)
	return s.out
}

// atMost leaves a local as an i64, or zero when it is above limit.
func (s *asm) atMost(local byte, limit int64) {
	s.get(local)
	s.i32(0)
	s.get(local)
	s.i32(limit)
	s.op(0x4d, 0x1b, 0xad) // i32.le_u, select, extend
}

// growHelper charges for pages before they are made.
func (a *additions) growHelper(raw []byte) []byte {
	s := &asm{a: a, out: []byte{0}}
	s.pay(func() {
		s.atMost(0, int64(a.m.opt.MemoryPages))
		s.i64(costPage)
		s.op(0x7e) // i64.mul
	})
	s.check()
	s.get(0)
	s.op(raw...)
	s.op(opEnd)
	return s.out
}
