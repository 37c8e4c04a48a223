package plugin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// Pool is a plugin's instances for one tenant. Its methods may be called from any goroutine.
type Pool struct {
	plugin *Plugin
	grant  *grant

	mu      sync.Mutex
	idle    []*instance // the last was used last
	live    int         // idle, calling and being made
	making  bool        // a goroutine makes instances
	waiters waiters
	closed  bool
	lastUse int64 // on the clock of frame.Nanotime; on_tick does not count
	resting int   // rounds of on_tick to sit out
	rest    int   // rounds the next fault of on_tick costs
}

// Call runs a hook on an idle instance, or waits for one: see Limits. It fills c's results; c.Verdict stays c's own. A nil Fault
// says that the guest answered, and nothing of what its verdict holds but that it lay in its memory.
func (p *Pool) Call(c *frame.Call) *frame.Fault {
	c.Verdict, c.Fuel, c.Size, c.Stateful = nil, 0, 0, false
	if c.Begin == 0 {
		c.Begin = frame.Nanotime()
	}
	if !p.plugin.module.Has(c.Hook) {
		c.End = c.Begin
		return frame.Faultf(frame.BadExport, "it does not export %s", c.Hook.Export())
	}
	begin := c.Begin
	i := p.take()
	if i == nil {
		var fault *frame.Fault
		if i, fault = p.wait(p.patience(c)); fault != nil {
			c.End = frame.Nanotime()
			return fault
		}
		begin = frame.Nanotime() // waiting is not the guest's fault
	}
	return p.run(i, c, begin)
}

// run calls i and gives it back, or discards it.
func (p *Pool) run(i *instance, c *frame.Call, begin int64) *frame.Fault {
	fit := false
	defer func() {
		if !fit {
			p.discard(i)
		}
	}()
	l := &p.plugin.limits
	a := allowance{fuel: l.Fuel, begin: begin, deadline: begin + int64(l.Deadline)}
	if c.Budget > 0 {
		a.deadline = min(a.deadline, c.Begin+int64(c.Budget))
	}
	fault := i.call(c, a)
	c.Stateful = p.grant.stateful.Load()
	c.End = frame.Nanotime()
	if fault == nil || fault.Class == frame.Unreadable {
		fit = true
		if i.changed() {
			p.reckon(i)
		}
		p.give(i, c.End, c.Hook != abi.HookTick)
	}
	return fault
}

// patience is how long the call may wait for an instance.
func (p *Pool) patience(c *frame.Call) time.Duration {
	wait := p.plugin.limits.Wait
	if c.Budget > 0 {
		wait = min(wait, c.Budget-time.Duration(frame.Nanotime()-c.Begin))
	}
	return wait
}

// take is the idle instance that was used last; nil when there is none.
func (p *Pool) take() *instance {
	p.mu.Lock()
	i := p.pop()
	p.mu.Unlock()
	return i
}

func (p *Pool) pop() *instance {
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	i := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	return i
}

// give hands an instance to whoever has waited longest, or keeps it.
func (p *Pool) give(i *instance, now int64, used bool) {
	p.mu.Lock()
	if used {
		i.lastUse, p.lastUse = now, now
	}
	switch {
	case p.closed:
		p.mu.Unlock()
		p.remove(i, nil)
		return
	case p.waiters.first != nil:
		p.waiters.pop() <- answer{i: i}
	default:
		p.idle = append(p.idle, i)
	}
	p.mu.Unlock()
}

// wait is an instance within d, made by another goroutine where there may be one more.
func (p *Pool) wait(d time.Duration) (*instance, *frame.Fault) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, p.gone()
	}
	if i := p.pop(); i != nil {
		p.mu.Unlock()
		return i, nil
	}
	w := p.waiters.push()
	p.grow()
	p.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case a := <-w.ready:
		return a.i, a.fault
	case <-timer.C:
	}
	p.mu.Lock()
	left := p.waiters.remove(w)
	live := p.live
	p.mu.Unlock()
	if left {
		l := &p.plugin.limits
		return nil, frame.Faultf(frame.Busy, "no instance was free within %s (limits.wait): %d are calling or being made, of %d (limits.pool)",
			max(d, 0), live, l.Pool)
	}
	a := <-w.ready // it came while the time ran out
	return a.i, a.fault
}

// gone is the fault of calls after the plugin has ended.
func (p *Pool) gone() *frame.Fault {
	return frame.Faultf(frame.Load, "plugin %q was closed", p.plugin.setting.Name)
}

// Warm sees to it that there is an instance, so that the first call need not wait for it: before a new configuration takes over.
func (p *Pool) Warm(ctx context.Context) error {
	limit := p.plugin.limits.Start
	if at, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(at))
	}
	i, fault := p.wait(limit)
	if fault != nil {
		return fault
	}
	p.give(i, frame.Nanotime(), true)
	return nil
}

// maxWarm bounds the tenants that a new version has instances for before it takes over; others have theirs made when they come.
const maxWarm = 256

// Warm sees to it that p has an instance for each tenant that old has one for, those first who came last: before p takes the place of
// old. It gives up when one cannot be made.
func (p *Plugin) Warm(ctx context.Context, old *Plugin) error {
	old.mu.Lock()
	pools := slices.Collect(maps.Keys(old.active))
	old.mu.Unlock()
	used := make(map[string]int64, len(pools))
	for _, pool := range pools {
		pool.mu.Lock()
		used[pool.grant.tenant] = pool.lastUse
		pool.mu.Unlock()
	}
	tenants := slices.SortedFunc(maps.Keys(used), func(a, b string) int { return cmp.Compare(used[b], used[a]) })
	for _, tenant := range tenants[:min(len(tenants), maxWarm)] {
		if err := p.For(tenant).Warm(ctx); err != nil {
			return fmt.Errorf("plugin %q: an instance for tenant %q: %w", p.setting.Name, tenant, err)
		}
	}
	return nil
}

// appendIdle appends the idle instances to dst.
func (p *Pool) appendIdle(dst []candidate) []candidate {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.idle {
		dst = append(dst, candidate{p, i, i.lastUse})
	}
	return dst
}

// evict closes an instance that is still as idle as it was when it was seen.
func (p *Pool) evict(i *instance, lastUse int64) {
	p.mu.Lock()
	at := slices.Index(p.idle, i)
	if at < 0 || i.lastUse != lastUse {
		p.mu.Unlock()
		return
	}
	p.idle = slices.Delete(p.idle, at, at+1)
	p.mu.Unlock()
	p.remove(i, &p.plugin.stats.Evicted)
}

// discard closes an instance that is not fit for another call. When somebody waits another is made.
func (p *Pool) discard(i *instance) {
	p.remove(i, &p.plugin.stats.Discarded)
	p.mu.Lock()
	p.grow()
	p.mu.Unlock()
}

// remove closes an instance of the pool's that nobody holds, and counts it.
func (p *Pool) remove(i *instance, count *int64) {
	p.plugin.runtime.hold(-i.bytes)
	bytes := i.bytes
	i.close()
	p.mu.Lock()
	p.live--
	p.mu.Unlock()
	p.plugin.leave(p, bytes, count)
}

// reckon brings what the instance holds up to date.
func (p *Pool) reckon(i *instance) {
	change := i.account()
	p.plugin.mu.Lock()
	p.plugin.stats.Bytes += change
	p.plugin.mu.Unlock()
	p.plugin.runtime.hold(change)
}

// close ends the pool: idle instances are closed, the others when they come back.
func (p *Pool) close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.waiters.fail(p.gone())
	p.mu.Unlock()
	for _, i := range idle {
		p.remove(i, nil)
	}
}
