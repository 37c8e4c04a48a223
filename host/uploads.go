package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"weir/host/config"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/host/upload"
)

// uploading tells whether some tenant may bring plugins.
func (b *build) uploading() bool {
	for _, t := range b.cfg.Tenants {
		if t.Uploads != nil {
			return true
		}
	}
	return false
}

// uploads loads what tenants brought, or keeps what is in force and has not changed. A plugin that cannot be loaded is its tenant's trouble alone: it
// follows its on_error. Plugins of tenants that may bring none any more are kept, and do not run.
func (b *build) uploads() error {
	b.brought = map[string]*config.Plugin{}
	if !b.uploading() {
		return nil
	}
	if b.store = b.g.store; b.store == nil || b.store.Dir() != b.cfg.PluginDir {
		var err error
		if b.store, err = upload.Open(b.cfg.PluginDir, b.g.log); err != nil {
			b.store = nil
			return fmt.Errorf("plugin_dir: %w", err)
		}
	}
	b.takeUploads()
	return nil
}

func (b *build) takeUploads() {
	for _, tenant := range slices.Sorted(maps.Keys(b.cfg.Tenants)) {
		if b.cfg.Tenants[tenant].Uploads == nil {
			continue
		}
		for _, p := range b.store.Of(tenant) {
			b.upload(p)
		}
	}
}

// uploadKey names an uploaded plugin among all plugins: a configured one's name holds no slash.
func uploadKey(tenant, name string) string { return tenant + "/" + name }

// errNameTaken is of a plugin that was there before the configuration had one of its name. They would share state and series.
var errNameTaken = errors.New("the configuration has a plugin of this name for the tenant, which runs in its place")

// upload takes in one plugin.
func (b *build) upload(p upload.Plugin) {
	key := uploadKey(p.Tenant, p.Name)
	c, err := config.ParseUpload(p.Settings)
	if err != nil {
		c = unknownUpload()
	}
	c.Tenant = p.Tenant
	b.brought[key] = c
	switch {
	case configured(b.cfg, p.Tenant, p.Name):
		err = errNameTaken
	case err == nil:
		err = b.takeUpload(key, p, c)
	default:
		err = b.keep(key, err)
	}
	if err == nil {
		return
	}
	b.loadErrors[key] = err
	if !b.again || b.g.unloaded[key] == nil {
		b.g.log.Error("uploaded plugin not loaded", "plugin", key, "err", err, "in_force", b.loaded[key] != nil)
	}
}

// takeUpload loads a plugin, unless that was done or tried before.
func (b *build) takeUpload(key string, p upload.Plugin, c *config.Plugin) error {
	if l := b.ready[key]; l != nil {
		delete(b.ready, key)
		b.accept(key, l)
		return nil
	}
	if old := b.g.filters[key]; old != nil && old.Digest() == p.SHA256 && reflect.DeepEqual(old.cfg, *c) && old.Acquire() {
		b.loaded[key] = old
		return nil
	}
	if err := b.g.unloaded[key]; err != nil && b.again {
		return b.keep(key, err)
	}
	wasm, err := b.store.Module(p)
	if err != nil {
		return b.keep(key, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTime)
	defer cancel()
	l, err := b.engine.load(ctx, p.Name, c, plugin.Source{Name: p.Name, Wasm: wasm, SHA256: p.SHA256})
	if err != nil {
		return b.keep(key, err)
	}
	b.accept(key, l)
	return nil
}

// unknownUpload stands for settings that cannot be read any more. It fails as a plugin does of which nothing is known: requests are refused.
func unknownUpload() *config.Plugin {
	c, err := config.ParseUpload(nil)
	if err != nil {
		panic("host: settings without a word: " + err.Error())
	}
	return c
}

// configured tells whether the file gives a tenant a plugin of that name.
func configured(c *config.Config, tenant, name string) bool {
	p := c.Plugins[name]
	return p != nil && p.Tenant == tenant
}

// uploaded are the plugins that a tenant brought, by name. They run after those that the configuration lists for it.
func (b *build) uploaded(tenant string) []*policy.Entry {
	if b.store == nil || b.cfg.Tenants[tenant].Uploads == nil {
		return nil
	}
	var out []*policy.Entry
	for _, p := range b.store.Of(tenant) {
		key := uploadKey(tenant, p.Name)
		c := b.brought[key]
		if c == nil || configured(b.cfg, tenant, p.Name) {
			continue
		}
		e := entry(p.Name, c)
		if l := b.loaded[key]; l != nil {
			e.Source = l
		}
		if err := b.loadErrors[key]; err != nil {
			e.LoadError = err.Error()
		}
		out = append(out, e)
	}
	return out
}

// renew puts the configuration in force once more with what tenants brought as it is now, as a reload would: requests that have begun end with what they
// began with. Nothing else is looked at anew, no file is read, and nothing can fail. ready holds what was loaded for it.
func (g *Gateway) renew(ready map[string]*loaded) {
	state := *g.state
	state.Routes = slices.Clone(g.state.Routes)
	for i := range state.Routes {
		state.Routes[i].Chain = nil
	}
	b := &build{
		g: g, cfg: g.cfg.Load(), targets: g.targets, memory: g.memory, engine: g.engine, store: g.store, state: &state, ready: ready, again: true,
		loaded: map[string]*loaded{}, loadErrors: map[string]error{}, brought: map[string]*config.Plugin{},
	}
	state.Released = b.released
	b.configuredAgain()
	b.takeUploads()
	b.policies(routeList(b.cfg))
	g.hold(b.targets)
	g.proxy.SetState(b.state)
	g.took(b)
}

// configuredAgain keeps the configuration's own plugins.
func (b *build) configuredAgain() {
	for name := range b.cfg.Plugins {
		if l := b.g.filters[name]; l != nil && l.Acquire() {
			b.loaded[name] = l
		}
		if err := b.g.unloaded[name]; err != nil {
			b.loadErrors[name] = err
		}
	}
}
