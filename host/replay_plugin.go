package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/host/config"
	"weir/host/plugin"
	"weir/host/plugin/compile"
	"weir/host/policy"
	"weir/host/state"
)

// replayDeadline is how long a call may take at least, whatever limits.deadline says: the machine is busy with the replay itself.
const replayDeadline = time.Second

// replayPlugin is the plugin of a replay, ready to be called.
type replayPlugin struct {
	label    string // as verdicts name what it takes the place of
	tenant   string // whose own it is; "": the operator's
	name     string // the label without the tenant
	entry    *policy.Entry
	settings *replaySettings
	deadline time.Duration // limits.deadline
	loaded   *loaded
	engine   engine
	folder   string // to be removed
	log      *slog.Logger
}

// openReplay finds out which plugin of the records is meant, and loads the new one.
func openReplay(ctx context.Context, in *os.File, o *ReplayOptions) (_ *replayPlugin, err error) {
	wasm, trusted, err := module(o.Plugin)
	if err != nil {
		return nil, err
	}
	p := &replayPlugin{settings: newReplaySettings(o.Config), log: o.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := p.open(ctx, o); err != nil {
		return nil, err
	}
	source := plugin.Source{Name: fileName(o.Plugin), Wasm: wasm, Trusted: trusted}
	if p.label, err = p.find(ctx, in, o, source); err != nil {
		return nil, err
	}
	p.tenant, p.name = ownTenant(p.label)
	source.Name = p.name
	if err := p.load(ctx, o, source); err != nil {
		return p, err
	}
	return p, nil
}

// fileName is a module's name as its file has it: of filters/pii.wasm, and of builtin:pii, pii.
func fileName(module string) string {
	if own, ok := strings.CutPrefix(module, config.BuiltinPrefix); ok {
		return own
	}
	return strings.TrimSuffix(filepath.Base(module), ".wasm")
}

// open makes what plugins need. Compiled code goes to the configuration's cache, or to a folder that goes with the replay.
func (p *replayPlugin) open(ctx context.Context, o *ReplayOptions) error {
	cfg := o.Config
	if cfg == nil {
		cfg = config.Default()
	}
	opt := compile.Options{
		Dir: cfg.CacheDir, Key: cfg.CacheKey, Log: o.Log,
		Limits: compile.Limits{CPU: cfg.Compile.CPU.Std(), Wall: cfg.Compile.Wall.Std(), Memory: int64(cfg.Compile.Memory)},
	}
	var err error
	if opt.Dir == "" {
		if p.folder, err = os.MkdirTemp("", "weir-replay-"); err != nil {
			return err
		}
		opt.Dir, opt.Key = filepath.Join(p.folder, "cache"), ""
	}
	if p.engine.cache, err = compile.Open(opt); err != nil {
		p.engine.cache = compile.Without(err) // whoever needs it says why there is none
	}
	m := cfg.State.Memory
	if p.engine.state, err = state.Open(state.Options{Entries: m.Entries, Bytes: int64(m.Size), NamespaceEntries: m.Share, Log: o.Log}); err != nil {
		return err
	}
	p.engine.runtime, err = plugin.Open(ctx, plugin.Options{
		Cache: p.engine.cache, State: namespaces{p.engine.state}, Log: o.Log, Seed: &[32]byte{}, // random numbers repeat
	})
	return err
}

// load makes the plugin ready, with the settings that the configuration has for it.
func (p *replayPlugin) load(ctx context.Context, o *ReplayOptions, source plugin.Source) error {
	c, err := p.configured(o.Config)
	if err != nil {
		return err
	}
	if c == nil {
		if c, err = p.assumed(ctx, source); err != nil {
			return err
		}
	}
	if p.deadline = c.Limits.Deadline.Std(); p.deadline == 0 {
		p.deadline = 2 * time.Millisecond
	}
	c.Limits.Deadline = max(c.Limits.Deadline, config.Duration(replayDeadline))
	c.Limits.Wait, c.Limits.Start, c.Limits.Pool = config.Duration(time.Minute), max(c.Limits.Start, config.Duration(10*time.Second)), o.Parallel
	if p.loaded, err = p.engine.load(ctx, p.name, c, source); err != nil {
		return err
	}
	p.entry = entry(p.name, c)
	p.entry.Source, p.entry.Mode, p.entry.Sample = p.loaded, policy.Enforce, 1
	return nil
}

// configured is a copy of what the configuration says of the plugin; nil without a configuration, and for a plugin that a tenant uploaded: one of the
// operator's that has the same name is another.
func (p *replayPlugin) configured(cfg *config.Config) (*config.Plugin, error) {
	if cfg == nil {
		return nil, nil
	}
	c := cfg.Plugins[p.name]
	switch {
	case p.tenant != "" && (c == nil || c.Tenant == ""):
		return nil, nil
	case c == nil:
		return nil, fmt.Errorf("the configuration has no plugins.%s; it has %s", p.name, listed(slices.Sorted(maps.Keys(cfg.Plugins))))
	}
	own := *c
	if own.Tenant != "" && p.tenant == "" {
		p.tenant, p.label = own.Tenant, own.Tenant+"/"+p.name
	}
	return &own, nil
}

// assumed is what goes for a plugin that no configuration tells of: defaults, and what it asks for.
func (p *replayPlugin) assumed(ctx context.Context, source plugin.Source) (*config.Plugin, error) {
	m, err := p.engine.runtime.Admit(ctx, source, plugin.Limits{})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return &config.Plugin{Tenant: p.tenant, Sample: 1, Capabilities: m.Manifest().Capabilities}, nil
}

// find is the name, as verdicts have it, of the plugin that the new one takes the place of.
func (p *replayPlugin) find(ctx context.Context, in *os.File, o *ReplayOptions, source plugin.Source) (string, error) {
	if o.Name != "" {
		return o.Name, nil
	}
	labels, err := labelsOf(ctx, in, o.Limit)
	if err != nil {
		return "", err
	}
	if len(labels) == 1 {
		return labels[0], nil
	}
	names := []string{source.Name}
	if m, err := p.engine.runtime.Admit(ctx, source, plugin.Limits{}); err == nil { // else load says why
		names = append(names, m.Manifest().Name)
		m.Close()
	}
	for _, name := range names {
		if len(labels) == 0 && (o.Config == nil || o.Config.Plugins[name] != nil) {
			return name, nil
		}
		var fit []string
		for _, label := range labels {
			if _, own := ownTenant(label); own == name {
				fit = append(fit, label)
			}
		}
		if len(fit) == 1 {
			return fit[0], nil
		}
	}
	if len(labels) == 0 {
		return "", fmt.Errorf("the records tell of no plugin, and the configuration has no plugins.%s; name one of it with --name: %s",
			strings.Join(slices.Compact(names), " or plugins."), listed(slices.Sorted(maps.Keys(o.Config.Plugins))))
	}
	return "", fmt.Errorf("the records tell of several plugins; say with --name which one %s takes the place of: %s", o.Plugin, listed(labels))
}

// maxLabels bounds the names of plugins that are told apart.
const maxLabels = 1000

// labelsOf are the plugins that records tell of, sorted. The file is at its beginning afterwards.
func labelsOf(ctx context.Context, in *os.File, limit int) ([]string, error) {
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file and can be read but once: say with --name which plugin is meant", in.Name())
	}
	seen := map[string]bool{}
	lines := newRecordLines(in)
	for n := 0; limit <= 0 || n < limit; n++ {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return nil, err
		}
		for _, label := range labelsIn(line) {
			if len(seen) < maxLabels {
				seen[label] = true
			}
		}
	}
	_, err := in.Seek(0, io.SeekStart)
	return slices.Sorted(maps.Keys(seen)), err
}

// labelsIn are the plugins that one line tells of.
func labelsIn(line []byte) (labels []string) {
	r, err := readRecord(line)
	if err != nil {
		return nil
	}
	for i := range r.verdicts {
		if label := r.verdicts[i].Plugin; label != "" {
			labels = append(labels, label)
		}
	}
	return labels
}

// listed are names for an error.
func listed(names []string) string {
	const most = 20
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// close ends everything and removes what was made.
func (p *replayPlugin) close() error {
	if p.loaded != nil {
		p.loaded.Release()
	}
	err := p.engine.close()
	if p.folder != "" {
		err = errors.Join(err, os.RemoveAll(p.folder))
	}
	return err
}
