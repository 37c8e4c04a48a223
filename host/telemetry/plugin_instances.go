package telemetry

import "sync"

// Instances is what a plugin's instances are and have come to.
type Instances struct {
	Now, Bytes                       int64 // at this moment
	Made, Failed, Discarded, Evicted int64 // since the plugin was configured
}

// instances adds up what versions of one plugin say: the one in force, and those that drain.
type instances struct {
	mu      sync.Mutex
	readers map[*reading]struct{}
	past    Instances // of versions that are gone
}

type reading struct{ read func() Instances }

func (i *instances) sum() Instances {
	i.mu.Lock()
	defer i.mu.Unlock()
	total := i.past
	for r := range i.readers {
		total = total.plus(r.read())
	}
	return total
}

// remove takes a version out and returns how many are left.
func (i *instances) remove(r *reading) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := r.read()
	last.Now, last.Bytes = 0, 0
	i.past = i.past.plus(last)
	delete(i.readers, r)
	return len(i.readers)
}

func (a Instances) plus(b Instances) Instances {
	return Instances{
		a.Now + b.Now, a.Bytes + b.Bytes, a.Made + b.Made, a.Failed + b.Failed, a.Discarded + b.Discarded, a.Evicted + b.Evicted,
	}
}

// PluginInstances shows what read says of a plugin's instances until stop is called, which is when that version of the plugin is gone. read is called by scrapes
// and must not call the Metrics. Versions of one name are added up; what they came to is not lost with them.
func (m *Metrics) PluginInstances(plugin string, read func() Instances) (stop func()) {
	p := m.pluginsBy
	shared := p.sharedOf(p.names.label(plugin, true))
	i := p.instancesOf(shared)
	r := &reading{read}
	i.mu.Lock()
	i.readers[r] = struct{}{}
	i.mu.Unlock()
	return sync.OnceFunc(func() {
		if i.remove(r) == 0 {
			shared.gone()
		}
	})
}

func (p *plugins) instancesOf(s *pluginShared) *instances {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instances != nil {
		return s.instances
	}
	i := &instances{readers: make(map[*reading]struct{})}
	s.instances = i
	show := func(f *family, of func(Instances) int64, shown ...string) {
		f.gauge(func() float64 { return float64(of(i.sum())) }, shown...)
	}
	show(p.pluginFamilies.instances, func(n Instances) int64 { return n.Now }, s.label)
	show(p.instanceBytes, func(n Instances) int64 { return n.Bytes }, s.label)
	show(p.instanceEvents, func(n Instances) int64 { return n.Made }, s.label, "made")
	show(p.instanceEvents, func(n Instances) int64 { return n.Failed }, s.label, "failed")
	show(p.instanceEvents, func(n Instances) int64 { return n.Discarded }, s.label, "discarded")
	show(p.instanceEvents, func(n Instances) int64 { return n.Evicted }, s.label, "evicted")
	return i
}

// StateFigures is what is kept for plugins.
type StateFigures struct{ Entries, Bytes, Evicted int64 }

// State shows what read says of the plugins' state, in place of what an earlier call said.
func (m *Metrics) State(read func() StateFigures) {
	if m.state.Swap(&read) != nil {
		return
	}
	show := func(f *family, of func(StateFigures) int64) {
		f.gauge(func() float64 { return float64(of((*m.state.Load())())) })
	}
	show(m.stateEntries, func(s StateFigures) int64 { return s.Entries })
	show(m.stateBytes, func(s StateFigures) int64 { return s.Bytes })
	show(m.stateEvicted, func(s StateFigures) int64 { return s.Evicted })
}
