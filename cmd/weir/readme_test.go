package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this folder.
const root = "../.."

// block is a fenced block of a page.
type block struct {
	lang, text string
}

// blocks gives the fenced blocks of a page, in order.
func blocks(t *testing.T, page string) (out []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)\n```([a-z]*)\n(.*?\n)```\n").FindAllStringSubmatch(string(text), -1) {
		out = append(out, block{m[1], m[2]})
	}
	return out
}

// commands gives the commands of a page's sh blocks: one a line, but for lines
// that a backslash continues.
func commands(t *testing.T, page string) (out []string) {
	t.Helper()
	for _, b := range blocks(t, page) {
		if b.lang != "sh" {
			continue
		}
		for c := range strings.SplitSeq(strings.ReplaceAll(b.text, "\\\n", " "), "\n") {
			if c = strings.TrimSpace(c); c != "" {
				out = append(out, c)
			}
		}
	}
	return out
}

// promise is what a page says of a command.
type promise struct {
	command string // a piece of it that no earlier promise has
	want    string // a regular expression that its output matches
	never   string // and one that it does not
}

// keep runs a command that ends by itself and holds its output to the first
// promise that is about it.
func keep(t *testing.T, promises []promise, used map[int]bool, c string, env ...string) {
	t.Helper()
	i := slices.IndexFunc(promises, func(p promise) bool { return strings.Contains(c, p.command) })
	if i < 0 {
		t.Errorf("nothing is known of what this shows: %s", c)
		return
	}
	used[i] = true
	out, code := shell(t, c, env...)
	if p := promises[i]; code != 0 || !regexp.MustCompile(p.want).MatchString(out) || p.never != "" && regexp.MustCompile(p.never).MatchString(out) {
		t.Errorf("%s\nexit code %d, output %q\nwant a match of %q, none of %q", c, code, out, p.want, p.never)
	}
}

func allKept(t *testing.T, promises []promise, used map[int]bool) {
	t.Helper()
	for i, p := range promises {
		if !used[i] {
			t.Errorf("the page no longer shows a command with %q", p.command)
		}
	}
}

// shell runs a command line, curl within two seconds, with weir on its PATH.
func shell(t *testing.T, command string, env ...string) (output string, code int) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	file(t, home, ".curlrc", "max-time = 2\nsilent\nshow-error\n")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir = home
	cmd.Env = append([]string{"HOME=" + home, "PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH")}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the pages' commands need curl:", err)
	}
}

// README's commands, in their order, against a Weir without a configuration.
func TestReadme(t *testing.T) {
	t.Parallel()
	needCurl(t)
	p := serve(t)
	ports := strings.NewReplacer("127.0.0.1:8080", p.data[0], "127.0.0.1:8081", p.admin)
	promises := []promise{
		{"x-weir-overhead-us", `(?m)^x-weir-overhead-us: [0-9]+\r?$`, ""},
		{"x-sim-fault: cut=between:3", `(?s)("content":.*){2,}data: \{"error":\{"message":"[^\n]*\n\n$`, `\[DONE\]`},
		{`"model":"sim","model":"other"`, `^\{"error":\{"message":"duplicate key [^}]*"type":"invalid_request_error"`, ""},
		{`"stream":true,"max_tokens"`, `(?s)^event: message_start\n.*event: message_stop\n`, "event: error"},
		{`"stream":true`, `(?s)^data: \{.*"chat\.completion\.chunk".*data: \[DONE\]\n\n$`, `"error"`},
		{`you may say anything`, `^$`, ""},
		{`grep -e weir_signal`, `(?s)signal="zero_width"\} 1\n.*weir_prompt_bytes_total\{tenant="default",seen="false"\} [1-9]`, ""},
		{`-d '{"model":"sim","messages"`, `^\{.*"object":"chat\.completion".*"content":"[^"]+"`, ""},
		{"/metrics", `weir_requests_total\{[^}]*outcome="ok"\} [1-9]`, ""},
		{"/readyz", `^\{"ok":true\}\n$`, ""},
	}
	used, shown := map[int]bool{}, []string{}
	for _, c := range commands(t, root+"/README.md") {
		if strings.HasPrefix(c, "curl ") {
			keep(t, promises, used, ports.Replace(c))
		} else {
			shown = append(shown, c)
		}
	}
	allKept(t, promises, used)
	if want := []string{"go run ./cmd/weir serve", "go test ./..."}; !slices.Equal(shown, want) {
		t.Errorf("the two commands are %q, want %q", shown, want)
	}
}

// The first of README's two commands listens where README says.
func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	help, _, _ := run(t, "serve", "--help")
	page, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"127.0.0.1:8080", "127.0.0.1:8081"} {
		if !strings.Contains(help, addr) || !strings.Contains(string(page), addr) {
			t.Errorf("%s is not in both README and help", addr)
		}
	}
}

func TestReadmeConfigurations(t *testing.T) {
	t.Parallel()
	n := 0
	for _, b := range blocks(t, root+"/README.md") {
		if b.lang != "yaml" {
			continue
		}
		n++
		p := launch(t, []string{"OPENAI_API_KEY=a", "ACME_KEY=b"}, "check", "--config", file(t, t.TempDir(), "weir.yaml", b.text))
		if code := p.wait(t); code != 0 || p.err.String() != "" {
			t.Errorf("%d %s%s", code, &p.err, b.text)
		}
	}
	if n == 0 {
		t.Error("README shows no configuration")
	}
}

// The commands of this folder's page.
func TestCommandPage(t *testing.T) {
	t.Parallel()
	needCurl(t)
	dir, sockets := t.TempDir(), socketDir(t)
	config := file(t, dir, "weir.yaml", renaming("one"))
	p := serve(t, "--config", config)
	promises := []promise{
		{"/livez", `^\{"ok":true\}\n$`, ""},
		{"/readyz", `^\{"ok":true\}\n$`, ""},
		{"weir_build_info", `(?m)^weir_build_info\{[^}]*v0\.0\.0-test[^}]*\} 1$`, ""},
		{"/admin/v1/status", `"ready":true.*"last_load":\{`, token},
		{"/admin/v1/config", `(?s)redacted.*targets:`, token},
		{"/admin/v1/tenants", `^\[\]\n$`, ""},
		{"/admin/v1/reload", `^\{"ok":true\}\n$`, ""},
		{"weir check --config", `: ok: 1 target, 1 route, 0 tenants\n$`, "warning"},
		{"weir check --schema", `^\{\s*"\$schema": "https://json-schema\.org/draft/2020-12/schema"`, ""},
		{"plugin compile filter.wasm --cache", `^\{"module":"filter\.wasm","sha256":"[0-9a-f]{64}".*"cached":false.*"report":\{`, ""},
		{"plugin compile filter.wasm", `(?s)^module    filter\.wasm\nsha256    [0-9a-f]{64}\nsize  .*\ncompiled  in [0-9.]+ ms; admitted after [0-9.]+ ms\n$`, ""},
		{"weir version", `^weir   \S+\ngo     \S+ \S+/\S+\nsimd   \w+.*\nsonic  \w+\nwazero \w+.*\n$`, ""},
		{`"model":"any"`, `"object":"chat\.completion"`, ""},
	}
	used, ran, sim := map[int]bool{}, 0, ""
	for _, c := range commands(t, "README.md") {
		c = strings.NewReplacer("127.0.0.1:8081", p.admin, "--config weir.yaml", "--config "+config, "/run/weir", sockets, "cat weir.yaml", "cat "+config).Replace(c)
		args := strings.Fields(c)
		switch {
		case strings.HasPrefix(c, "cat "): // cat FILE | weir …
			piped := prepare(t, nil, args[4:]...)
			piped.cmd.Stdin = strings.NewReader(renaming("one"))
			piped.begin(t)
			piped.logged(t, 0, `"listener":"data"`)
			piped.stop(t)
		case strings.HasPrefix(c, "weir replay"):
			continue // see TestCommandPageReplay
		case strings.HasPrefix(c, "weir serve"):
			serve(t, strings.Fields(strings.Replace(c[len("weir serve"):], ":9000", ":0", 1))...).stop(t)
		case strings.HasPrefix(c, "weir sim"):
			sim = simAddr(t, launch(t, nil, strings.Fields(strings.Replace(c[len("weir "):], ":9000", ":0", 1))...))
		default:
			c, _, _ = strings.Cut(c, " > weir.schema.json")
			if strings.Contains(c, "filter.wasm") {
				c = "cp " + guest(t, "working/noop") + " filter.wasm && " + strings.Replace(c, "/var/cache/weir", "cache", 1)
			}
			keep(t, promises, used, strings.ReplaceAll(c, "127.0.0.1:9000", sim), "TOKEN="+token)
			continue
		}
		ran++
	}
	allKept(t, promises, used)
	if ran != 5 {
		t.Errorf("%d commands that run until a signal, want 5", ran)
	}
}

// What the page shows of check's output is check's output.
func TestCommandPageFaults(t *testing.T) {
	t.Parallel()
	bs := blocks(t, "README.md")
	i := slices.IndexFunc(bs, func(b block) bool { return b.lang == "yaml" })
	if i < 0 || i+1 >= len(bs) {
		t.Fatal("the page shows no faulty file with its faults")
	}
	dir := t.TempDir()
	_, stderr, code := run(t, "check", "--config", file(t, dir, "weir.yaml", bs[i].text))
	if got := strings.ReplaceAll(stderr, dir+"/", ""); code != 1 || got != bs[i+1].text {
		t.Errorf("%d\n%s\nthe page has\n%s", code, got, bs[i+1].text)
	}
}

// Every flag is on the page, under its command, and no other is.
func TestCommandPageFlags(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"serve", "check", "sim", "plugin compile", "replay", "version"} {
		_, section, ok := strings.Cut(string(page), "\n## weir "+name+"\n")
		if !ok {
			t.Errorf("no section on weir %s", name)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		help, _, _ := run(t, append(strings.Fields(name), "--help")...)
		flags := func(re, text string) (out []string) {
			for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(text, -1) {
				if m[1] != "help" {
					out = append(out, m[1])
				}
			}
			slices.Sort(out)
			return out
		}
		got, want := flags("(?m)^\\| `--([a-z-]+)", section), flags(`(?m)^ +(?:-\w, )?--([a-z-]+)`, help)
		if !slices.Equal(got, want) {
			t.Errorf("weir %s: the page has the flags %v, the command %v", name, got, want)
		}
	}
}

// The log lines that the page shows have the shape of those that are logged.
func TestCommandPageLog(t *testing.T) {
	t.Parallel()
	for _, b := range blocks(t, "README.md") {
		if b.lang != "json" {
			continue
		}
		logged := serve(t).err.String()
		for l := range strings.Lines(b.text) {
			var shown map[string]string
			if err := json.Unmarshal([]byte(l), &shown); err != nil {
				t.Fatal(err)
			}
			l = regexp.QuoteMeta(strings.TrimSuffix(l, "\n"))
			l = strings.NewReplacer("…", `[^"]+`, `127\.0\.0\.1:8080`, `[^"]+`, `127\.0\.0\.1:8081`, `[^"]+`).Replace(l)
			if !regexp.MustCompile(`(?m)^` + l + `$`).MatchString(logged) {
				t.Errorf("%v is not in the log:\n%s", shown, logged)
			}
		}
	}
}
