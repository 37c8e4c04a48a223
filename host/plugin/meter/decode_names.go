package meter

import "fmt"

// decodeImports reads imports. A plugin brings its own memory and tables, since only those can be bounded here.
func (m *module) decodeImports(r *reader) {
	m.importEntries = r.count("imports", m.opt.MaxItems)
	for range m.importEntries {
		at := r.pos
		imp := Import{Module: r.name(), Name: r.name()}
		kind := r.byte()
		switch {
		case r.err != nil:
			return
		case reserved(imp.Module):
			r.refuse(fmt.Errorf("%w: at byte %d: import module %q begins with %s, which is the host's own", ErrReserved, at,
				imp.Module, ReservedPrefix))
			return
		case kind == 4:
			r.refuse(unsupportedf(at, "exception handling", "an imported tag"))
			return
		case kind > 4:
			r.fail("import kind %d is unknown", kind)
			return
		}
		imp.Kind = Kind(kind)
		switch imp.Kind {
		case Func:
			t := m.typeIndex(r)
			if r.err != nil {
				return
			}
			if len(m.functions) == m.opt.MaxFunctions {
				r.refuse(limitf("more than %d functions", m.opt.MaxFunctions))
				return
			}
			m.functions = append(m.functions, t)
			m.imported++
			imp.Type = m.types[t].String()
		case TableKind:
			t := r.table()
			imp.Type = typeName(t.elem) + " " + t.limits.String()
			r.refuse(limitf("import %q %q: a table cannot be imported; let the module define it", imp.Module, imp.Name))
		case MemoryKind:
			r.limits("memory")
			r.refuse(limitf("import %q %q: a memory cannot be imported; link the module with a memory of its own "+
				"(without --import-memory)", imp.Module, imp.Name))
		case Global:
			g := r.global()
			m.globals = append(m.globals, g)
			m.importedGlob++
			imp.Type = g.String()
		}
		if r.err != nil {
			return
		}
		m.report.Imports = append(m.report.Imports, imp)
	}
}

func (r *reader) global() global {
	g := global{typ: r.valueType()}
	switch b := r.byte(); b {
	case 0, 1:
		g.mutable = b == 1
	default:
		r.fail("global mutability %d is unknown", b)
	}
	return g
}

func (m *module) decodeGlobals(r *reader) {
	n := r.count("globals", m.opt.MaxItems)
	for range n {
		g := r.global()
		m.constant(r)
		if r.err != nil {
			return
		}
		m.globals = append(m.globals, g)
	}
	m.report.Globals = n
}

func (m *module) decodeExports(r *reader) {
	for range r.count("exports", m.opt.MaxItems) {
		at := r.pos
		e := Export{Name: r.name()}
		kind := r.byte()
		if r.err != nil {
			return
		}
		if reserved(e.Name) {
			r.refuse(fmt.Errorf("%w: at byte %d: export %q begins with %s, which is the host's own; rename it", ErrReserved, at,
				e.Name, ReservedPrefix))
			return
		}
		if _, twice := m.exports[e.Name]; twice {
			r.fail("export %q twice", e.Name)
			return
		}
		m.exports[e.Name] = struct{}{}
		e.Kind = Kind(kind)
		e.Type = m.exported(r, e.Kind)
		if r.err != nil {
			return
		}
		m.report.Exports = append(m.report.Exports, e)
	}
}

// exported reads the index of an export and returns its type.
func (m *module) exported(r *reader, kind Kind) string {
	switch kind {
	case Func:
		if f := m.functionIndex(r); r.err == nil {
			m.declare(f)
			return m.typeOf(f).String()
		}
	case TableKind:
		if i := index(r, "table", len(m.tables)); r.err == nil {
			return typeName(m.tables[i].elem) + " " + m.tables[i].limits.String()
		}
	case MemoryKind:
		n := 0
		if m.memory != nil {
			n = 1
		}
		if index(r, "memory", n); r.err == nil {
			return m.memory.String()
		}
	case Global:
		if i := index(r, "global", len(m.globals)); r.err == nil {
			return m.globals[i].String()
		}
	case 4:
		r.refuse(unsupportedf(r.pos, "exception handling", "an exported tag"))
	default:
		r.fail("export kind %d is unknown", kind)
	}
	return ""
}

// declare notes that ref.func may name f.
func (m *module) declare(f uint32) {
	if m.declared == nil {
		m.declared = make([]bool, len(m.functions))
	}
	m.declared[f] = true
}

// take notes that f may be called other than by its index.
func (m *module) take(f uint32) {
	m.declare(f)
	if m.taken == nil {
		m.taken = make([]bool, len(m.functions))
	}
	m.taken[f] = true
}

func (m *module) isTaken(f uint32) bool { return len(m.taken) > 0 && m.taken[f] }
