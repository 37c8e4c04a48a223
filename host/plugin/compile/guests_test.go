package compile

import (
	"strings"
	"testing"

	"weir/host/plugin/wasi"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

// Every guest that works comes through, and again out of the cache; those that break a rule of the ABI do not, and say which.
func TestFault25_Guests(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	withWASI := ABI(map[string][]abi.Function{wasi.Module: wasi.Functions()})
	for _, name := range guests.Working() {
		j := Job{Name: name, Wasm: guests.Bytes(name), Rules: withWASI}
		if code := compiled(t, c, j); code.Cached {
			t.Errorf("%s: cached", name)
		}
		if code := compiled(t, c, j); !code.Cached {
			t.Errorf("%s: not cached", name)
		}
	}
	for name, want := range map[string]string{
		"abi-2": "version 2", "abi-none": "weir_abi_1", "alloc-none": "weir_alloc", "alloc-signature": "weir_alloc",
		"hook-global": "weir_on_request", "hook-none": "exports no hook", "hook-signature": "the ABI has it as",
		"import-env": "module env", "import-global": "import", "import-memory": "memory cannot be imported",
		"import-signature": "and that is", "import-socket": "sock_", "import-table": "table", "import-unknown": "does not exist",
		"memory-name": "memory", "memory-none": "memory", "memory-huge": "memory", "table-huge": "table",
		"proposal-exceptions": "exception", "proposal-extended-const": "extended", "proposal-memory64": "memory64",
		"proposal-multi-memory": "memor", "proposal-relaxed-simd": "relaxed", "proposal-tail-call": "tail", "proposal-threads": "thread",
		"reserved-fuel": "reserved name", "reserved-import": "reserved name", "reserved-prefix": "reserved name",
	} {
		e := wantKind(t, c, Job{Name: name, Wasm: guests.Bytes(name), Rules: withWASI}, Refused)
		if !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: %v", name, e)
		}
		t.Logf("%s: %v", name, e)
	}
}
