package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"weir/host/frame"
	"weir/host/plugin/compile"
	"weir/host/plugin/meter"
	"weir/host/plugin/wasi"
	"weir/sdk/abi"
)

// maxManifest bounds weir_manifest's answer, in bytes.
const maxManifest = 64 << 10

// Source is a module to admit.
type Source struct {
	Name    string // the plugin's, for errors
	Wasm    []byte // not kept
	SHA256  string // it must have, in hex; "" for none expected
	Trusted bool   // it is part of Weir
}

// moduleKey is what makes admitted modules one and the same.
type moduleKey struct {
	digest  [sha256.Size]byte
	pages   uint32
	stack   int64
	trusted bool
}

// Module is an admitted module. It is the same for all that admit the same bytes under the same limits of memory and stack, and each
// of them closes it.
type Module struct {
	runtime  *Runtime
	key      moduleKey
	limits   Limits
	code     *compile.Code
	manifest *frame.Manifest
	hooks    [abi.Hooks]bool

	ready chan struct{} // closed when code and manifest, or err, are there
	err   error
	refs  int // under runtime.mu
	freed sync.Once
}

// Admit checks, meters and compiles a module, and reads its manifest. The limits that are part of it are memory and stack; its start
// and manifest are bounded by start. Errors name the plugin and what its author or its operator should change.
func (r *Runtime) Admit(ctx context.Context, s Source, l Limits) (*Module, error) {
	m, err := r.admit(ctx, s, l)
	if err != nil {
		return nil, fmt.Errorf("admit plugin %q: %w", s.Name, err)
	}
	return m, nil
}

func (r *Runtime) admit(ctx context.Context, s Source, l Limits) (*Module, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	defer r.work.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := l.withDefaults()
	if err != nil {
		return nil, err
	}
	key := moduleKey{digest: sha256.Sum256(s.Wasm), pages: l.pages(), stack: l.Stack, trusted: s.Trusted}
	if digest := hex.EncodeToString(key.digest[:]); s.SHA256 != "" && !strings.EqualFold(s.SHA256, digest) {
		return nil, fmt.Errorf("its digest is %s and sha256 asks for %s", digest, strings.ToLower(s.SHA256))
	}
	for {
		m, first, err := r.module(key, l)
		if err != nil {
			return nil, err
		}
		if first {
			m.err = m.load(ctx, s)
			close(m.ready)
		}
		select {
		case <-m.ready:
		case <-ctx.Done():
			m.Close()
			return nil, ctx.Err()
		}
		if m.err == nil {
			return m, nil
		}
		m.forget()
		m.Close()
		if first || !errors.Is(m.err, context.Canceled) {
			return nil, m.err
		} // who loaded it gave up, and this caller did not
	}
}

// module finds a module or makes its entry; first is true for the caller that has to load it.
func (r *Runtime) module(key moduleKey, l Limits) (m *Module, first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false, ErrClosed
	}
	if m = r.modules[key]; m != nil {
		m.refs++
		return m, false, nil
	}
	m = &Module{runtime: r, key: key, limits: l, ready: make(chan struct{}), refs: 1}
	r.modules[key] = m
	return m, true, nil
}

// load does what Admit promises.
func (m *Module) load(ctx context.Context, s Source) error {
	code, err := m.runtime.options.Cache.Compile(ctx, compile.Job{
		Name: s.Name, Wasm: s.Wasm, SHA256: s.SHA256, Trusted: s.Trusted,
		Rules: compile.ABI(map[string][]abi.Function{wasi.Module: wasi.Functions()}),
		Meter: m.limits.meter(),
	})
	if err != nil {
		return err
	}
	m.code = code
	if err := link(ctx, code.Runtime, code.Report.Imports); err != nil {
		return err
	}
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		m.hooks[h] = m.exports(h.Export())
	}
	return m.readManifest(s.Name)
}

// exports tells whether the module exports a function of that name; compile has checked its signature.
func (m *Module) exports(name string) bool {
	for _, e := range m.code.Report.Exports {
		if e.Name == name && e.Kind == meter.Func {
			return true
		}
	}
	return false
}

// readManifest calls weir_manifest on an instance made for that, which may do nothing but log. This also shows that the module starts.
func (m *Module) readManifest(name string) error {
	g := &grant{
		plugin: name, log: newLines(m.runtime.log, name, ""), seed: m.runtime.seed, observer: m.runtime.options.Observer, shared: &shared{},
	}
	i, fault := m.instantiate(g, &m.limits)
	if fault != nil {
		return fault
	}
	defer i.close()
	if !m.exports(abi.ExportManifest) {
		m.manifest = frame.DefaultManifest(m.Has)
		return nil
	}
	text, fault := i.manifest()
	if fault != nil {
		return fault
	}
	manifest, err := frame.ParseManifest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", abi.ExportManifest, err)
	}
	m.manifest = manifest
	return nil
}

// manifest is what weir_manifest answers: a copy.
func (i *instance) manifest() ([]byte, *frame.Fault) {
	if err := i.mod.ExportedFunction(abi.ExportManifest).CallWithStack(i, i.stack[:]); err != nil {
		return nil, i.startFault(abi.ExportManifest, err)
	}
	ptr, n := uint32(i.stack[0]>>32), uint32(i.stack[0])
	if n > maxManifest {
		return nil, frame.Faultf(frame.BadExport, "%s answered %d bytes; a manifest has at most %d", abi.ExportManifest, n, maxManifest)
	}
	text, ok := i.mem.Read(ptr, n)
	if !ok {
		return nil, frame.Faultf(frame.BadExport, "%s answered %d bytes at %#x, which are not in its memory", abi.ExportManifest, n, ptr)
	}
	return append([]byte(nil), text...), nil
}

// Manifest is what the plugin says of itself. It must not be changed.
func (m *Module) Manifest() *frame.Manifest { return m.manifest }

// Digest is the SHA-256 of the module as it was given, in hex.
func (m *Module) Digest() string { return hex.EncodeToString(m.key.digest[:]) }

// Has tells whether the module exports a hook.
func (m *Module) Has(h abi.Hook) bool { return h < abi.Hooks && m.hooks[h] }

// Report is what the module contains. It must not be changed.
func (m *Module) Report() *meter.Report { return m.code.Report }

// forget lets others try again what could not be loaded.
func (m *Module) forget() {
	m.runtime.mu.Lock()
	defer m.runtime.mu.Unlock()
	if m.runtime.modules[m.key] == m {
		delete(m.runtime.modules, m.key)
	}
}

// Close lets go of the module; what was configured from it lives on. Each Admit is closed once.
func (m *Module) Close() {
	r := m.runtime
	r.mu.Lock()
	m.refs--
	last := m.refs == 0
	if last && r.modules[m.key] == m {
		delete(r.modules, m.key)
	}
	r.mu.Unlock()
	if !last {
		return
	}
	if err := m.free(); err != nil {
		r.log.Warn("a plugin's code was not freed", slog.String("digest", m.Digest()), slog.Any("error", err))
	}
}

// retain is one more that will Close m.
func (m *Module) retain() error {
	m.runtime.mu.Lock()
	defer m.runtime.mu.Unlock()
	if m.runtime.closed || m.refs == 0 {
		return ErrClosed
	}
	m.refs++
	return nil
}

// free closes the module's code. Nobody calls into it any more.
func (m *Module) free() (err error) {
	m.freed.Do(func() {
		if m.code != nil {
			err = m.code.Close(context.Background())
		}
	})
	return err
}
