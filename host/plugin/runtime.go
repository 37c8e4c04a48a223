package plugin

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"weir/host/plugin/compile"
)

// defaultIdle is what instances may hold together, in bytes.
const defaultIdle = 256 << 20

// ErrClosed is returned by what is used after Close.
var ErrClosed = errors.New("the plugin runtime is closed")

// Options of a Runtime.
type Options struct {
	Cache *compile.Cache // nil: no cache directory; modules that are not trusted are refused, with the reason
	State StateStore     // nil: state_* is refused
	// Observer may be nil.
	Observer Observer
	Log      *slog.Logger // nil: nothing is logged
	// Idle is how many bytes instances may hold together; beyond it idle ones are closed, those used least recently first. Default
	// 256 MiB.
	Idle int64
	// Seed is where the random numbers of guests without the capability begin. Default: unknown to anybody, and another in
	// each process. Set it to have runs repeat.
	Seed *[32]byte
}

// Runtime is what all plugins of a process share. Its methods may be called from any goroutine.
type Runtime struct {
	options Options
	log     *slog.Logger
	seed    [32]byte
	memory  arena
	bytes   atomic.Int64    // held by all instances
	evict   chan struct{}   // asks for a look at bytes
	ctx     context.Context // done at Close
	cancel  context.CancelFunc
	work    sync.WaitGroup // ticker, sweeper, makers, Admit and Configure

	mu      sync.Mutex
	modules map[moduleKey]*Module
	plugins map[*Plugin]struct{}
	closed  bool
}

// Open starts a runtime. When machine code cannot run here it says so in the log: guests are interpreted then, some fifty times
// slower, and only trusted ones.
func Open(ctx context.Context, opt Options) (*Runtime, error) {
	if opt.Idle == 0 {
		opt.Idle = defaultIdle
	}
	if opt.Idle < 0 {
		return nil, errors.New("open plugin runtime: the bytes for idle instances are negative")
	}
	if opt.Observer == nil {
		opt.Observer = nobody{}
	}
	r := &Runtime{
		options: opt, log: logger(opt.Log),
		evict:   make(chan struct{}, 1),
		modules: make(map[moduleKey]*Module), plugins: make(map[*Plugin]struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if opt.Seed != nil {
		r.seed = *opt.Seed
	} else {
		_, _ = cryptorand.Read(r.seed[:]) // never fails
	}
	if engine, why := Engine(ctx); why != nil {
		r.log.Warn("plugins are interpreted and will be slow; only trusted ones run", slog.String("engine", engine), slog.Any("reason", why))
	}
	r.work.Go(r.ticker)
	r.work.Go(r.sweeper)
	return r, nil
}

// Close ends all plugins, waits for calls in hand, which their deadlines bound, and frees everything. It may be called again.
func (r *Runtime) Close() error {
	r.mu.Lock()
	r.closed = true
	plugins := slices.Collect(maps.Keys(r.plugins))
	r.mu.Unlock()
	r.cancel()
	for _, p := range plugins {
		p.end()
		<-p.drained
	}
	r.work.Wait()
	r.mu.Lock()
	modules := slices.Collect(maps.Values(r.modules))
	clear(r.modules)
	r.mu.Unlock()
	var errs []error
	for _, m := range modules {
		errs = append(errs, m.free())
	}
	r.memory.close()
	return errors.Join(errs...)
}

// begin counts work that Close has to wait for; whoever began it calls r.work.Done.
func (r *Runtime) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.work.Add(1)
	return nil
}

// hold adds to what instances hold, and has idle ones closed when that is too much.
func (r *Runtime) hold(bytes int64) {
	if r.bytes.Add(bytes) > r.options.Idle && bytes > 0 {
		select {
		case r.evict <- struct{}{}:
		default: // asked already
		}
	}
}

// sweeper closes idle instances when all together hold too much.
func (r *Runtime) sweeper() {
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.evict:
			r.sweep()
		}
	}
}

// candidate is an idle instance as it was seen.
type candidate struct {
	pool    *Pool
	i       *instance
	lastUse int64
}

// sweep closes idle instances, least recently used first, until the rest fits.
func (r *Runtime) sweep() {
	if r.bytes.Load() <= r.options.Idle {
		return
	}
	var all []candidate
	for _, p := range r.active() {
		all = p.appendIdle(all)
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.lastUse, b.lastUse) })
	for _, c := range all {
		if r.bytes.Load() <= r.options.Idle {
			return
		}
		c.pool.evict(c.i, c.lastUse)
	}
}

// active are the pools that have instances.
func (r *Runtime) active() []*Pool {
	r.mu.Lock()
	plugins := slices.Collect(maps.Keys(r.plugins))
	r.mu.Unlock()
	var pools []*Pool
	for _, p := range plugins {
		pools = p.appendActive(pools)
	}
	return pools
}
