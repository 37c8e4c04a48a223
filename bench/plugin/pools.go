package main

import (
	"context"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/sdk/abi"
)

// pools is a runtime with the plugins of a group.
type pools struct {
	runtime *plugin.Runtime
	modules []*plugin.Module
}

func openPools(ctx context.Context) (*pools, error) {
	r, err := plugin.Open(ctx, plugin.Options{})
	return &pools{runtime: r}, err
}

// plugin admits a module as if it were part of Weir, compiled in this process, and configures it.
func (p *pools) plugin(ctx context.Context, name string, wasm []byte, l plugin.Limits) (*plugin.Plugin, error) {
	m, err := p.runtime.Admit(ctx, plugin.Source{Name: name, Wasm: wasm, Trusted: true}, l)
	if err != nil {
		return nil, err
	}
	p.modules = append(p.modules, m)
	return p.runtime.Configure(ctx, m, plugin.Setting{Name: name, Limits: l})
}

func (p *pools) close() {
	for _, m := range p.modules {
		m.Close()
	}
	_ = p.runtime.Close() // ends the plugins; what it could not unmap is gone with the process
}

// A member is a plugin as a chain wants it: policy.Source.
type member struct {
	*plugin.Plugin
	config string
}

// Manifest is policy.Source.
func (m *member) Manifest() *frame.Manifest { return m.Module().Manifest() }

// Digest is policy.Source.
func (m *member) Digest() string { return m.Module().Digest() }

// Config is policy.Source.
func (m *member) Config() string { return m.config }

// Has is policy.Source.
func (m *member) Has(h abi.Hook) bool { return m.Module().Has(h) }

// For is policy.Source.
func (m *member) For(tenant string) policy.Plugin { return m.Plugin.For(tenant) }
