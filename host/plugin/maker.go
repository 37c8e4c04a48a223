package plugin

import (
	"weir/host/frame"
)

// grow has an instance made when somebody waits and there may be one more. p.mu is held.
func (p *Pool) grow() {
	if p.waiters.first == nil || p.making || p.closed || p.live >= p.plugin.limits.Pool {
		return
	}
	p.making = true
	p.live++
	p.plugin.runtime.work.Go(p.makeSome)
}

// makeSome makes instances, one after the other, while somebody waits. When one cannot be made everybody who waits is told: they would
// all try in vain.
func (p *Pool) makeSome() {
	for more := true; more; {
		i, fault := p.makeOne()
		if i == nil {
			p.mu.Lock()
			p.live--
			p.making = false
			p.waiters.fail(fault)
			p.mu.Unlock()
			return
		}
		p.mu.Lock()
		more = p.waiters.first != nil && p.waiters.first.next != nil && !p.closed && p.live < p.plugin.limits.Pool
		p.making = more
		if more {
			p.live++
		}
		p.mu.Unlock()
		p.give(i, frame.Nanotime(), true)
	}
}

// makeOne makes an instance and has it counted.
func (p *Pool) makeOne() (*instance, *frame.Fault) {
	if !p.plugin.enter(p) {
		return nil, p.gone()
	}
	i, fault := p.plugin.newInstance(p.grant)
	if fault != nil {
		p.plugin.leave(p, 0, &p.plugin.stats.Failed)
		return nil, fault
	}
	p.plugin.made(i)
	return i, nil
}

// enter counts an instance that is about to be made; false when the plugin has ended.
func (p *Plugin) enter(pool *Pool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.active[pool]++
	p.stats.Instances++
	return true
}

// made counts what an instance holds.
func (p *Plugin) made(i *instance) {
	p.mu.Lock()
	p.stats.Made++
	p.stats.Bytes += i.bytes
	p.mu.Unlock()
	p.runtime.hold(i.bytes)
}

// leave undoes enter for an instance that is no more, and adds to a figure of stats. The last one drains a plugin that has ended.
func (p *Plugin) leave(pool *Pool, bytes int64, count *int64) {
	p.mu.Lock()
	p.stats.Instances--
	p.stats.Bytes -= bytes
	if count != nil {
		*count++
	}
	if p.active[pool]--; p.active[pool] == 0 {
		delete(p.active, pool)
	}
	last := p.ended && len(p.active) == 0
	p.mu.Unlock()
	if last {
		p.drain()
	}
}

// drain lets go of the module, once.
func (p *Plugin) drain() {
	p.draining.Do(func() {
		p.runtime.mu.Lock()
		delete(p.runtime.plugins, p)
		p.runtime.mu.Unlock()
		p.module.Close()
		close(p.drained)
	})
}

// appendActive appends the pools that have instances to dst.
func (p *Plugin) appendActive(dst []*Pool) []*Pool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pool := range p.active {
		dst = append(dst, pool)
	}
	return dst
}
