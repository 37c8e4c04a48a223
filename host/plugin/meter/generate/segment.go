package generate

import (
	"github.com/tetratelabs/wazero/api"
)

// Flags of an element segment in the binary format.
const (
	elemNotActive   = 1 << iota // passive, or declarative
	elemExplicit                // active: names its table; else declarative
	elemExpressions             // of expressions, not of function indices
)

// addSegments adds element and data segments: active ones fit, but for one in a while.
func (b *builder) addSegments() {
	declared := elem{letter: letterFunc, kind: elemNotActive | elemExplicit}
	for i := range b.funcs { // so that every function may be named by ref.func
		declared.funcs = append(declared.funcs, i)
	}
	b.elems = append(b.elems, declared)
	for range b.s.n(6) {
		b.addElem()
	}
	for range b.s.n(5) {
		b.addData()
	}
}

func (b *builder) addElem() {
	e := elem{letter: letterFunc, kind: b.s.n(8)}
	if e.kind&elemExpressions != 0 && b.s.chance(1, 3) {
		e.letter = letterExtern
		e.kind |= elemExplicit // the short form of active segments is for functions
	}
	n := b.s.n(6)
	for range n {
		f := b.s.n(len(b.funcs))
		if e.letter == letterExtern || e.kind&elemExpressions != 0 && b.s.chance(1, 4) {
			f = -1
		}
		e.funcs = append(e.funcs, f)
	}
	if e.kind&elemNotActive == 0 && !b.place(&e) {
		e.kind |= elemNotActive
	}
	b.elems = append(b.elems, e)
}

// place gives an active segment its table and offset; false when there is no table for it.
func (b *builder) place(e *elem) bool {
	for i := range b.tables {
		t := &b.tables[i]
		if t.letter != e.letter || t.least < len(e.funcs) || i > 0 && e.kind&elemExplicit == 0 || b.s.chance(1, 4) {
			continue
		}
		e.table, e.offset = i, b.s.n(t.least-len(e.funcs)+1)
		if b.s.chance(1, 64) {
			e.offset = t.least // traps at instantiation, unless it is empty
			return true
		}
		copy(t.funcs[e.offset:], e.funcs)
		return true
	}
	return false
}

func (b *builder) addData() {
	d := data{passive: b.s.chance(1, 2) || !b.memory.there}
	for range b.s.n(24) {
		d.bytes = append(d.bytes, b.s.byte())
	}
	if b.s.chance(1, 16) {
		d.bytes = append(d.bytes, make([]byte, 70_000)...)
	}
	if !d.passive {
		room := b.memory.least<<16 - len(d.bytes)
		if room < 0 && !b.s.chance(1, 8) {
			d.passive = true
		} else {
			d.offset = b.s.n(min(max(room+1, 1), 1<<16))
		}
	}
	b.datas = append(b.datas, d)
}

func (b *builder) encodeElems() (c code) {
	c.u(len(b.elems))
	for _, e := range b.elems {
		c.u(e.kind)
		if e.kind&elemNotActive == 0 {
			if e.kind&elemExplicit != 0 {
				c.u(e.table)
			}
			c.i32(int32(e.offset))
			c.put(opEnd)
		}
		if e.kind&(elemNotActive|elemExplicit) != 0 {
			if e.kind&elemExpressions != 0 {
				c.put(typeOf(e.letter))
			} else {
				c.put(0) // the kind of functions
			}
		}
		c.u(len(e.funcs))
		for _, f := range e.funcs {
			if e.kind&elemExpressions == 0 {
				c.u(f)
				continue
			}
			if f < 0 {
				c.put(opRefNull, typeOf(e.letter))
			} else {
				c.put(opRefFunc)
				c.u(f)
			}
			c.put(opEnd)
		}
	}
	return c
}

func (b *builder) encodeDatas() (c code) {
	c.u(len(b.datas))
	for i, d := range b.datas {
		switch {
		case d.passive:
			c.u(1)
		case i%2 == 1:
			c.u(2)
			c.u(0) // the memory, said
		default:
			c.u(0)
		}
		if !d.passive {
			c.i32(int32(d.offset))
			c.put(opEnd)
		}
		c.sized(d.bytes)
	}
	return c
}

// addProbes adds a function for each table that answers which of its elements are null, and for each global of two words one
// that answers it: hosts cannot read them.
func (b *builder) addProbes() (probes []int) {
	for i := range b.tables {
		probes = append(probes, len(b.funcs))
		b.funcs = append(b.funcs, b.typeIndex("", "l"))
		b.bodies = append(b.bodies, probe(i))
	}
	for i, g := range b.globals {
		if g.letter != letterV128 && !isReference(g.letter) {
			continue
		}
		probes = append(probes, len(b.funcs))
		b.funcs = append(b.funcs, b.typeIndex("", string(g.letter)))
		var c code
		c.u(0)
		c.put(opGlobalGet)
		c.u(i)
		c.put(opEnd)
		b.bodies = append(b.bodies, c)
	}
	return probes
}

// probe is the body of a function that folds the table's size and which of its elements are null into a number.
func probe(table int) (c code) {
	const index, hash = 0, 1
	c.put(2, 1, api.ValueTypeI32, 1, api.ValueTypeI64)
	c.put(opBlock, empty, opLoop, empty)
	c.put(opLocalGet, index, prefixMisc, miscTableSize, byte(table), opI32GeU, opBrIf, 1)
	c.put(opLocalGet, hash)
	c.i64(31)
	c.put(opI64Mul, opLocalGet, index, opTableGet, byte(table), opRefIsNull)
	c.i32(1)
	c.put(opI32Add, opI64ExtendU, opI64Add, opLocalSet, hash)
	c.put(opLocalGet, index)
	c.i32(1)
	c.put(opI32Add, opLocalSet, index, opBr, 0, opEnd, opEnd)
	c.put(opLocalGet, hash, opEnd)
	return c
}
