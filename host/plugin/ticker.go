package plugin

import (
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

const (
	// tickEvery is how often on_tick is called.
	tickEvery = time.Second
	// tickFor is how long after its last call a pool is in use.
	tickFor = time.Minute
	// maxRest bounds how many rounds a plugin sits out that keeps failing in on_tick.
	maxRest = 60
)

// ticker calls on_tick about once a second, one plugin after the other.
func (r *Runtime) ticker() {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	c := frame.Call{Hook: abi.HookTick, Frame: newBare(abi.HookTick)}
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-t.C:
			r.tickAll(&c)
		}
	}
}

// tickAll calls on_tick of every pool that is in use and has an idle instance.
func (r *Runtime) tickAll(c *frame.Call) {
	for _, p := range r.active() {
		if r.ctx.Err() != nil {
			return
		}
		if p.plugin.module.Has(abi.HookTick) {
			p.tick(c)
		}
	}
}

// tick calls on_tick on one instance. A plugin that keeps failing is called ever more rarely.
func (p *Pool) tick(c *frame.Call) {
	p.mu.Lock()
	if p.resting > 0 || p.lastUse == 0 || frame.Nanotime()-p.lastUse > int64(tickFor) {
		p.resting = max(p.resting-1, 0)
		p.mu.Unlock()
		return
	}
	i := p.pop()
	p.mu.Unlock()
	if i == nil {
		return
	}
	c.Verdict, c.Fuel, c.Size = nil, 0, 0
	c.Begin = frame.Nanotime()
	f := p.run(i, c, c.Begin)
	p.mu.Lock()
	if f == nil {
		p.rest = 0
	} else {
		p.rest = min(2*p.rest+1, maxRest)
		p.resting = p.rest
	}
	p.mu.Unlock()
	if f != nil {
		p.grant.log.host("a plugin failed in on_tick", f)
	}
	p.grant.observer.Ticked(p.grant.plugin, p.grant.tenant, c, f)
}
