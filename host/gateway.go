package host

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"weir/host/admin"
	"weir/host/config"
	"weir/host/dialect"
	"weir/host/prefix"
	"weir/host/proxy"
	"weir/host/telemetry"
	"weir/host/upload"
)

// Options are what a Gateway needs beside its configuration.
type Options struct {
	Path    string                      // configuration file; "" for the embedded default
	Config  *config.Config              // what Path holds, where it has been read already: a pipe gives it only once
	Listen  []string                    // replaces listen
	Admin   string                      // replaces admin.listen
	Env     func(string) (string, bool) // for ${VAR}; os.LookupEnv
	Log     *slog.Logger
	Level   *slog.LevelVar // follows log.level on reload; may be nil
	Version string
}

// Gateway is a running Weir.
type Gateway struct {
	opt     Options
	log     *slog.Logger
	metrics *telemetry.Metrics
	proxy   *proxy.Server
	began   time.Time

	openMu sync.Mutex
	open   map[*target]struct{} // in force, or serving requests that began before a reload

	mu        sync.Mutex // held while a configuration is put in force
	cfg       atomic.Pointer[config.Config]
	targets   map[string]*target
	memory    memory
	engine    *engine
	filters   map[string]*loaded // policy plugins in force; those that tenants brought as TENANT/NAME
	unloaded  map[string]error   // why the newest version of a plugin is not
	store     *upload.Store      // nil: no tenant brings plugins
	brought   map[string]*config.Plugin
	state     *proxy.State // in force
	chains    map[string]*chains
	listeners map[config.Address]*socket
	records   *telemetry.Records
	admin     *admin.Server
	adminSock *socket
	watcher   *watcher
	read0     [sha256.Size]byte // what the files held when New read them
	parting   sync.WaitGroup    // admin servers and plugins that a reload replaced

	uploading chan struct{} // full while a plugin that a tenant brought is admitted
	uploadLog *slog.Logger  // limited: tenants write there

	tls      atomic.Pointer[tls.Config]
	ready    atomic.Bool
	draining atomic.Bool
	reloads  atomic.Int64
	lastLoad atomic.Pointer[loadResult]
}

// loadResult is how the last attempt to put a configuration in force ended.
type loadResult struct {
	At    time.Time `json:"at"`
	Error string    `json:"error,omitempty"`
}

// New loads the configuration; Start puts it in force.
func New(opt Options) (*Gateway, error) {
	g := &Gateway{opt: opt, log: opt.Log, began: time.Now(), targets: map[string]*target{}, listeners: map[config.Address]*socket{}, open: map[*target]struct{}{}, memory: memory{seed: prefix.RandomSeed()}, uploading: make(chan struct{}, 1)}
	g.uploadLog = slog.New(telemetry.NewLimited(opt.Log.Handler(), 10, time.Second))
	cfg, err := opt.Config, error(nil)
	if cfg == nil {
		cfg, err = g.read()
	}
	if err == nil {
		err = g.replace(cfg)
	}
	if err != nil {
		return nil, err
	}
	g.opt.Config = nil
	g.read0 = digest(cfg.Files())
	if err := dialect.Pretouch(); err != nil {
		return nil, fmt.Errorf("prepare JSON decoders: %w", err)
	}
	g.metrics = telemetry.NewMetrics(telemetry.Build{Version: opt.Version}, telemetry.Limits{})
	if g.proxy, err = proxy.New(g.metrics, g.log); err != nil {
		return nil, err
	}
	g.cfg.Store(cfg)
	return g, nil
}

// read reads the configuration.
func (g *Gateway) read() (*config.Config, error) {
	if g.opt.Path == "" {
		return config.Default(), nil
	}
	return config.Load(g.opt.Path, g.opt.Env)
}

// reread reads the configuration again, with the command line's replacements.
func (g *Gateway) reread() (*config.Config, error) {
	if info, err := os.Stat(g.opt.Path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file and cannot be read again", g.opt.Path)
	}
	cfg, err := g.read()
	if err != nil {
		return nil, err
	}
	return cfg, g.replace(cfg)
}

// replace puts the command line's addresses in the place of cfg's. Its admin
// address goes first out of the way of its listeners.
func (g *Gateway) replace(cfg *config.Config) error {
	if g.opt.Admin != "" {
		_ = cfg.SetAdmin("off")
	}
	if len(g.opt.Listen) > 0 {
		if err := cfg.SetListen(g.opt.Listen...); err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
	}
	if g.opt.Admin != "" {
		if err := cfg.SetAdmin(g.opt.Admin); err != nil {
			return fmt.Errorf("--admin: %w", err)
		}
	}
	return nil
}

// Start opens the listeners and serves. On an error nothing is left running.
func (g *Gateway) Start() error {
	g.mu.Lock()
	err := errDraining
	if !g.draining.Load() {
		err = g.apply(g.cfg.Load())
	}
	if err == nil {
		g.watcher = g.watch()
	}
	g.mu.Unlock()
	if err != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		g.Drain(ctx)
		return err
	}
	g.loaded(nil)
	g.ready.Store(true)
	return nil
}

var errDraining = errors.New("the gateway is shutting down")

// Reload reads the configuration again and puts it in force. When it has
// faults, the one in force stays.
func (g *Gateway) Reload(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.draining.Load() {
		return errDraining
	}
	look := g.watcher.look()
	cfg, err := g.reread()
	if err == nil {
		err = g.apply(cfg)
	}
	g.loaded(err)
	if err != nil {
		g.log.Error("configuration not reloaded; the one in force stays", "err", err)
		return err
	}
	g.reloads.Add(1)
	g.log.Info("configuration reloaded", "path", g.opt.Path)
	if g.watcher != nil {
		g.watcher.follow(cfg.Files(), look)
	}
	return nil
}

func (g *Gateway) loaded(err error) {
	r := &loadResult{At: time.Now()}
	if err != nil {
		r.Error = err.Error()
	}
	g.lastLoad.Store(r)
	if g.ready.Load() {
		g.metrics.Reloaded(err == nil, r.At)
	} else {
		g.metrics.Loaded(r.At)
	}
}

// apply builds what cfg says and, when all of it can be had, swaps it in.
func (g *Gateway) apply(cfg *config.Config) error {
	b := &build{g: g, cfg: cfg, targets: map[string]*target{}, listeners: map[config.Address]*socket{}}
	if err := b.all(); err != nil {
		b.undo()
		return err
	}
	for _, w := range cfg.Warnings() {
		g.log.Warn("configuration", "warning", w.String())
	}
	if err := g.applyRecords(cfg); err != nil {
		b.undo()
		return err
	}
	if g.opt.Level != nil {
		g.opt.Level.Set(cfg.Log.SlogLevel())
	}
	g.tls.Store(b.tls)
	g.hold(b.targets)
	g.proxy.SetState(b.state)
	g.cfg.Store(cfg)
	g.targets, g.memory = b.targets, b.memory
	g.engine = b.engine
	g.took(b)
	g.swapListeners(b)
	return nil
}

// took notes what of a build is in force.
func (g *Gateway) took(b *build) {
	if g.store != nil && g.store != b.store {
		_ = g.store.Close()
	}
	g.store, g.state, g.chains = b.store, b.state, b.chains
	g.filters, g.unloaded, g.brought = b.loaded, b.loadErrors, b.brought
}

// applyRecords replaces the records' writer when its settings change.
func (g *Gateway) applyRecords(cfg *config.Config) error {
	old := g.cfg.Load().Records
	opt := telemetry.SinkOptions{Sample: 0}
	r := cfg.Records
	if r != nil {
		opt = telemetry.SinkOptions{Text: r.Content == config.ContentText, Sample: r.Sample}
	}
	if g.records != nil && r != nil && old != nil && old.File == r.File && old.Rotate == r.Rotate {
		g.proxy.SetSink(telemetry.NewSink(g.metrics, g.records, opt))
		return nil
	}
	if r != nil && old != nil && old.File == r.File {
		g.closeRecords() // one writer a file; the next one goes on where it ends
	}
	var w *telemetry.Records
	if r != nil {
		var err error
		w, err = telemetry.OpenRecords(telemetry.RecordsOptions{Path: r.File, MaxSize: int64(r.Rotate.MaxSize), Keep: r.Rotate.Keep}, g.metrics, g.log)
		if err != nil {
			return err
		}
	}
	g.proxy.SetSink(telemetry.NewSink(g.metrics, w, opt))
	g.closeRecords()
	g.records = w
	return nil
}

// closeRecords writes what waits and closes the records' file, if there is one.
func (g *Gateway) closeRecords() {
	if g.records == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = g.records.Close(ctx)
	g.records = nil
}

// Drain ends the gateway: not ready, no new connections, requests finish until
// ctx is done, the rest is ended, then everything is closed. It returns how
// many requests had to be ended.
func (g *Gateway) Drain(ctx context.Context) int {
	g.ready.Store(false)
	if g.draining.Swap(true) {
		return 0
	}
	g.mu.Lock() // a reload that is under way finishes; later ones are refused
	w := g.watcher
	g.mu.Unlock()
	if w != nil {
		w.close()
	}
	ended := g.proxy.Shutdown(ctx)
	for _, s := range g.listeners {
		s.close()
	}
	g.closeTargets()
	if g.engine != nil {
		if err := g.engine.close(); err != nil {
			g.log.Error("plugins did not end well", "err", err)
		}
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	g.closeRecords()
	if g.admin != nil {
		_ = g.admin.Close(closing)
		g.adminSock.close()
	}
	g.parting.Wait()
	if g.store != nil {
		_ = g.store.Close()
	}
	return ended
}

// DrainTime is limits.drain of the configuration in force.
func (g *Gateway) DrainTime() time.Duration { return g.cfg.Load().Limits.Drain.Std() }

// ReopenRecords opens the records' file anew, for an external log rotation.
func (g *Gateway) ReopenRecords() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.records != nil {
		g.records.Reopen()
	}
}

// Degraded tells the metrics that a part of the process beside the gateway, such
// as its log, fails while requests are served, or that it works again.
func (g *Gateway) Degraded(part string, on bool) { g.metrics.Degraded(part, on) }

// WriteMetrics writes the Prometheus exposition.
func (g *Gateway) WriteMetrics(w io.Writer) { g.metrics.Write(w) }
