package meter

// section writes one section; s is nil when the module given has none of that id.
func (w *writer) section(id int, s *section) {
	m := w.m
	switch id {
	case secType:
		w.extend(id, s, len(m.types), len(w.add.types), w.types)
	case secImport:
		w.extend(id, s, m.importEntries, 1, w.tick)
	case secFunction:
		w.extend(id, s, len(m.functions)-m.imported, len(w.add.extra), w.functions)
	case secGlobal:
		w.extend(id, s, len(m.globals)-m.importedGlob, 2, w.globals)
	case secExport:
		w.extend(id, s, len(m.exports), 2, w.exports)
	case secCode:
		w.codes()
	case secTable:
		w.tables()
	case secMemory:
		w.memory()
	case secStart:
		w.put(secStart, appendU32(nil, m.renumber(uint32(m.start))))
	default:
		w.put(id, w.renumbered(s.start, s.end))
	}
}

// put writes a section with its header.
func (w *writer) put(id int, payload []byte) {
	w.out = appendU32(append(w.out, byte(id)), uint32(len(payload)))
	w.out = append(w.out, payload...)
}

// extend writes a section that is a vector of given entries with some more at its end.
func (w *writer) extend(id int, s *section, given, more int, entries func([]byte) []byte) {
	if given+more == 0 {
		return
	}
	payload := appendU32(nil, uint32(given+more))
	if s != nil {
		r := reader{buf: w.m.raw, pos: s.start, end: s.end}
		r.u32() // the number of entries
		payload = append(payload, w.renumbered(r.pos, s.end)...)
	}
	w.put(id, entries(payload))
}

// renumbered copies bytes start..end of the module with the functions they name renumbered. Sections are copied in their order.
func (w *writer) renumbered(start, end int) []byte {
	out := make([]byte, 0, end-start+8)
	for w.site < len(w.m.sites) && w.m.sites[w.site].start < start {
		w.site++
	}
	for w.site < len(w.m.sites) && w.m.sites[w.site].start < end {
		s := w.m.sites[w.site]
		out = append(out, w.m.raw[start:s.start]...)
		out = appendU32(out, w.m.renumber(s.index))
		start = s.end
		w.site++
	}
	return append(out, w.m.raw[start:end]...)
}

func (w *writer) types(dst []byte) []byte {
	for _, t := range w.add.types {
		dst = append(dst, 0x60)
		dst = append(appendU32(dst, uint32(len(t.params))), t.params...)
		dst = append(appendU32(dst, uint32(len(t.results))), t.results...)
	}
	return dst
}

func (w *writer) tick(dst []byte) []byte {
	dst = appendName(appendName(dst, ImportModule), ImportTick)
	return appendU32(append(dst, byte(Func)), w.add.empty)
}

func (w *writer) functions(dst []byte) []byte {
	for _, f := range w.add.extra {
		dst = appendU32(dst, f.typ)
	}
	return dst
}

func (w *writer) globals(dst []byte) []byte {
	dst = appendS64(append(dst, typeI64, 1, opI64Const), w.m.opt.StartFuel)
	dst = append(dst, opEnd)
	dst = appendS64(append(dst, typeI32, 1, opI32Const), w.m.opt.StackBytes)
	return append(dst, opEnd)
}

func (w *writer) exports(dst []byte) []byte {
	dst = appendU32(append(appendName(dst, ExportFuel), byte(Global)), w.add.fuel)
	return appendU32(append(appendName(dst, ExportStack), byte(Global)), w.add.stack)
}

func (w *writer) codes() {
	n := len(w.m.codes) + len(w.add.extra)
	if n == 0 {
		return
	}
	size := len(w.bodies)
	for _, f := range w.add.extra {
		size += len(f.body) + 5
	}
	payload := append(appendU32(make([]byte, 0, size+5), uint32(n)), w.bodies...)
	for _, f := range w.add.extra {
		payload = append(appendU32(payload, uint32(len(f.body))), f.body...)
	}
	w.put(secCode, payload)
}

// memory writes the memory with its maximum lowered.
func (w *writer) memory() {
	if w.m.memory == nil {
		w.put(secMemory, []byte{0})
		return
	}
	l := *w.m.memory
	if !l.HasMax || l.Max > w.m.opt.MemoryPages {
		l.Max = w.m.opt.MemoryPages
	}
	w.put(secMemory, l.append([]byte{1}))
}

func (l Limits) append(dst []byte) []byte { return appendU32(appendU32(append(dst, 1), l.Min), l.Max) }

// tables writes the tables with their maxima lowered: what the minima leave of the limit is shared by the tables that some
// table.grow names.
func (w *writer) tables() {
	growing := 0
	for _, t := range w.m.tables {
		if t.grows {
			growing++
		}
	}
	share := uint64(0)
	if growing > 0 {
		share = (uint64(w.m.opt.TableElements) - w.m.tableMinimum()) / uint64(growing)
	}
	payload := appendU32(nil, uint32(len(w.m.tables)))
	for _, t := range w.m.tables {
		l := t.limits
		most := l.Min
		if t.grows {
			most += uint32(share)
		}
		if !l.HasMax || l.Max > most {
			l.Max = most
		}
		payload = l.append(append(payload, t.elem))
	}
	w.put(secTable, payload)
}
