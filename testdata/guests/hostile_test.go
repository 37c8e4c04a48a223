package guests_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
	"weir/testdata/guests"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// hookOf is the first hook that a module exports, on_configure left out; HookNone when there is none.
func hookOf(m *plugin.Module) abi.Hook {
	for h := abi.HookRequest; h < abi.Hooks; h++ {
		if m.Has(h) {
			return h
		}
	}
	return abi.HookNone
}

// verdictOf is what a hostile guest answers, or the fault that its call ends in.
func verdictOf(t *testing.T, name string) ([]byte, *frame.Fault) {
	t.Helper()
	p, err := configure(t, open(t), name, guests.Bytes(name), plugin.Setting{})
	if err != nil {
		t.Fatal(err)
	}
	h := hookOf(p.Module())
	c := frame.Call{Hook: h, Frame: request("hello")}
	if h == abi.HookDelta {
		c.Frame = delta(0, "hello")
	}
	f := p.For("acme").Call(&c)
	return c.Verdict, f
}

// What is wrong with these shows only to a chain, which knows the request and who may say what.
var wellFormed = []string{
	"verdict-delta-edit", "verdict-edit", "verdict-edit-overlap", "verdict-edit-part", "verdict-edit-wrap", "verdict-empty",
	"verdict-header-framing", "verdict-header-reserved", "verdict-hook", "verdict-score-message",
}

// TestFault21_LyingVerdicts: every verdict that contradicts itself is found out, and only those.
func TestFault21_LyingVerdicts(t *testing.T) {
	t.Parallel()
	for _, name := range guests.Hostile() {
		if !strings.HasPrefix(name, "verdict-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, f := verdictOf(t, name)
			if f == nil {
				f = frame.Check(b)
			}
			if good := slices.Contains(wellFormed, name); good != (f == nil) {
				t.Errorf("fault %v; well formed: %t", f, good)
			}
			if f != nil && f.Class != frame.BadVerdict {
				t.Errorf("fault %v, want one of the verdict", f)
			}
		})
	}
}

// TestFault25_Refused: these are never admitted, and the reason says why.
func TestFault25_Refused(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"abi-2": "version 2", "abi-none": "weir_abi_1", "alloc-none": "weir_alloc", "alloc-signature": "weir_alloc",
		"hook-global": "weir_on_request", "hook-none": "hook", "hook-signature": "weir_on_request",
		"import-env": "env", "import-global": "fuel", "import-memory": "memory", "import-signature": "log", "import-socket": "sock_open",
		"import-table": "table", "import-unknown": "http_get", "memory-name": "memory", "memory-none": "memory",
		"reserved-fuel": "weir_meter", "reserved-import": "weir_meter", "reserved-prefix": "weir_meter",
		"manifest-capability": "network", "manifest-header": "authorization", "manifest-section": "credentials", "manifest-syntax": "manifest",
		"manifest-twice": "guard", "manifest-unknown": "network", "manifest-utf8": "manifest",
		"proposal-exceptions": "exception", "proposal-extended-const": "const", "proposal-memory64": "memory64",
		"proposal-multi-memory": "memor", "proposal-relaxed-simd": "relaxed", "proposal-tail-call": "tail", "proposal-threads": "threads",
	}
	for name, why := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := configure(t, open(t), name, guests.Bytes(name), plugin.Setting{})
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("error %v, want one that says %q", err, why)
			}
		})
	}
}

// TestFault21_OddButAllowed: what looks wrong and is an author's own affair.
func TestFault21_OddButAllowed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"alloc-unaligned", "alloc-first", "verdict-empty", "flood-log-long", "host-pointers"} {
		if b, f := verdictOf(t, name); f != nil || len(b) > 0 {
			t.Errorf("%s: verdict %x, fault %v", name, b, f)
		}
	}
}

// TestFault20_CompileBomb: a bomb passes for a guest, and what it takes to compile grows far faster than it.
func TestFault20_CompileBomb(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short")
	}
	if _, err := configure(t, open(t), "bomb", guests.CompileBomb(4), plugin.Setting{}); err != nil {
		t.Fatal(err)
	}
	compile := func(wasm []byte) time.Duration {
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2))
		defer func() { _ = r.Close(ctx) }()
		begin := time.Now()
		if _, err := r.CompileModule(ctx, wasm); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}
	small, large := guests.CompileBomb(40), guests.CompileBomb(80)
	a, b := compile(small), compile(large)
	t.Logf("%d bytes take %s, %d bytes %s", len(small), a, len(large), b)
	if len(large) > 2048 || b < 4*a {
		t.Errorf("%d bytes take %s, %d bytes %s: no bomb", len(small), a, len(large), b)
	}
}
