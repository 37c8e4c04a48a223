package host

import (
	"maps"
	"net"
	"slices"
	"time"

	"weir/host/dialect"
)

// Status is what GET /admin/v1/status answers.
type Status struct {
	Version     string         `json:"version"`
	Uptime      string         `json:"uptime"`
	Ready       bool           `json:"ready"`
	Reason      string         `json:"reason,omitempty"` // why not ready
	Config      string         `json:"config"`           // path, or "embedded"
	LastLoad    *loadResult    `json:"last_load"`
	Reloads     int64          `json:"reloads"` // successful ones
	Listen      []string       `json:"listen"`
	Connections int64          `json:"connections"` // of clients
	InFlight    int64          `json:"in_flight"`   // requests
	Targets     []TargetStatus `json:"targets"`
	Records     string         `json:"records,omitempty"` // last error of the records' file
	JSON        string         `json:"json"`              // native or fallback
}

// TargetStatus is one target's share of Status.
type TargetStatus struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	Connections int    `json:"connections"` // open
	Idle        int    `json:"idle"`        // of them
	Waiting     int    `json:"waiting"`     // requests waiting for one
}

// TenantStatus is one tenant's share of GET /admin/v1/tenants.
type TenantStatus struct {
	Name string      `json:"name"`
	Keys []KeyStatus `json:"keys"`
}

// KeyStatus tells of a key without telling the key.
type KeyStatus struct {
	SHA256   string    `json:"sha256"` // its first 8 hexadecimal digits
	NotAfter time.Time `json:"not_after,omitzero"`
	Expired  bool      `json:"expired,omitempty"`
	ActFor   []string  `json:"act_for,omitempty"`
}

// Ready tells whether requests should be sent here, and if not, why.
func (g *Gateway) Ready() (bool, string) {
	switch {
	case g.draining.Load():
		return false, "draining"
	case !g.ready.Load():
		return false, "starting"
	}
	return true, ""
}

// Status describes the gateway now.
func (g *Gateway) Status() any {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{
		Version: g.opt.Version, Uptime: time.Since(g.began).Round(time.Second).String(),
		Config: g.opt.Path, LastLoad: g.lastLoad.Load(), Reloads: g.reloads.Load(),
		Connections: g.metrics.Connections(), InFlight: g.metrics.InFlight(), JSON: dialect.Runs(),
	}
	s.Ready, s.Reason = g.Ready()
	if s.Config == "" {
		s.Config = "embedded"
	}
	for _, sock := range g.listeners {
		s.Listen = append(s.Listen, name(sock))
	}
	slices.Sort(s.Listen)
	for _, n := range slices.Sorted(maps.Keys(g.targets)) {
		t := g.targets[n]
		open, idle, waiting := t.Connections()
		s.Targets = append(s.Targets, TargetStatus{Name: n, Kind: t.Kind, Connections: open, Idle: idle, Waiting: waiting})
	}
	if g.records != nil {
		if err := g.records.Err(); err != nil {
			s.Records = err.Error()
		}
	}
	return s
}

// Config gives the configuration in force without its secrets.
func (g *Gateway) Config() ([]byte, error) { return g.cfg.Load().Redacted() }

// Tenants describes tenants and keys, by digest.
func (g *Gateway) Tenants() any {
	cfg, now := g.cfg.Load(), time.Now()
	out := []TenantStatus{}
	for _, n := range slices.Sorted(maps.Keys(cfg.Tenants)) {
		t := TenantStatus{Name: n, Keys: []KeyStatus{}}
		for _, k := range cfg.Tenants[n].Keys {
			t.Keys = append(t.Keys, KeyStatus{
				SHA256: shortDigest(k.Digest()), NotAfter: k.NotAfter, ActFor: k.ActFor,
				Expired: !k.NotAfter.IsZero() && now.After(k.NotAfter),
			})
		}
		out = append(out, t)
	}
	return out
}

func shortDigest(d [32]byte) string {
	const hex = "0123456789abcdef"
	b := make([]byte, 0, 8)
	for _, c := range d[:4] {
		b = append(b, hex[c>>4], hex[c&15])
	}
	return string(b)
}

// token is the admin API's token in force.
func (g *Gateway) token() string { return g.cfg.Load().Admin.Token.Reveal() }

// Addrs are the addresses the data listeners and the admin listener are bound
// to; admin is nil when there is none.
func (g *Gateway) Addrs() (data []net.Addr, admin net.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.listeners {
		data = append(data, s.Addr())
	}
	if g.adminSock != nil {
		admin = g.adminSock.Addr()
	}
	return data, admin
}
