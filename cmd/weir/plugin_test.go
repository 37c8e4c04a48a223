package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guest is the path of a module from the repository's guests: "working/noop".
func guest(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "testdata", "guests", name+".wasm"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// compileReport is what tests read of the command's JSON.
type compileReport struct {
	SHA256, Name, Version string
	Metered               string `json:"metered_sha256"`
	Cached                bool
	Hooks                 []string
	Report                struct {
		Size        int
		MeteredSize int `json:"metered_size"`
	}
}

func compileModule(t *testing.T, args ...string) (r compileReport) {
	t.Helper()
	stdout, stderr, code := run(t, append([]string{"plugin", "compile", "--json"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	return r
}

func TestPluginCompile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache, out := filepath.Join(dir, "a", "cache"), filepath.Join(dir, "metered.wasm")
	first := compileModule(t, guest(t, "working/deny"), "--cache", cache, "--out", out)
	if first.Name != "deny" || first.Cached || !slices.Contains(first.Hooks, "request") || first.Report.MeteredSize <= first.Report.Size {
		t.Errorf("%+v", first)
	}
	metered, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(metered); hex.EncodeToString(sum[:]) != first.Metered || len(metered) != first.Report.MeteredSize {
		t.Errorf("--out has %d bytes of digest %x, the report %+v", len(metered), sum, first)
	}
	if again := compileModule(t, guest(t, "working/deny"), "--cache", cache, "--sha256", first.SHA256); !again.Cached || again.Metered != first.Metered {
		t.Errorf("%+v, then %+v", first, again)
	}
	if other := compileModule(t, guest(t, "working/deny"), "--cache", cache, "--memory", "1MiB"); other.Cached || other.Metered == first.Metered {
		t.Errorf("%+v, then with less memory %+v", first, other)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "*", "*", "*-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Without --cache nothing stays.
func TestPluginCompileLeavesNothing(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	p := launch(t, []string{"TMPDIR=" + tmp}, "plugin", "compile", guest(t, "working/noop"))
	if code := p.wait(t); code != 0 {
		t.Fatal(code)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// What is refused is told in one line, with what to change.
func TestFault25_PluginCompileRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		guest(t, "hostile/abi-2"):                              "built for version 2 of the plugin ABI, and this Weir serves version 1",
		guest(t, "hostile/import-env"):                         "plugins import from wasi_snapshot_preview1, weir1 alone",
		guest(t, "hostile/import-socket"):                      "imports wasi_snapshot_preview1.sock_open, which does not exist",
		guest(t, "hostile/hook-signature"):                     "and the ABI has it as function (i32 i32) -> (i64)",
		guest(t, "working/noop") + " --sha256 00":              "sha256 asks for 00",
		guest(t, "working/noop") + " --compile-memory 1MiB":    "takes more than 1 MiB of memory; the setting is compile.memory, here --compile-memory",
		guest(t, "working/noop") + " --cache /proc/self/weir":  "cache_dir: ",
		guest(t, "working/noop") + " --out /proc/self/nowhere": "/proc/self/nowhere",
	} {
		t.Run(strings.TrimPrefix(args, filepath.Dir(filepath.Dir(guest(t, "working/noop")))), func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, append([]string{"plugin", "compile"}, strings.Fields(args)...)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, %q, %q; want %q", code, stdout, stderr, want)
			}
		})
	}
}

// What the page shows of the command's output is its output.
func TestCommandPagePlugin(t *testing.T) {
	t.Parallel()
	bs := blocks(t, "README.md")
	i := slices.IndexFunc(bs, func(b block) bool { return strings.HasPrefix(b.text, "module    filter.wasm\n") })
	if i < 0 || i+1 >= len(bs) {
		t.Fatal("the page does not show the command's output, and a refusal")
	}
	out, code := shell(t, "cp "+guest(t, "working/noop")+" filter.wasm && weir plugin compile filter.wasm")
	shape := func(text string) string { // digests, sizes and times differ
		return regexp.MustCompile(`\b[0-9a-f]{64}\b|\b[0-9.]+\b`).ReplaceAllString(text, "0")
	}
	for line := range strings.Lines(bs[i].text) {
		if line != "…\n" && !strings.Contains("\n"+shape(out), "\n"+shape(line)) {
			t.Errorf("%q is on the page, and not in the output:\n%d %s", line, code, out)
		}
	}
	out, code = shell(t, "cp "+guest(t, "hostile/abi-none")+" filter.wasm && weir plugin compile filter.wasm")
	if code != 1 || out != bs[i+1].text {
		t.Errorf("%d %q, the page has %q", code, out, bs[i+1].text)
	}
}
