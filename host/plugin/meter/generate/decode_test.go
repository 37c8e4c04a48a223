package generate

import "fmt"

// reader walks a module as far as the tests need it.
type reader struct{ b []byte }

func (r *reader) byte() byte {
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// u reads any LEB128; of signed ones the value means nothing.
func (r *reader) u() (v int) {
	for shift := 0; ; shift += 7 {
		b := r.byte()
		v |= int(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

func (r *reader) skip(n int) { r.b = r.b[n:] }

// sections are the payloads of a module by their numbers, custom ones left out.
func sections(wasm []byte) map[int][]byte {
	m := map[int][]byte{}
	for r := (&reader{wasm[8:]}); len(r.b) > 0; {
		id, n := int(r.byte()), r.u()
		if id != secCustom {
			m[id] = r.b[:n]
		}
		r.skip(n)
	}
	return m
}

// instructions notes in seen the instructions of the code section, as "0x6a", "0xfd 12" or, where it says how often there are operands of a kind,
// "block 0x40".
func instructions(section []byte, seen map[string]int) {
	r := &reader{section}
	for range r.u() {
		n := r.u()
		body := &reader{r.b[:n]}
		r.skip(n)
		for range body.u() {
			body.u()
			body.byte()
		}
		for len(body.b) > 0 {
			instruction(body, seen)
		}
	}
}

func instruction(r *reader, seen map[string]int) {
	op := r.byte()
	name := fmt.Sprintf("%#02x", op)
	switch {
	case op == prefixMisc || op == prefixVector:
		sub := r.u()
		name += fmt.Sprintf(" %d", sub)
		if op == prefixMisc {
			misc(r, sub)
		} else {
			vector(r, sub)
		}
	case op == opBlock || op == opLoop || op == opIf:
		form := "value"
		if r.b[0] == empty {
			form = "empty"
		} else if r.b[0] < empty || r.b[0] >= 0x80 {
			form = "type"
		}
		r.u()
		seen[name+" "+form]++
	case op == opBrTable:
		for range r.u() + 1 {
			r.u()
		}
	case op == opCallIndirect:
		r.u()
		r.u()
	case op == opSelectTyped:
		r.skip(r.u())
	case op == opF32Const:
		r.skip(4)
	case op == opF64Const:
		r.skip(8)
	case op >= 0x28 && op <= 0x3e:
		r.u()
		r.u()
	case op == opBr, op == opBrIf, op == opCall, op >= opLocalGet && op <= opTableSet, op == opMemorySize, op == opMemoryGrow,
		op == opI32Const, op == opI64Const, op == opRefNull, op == opRefFunc:
		r.u()
	}
	seen[name]++
}

func misc(r *reader, op int) {
	switch op {
	case miscMemoryInit, miscMemoryCopy, miscTableInit, miscTableCopy:
		r.u()
		r.u()
	case miscDataDrop, miscMemoryFill, miscElemDrop, miscTableGrow, miscTableSize, miscTableFill:
		r.u()
	}
}

func vector(r *reader, op int) {
	switch {
	case op <= 11 || op == 92 || op == 93:
		r.u()
		r.u()
	case op == vecConst || op == 13:
		r.skip(16)
	case op >= 21 && op <= 34:
		r.skip(1)
	case op >= 84 && op <= 91:
		r.u()
		r.u()
		r.skip(1)
	}
}
