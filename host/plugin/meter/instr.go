package meter

// instr is one decoded instruction, bytes start..end of the module. a and b are its immediates, or what the scanner found out: of a
// loop, b is its ordinal; of br_table, a is where scanner.tables has its targets; of a bulk operation, b is 1 when its length is a short
// constant; of an end, a is one more than the ordinal of the loop it closes, and b the number of assignments within a block that is left in
// several ways.
type instr struct {
	op         uint16
	start, end int32
	a, b       uint32
}

// decoder reads the instructions of one body after another.
type decoder struct {
	m       *module
	ops     *operations
	r       *reader
	targets []uint32 // of the br_table last read, the default last
}

// next reads an instruction and checks its immediates against the index spaces.
func (d *decoder) next() (instr, operation) {
	r := d.r
	i := instr{start: int32(r.pos)}
	i.op = uint16(r.byte())
	var op operation
	switch i.op {
	case 0xfc, 0xfd:
		op = d.prefixed(&i)
	default:
		op = d.ops.plain[i.op]
		if op.imm == immUnknown {
			d.unknown(int(i.start), byte(i.op))
		}
	}
	if r.err == nil {
		d.immediates(&i, op.imm)
	}
	i.end = int32(r.pos)
	return i, op
}

func (d *decoder) prefixed(i *instr) operation {
	r := d.r
	sub := r.u32()
	switch {
	case r.err != nil:
	case i.op == 0xfc && sub < uint32(len(d.ops.misc)):
		i.op = 0xfc00 | uint16(sub)
		return d.ops.misc[sub]
	case i.op == 0xfc && sub >= 19 && sub <= 22:
		r.refuse(unsupportedf(int(i.start), "wide arithmetic", "an instruction"))
	case i.op == 0xfd && sub >= 0x100 && sub < 0x130:
		r.refuse(unsupportedf(int(i.start), "relaxed SIMD", "an instruction"))
	case i.op == 0xfd && sub < 256 && d.ops.vector[sub].imm != immUnknown:
		i.op = 0xfd00 | uint16(sub)
		return d.ops.vector[sub]
	default:
		r.fail("opcode %#x %d is unknown", i.op, sub)
	}
	return operation{}
}

// unknown names the proposal an opcode belongs to.
func (d *decoder) unknown(at int, op byte) {
	proposal := ""
	switch op {
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f:
		proposal = "exception handling"
	case 0x12, 0x13:
		proposal = "tail calls"
	case 0x14, 0x15, 0xd4, 0xd5, 0xd6:
		proposal = "typed function references"
	case 0xd3, 0xfb:
		proposal = "garbage collection"
	case 0xfe:
		proposal = "threads"
	case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6:
		proposal = "stack switching"
	}
	if proposal == "" {
		d.r.refuse(malformedf(at, "opcode %#x is unknown", op))
		return
	}
	d.r.refuse(unsupportedf(at, proposal, "an instruction"))
}

func (d *decoder) immediates(i *instr, kind imm) {
	r, m := d.r, d.m
	switch kind {
	case immNone:
	case immLabel:
		i.a = r.u32()
	case immTable:
		d.labels()
	case immFunction:
		i.a = index(r, "function", len(m.functions))
	case immIndirect:
		i.a = m.typeIndex(r)
		i.b = index(r, "table", len(m.tables))
	case immTypes:
		if types := r.valueTypes("types"); r.err == nil && len(types) != 1 {
			r.fail("select of %d types", len(types))
		}
	case immLocal:
		i.a = r.u32()
	case immGlobal:
		i.a = index(r, "global", len(m.globals))
	case immTableIndex:
		i.a = index(r, "table", len(m.tables))
	case immI32:
		i.a = uint32(r.signed(32))
	case immI64:
		r.signed(64)
	case immF32:
		r.bytes(4)
	case immF64:
		r.bytes(8)
	case immV128:
		r.bytes(16)
	case immLane:
		r.byte()
	case immShuffle:
		for _, lane := range r.bytes(16) {
			if lane >= 32 {
				r.fail("lane %d of 32", lane)
			}
		}
	case immRef:
		r.refType()
	case immBlock:
		d.blockType(i)
	default:
		d.memoryImmediates(i, kind)
	}
}

func (d *decoder) memoryImmediates(i *instr, kind imm) {
	r, m := d.r, d.m
	switch kind {
	case immMemarg, immMemargLane:
		d.memarg()
		if kind == immMemargLane {
			r.byte()
		}
	case immMemory:
		d.memory()
	case immMemoryInit:
		i.a = d.segment()
		d.memory()
	case immDataDrop:
		i.a = d.segment()
	case immMemoryCopy:
		d.memory()
		d.memory()
	case immElemDrop:
		i.a = index(r, "element segment", len(m.segments))
	case immTableInit:
		i.b = index(r, "element segment", len(m.segments))
		i.a = index(r, "table", len(m.tables))
	case immTableCopy:
		i.a = index(r, "table", len(m.tables))
		i.b = index(r, "table", len(m.tables))
	}
}

// labels reads the vector of br_table; its length is bounded by the body's bytes.
func (d *decoder) labels() {
	n := d.r.count("labels", d.m.opt.MaxBody)
	d.targets = d.targets[:0]
	for range n + 1 {
		d.targets = append(d.targets, d.r.u32())
		if d.r.err != nil {
			return
		}
	}
}

func (d *decoder) memory() {
	at := d.r.pos
	switch b := d.r.byte(); {
	case d.r.err != nil:
	case b != 0:
		d.r.refuse(unsupportedf(at, "multi-memory", "an instruction"))
	case d.m.memory == nil:
		d.r.fail("a memory instruction and no memory")
	}
}

func (d *decoder) memarg() {
	at := d.r.pos
	switch align := d.r.u32(); {
	case d.r.err != nil:
	case align&0x40 != 0 && align < 0x80:
		d.r.refuse(unsupportedf(at, "multi-memory", "an instruction"))
	case align >= 32:
		d.r.fail("alignment of 2^%d", align)
	case d.m.memory == nil:
		d.r.fail("a memory instruction and no memory")
	}
	d.r.u32()
}

// segment reads the index of a data segment; the code section precedes them, so their count must have been announced.
func (d *decoder) segment() uint32 {
	if d.r.err == nil && d.m.dataCount < 0 {
		d.r.fail("an instruction names a data segment and there is no data count section")
	}
	return index(d.r, "data segment", d.m.dataCount)
}

// noType marks a block without a type index; such a block takes nothing.
const noType = ^uint32(0)

// blockType leaves the type's index in a, or noType and the number of results in b.
func (d *decoder) blockType(i *instr) {
	r := d.r
	i.a = noType
	switch b := r.peek(); {
	case b == typeEmpty:
		r.byte()
	case b&0xc0 == 0x40:
		r.valueType()
		i.b = 1
	default:
		t := r.signed(33)
		if r.err == nil && (t < 0 || t >= int64(len(d.m.types))) {
			r.fail("type %d where there are %d", t, len(d.m.types))
			return
		}
		i.a = uint32(t)
	}
}

// arity is how many operands a block takes and leaves.
func (m *module) arity(i *instr) (params, results int) {
	if i.a == noType {
		return 0, int(i.b)
	}
	t := m.types[i.a]
	return len(t.params), len(t.results)
}
