package meter

import "slices"

// Inspect decodes a module and checks its structure, under the default bounds of Options. It changes nothing.
func Inspect(module []byte) (*Report, error) {
	opt, err := Options{}.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := decode(module, opt)
	if err != nil {
		return nil, err
	}
	if _, err := scan(m); err != nil {
		return nil, err
	}
	return m.finish(), nil
}

// Rewrite meters a module. The result computes what the module computes, for as long as its host grants fuel. The module is not
// changed, and the result shares no memory with it.
func Rewrite(module []byte, opt Options) ([]byte, *Report, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	m, err := decode(module, opt)
	if err != nil {
		return nil, nil, err
	}
	s, err := scan(m)
	if err != nil {
		return nil, nil, err
	}
	if err := m.bound(); err != nil {
		return nil, nil, err
	}
	w := &writer{m: m, add: newAdditions(m)}
	if err := w.code(s); err != nil {
		return nil, nil, err
	}
	out, err := w.module()
	if err != nil {
		return nil, nil, err
	}
	report := m.finish()
	report.MeteredSize = len(out)
	return out, report, nil
}

// scan goes through all bodies once and returns the scanner with what it learnt of each function.
func scan(m *module) (*scanner, error) {
	s := &scanner{decoder: decoder{m: m, ops: newOperations()}}
	sums := make([]summary, len(m.codes))
	for i := range m.codes {
		if err := s.body(i); err != nil {
			return nil, err
		}
		sums[i] = s.sum
		m.report.LargestFrame = max(m.report.LargestFrame, s.sum.frame)
	}
	s.leaves = sums
	return s, nil
}

// finish fills in what only the whole module tells.
func (m *module) finish() *Report {
	m.report.Memory = m.memory
	for _, t := range m.tables {
		m.report.Tables = append(m.report.Tables, Table{Type: typeName(t.elem), Limits: t.limits})
	}
	return &m.report
}

// bound refuses minima that exceed the limits.
func (m *module) bound() error {
	if m.memory != nil && m.memory.Min > m.opt.MemoryPages {
		return limitf("memory begins with %d pages (%d KiB), more than %d (%d KiB)", m.memory.Min, m.memory.Min*64,
			m.opt.MemoryPages, m.opt.MemoryPages*64)
	}
	if sum := m.tableMinimum(); sum > uint64(m.opt.TableElements) {
		return limitf("tables begin with %d elements, more than %d", sum, m.opt.TableElements)
	}
	return nil
}

func (m *module) tableMinimum() uint64 {
	sum := uint64(0)
	for _, t := range m.tables {
		sum += uint64(t.limits.Min)
	}
	return sum
}

// writer puts a metered module together.
type writer struct {
	m      *module
	add    *additions
	bodies []byte // sizes and bodies of the functions given
	framed int    // bytes of the bodies behind wrappers
	out    []byte
	site   int // the next of m.sites
}

// code writes all bodies. Functions with large frames become wrappers of themselves.
func (w *writer) code(s *scanner) error {
	e := &emitter{m: w.m, s: s, add: w.add}
	for i := range w.m.codes {
		if err := s.body(i); err != nil {
			return err
		}
		frame := 0
		if f := s.sum.frame; !s.leaves[i].leaf && (s.sum.calls || f > freeFrame) {
			frame = f
		}
		if frame > wrapFrame {
			w.wrap(e, i, frame)
		} else {
			w.bodies = e.body(w.bodies, i, frame)
		}
		if len(w.bodies)+w.framed > w.m.opt.MaxMetered {
			return limitf("metered, the module has more than %d bytes", w.m.opt.MaxMetered)
		}
	}
	return nil
}

// framedName is what stack traces show for a function behind its wrapper.
const framedName = ReservedPrefix + ".framed"

func (w *writer) wrap(e *emitter, i, frame int) {
	index := uint32(w.m.imported + i)
	e.body(nil, i, 0)
	w.framed += len(e.out)
	target := w.add.function(function{typ: w.m.functions[index], body: slices.Clone(e.out), name: framedName})
	body := w.add.wrapper(w.m.typeOf(index), target, min(frame, 1<<30))
	w.bodies = append(appendU32(w.bodies, uint32(len(body))), body...)
}

// module writes all sections in their order, those given and those that only the additions need.
func (w *writer) module() ([]byte, error) {
	w.out = append(make([]byte, 0, len(w.m.raw)+len(w.bodies)), header...)
	needed := []int{secType, secImport, secFunction, secGlobal, secExport, secCode}
	for i := range w.m.sections {
		s := &w.m.sections[i]
		if s.id == secCustom {
			w.custom(s)
			continue
		}
		for len(needed) > 0 && sectionOrder[needed[0]] < sectionOrder[s.id] {
			w.section(needed[0], nil)
			needed = needed[1:]
		}
		if len(needed) > 0 && needed[0] == int(s.id) {
			needed = needed[1:]
		}
		w.section(int(s.id), s)
	}
	for _, id := range needed {
		w.section(id, nil)
	}
	if len(w.out) > w.m.opt.MaxMetered {
		return nil, limitf("metered, the module has %d bytes, more than %d", len(w.out), w.m.opt.MaxMetered)
	}
	return w.out, nil
}
