package plugin

import (
	"context"
	"errors"
	"sync"
	"testing"

	"weir/host/plugin/compile"
	"weir/testdata/guests"
)

// A tenant's module goes through the child process once; afterwards, in another runtime, its machine code comes out of the cache.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	if engine, why := Engine(context.Background()); why != nil {
		t.Skipf("%s: %v", engine, why)
	}
	cache := openCache(t)
	for round := range 2 {
		r := open(t, Options{Cache: cache})
		m, err := r.Admit(context.Background(), Source{Name: "deny", Wasm: guests.Bytes("deny")}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if m.code.Cached != (round == 1) {
			t.Errorf("round %d: cached %v", round, m.code.Cached)
		}
		if m.Manifest().Name != "deny" || len(m.Digest()) != 64 {
			t.Errorf("manifest %+v of %s", m.Manifest(), m.Digest())
		}
		p, err := r.Configure(context.Background(), m, Setting{Name: "deny", Tenant: "acme", Config: []byte(`{"word":"secret"}`), Limits: patient})
		if err != nil {
			t.Fatal(err)
		}
		if f := request(p.For("acme")); f != nil {
			t.Error(f)
		}
		p.Close()
		<-p.Drained()
		m.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	r := open(t, Options{Cache: cache})
	_, err := r.Admit(context.Background(), Source{Name: "x", Wasm: guests.Bytes("import-env")}, Limits{})
	var refused *compile.Error
	if !errors.As(err, &refused) || refused.Kind != compile.Refused {
		t.Errorf("a module that is refused: %v", err)
	}
}

// Who waits for a module that another caller is loading is not taken along when that one gives up.
func TestAdmitByManyAtOnce(t *testing.T) {
	t.Parallel()
	r := open(t, Options{Cache: openCache(t)})
	short, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for n := range 4 {
		ctx := context.Background()
		if n%2 == 0 {
			ctx = short
		}
		all.Go(func() {
			m, err := r.Admit(ctx, Source{Name: "noop", Wasm: guests.Bytes("noop")}, Limits{})
			if err == nil {
				m.Close()
			} else if ctx != short || !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	cancel()
	all.Wait()
	if len(r.modules) != 0 {
		t.Errorf("%d modules are left", len(r.modules))
	}
}
