package host

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"weir/host/config"
	"weir/host/proxy"
	"weir/host/route"
	"weir/host/sim"
	"weir/host/tenant"
	"weir/host/upload"
	"weir/host/upstream"
)

// build is a configuration on its way into force.
type build struct {
	g          *Gateway
	cfg        *config.Config
	targets    map[string]*target
	listeners  map[config.Address]*socket
	admin      *socket
	state      *proxy.State
	memory     memory
	engine     *engine
	loaded     map[string]*loaded
	loadErrors map[string]error
	store      *upload.Store             // nil: no tenant brings plugins
	brought    map[string]*config.Plugin // what they say of those they brought, by TENANT/NAME
	ready      map[string]*loaded        // of these, what was loaded before the build began
	again      bool                      // the configuration in force once more, for the sake of what tenants brought
	chains     map[string]*chains
	tls        *tls.Config
}

// target is an upstream with its configuration, and for kind sim the model
// behind it.
type target struct {
	proxy.Target
	cfg    *config.Target
	sim    *simulated
	states atomic.Int32 // that name it and serve requests still
	once   sync.Once
}

// close returns when the target is closed, whoever closes it.
func (t *target) close() {
	t.once.Do(func() {
		t.Target.Close()
		if t.sim != nil {
			t.sim.close()
		}
	})
}

func (b *build) all() error {
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Targets)) {
		if err := b.target(name, b.cfg.Targets[name]); err != nil {
			return fmt.Errorf("targets.%s: %w", name, err)
		}
	}
	dir, err := directory(b.cfg)
	if err != nil {
		return fmt.Errorf("tenants: %w", err)
	}
	if b.tls, err = serverTLS(b.cfg.TLS); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	b.state = &proxy.State{Tenants: dir, Limits: limits(b.cfg), Text: b.cfg.Records != nil && b.cfg.Records.Content == config.ContentText}
	if b.state.Facts, err = b.facts(); err != nil {
		return err
	}
	if err := b.plugins(); err != nil {
		return err
	}
	b.state.Released = b.released
	b.routes()
	return b.listen()
}

// released lets go of what the build's State used.
func (b *build) released() {
	b.g.release(b.targets)
	b.g.parting.Go(func() { releasePlugins(b.loaded) }) // closing instances takes time, and a request may be what ended last
}

// hold keeps targets open while a State names them.
func (g *Gateway) hold(targets map[string]*target) {
	g.openMu.Lock()
	defer g.openMu.Unlock()
	for _, t := range targets {
		t.states.Add(1)
		g.open[t] = struct{}{}
	}
}

// release closes the targets that no State names any more. Their requests have
// ended: a simulated model would take its streams along.
func (g *Gateway) release(targets map[string]*target) {
	var over []*target
	for _, t := range targets {
		if t.states.Add(-1) == 0 {
			over = append(over, t)
		}
	}
	if len(over) == 0 {
		return
	}
	go func() { // closing a simulated model waits, and a request may be what ended last
		for _, t := range over {
			t.close()
			g.openMu.Lock()
			delete(g.open, t)
			g.openMu.Unlock()
			g.recovered(t)
		}
	}()
}

// recovered takes back what the metrics tell of a target that is gone while out
// of turn; one of the same name may have taken its place.
func (g *Gateway) recovered(t *target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.targets[t.Name]; t.Breaker.Open() && (now == nil || !now.Breaker.Open()) {
		g.metrics.Degraded("target:"+t.Name, false)
	}
}

// closeTargets closes those in force and those still on their way out.
func (g *Gateway) closeTargets() {
	g.openMu.Lock()
	open := slices.Collect(maps.Keys(g.open))
	g.openMu.Unlock()
	for _, t := range open {
		t.close()
	}
}

// undo closes what was opened for a configuration that will not be used.
func (b *build) undo() {
	for name, t := range b.targets {
		if b.g.targets[name] != t {
			t.close()
		}
	}
	for addr, s := range b.listeners {
		if b.g.listeners[addr] != s {
			s.close()
		}
	}
	if b.admin != nil && b.admin != b.g.adminSock {
		b.admin.close()
	}
	releasePlugins(b.loaded)
	if b.store != nil && b.store != b.g.store {
		_ = b.store.Close()
	}
	if b.engine != nil && b.engine != b.g.engine {
		_ = b.engine.close()
	}
}

// simConnect is the dial timeout of embedded models, which have no setting for it.
const simConnect = 5 * time.Second

// target opens a target, or keeps the one in force when nothing about it
// changes. TLS files may have changed without the configuration doing so.
func (b *build) target(name string, c *config.Target) error {
	if old := b.g.targets[name]; old != nil && c.TLS == nil && reflect.DeepEqual(old.cfg, c) && sameLimits(b.g.cfg.Load(), b.cfg) {
		b.targets[name] = old
		return nil
	}
	t := &target{cfg: c}
	opt := upstream.Options{
		Name: name, URL: c.URL, Headers: headers(c), Connections: connections(c),
		HeadLimit: int(b.cfg.Limits.Headers), Connect: c.Connect.Std(), FirstByte: c.FirstByte.Std(),
		Allow: c.AllowAddresses,
	}
	var err error
	if c.Kind == config.KindSim {
		t.sim, err = simulate(sim.Options{
			Seed: uint64(c.Seed), TTFT: c.TTFT.Std(), TPOT: c.TPOT.Std(), Slots: c.Slots,
			CacheBlocks: cacheBlocks(c), MaxBody: int(b.cfg.Limits.Body),
		})
		if err != nil {
			return err
		}
		opt.URL, opt.Connect = "http://"+t.sim.ln.Addr().String(), simConnect
	}
	if opt.TLS, err = clientTLS(c.TLS); err == nil && c.Proxy != "" {
		opt.Proxy, err = url.Parse(c.Proxy.Reveal())
		if err != nil {
			err = errors.New("proxy: not a URL") // the parser's error quotes the password
		}
	}
	var up *upstream.Target
	if err == nil {
		up, err = upstream.Open(opt)
	}
	if err != nil {
		if t.sim != nil {
			t.sim.close()
		}
		return err
	}
	t.Target = proxy.Target{
		Target: up, Kind: string(c.Kind), Data: c.Data, Models: c.Models, Idle: c.Idle.Std(),
		OpenAI:    slices.Contains(c.Dialects, config.DialectOpenAI),
		Anthropic: slices.Contains(c.Dialects, config.DialectAnthropic),
		AskUsage:  c.AskUsage == nil || *c.AskUsage,
	}
	b.targets[name] = t
	return nil
}

// cacheBlocks is the size of a simulated model's prefix cache; sim takes 0 for
// its own default and a negative number for none.
func cacheBlocks(c *config.Target) int {
	if c.CacheBlocks == 0 {
		return -1
	}
	return c.CacheBlocks
}

// sameLimits tells whether the limits that targets are built with are equal.
func sameLimits(a, b *config.Config) bool {
	return a.Limits.Headers == b.Limits.Headers && a.Limits.Body == b.Limits.Body
}

// connections is how many connections a target may have: HTTP/1.1 carries one
// request at a time on each, so concurrency bounds them too.
func connections(c *config.Target) int {
	if c.Concurrency > 0 {
		return min(c.Concurrency, c.Connections)
	}
	return c.Connections
}

// headers are what a target's requests carry beside the client's own.
func headers(c *config.Target) map[string]string {
	h := map[string]string{}
	if key := c.Key.Reveal(); key != "" {
		if c.Kind == config.KindAnthropic {
			h["x-api-key"] = key
		} else {
			h["Authorization"] = "Bearer " + key
		}
	}
	for name, v := range c.Headers {
		h[name] = v.Reveal()
	}
	return h
}

// routeList is the routes of a configuration; a single target may go without.
func routeList(c *config.Config) []config.Route {
	if len(c.Routes) == 0 {
		return []config.Route{{Targets: slices.Sorted(maps.Keys(c.Targets)), Inspect: config.InspectFull}}
	}
	return c.Routes
}

// routes makes the table.
func (b *build) routes() {
	routes := routeList(b.cfg)
	rules := make([]route.Rule, len(routes))
	for i, r := range routes {
		rules[i] = route.Rule{Models: r.Match.Models, Paths: r.Match.Paths}
		out := proxy.Route{Name: "route-" + strconv.Itoa(i), Inspect: r.Inspect != config.InspectNone, Retries: 2}
		if r.Retries != nil {
			out.Retries = *r.Retries
		}
		for _, name := range r.Targets {
			out.Targets = append(out.Targets, &b.targets[name].Target)
		}
		b.state.Routes = append(b.state.Routes, out)
	}
	b.state.Table = route.New(rules)
	b.policies(routes)
}

func directory(c *config.Config) (*tenant.Directory, error) {
	var keys []tenant.Key
	for _, name := range slices.Sorted(maps.Keys(c.Tenants)) {
		for _, k := range c.Tenants[name].Keys {
			keys = append(keys, tenant.Key{Tenant: name, SHA256: k.Digest(), NotAfter: k.NotAfter, ActFor: k.ActFor})
		}
	}
	return tenant.New(keys)
}

func limits(c *config.Config) proxy.Limits {
	l := c.Limits
	return proxy.Limits{
		Body: int(l.Body), Headers: int(l.Headers), Event: int(l.Event), Response: int(l.Response), Connections: l.Connections,
		HeaderTimeout: l.HeaderTimeout.Std(), BodyTimeout: l.BodyTimeout.Std(), Idle: l.Idle.Std(), Write: l.Write.Std(),
	}
}

func serverTLS(c *config.ServerTLS) (*tls.Config, error) {
	if c == nil {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, err
	}
	t := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if c.ClientCA != "" {
		if t.ClientCAs, err = pool(c.ClientCA); err != nil {
			return nil, err
		}
		t.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return t, nil
}

func clientTLS(c *config.ClientTLS) (*tls.Config, error) {
	if c == nil {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{cert}
	}
	if c.CA != "" {
		var err error
		if t.RootCAs, err = pool(c.CA); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func pool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return p, nil
}

// simulated is a simulated model on a loopback socket of its own.
type simulated struct {
	srv  *sim.Server
	ln   net.Listener
	done chan struct{}
}
