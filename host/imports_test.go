package host_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "weir"

// layers holds the units of the module from the top down: a unit imports itself and units of lower layers.
// A unit is a folder with everything below it, so host/plugin and host/plugin/meter are one.
//
// The upper layers wire others together, so a unit there may import its neighbors; in the two lowest it may not.
// A folder that is in no layer is a fault: whoever adds one decides here where it belongs.
var layers = []layer{
	{units: []string{"cmd", "bench"}, sideways: true},
	{units: []string{"host"}},
	{units: []string{"host/proxy", "host/admin", "host/sim"}, sideways: true},
	{units: []string{"host/policy", "host/fairness", "host/route", "host/upstream", "host/plugin"}},
	{units: []string{
		"host/config", "host/contract", "host/dialect", "host/drift", "host/frame", "host/hangup", "host/http1", "host/prefix",
		"host/signal", "host/socket", "host/state", "host/telemetry", "host/tenant", "host/upload",
	}},
}

// guests are compiled to Wasm: they know the ABI and nothing of the host. A plugin is built on an SDK.
var guests = map[string][]string{
	"sdk":     {"sdk"},
	"plugins": {"plugins", "sdk"},
}

// table is the plugin ABI's: numbers that hosts and guests share. Everybody may import it; it imports nothing.
const table = module + "/sdk/abi"

// modules is the package of the compiled plugins that are part of the binary.
const modules = module + "/plugins"

// exclusive names the modules that only some units import, so that replacing one stays a local change.
var exclusive = map[string][]string{
	"github.com/bytedance/sonic":    {"host/dialect"},
	"github.com/tetratelabs/wazero": {"host/plugin", "bench"},
	"github.com/valyala/fasthttp":   {"host/proxy", "host/upstream", "host/sim", "bench"},
}

type layer struct {
	units    []string
	sideways bool
}

// listed is what this test reads of a package as `go list -json` prints it.
type listed struct {
	ImportPath string
	Name       string
	Doc        string
	Standard   bool
	Module     *struct{ Main bool }
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Error      *struct{ Err string }
}

func (p listed) own() bool { return p.Module != nil && p.Module.Main }

// importFaults returns one line for each import of the module's own packages that breaks a rule above.
func importFaults(pkgs []listed) []string {
	var faults []string
	for _, p := range pkgs {
		if !p.own() {
			continue
		}
		from := unitOf(p.ImportPath)
		if _, ok := guests[from]; !ok && rank(from) < 0 {
			faults = append(faults, fmt.Sprintf("%s: the folder %s is in no layer; add it to host/imports_test.go", p.ImportPath, from))
			continue
		}
		for _, target := range p.Imports {
			if why := importFault(from, target); why != "" {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s", p.ImportPath, target, why))
			}
		}
	}
	return faults
}

// importFault says why a unit may not import a package; "" is leave to do so.
func importFault(from, target string) string {
	for mod, units := range exclusive {
		if under(target, mod) && !slices.Contains(units, from) {
			return "only " + strings.Join(units, ", ") + " may"
		}
	}
	if !under(target, module) {
		return ""
	}
	if target == table || target == modules && (from == "host" || from == "cmd") {
		return ""
	}
	to := unitOf(target)
	if allowed, guest := guests[from]; guest {
		if !slices.Contains(allowed, to) {
			return "guest code knows nothing of the host"
		}
		return ""
	}
	if _, guest := guests[to]; guest {
		return "guest code is compiled to Wasm, not linked"
	}
	switch a, b := rank(from), rank(to); {
	case from == to:
		return ""
	case b < 0:
		return "the folder " + to + " is in no layer"
	case b < a:
		return "imports run downwards only"
	case a == b && !layers[a].sideways:
		return "no sideways imports inside this layer"
	}
	return ""
}

// unitOf returns the unit an own package belongs to: two elements below host, one elsewhere.
func unitOf(importPath string) string {
	parts := strings.Split(strings.TrimPrefix(importPath, module+"/"), "/")
	if parts[0] == "host" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func rank(unit string) int {
	return slices.IndexFunc(layers, func(l layer) bool { return slices.Contains(l.units, unit) })
}

func under(importPath, prefix string) bool {
	return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
}

// cgoFaults names the packages outside the standard library that need a C compiler where cgo is on, or have
// no Go file left where it is off.
func cgoFaults(pkgs []listed) []string {
	var faults []string
	for _, p := range pkgs {
		if p.Standard {
			continue
		}
		if len(p.CgoFiles) > 0 || slices.Contains(p.Imports, "C") {
			faults = append(faults, fmt.Sprintf("%s uses cgo: %v", p.ImportPath, p.CgoFiles))
		}
		if p.Error != nil {
			faults = append(faults, fmt.Sprintf("%s: %s", p.ImportPath, p.Error.Err))
		}
	}
	return faults
}

// docFaults names the own packages whose package comment is not in a doc.go; a command may have it in main.go.
func docFaults(pkgs []listed) []string {
	var faults []string
	for _, p := range pkgs {
		if !p.own() || len(p.GoFiles) == 0 {
			continue // other people's, or tests alone
		}
		if p.Doc == "" || p.Name != "main" && !slices.Contains(p.GoFiles, "doc.go") {
			faults = append(faults, p.ImportPath+": no doc.go with a package comment")
		}
	}
	return faults
}

// goList lists the module's packages and all they are built from, tests left out, for one platform.
func goList(t *testing.T, goos, goarch, cgo string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Name,Doc,Standard,Module,GoFiles,CgoFiles,Imports,Error", "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED="+cgo)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read what go list printed: %v", err)
		}
		pkgs = append(pkgs, p)
	}
	if !slices.ContainsFunc(pkgs, listed.own) {
		t.Fatal("go list found no package of the module")
	}
	return pkgs
}

func TestImports(t *testing.T) {
	t.Parallel()
	platforms := []struct{ goos, goarch, cgo string }{
		{"linux", "amd64", "0"}, {"linux", "amd64", "1"}, {"linux", "arm64", "0"}, {"darwin", "arm64", "0"},
	}
	for _, p := range platforms {
		t.Run(fmt.Sprintf("%s/%s/cgo=%s", p.goos, p.goarch, p.cgo), func(t *testing.T) {
			t.Parallel()
			pkgs := goList(t, p.goos, p.goarch, p.cgo)
			for _, fault := range slices.Concat(importFaults(pkgs), cgoFaults(pkgs), docFaults(pkgs)) {
				t.Error(fault)
			}
		})
	}
}

// TestImportFaults shows that each rule is seen broken, on graphs made up for it.
func TestImportFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, to string
		want     string // part of the fault; "" for an import that is allowed
	}{
		{"weir/cmd/weir", "weir/host", ""},
		{"weir/cmd/weir", "weir/host/config", ""},
		{"weir/host", "weir/host/proxy", ""},
		{"weir/host", "weir/host/telemetry", ""},
		{"weir/host/proxy", "weir/host/upstream", ""},
		{"weir/host/proxy", "weir/host/sim", ""},
		{"weir/host/policy", "weir/host/dialect", ""},
		{"weir/host/plugin", "weir/host/plugin/meter", ""},
		{"weir/host/signal/phrase", "weir/host/signal", ""},
		{"weir/plugins/injection", "weir/sdk/go", ""},
		{"weir/bench/overhead", "weir/host/proxy", ""},
		{"weir/bench/overhead", "github.com/valyala/fasthttp", ""},
		{"weir/host/dialect", "github.com/bytedance/sonic/ast", ""},
		{"weir/host/plugin", "github.com/tetratelabs/wazero", ""},
		{"weir/host/proxy", "github.com/valyala/fasthttp", ""},
		{"weir/host/admin", "net/http", ""},
		{"weir/host/frame", "weir/sdk/abi", ""},
		{"weir/host", "weir/plugins", ""},
		{"weir/host/proxy", "weir/plugins", "guest"},
		{"weir/host/policy", "weir/sdk/abi", ""},
		{"weir/host/admin", "github.com/valyala/fasthttputil", ""},

		{"weir/host/dialect", "weir/host/config", "sideways"},
		{"weir/host/route", "weir/host/upstream", "sideways"},
		{"weir/host/dialect", "weir/host/upstream", "downwards"},
		{"weir/host/upstream", "weir/host/proxy", "downwards"},
		{"weir/host/sim", "weir/host", "downwards"},
		{"weir/host", "weir/cmd/weir", "downwards"},
		{"weir/host/signal/phrase", "weir/host/prefix", "sideways"},
		{"weir/host/util", "fmt", "in no layer"},
		{"weir/host/proxy", "weir/host/util", "in no layer"},
		{"weir/internal/x", "fmt", "in no layer"},
		{"weir/sdk/go", "weir/host/dialect", "guest"},
		{"weir/sdk/go", "weir/plugins/injection", "guest"},
		{"weir/plugins/injection", "weir/host/signal", "guest"},
		{"weir/host/plugin", "weir/plugins/injection", "guest"},
		{"weir/host/plugin", "weir/sdk/go", "guest"},
		{"weir/host/policy", "weir/host/plugin", "sideways"},
		{"weir/host/proxy", "github.com/bytedance/sonic", "only host/dialect"},
		{"weir/host/dialect", "github.com/tetratelabs/wazero/api", "only host/plugin"},
		{"weir/host/admin", "github.com/valyala/fasthttp", "only host/proxy"},
		{"weir/host/http1", "github.com/valyala/fasthttp/fasthttputil", "only host/proxy"},
		{"weir/cmd/weir", "github.com/valyala/fasthttp", "only host/proxy"},
	}
	for _, test := range tests {
		pkgs := []listed{
			own(test.from, test.to),
			{ImportPath: test.to, Imports: []string{"weir/host"}}, // other modules' imports are theirs
		}
		faults := importFaults(pkgs)
		switch {
		case test.want == "" && len(faults) > 0:
			t.Errorf("%s imports %s: refused: %v", test.from, test.to, faults)
		case test.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], test.want)):
			t.Errorf("%s imports %s: got %q, want one fault with %q", test.from, test.to, faults, test.want)
		}
	}
}

func TestCgoAndDocFaults(t *testing.T) {
	t.Parallel()
	std := listed{ImportPath: "net", Standard: true, CgoFiles: []string{"cgo.go"}, Imports: []string{"C"}}
	clean := own("weir/host/route", "fmt")
	clean.GoFiles, clean.Doc = []string{"doc.go", "route.go"}, "Package route chooses."
	if faults := slices.Concat(cgoFaults([]listed{std, clean}), docFaults([]listed{std, clean})); len(faults) > 0 {
		t.Errorf("clean packages refused: %v", faults)
	}

	linked := listed{ImportPath: "example.com/sqlite", CgoFiles: []string{"a.go"}}
	gone := listed{ImportPath: "example.com/zstd", Error: &struct{ Err string }{"build constraints exclude all Go files"}}
	if faults := cgoFaults([]listed{linked, gone}); len(faults) != 2 {
		t.Errorf("cgo unseen: %v", faults)
	}

	command, elsewhere, empty := clean, clean, clean
	command.Name, command.GoFiles = "main", []string{"main.go"}
	elsewhere.GoFiles = []string{"route.go"}
	empty.Doc = ""
	if faults := docFaults([]listed{command, elsewhere, empty}); len(faults) != 2 {
		t.Errorf("want two missing doc.go seen, got %v", faults)
	}
}

func own(importPath string, imports ...string) listed {
	return listed{ImportPath: importPath, Module: &struct{ Main bool }{true}, Imports: imports}
}
