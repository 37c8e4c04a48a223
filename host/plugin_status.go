package host

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"weir/host/config"
	"weir/host/frame"
	"weir/host/telemetry"
	"weir/host/upload"
	"weir/sdk/abi"
)

// PluginStatus is one policy plugin's share of GET /admin/v1/plugins, and what the paths of uploaded plugins answer.
type PluginStatus struct {
	Name    string `json:"name"`
	Tenant  string `json:"tenant,omitempty"` // whose own it is
	Mode    string `json:"mode"`
	OnError string `json:"on_error"` // what becomes of requests when it fails, or is not in force
	InForce bool   `json:"in_force"`
	Error   string `json:"error,omitempty"` // why its newest version is not in force

	// Of the version in force.
	Digest    string   `json:"digest,omitempty"` // SHA-256 of the module
	Version   string   `json:"version,omitempty"`
	Hooks     []string `json:"hooks,omitempty"`
	Instances int64    `json:"instances"`
	Bytes     int64    `json:"bytes"` // that they take
	Discarded int64    `json:"discarded"`

	// Of all versions since the process began, for all tenants. A plugin beyond the bounds of the metrics has none.
	Calls  int64 `json:"calls"`
	Faults int64 `json:"faults"`

	// Of an uploaded one.
	Uploaded time.Time       `json:"uploaded,omitzero"`
	Size     int64           `json:"size,omitempty"` // of the module, in bytes
	Settings json.RawMessage `json:"settings,omitempty"`
}

// Plugins describes plugins: all, or those that a tenant uploaded. It is part of admin.Gateway.
func (g *Gateway) Plugins(tenant string) any {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := []*PluginStatus{}
	cfg := g.cfg.Load()
	totals := g.metrics.PluginTotals()
	if tenant == "" {
		for _, name := range slices.Sorted(maps.Keys(cfg.Plugins)) {
			c := cfg.Plugins[name]
			out = append(out, g.pluginStatus(name, name, c, totals))
		}
	}
	for _, t := range slices.Sorted(maps.Keys(cfg.Tenants)) {
		if g.store == nil || tenant != "" && t != tenant {
			continue
		}
		for _, p := range g.store.Of(t) {
			s := g.uploadStatus(&p, totals)
			s.Settings = nil // of one plugin at a time: they may be long
			out = append(out, s)
		}
	}
	return out
}

// Plugin describes a plugin that a tenant uploaded. It is part of admin.Gateway.
func (g *Gateway) Plugin(tenant, name string) (any, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.store == nil {
		return nil, false
	}
	p, ok := g.store.Get(tenant, name)
	if !ok {
		return nil, false
	}
	return g.uploadStatus(&p, g.metrics.PluginTotals()), true
}

// uploadStatus describes an uploaded plugin. g.mu is held.
func (g *Gateway) uploadStatus(p *upload.Plugin, totals map[string]telemetry.PluginTotal) *PluginStatus {
	key := uploadKey(p.Tenant, p.Name)
	c := g.brought[key]
	missing := c == nil
	if missing {
		c = unknownUpload()
		c.Tenant = p.Tenant
	}
	s := g.pluginStatus(key, p.Name, c, totals)
	if missing {
		s.Error = "the tenant may bring no plugins any more; set tenants.NAME.uploads"
	}
	s.Uploaded, s.Size, s.Settings = p.Time, p.Size, p.Settings
	return s
}

// pluginStatus describes the plugin of a key among those in force. g.mu is held.
func (g *Gateway) pluginStatus(key, name string, c *config.Plugin, totals map[string]telemetry.PluginTotal) *PluginStatus {
	s := &PluginStatus{Name: name, Tenant: c.Tenant, Mode: c.Mode, OnError: config.Allow}
	label := name
	if c.Tenant != "" {
		label = uploadKey(c.Tenant, name)
	}
	s.Calls, s.Faults = totals[label].Calls, totals[label].Faults
	if err := g.unloaded[key]; err != nil {
		s.Error = err.Error()
	}
	e := entry(name, c)
	l := g.filters[key]
	class := frame.Load
	if l != nil {
		e.Source = l
		class = frame.Trap
		s.InForce, s.Digest, s.Version = true, l.Digest(), l.Manifest().Version
		for h := abi.HookNone + 1; h < abi.Hooks; h++ {
			if l.Has(h) {
				s.Hooks = append(s.Hooks, h.String())
			}
		}
		n := l.Stats()
		s.Instances, s.Bytes, s.Discarded = n.Instances, n.Bytes, n.Discarded
	}
	if e.FailMode(class) == frame.OnErrorDeny {
		s.OnError = config.Deny
	}
	return s
}
