package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"weir/host/admin"
	"weir/host/config"
	"weir/host/plugin"
	"weir/host/plugin/compile"
	"weir/host/upload"
)

// Uploads is what a tenant may bring. It is part of admin.Gateway.
func (g *Gateway) Uploads(tenant string) (admin.Uploads, bool) {
	t := g.cfg.Load().Tenants[tenant]
	if t == nil || t.Uploads == nil {
		return admin.Uploads{}, false
	}
	return admin.Uploads{Token: t.Uploads.Token.Reveal(), Size: int64(t.Uploads.Size)}, true
}

// bringing is one upload on its way into force.
type bringing struct {
	admin.Upload
	settings *config.Plugin
	digest   string
	engine   *engine
	store    *upload.Store
}

// Upload admits a plugin, keeps it, and puts it in force. Until it is found good nothing has changed; from then on it is there after a restart too.
func (g *Gateway) Upload(ctx context.Context, u admin.Upload) (any, bool, error) {
	v, result, err := g.upload(ctx, u)
	if err != nil {
		result = "failed"
		if why := (*admin.Refusal)(nil); errors.As(err, &why) && why.Status < http.StatusInternalServerError {
			result = "refused"
		}
		g.uploadLog.Warn("uploaded plugin refused", "tenant", u.Tenant, "plugin", u.Name, "result", result, "err", err)
	} else {
		g.uploadLog.Info("plugin uploaded", "tenant", u.Tenant, "plugin", u.Name, "result", result, "digest", v.Digest)
	}
	g.metrics.Uploaded(u.Tenant, result)
	return v, result == "added", err
}

func (g *Gateway) upload(ctx context.Context, u admin.Upload) (v *PluginStatus, result string, err error) {
	leave, err := g.enterUpload(ctx)
	if err != nil {
		return nil, "", err
	}
	defer leave()
	b := &bringing{Upload: u}
	if err := b.parse(); err != nil {
		return nil, "", err
	}
	if same, err := g.beginUpload(b); err != nil || same != nil {
		return same, "unchanged", err
	}
	l, err := b.load(ctx)
	if err != nil {
		return nil, "", b.refusal(g, err)
	}
	if v, result, err = g.endUpload(b, l); err != nil {
		l.Release()
	}
	return v, result, err
}

// enterUpload has uploads admitted one after the other: each takes all of a processor.
func (g *Gateway) enterUpload(ctx context.Context) (leave func(), err error) {
	select {
	case g.uploading <- struct{}{}:
		return func() { <-g.uploading }, nil
	case <-ctx.Done():
		return nil, &admin.Refusal{Status: http.StatusServiceUnavailable, Code: "busy", Message: "other plugins are being admitted; try again"}
	}
}

// parse reads the settings.
func (b *bringing) parse() error {
	if len(b.Settings) == 0 {
		b.Settings = []byte("{}")
	}
	c, err := config.ParseUpload(b.Settings)
	if err != nil {
		return &admin.Refusal{Status: http.StatusUnprocessableEntity, Code: "settings_refused", Message: err.Error()}
	}
	c.Tenant = b.Tenant
	var compact bytes.Buffer
	if err := json.Compact(&compact, b.Settings); err != nil {
		return err // of what was read as JSON
	}
	sum := sha256.Sum256(b.Module)
	b.settings, b.Settings, b.digest = c, compact.Bytes(), hex.EncodeToString(sum[:])
	return nil
}

// permit finds what the upload needs, or why it may not be. g.mu is held.
func (g *Gateway) permit(b *bringing) error {
	cfg := g.cfg.Load()
	t := cfg.Tenants[b.Tenant]
	switch {
	case g.draining.Load():
		return leaving()
	case t == nil || t.Uploads == nil || g.store == nil || g.engine == nil:
		return &admin.Refusal{Status: http.StatusNotFound, Code: "no_uploads", Message: "no tenant of that name brings plugins; set tenants.NAME.uploads"}
	case configured(cfg, b.Tenant, b.Name):
		return &admin.Refusal{Status: http.StatusConflict, Code: "name_taken", Message: "the operator's configuration has a plugin of that name for the tenant; choose another"}
	case int64(len(b.Module)) > int64(t.Uploads.Size):
		return &admin.Refusal{Status: http.StatusRequestEntityTooLarge, Code: "module_too_large", Message: "the module is larger than " + t.Uploads.Size.String() + "; the operator's setting is tenants.NAME.uploads.size"}
	}
	if _, ok := g.store.Get(b.Tenant, b.Name); !ok && len(g.store.Of(b.Tenant)) >= t.Uploads.Plugins {
		return &admin.Refusal{Status: http.StatusConflict, Code: "too_many_plugins", Message: fmt.Sprintf("the tenant has %d plugins, as many as it may; delete one, or replace one by using its name; the operator's setting is tenants.NAME.uploads.plugins", len(g.store.Of(b.Tenant)))}
	}
	return nil
}

func leaving() error {
	return &admin.Refusal{Status: http.StatusServiceUnavailable, Code: "draining", Message: "the gateway is shutting down"}
}

// beginUpload checks an upload before the work is done, and returns the plugin when it is in force already.
func (g *Gateway) beginUpload(b *bringing) (same *PluginStatus, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.permit(b); err != nil {
		return nil, err
	}
	b.engine, b.store = g.engine, g.store
	key := uploadKey(b.Tenant, b.Name)
	l := g.filters[key]
	kept, ok := g.store.Get(b.Tenant, b.Name)
	if ok && kept.Fault == "" && kept.SHA256 == b.digest && l != nil && l.Digest() == b.digest && reflect.DeepEqual(l.cfg, *b.settings) {
		return g.uploadStatus(&kept, g.metrics.PluginTotals()), nil
	}
	return nil, nil
}

// load is the admission: digest, rules, metering, compilation apart, settings, a first request.
func (b *bringing) load(ctx context.Context) (*loaded, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	return b.engine.load(ctx, b.Name, b.settings, plugin.Source{Name: b.Name, Wasm: b.Module, SHA256: b.digest})
}

// refusal says whose trouble it is that a plugin was not admitted: its author's, who is told all, or the place's.
func (b *bringing) refusal(g *Gateway, err error) error {
	var c *compile.Error
	switch {
	case errors.Is(err, plugin.ErrClosed):
		return leaving()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &admin.Refusal{Status: http.StatusServiceUnavailable, Code: "busy", Message: "the plugin could not be admitted in time; try again"}
	case errors.As(err, &c) && c.Kind == compile.Unavailable:
		g.log.Error("plugins that tenants bring cannot be compiled", "tenant", b.Tenant, "plugin", b.Name, "err", err)
		return &admin.Refusal{Status: http.StatusServiceUnavailable, Code: "unavailable", Message: "plugins cannot be compiled here now; the gateway's log has the reason"}
	}
	return &admin.Refusal{Status: http.StatusUnprocessableEntity, Code: "plugin_refused", Message: err.Error()}
}

// endUpload keeps a plugin that was found good and puts it in force. On an error l is still the caller's.
func (g *Gateway) endUpload(b *bringing, l *loaded) (*PluginStatus, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.permit(b)
	if err == nil && (g.store != b.store || g.engine != b.engine) {
		err = &admin.Refusal{Status: http.StatusServiceUnavailable, Code: "busy", Message: "the configuration changed meanwhile; try again"}
	}
	if err != nil {
		return nil, "", err
	}
	result := "added"
	if _, ok := g.store.Get(b.Tenant, b.Name); ok {
		result = "replaced"
	}
	p := upload.Plugin{Tenant: b.Tenant, Name: b.Name, Settings: b.Settings, Time: time.Now()}
	if err := g.store.Put(p, b.Module); err != nil {
		g.metrics.Degraded("uploads", true)
		return nil, "", fmt.Errorf("keep plugin %q of tenant %q: %w; see plugin_dir", b.Name, b.Tenant, err)
	}
	g.metrics.Degraded("uploads", false)
	ready := map[string]*loaded{uploadKey(b.Tenant, b.Name): l}
	g.renew(ready)
	releasePlugins(ready) // what was not taken, which is none
	kept, _ := g.store.Get(b.Tenant, b.Name)
	return g.uploadStatus(&kept, g.metrics.PluginTotals()), result, nil
}

// RemovePlugin takes an uploaded plugin out of force and forgets it; its state is not forgotten. It is part of admin.Gateway.
func (g *Gateway) RemovePlugin(ctx context.Context, tenant, name string) error {
	leave, err := g.enterUpload(ctx)
	if err != nil {
		return err
	}
	defer leave()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.draining.Load():
		return leaving()
	case g.store == nil:
		return &admin.Refusal{Status: http.StatusNotFound, Code: "no_uploads", Message: "no tenant of that name brings plugins; set tenants.NAME.uploads"}
	}
	if _, ok := g.store.Get(tenant, name); !ok {
		return &admin.Refusal{Status: http.StatusNotFound, Code: "no_plugin", Message: "the tenant has uploaded no plugin of that name"}
	}
	if err := g.store.Delete(tenant, name); err != nil {
		g.metrics.Uploaded(tenant, "failed")
		return fmt.Errorf("delete plugin %q of tenant %q: %w; see plugin_dir", name, tenant, err)
	}
	g.renew(nil)
	g.metrics.Uploaded(tenant, "deleted")
	g.uploadLog.Info("uploaded plugin deleted", "tenant", tenant, "plugin", name)
	return nil
}
