package host_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"weir/host/plugin/compile"
	wasm "weir/testdata/guests"
)

// compileChild compiles one plugin for a gateway of this test.
func compileChild() int {
	if err := compile.Child(os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// compiled is the cache that the tests' gateways share, as processes of one machine do; each module is compiled once.
var compiled struct {
	once sync.Once
	dir  string
	err  error
}

func cacheDir(t testing.TB) string {
	t.Helper()
	compiled.once.Do(func() {
		dir, err := os.MkdirTemp("", "weir-host-test")
		compiled.dir, compiled.err = filepath.Join(dir, "cache"), err
	})
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	return compiled.dir
}

// guestFile is the module of a guest of testdata, in a file.
func guestFile(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".wasm")
	if err := os.WriteFile(path, wasm.Bytes(name), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// roomy limits are for tests that say nothing of time: machines are busy.
const roomy = "limits: { deadline: 20s, wait: 20s, start: 60s }"

// guest is an entry of plugins: the guest of that name, with settings more.
func guest(t testing.TB, name, more string) string {
	t.Helper()
	if !strings.Contains(more, "limits:") {
		more = roomy + ", " + more
	}
	return "{ module: " + guestFile(t, name) + ", " + strings.TrimSuffix(more, ", ") + " }"
}

// policed is a configuration with plugins, as name and entry, all of which run before the tenant's, in that order.
func policed(t testing.TB, plugins ...string) string {
	t.Helper()
	var b, names strings.Builder
	for i := 0; i+1 < len(plugins); i += 2 {
		fmt.Fprintf(&b, "  %s: %s\n", plugins[i], plugins[i+1])
		names.WriteString(plugins[i] + ", ")
	}
	return "cache_dir: " + cacheDir(t) + "\nplugins:\n" + b.String() + "policies: { default: { before: [" + strings.TrimSuffix(names.String(), ", ") + "], budget: 60s } }\n"
}

// ruled is a record with what a policy did.
type ruled struct {
	line
	ErrorType string `json:"error_type"`
	Verdicts  []ruling
	Tags      map[string]string
	Variant   string
	Action    string
}

type ruling struct {
	Plugin, Digest, Hook, Action, Fault string
	Score                               *float64
	US                                  float64
	Fuel                                int64
	Calls                               *int // nil: one
	Ignored                             int
	Observe                             bool
}

// readRuled reads the records of a gateway that has ended.
func readRuled(t testing.TB, path string) []ruled {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []ruled
	for l := range strings.Lines(string(b)) {
		var r ruled
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		out = append(out, r)
	}
	return out
}

// of are the verdicts of a plugin, hook by hook, as plugin/hook=action.
func (r *ruled) of() string {
	var b strings.Builder
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		fmt.Fprintf(&b, "%s/%s=%s", v.Plugin, v.Hook, v.Action)
		if v.Fault != "" {
			b.WriteString("!" + v.Fault)
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// recorded is a configuration that keeps records, and their file.
func recorded(t testing.TB) (yaml, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "records.jsonl")
	return "records: { file: " + path + ", content: text }\n", path
}
