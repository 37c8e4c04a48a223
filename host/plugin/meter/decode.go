package meter

import (
	"bytes"
	"strings"
)

var header = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// decode reads all of a module but the instructions of its bodies.
func decode(raw []byte, opt Options) (*module, error) {
	m := &module{raw: raw, opt: opt, start: -1, dataCount: -1, exports: map[string]struct{}{}}
	if len(raw) > opt.MaxSize {
		return nil, limitf("%d bytes, more than %d", len(raw), opt.MaxSize)
	}
	if err := checkHeader(raw); err != nil {
		return nil, err
	}
	m.report.Size = len(raw)
	r := &reader{buf: raw, pos: len(header), end: len(raw)}
	if err := m.split(r); err != nil {
		return nil, err
	}
	for i := range m.sections {
		s := &m.sections[i]
		r := &reader{buf: raw, pos: s.start, end: s.end}
		m.section(r, s)
		if r.err == nil && s.id != secCustom && r.pos != s.end {
			r.fail("%s section has %d bytes too many", sectionNames[s.id], s.end-r.pos)
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	if err := m.agree(); err != nil {
		return nil, err
	}
	return m, nil
}

func checkHeader(raw []byte) error {
	switch {
	case len(raw) < len(header):
		return malformedf(0, "%d bytes are no module", len(raw))
	case !bytes.Equal(raw[:4], header[:4]):
		return malformedf(0, "it does not begin with \\0asm")
	case string(raw[4:8]) == "\x0d\x00\x01\x00":
		return unsupportedf(4, "the component model", "a component")
	case !bytes.Equal(raw[:8], header):
		return malformedf(4, "version % x is not 1", raw[4:8])
	}
	return nil
}

// split finds the sections and checks their order.
func (m *module) split(r *reader) error {
	last := 0
	for r.more() {
		at := r.pos
		id := r.byte()
		size := r.u32()
		if r.err == nil && int64(size) > int64(r.end-r.pos) {
			r.fail("section %d of %d bytes where %d are left", id, size, r.end-r.pos)
		}
		if r.err != nil {
			break
		}
		s := section{id: id, start: r.pos, end: r.pos + int(size)}
		r.pos = s.end
		switch {
		case id == secTag:
			return unsupportedf(at, "exception handling", "a tag section")
		case id > secTag:
			return malformedf(at, "section id %d is unknown", id)
		case id != secCustom && sectionOrder[id] <= last:
			return malformedf(at, "%s section out of order", sectionNames[id])
		case id != secCustom:
			last = sectionOrder[id]
		}
		if len(m.sections) >= m.opt.MaxItems {
			return limitf("more than %d sections", m.opt.MaxItems)
		}
		m.sections = append(m.sections, s)
	}
	return r.err
}

func (m *module) section(r *reader, s *section) {
	switch s.id {
	case secCustom:
		s.name = r.name()
		s.body = r.pos
		m.report.Customs = append(m.report.Customs, s.name)
	case secType:
		m.decodeTypes(r)
	case secImport:
		m.decodeImports(r)
	case secFunction:
		m.decodeFunctions(r)
	case secTable:
		for range r.count("tables", m.opt.MaxItems) {
			m.tables = append(m.tables, r.table())
		}
	case secMemory:
		m.decodeMemory(r)
	case secGlobal:
		m.decodeGlobals(r)
	case secExport:
		m.decodeExports(r)
	case secStart:
		m.start = int(m.functionIndex(r))
		m.report.Start = true
	case secElement:
		m.decodeElements(r)
	case secDataCount:
		m.dataCount = int(r.u32())
	case secCode:
		m.decodeCode(r)
	case secData:
		m.decodeData(r)
	}
}

// agree checks what several sections say about one another.
func (m *module) agree() error {
	defined := len(m.functions) - m.imported
	switch {
	case defined != len(m.codes):
		return malformedf(len(m.raw), "%d functions and %d bodies", defined, len(m.codes))
	case m.dataCount >= 0 && m.dataCount != len(m.data):
		return malformedf(len(m.raw), "data count says %d and there are %d data segments", m.dataCount, len(m.data))
	case m.start >= 0:
		if t := m.typeOf(uint32(m.start)); len(t.params)+len(t.results) > 0 {
			return malformedf(len(m.raw), "the start function is of type %s", t)
		}
	}
	return nil
}

func (m *module) decodeTypes(r *reader) {
	for range r.count("types", m.opt.MaxItems) {
		at := r.pos
		switch form := r.byte(); form {
		case 0x60:
		case 0x50, 0x4f, 0x4e, 0x5f, 0x5e:
			r.refuse(unsupportedf(at, "garbage collection", "a type"))
		default:
			r.fail("type form %#x is unknown", form)
		}
		t := funcType{params: r.valueTypes("parameters"), results: r.valueTypes("results")}
		if r.err != nil {
			return
		}
		m.types = append(m.types, t)
	}
}

// valueTypes reads a vector of value types in place. The bound of a thousand is that of web engines.
func (r *reader) valueTypes(what string) []byte {
	types := r.bytes(r.count(what, 1000))
	for _, t := range types {
		r.checkValueType(t)
	}
	return types
}

func (r *reader) checkValueType(t byte) {
	switch t {
	case typeI32, typeI64, typeF32, typeF64, typeV128, typeFuncref, typeExternref:
	case 0x69, 0x74:
		r.refuse(unsupportedf(r.pos, "exception handling", "an exception reference"))
	case 0x63, 0x64:
		r.refuse(unsupportedf(r.pos, "typed function references", "a reference type"))
	case 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73:
		r.refuse(unsupportedf(r.pos, "garbage collection", "a reference type"))
	default:
		r.fail("value type %#x is unknown", t)
	}
}

func (r *reader) valueType() byte {
	t := r.byte()
	if r.err == nil {
		r.checkValueType(t)
	}
	return t
}

func (r *reader) refType() byte {
	t := r.valueType()
	if r.err == nil && t != typeFuncref && t != typeExternref {
		r.fail("%s is no reference type", typeName(t))
	}
	return t
}

// limits reads the size of a memory or table.
func (r *reader) limits(what string) Limits {
	at := r.pos
	flags := r.byte()
	if r.err == nil && flags > 1 {
		switch {
		case flags&0x08 != 0 && what == "memory":
			r.refuse(unsupportedf(at, "custom page sizes", "a memory"))
		case flags&0x04 != 0 && flags < 8:
			r.refuse(unsupportedf(at, "memory64", "a "+what))
		case flags&0x02 != 0 && flags < 8:
			r.refuse(unsupportedf(at, "threads", "a shared "+what))
		default:
			r.fail("limits flags %#x are unknown", flags)
		}
	}
	l := Limits{Min: r.u32(), HasMax: flags&1 != 0}
	if l.HasMax {
		if l.Max = r.u32(); r.err == nil && l.Max < l.Min {
			r.fail("%s has a minimum of %d over its maximum of %d", what, l.Min, l.Max)
		}
	}
	return l
}

func (r *reader) table() table {
	if r.peek() == typeEmpty {
		r.refuse(unsupportedf(r.pos, "typed function references", "a table with an initialiser"))
	}
	return table{elem: r.refType(), limits: r.limits("table")}
}

func (m *module) decodeFunctions(r *reader) {
	for range r.count("functions", m.opt.MaxFunctions-m.imported) {
		t := m.typeIndex(r)
		if r.err != nil {
			return
		}
		m.functions = append(m.functions, t)
	}
	m.report.Functions = len(m.functions) - m.imported
}

func (m *module) typeIndex(r *reader) uint32 { return index(r, "type", len(m.types)) }

// functionIndex reads a function's index and remembers where.
func (m *module) functionIndex(r *reader) uint32 {
	at := r.pos
	f := index(r, "function", len(m.functions))
	if r.err == nil {
		m.sites = append(m.sites, site{start: at, end: r.pos, index: f})
	}
	return f
}

func index(r *reader, what string, n int) uint32 {
	i := r.u32()
	if r.err == nil && int64(i) >= int64(n) {
		r.fail("%s %d where there are %d", what, i, n)
	}
	return i
}

func (m *module) decodeMemory(r *reader) {
	if n := r.count("memories", m.opt.MaxItems); n > 1 || n == 1 && m.memory != nil {
		r.refuse(unsupportedf(r.pos, "multi-memory", "a second memory"))
	} else if n == 1 {
		m.setMemory(r)
	}
}

func (m *module) setMemory(r *reader) {
	l := r.limits("memory")
	if r.err == nil && (l.Min > 65536 || l.HasMax && l.Max > 65536) {
		r.fail("a memory of more than 65536 pages")
	}
	m.memory = &l
}

func reserved(name string) bool { return strings.HasPrefix(name, ReservedPrefix) }
