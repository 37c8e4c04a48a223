package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"weir/host/config"
	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/plugin/compile"
	"weir/host/policy"
	"weir/host/policy/memo"
	"weir/host/state"
	"weir/host/telemetry"
	"weir/plugins"
	"weir/sdk/abi"
)

// engine is what plugins need of the process, made when a configuration first has one. It stays until the process ends.
type engine struct {
	runtime *plugin.Runtime
	cache   *compile.Cache
	state   *state.Memory
	memo    *memo.Memo

	made *config.Config // whose settings of cache_dir, compile and state it has
}

// memoBytes bounds what is remembered of messages that plugins judged.
const memoBytes = 64 << 20

// loadTime bounds the loading of one plugin, compilation included.
const loadTime = 2 * time.Minute

// newEngine opens what plugins need. A cache directory that cannot be used is told by every plugin that needs it.
func (g *Gateway) newEngine(cfg *config.Config) (*engine, error) {
	e := &engine{made: cfg}
	var err error
	if e.memo, err = memo.New(memoBytes); err != nil {
		return nil, err
	}
	if e.cache, err = compile.Open(compile.Options{
		Dir: cfg.CacheDir, Key: cfg.CacheKey, Log: g.log,
		Limits: compile.Limits{CPU: cfg.Compile.CPU.Std(), Wall: cfg.Compile.Wall.Std(), Memory: int64(cfg.Compile.Memory)},
	}); err != nil {
		e.cache = compile.Without(err)
		if cfg.CacheDir != "" {
			g.log.Warn("no plugin can be compiled; only the binary's own run", "err", err)
		}
	}
	m := cfg.State.Memory
	e.state, err = state.Open(state.Options{
		Entries: m.Entries, Bytes: int64(m.Size), NamespaceEntries: m.Share, Snapshot: m.Snapshot, Every: m.Every.Std(), Log: g.log,
		Degraded: func(on bool) { g.metrics.Degraded("state", on) },
	})
	if err == nil {
		g.metrics.State(e.kept)
		e.runtime, err = plugin.Open(context.Background(), plugin.Options{
			Cache: e.cache, State: namespaces{e.state}, Observer: pluginEvents{g.metrics}, Log: g.log,
		})
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// stale names the settings of cfg that e was made without, and that wait for the next start.
func (e *engine) stale(cfg *config.Config) (settings []string) {
	for name, same := range map[string]bool{
		"cache_dir": e.made.CacheDir == cfg.CacheDir, "cache_key": e.made.CacheKey == cfg.CacheKey,
		"compile": reflect.DeepEqual(e.made.Compile, cfg.Compile), "state": reflect.DeepEqual(e.made.State, cfg.State),
	} {
		if !same {
			settings = append(settings, name)
		}
	}
	slices.Sort(settings)
	return settings
}

// kept is what state holds, for the metrics.
func (e *engine) kept() telemetry.StateFigures {
	s := e.state.Stats()
	return telemetry.StateFigures{Entries: int64(s.Entries), Bytes: s.Bytes, Evicted: s.Evicted}
}

// close ends plugins and writes their state.
func (e *engine) close() error {
	var errs []error
	if e.runtime != nil {
		errs = append(errs, e.runtime.Close())
	}
	if e.state != nil {
		errs = append(errs, e.state.Close())
	}
	return errors.Join(append(errs, e.cache.Close())...)
}

// namespaces is the state that plugins are given.
type namespaces struct{ *state.Memory }

// Namespace is plugin.StateStore.
func (n namespaces) Namespace(tenant, name string) plugin.State {
	return n.Memory.Namespace(tenant, name)
}

// loaded is a plugin that was found good, with what it was made of. It is policy.Source.
type loaded struct {
	*plugin.Plugin
	cfg    config.Plugin
	module [sha256.Size]byte
	config string // digest of the settings
}

// instances are those of now, for the metrics.
func (l *loaded) instances() telemetry.Instances {
	s := l.Stats()
	return telemetry.Instances{Now: s.Instances, Bytes: s.Bytes, Made: s.Made, Failed: s.Failed, Discarded: s.Discarded, Evicted: s.Evicted}
}

// Manifest is policy.Source.
func (l *loaded) Manifest() *frame.Manifest { return l.Module().Manifest() }

// Digest is policy.Source.
func (l *loaded) Digest() string { return l.Module().Digest() }

// Config is policy.Source.
func (l *loaded) Config() string { return l.config }

// Has is policy.Source.
func (l *loaded) Has(h abi.Hook) bool { return l.Module().Has(h) }

// For is policy.Source.
func (l *loaded) For(tenant string) policy.Plugin { return l.Plugin.For(tenant) }

// plugins loads what the configuration names, or keeps what is in force and has not changed. An operator's plugin that cannot be
// loaded is a fault of the configuration, unless on_load_error says what becomes of requests; a tenant's own is that
// tenant's trouble alone. Either way the version in force goes on where there is one.
func (b *build) plugins() error {
	b.loaded, b.loadErrors = map[string]*loaded{}, map[string]error{}
	if len(b.cfg.Plugins) == 0 && !b.uploading() {
		b.engine = b.g.engine
		return nil
	}
	var err error
	if b.engine = b.g.engine; b.engine == nil {
		if b.engine, err = b.g.newEngine(b.cfg); err != nil {
			return fmt.Errorf("plugins: %w", err)
		}
	} else if late := b.engine.stale(b.cfg); len(late) > 0 {
		b.g.log.Warn("plugins run on with settings that only a restart changes", "settings", late)
	}
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Plugins)) {
		c := b.cfg.Plugins[name]
		if err := b.plugin(name, c); err != nil {
			if c.Tenant == "" && c.OnLoadError == "" {
				return fmt.Errorf("plugins.%s: %w", name, err)
			}
			b.g.log.Error("plugin not loaded", "plugin", name, "tenant", c.Tenant, "err", err, "in_force", b.loaded[name] != nil)
			b.loadErrors[name] = err
		}
	}
	return b.uploads()
}

// plugin loads one. When it cannot, the version in force is kept and the reason returned.
func (b *build) plugin(name string, c *config.Plugin) error {
	wasm, trusted, err := module(c.Module)
	if err != nil {
		return b.keep(name, err)
	}
	sum := sha256.Sum256(wasm)
	if old := b.g.filters[name]; old != nil && old.module == sum && reflect.DeepEqual(old.cfg, *c) && old.Acquire() {
		b.loaded[name] = old
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTime)
	defer cancel()
	l, err := b.engine.load(ctx, name, c, plugin.Source{Name: name, Wasm: wasm, SHA256: c.SHA256, Trusted: trusted})
	if err != nil {
		return b.keep(name, err)
	}
	if old := b.g.filters[name]; old != nil { // a guest may take longer to start than requests wait
		if err := l.Warm(ctx, old.Plugin); err != nil {
			l.Release()
			return b.keep(name, err)
		}
	}
	l.module = sum
	b.accept(name, l)
	return nil
}

// accept puts a plugin that was loaded among those of the configuration.
func (b *build) accept(name string, l *loaded) {
	hide := b.g.metrics.PluginInstances(l.Label(), l.instances)
	b.g.parting.Go(func() { <-l.Drained(); hide() })
	b.loaded[name] = l
	b.g.log.Info("plugin loaded", "plugin", name, "version", l.Manifest().Version, "digest", l.Digest()[:12], "on_error", onError(&l.cfg, l))
}

// keep goes on with the version in force, if there is one.
func (b *build) keep(name string, err error) error {
	if old := b.g.filters[name]; old != nil && old.Acquire() {
		b.loaded[name] = old
	}
	return err
}

// load admits and configures a plugin.
func (e *engine) load(ctx context.Context, name string, c *config.Plugin, src plugin.Source) (*loaded, error) {
	limits := plugin.Limits{
		Deadline: c.Limits.Deadline.Std(), Wait: c.Limits.Wait.Std(), Start: c.Limits.Start.Std(), Fuel: c.Limits.Fuel,
		Memory: int64(c.Limits.Memory), Stack: int64(c.Limits.Stack), Pool: c.Limits.Pool,
	}
	m, err := e.runtime.Admit(ctx, src, limits)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	settings := c.Config.JSON()
	p, err := e.runtime.Configure(ctx, m, plugin.Setting{
		Name: name, Tenant: c.Tenant, Config: settings, Capabilities: c.Capabilities, Limits: limits, SelfTest: policy.SelfTest(c.Tenant, m.Manifest()),
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(settings)
	p.Acquire() // for the configuration; Close gives up what Configure held
	p.Close()
	return &loaded{Plugin: p, cfg: *c, config: hex.EncodeToString(sum[:])}, nil
}

// maxModule bounds the file of a module, in bytes.
const maxModule = 16 << 20

// module reads what a configuration names.
func module(name string) (wasm []byte, trusted bool, err error) {
	if own, ok := strings.CutPrefix(name, config.BuiltinPrefix); ok {
		wasm, err = plugins.Module(own)
		return wasm, true, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	if wasm, err = io.ReadAll(io.LimitReader(f, maxModule+1)); err != nil {
		return nil, false, err
	}
	if len(wasm) > maxModule {
		return nil, false, fmt.Errorf("%s is larger than %s", name, config.Size(maxModule))
	}
	return wasm, false, nil
}

// onError is a plugin's fail mode, for the log.
func onError(c *config.Plugin, l *loaded) string {
	switch m := l.Manifest(); {
	case c.OnError != "":
		return c.OnError
	case m.OnError == frame.OnErrorAllow:
		return config.Allow
	case m.OnError == frame.OnErrorDeny, m.Guard:
		return config.Deny
	}
	return config.Allow
}

// releasePlugins lets go of the plugins of a configuration that no request uses any more.
func releasePlugins(all map[string]*loaded) {
	for _, l := range all {
		l.Release()
	}
}
