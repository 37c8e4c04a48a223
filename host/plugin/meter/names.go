package meter

import "strings"

// lying are beginnings of names of custom sections that hold offsets of code, which the rewriting moves.
var lying = []string{".debug_", "metadata.code.", "reloc.", "linking"}

// custom copies a custom section, rewrites it when it is the name section, or leaves it out when it would lie.
func (w *writer) custom(s *section) {
	for _, l := range lying {
		if strings.HasPrefix(s.name, l) {
			return
		}
	}
	payload := w.m.raw[s.start:s.end]
	if s.name == "name" {
		rewritten, ok := w.names(s)
		if !ok {
			return // it is malformed, which makes it no more than useless
		}
		payload = append(appendName(nil, s.name), rewritten...)
	}
	w.put(secCustom, payload)
}

// Subsections of the name section. Those from type names on name what is not renumbered, and are copied.
const (
	nameModule = iota
	nameFunctions
	nameLocals
	nameLabels
)

// names renumbers the functions of a name section and adds those that were injected.
func (w *writer) names(s *section) ([]byte, bool) {
	r := &reader{buf: w.m.raw, pos: s.body, end: s.end}
	var out []byte
	for r.more() {
		id := r.byte()
		size := int(r.u32())
		sub := &reader{buf: r.buf, pos: r.pos, end: r.pos + size}
		payload := r.bytes(size)
		if r.err != nil {
			return nil, false
		}
		switch id {
		case nameFunctions:
			payload = w.functionNames(sub)
		case nameLocals:
			payload = w.localNames(sub)
		case nameLabels:
			continue // labels are counted by their blocks, and there are more of those now
		}
		if sub.err != nil {
			return nil, false
		}
		out = append(appendU32(append(out, id), uint32(len(payload))), payload...)
	}
	return out, r.err == nil
}

// functionNames renumbers a map of names. Indices ascend, so tick is put where the imports end.
func (w *writer) functionNames(r *reader) []byte {
	n := r.count("function names", w.m.opt.MaxFunctions)
	out := appendU32(nil, uint32(n+1+len(w.add.extra)))
	added := false
	tick := func() {
		out = appendName(appendU32(out, w.add.tick), ImportModule+"."+ImportTick)
		added = true
	}
	for range n {
		f := index(r, "function", len(w.m.functions))
		name := r.name()
		if r.err != nil {
			return nil
		}
		if !added && int(f) >= w.m.imported {
			tick()
		}
		out = appendName(appendU32(out, w.m.renumber(f)), name)
	}
	if !added {
		tick()
	}
	for i, f := range w.add.extra {
		out = appendName(appendU32(out, uint32(len(w.m.functions)+1+i)), f.name)
	}
	return out
}

// localNames renumbers the functions of an indirect map; the injected local comes after all others and has no name.
func (w *writer) localNames(r *reader) []byte {
	n := r.count("functions with names of locals", w.m.opt.MaxFunctions)
	out := appendU32(nil, uint32(n))
	for range n {
		f := index(r, "function", len(w.m.functions))
		k := r.count("names of locals", w.m.opt.MaxLocals)
		out = appendU32(appendU32(out, w.m.renumber(f)), uint32(k))
		for range k {
			out = appendU32(out, r.u32())
			out = appendName(out, r.name())
		}
		if r.err != nil {
			return nil
		}
	}
	return out
}
