package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServeEmbedded(t *testing.T) {
	t.Parallel()
	p := serve(t)
	if status, body := ask(t, p.data[0], chatPath, hello); status != 200 || !strings.Contains(body, `"chat.completion"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask(t, p.data[0], chatPath, stream); status != 200 || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask(t, p.data[0], chatPath, strings.Replace(hello, `"sim"`, `"gpt-whatever"`, 1)); status != 200 {
		t.Errorf("any model name should reach the simulated model: %d %s", status, body)
	}
	for path, want := range map[string]string{"/livez": `{"ok":true}`, "/readyz": `{"ok":true}`, "/metrics": `weir_requests_total{tenant="default",route="route-0",endpoint="chat",outcome="ok"} 3`} {
		if status, body := ask(t, p.admin, path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := ask(t, p.admin, "/admin/v1/status", ""); status != 403 || !strings.Contains(body, "admin.token_file") {
		t.Errorf("status without a token: %d %s", status, body)
	}
	p.stop(t)
	if n := wantJSONLines(t, p.err.String()); n < 5 || p.out.String() != "" {
		t.Errorf("%d lines of log, standard output %q", n, p.out.String())
	}
	for _, want := range []string{`"msg":"weir","version":"v0.0.0-test","go":"go1.`, `"sonic":"`, `"wazero":"`, `"msg":"draining"`, `"msg":"stopped"`} {
		if !strings.Contains(p.err.String(), want) {
			t.Errorf("no %s in the log", want)
		}
	}
}

// socketDir is a folder whose path leaves room for a socket's name.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "w")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestServeListeners(t *testing.T) {
	t.Parallel()
	dir := socketDir(t)
	data, admin := "unix:"+filepath.Join(dir, "data.sock"), "unix:"+filepath.Join(dir, "admin.sock")
	for round := range 2 { // the second finds the sockets of a killed process
		p := serve(t, "--listen", "127.0.0.1:0", "--listen", data, "--listen", "localhost:0", "--admin", admin)
		slices.Sort(p.data)
		if p.data[2] != data || p.admin != admin {
			t.Fatalf("listens on %v and %s", p.data, p.admin)
		}
		for _, addr := range p.data {
			if status, body := ask(t, addr, chatPath, hello); status != 200 {
				t.Errorf("%s: %d %s", addr, status, body)
			}
		}
		if status, body := ask(t, p.admin, "/readyz", ""); status != 200 {
			t.Errorf("%d %s", status, body)
		}
		if _, stderr, code := run(t, "serve", "--listen", data, "--admin", "off"); code != 1 || !strings.Contains(stderr, "another process listens on") {
			t.Errorf("a socket in use was taken: %d %s", code, stderr)
		}
		if round == 0 {
			p.signal(t, syscall.SIGKILL)
			p.wait(t)
			continue
		}
		p.stop(t)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("sockets stay behind: %v, %v", left, err)
		}
	}
}

func TestServeConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := file(t, dir, "weir.yaml", "listen: [127.0.0.1:0]\nadmin: { listen: 127.0.0.1:0 }\ntargets: { slow: { kind: sim, models: { a: b } } }\nrecords: { file: records.jsonl }\n")
	p := serve(t, "--config", config)
	status, body := ask(t, p.data[0], chatPath, strings.Replace(hello, `"sim"`, `"a"`, 1))
	if status != 200 || !strings.Contains(body, `"model":"b"`) {
		t.Errorf("%d %s", status, body)
	}
	ask(t, p.data[0], chatPath, stream)
	records, moved := filepath.Join(dir, "records.jsonl"), filepath.Join(dir, "records.1")
	waitLines(t, records, 2)
	if err := os.Rename(records, moved); err != nil { // as logrotate does
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGUSR1)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		ask(t, p.data[0], "/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`)
		if _, err := os.Stat(records); err == nil {
			break
		}
	}
	p.stop(t)
	for name, want := range map[string][]string{
		moved:   {`"model":"a","model_returned":"b","target":"slow"`, `"stream":true,"status":200,"outcome":"ok"`},
		records: {`"dialect":"anthropic","endpoint":"messages","model":"m"`},
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := wantJSONLines(t, string(text)); n < len(want) {
			t.Errorf("%d records in %s, want at least %d", n, name, len(want))
		}
		for _, piece := range want {
			if !strings.Contains(string(text), piece) {
				t.Errorf("no %s in %s", piece, text)
			}
		}
	}
}

// waitLines waits until the file is there with so many lines.
func waitLines(t *testing.T, path string, want int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		text, err := os.ReadFile(path)
		if err == nil && strings.Count(string(text), "\n") == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s holds %q, %v", path, text, err)
		}
	}
}

// A configuration may come through a pipe, as from a tool that decrypts it. It
// can be read once only.
func TestServeConfigFromPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	written := make(chan error, 1)
	go func() {
		written <- os.WriteFile(path, []byte("listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\ntargets: { sim: { kind: sim } }\n"), 0o600)
	}()
	p := serve(t, "--config", path)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	if l := p.logged(t, 0, "not reloaded"); !strings.Contains(l.Err, "cannot be read again") {
		t.Errorf("%+v", l)
	}
	if status, body := ask(t, p.data[0], chatPath, hello); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	p.stop(t)
}

func TestSim(t *testing.T) {
	t.Parallel()
	answers := map[string]string{}
	for _, seed := range []string{"1", "2"} {
		p := launch(t, nil, "sim", "--listen", "127.0.0.1:0", "--seed", seed, "--ttft", "1ms", "--tpot", "0s", "--slots", "2", "--cache-blocks", "0")
		addr := simAddr(t, p)
		var a struct {
			Choices []struct{ Message struct{ Content string } }
			Usage   struct {
				Prompt  int `json:"prompt_tokens"`
				Details struct {
					Cached int `json:"cached_tokens"`
				} `json:"prompt_tokens_details"`
			}
		}
		long := strings.Replace(hello, "Say hello.", strings.Repeat("Say hello. ", 100), 1)
		for range 2 {
			status, body := ask(t, addr, chatPath, long)
			if err := json.Unmarshal([]byte(body), &a); err != nil || status != 200 || len(a.Choices) != 1 {
				t.Fatalf("%d %s, %v", status, body, err)
			}
		}
		if a.Usage.Prompt < 200 || a.Usage.Details.Cached != 0 {
			t.Errorf("--cache-blocks 0 caches: %+v", a.Usage)
		}
		answers[a.Choices[0].Message.Content] = seed
		p.stop(t)
	}
	if len(answers) != 2 {
		t.Errorf("two seeds say the same: %v", answers)
	}
}

// simAddr is the address that "weir sim" says it listens on.
func simAddr(t *testing.T, p *process) string {
	t.Helper()
	timeout := time.After(patience)
	said := regexp.MustCompile(`(?m)^simulated model on http://(\S+) \(OpenAI base URL: http://(\S+)/v1\)\n`)
	for {
		text, more := p.out.look()
		if m := said.FindStringSubmatch(text); len(m) == 3 && m[1] == m[2] {
			return m[1]
		}
		select {
		case <-more:
		case <-p.exited:
			t.Fatalf("weir sim ended: %s%s", &p.out, &p.err)
		case <-timeout:
			t.Fatalf("weir sim says %q", text)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := run(t, "version")
	want := regexp.MustCompile(`^weir   v0\.0\.0-test\ngo     ` + regexp.QuoteMeta(runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH) +
		`\nsimd   (avx2|portable.*)\nsonic  (native|fallback)\nwazero (compiler|interpreter.*)\n$`)
	if code != 0 || stderr != "" || !want.MatchString(stdout) {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if stdout, _, code := run(t, "--version"); code != 0 || stdout != "weir version v0.0.0-test\n" {
		t.Errorf("%d %q", code, stdout)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"":       {"serve ", "check ", "sim ", "plugin ", "version ", `Begin with "weir serve"`},
		"serve":  {"--config FILE", "--listen ADDRESS", "--admin ADDRESS", "SIGTERM", "SIGHUP", "SIGUSR1", "limits.drain", "Examples:\n  weir serve\n"},
		"check":  {"--config FILE", "--schema", "file:line:column: what; which setting", "exit status", "Examples:\n  weir check"},
		"sim":    {"--listen HOST:PORT", "--seed", "--ttft", "--tpot", "--slots", "--cache-blocks", "x-sim-fault", "Examples:\n  weir sim"},
		"plugin": {"compile "},
		"plugin compile": {"--json", "--out FILE", "--sha256 HEX", "--cache DIR", "--memory SIZE", "--compile-cpu", "exit status",
			"Examples:\n  weir plugin compile filter.wasm"},
		"version": {"sonic", "wazero"},
	} {
		t.Run("weir "+name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, append(strings.Fields(name), "--help")...)
			if code != 0 || stderr != "" {
				t.Errorf("%d %q", code, stderr)
			}
			for _, piece := range append(want, "Usage:\n  weir") {
				if !strings.Contains(stdout, piece) {
					t.Errorf("no %q in:\n%s", piece, stdout)
				}
			}
			for l := range strings.Lines(stdout) {
				if len(strings.TrimRight(l, "\n")) > 120 {
					t.Errorf("a line too long for a terminal: %q", l)
				}
			}
		})
	}
	if bare, _, code := run(t); code != 0 || !strings.Contains(bare, "Available Commands:") {
		t.Errorf("weir alone: %d %q", code, bare)
	}
}

// What is wrong on the command line is said in one line, and the exit code is 1.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := file(t, dir, "good.yaml", "targets: { sim: { kind: sim } }\nlisten: 127.0.0.1:0\nadmin: { listen: off }\n")
	taken := serve(t, "--admin", "off")
	for args, want := range map[string]string{
		"bogus":                                       `unknown command "bogus"; see "weir --help"`,
		"--bogus":                                     `unknown flag: --bogus; see "weir --help"`,
		"serve --bogus":                               `unknown flag: --bogus; see "weir serve --help"`,
		"serve weir.yaml":                             `weir serve takes no argument, and "weir.yaml" is one`,
		"serve --config":                              "flag needs an argument: --config",
		"serve --config " + dir + "/none.yaml":        "none.yaml:1:1: cannot read the configuration: no such file",
		"serve --config " + dir:                       "it is a folder",
		"serve --listen nowhere":                      "--listen: not an address; write --listen as HOST:PORT or unix:PATH",
		"serve --listen 127.0.0.1:70000":              "--listen: the port is no number from 0 to 65535",
		"serve --listen 0.0.0.0:0":                    "--listen: ",
		"serve --admin 1":                             "--admin: not an address; write --admin as HOST:PORT, unix:PATH or off",
		"serve --admin off --listen " + taken.data[0]: "address already in use; choose other addresses with --listen and --admin",
		"serve --listen 127.0.0.1:0 --admin " + taken.data[0]: "admin.listen: ",
		"check":                                "name the file: weir check --config FILE",
		"check " + good:                        "weir check takes no argument",
		"check --config " + dir + "/none.yaml": "no such file",
		"sim --ttft 5":                         `invalid argument "5" for "--ttft" flag`,
		"sim --ttft -5s":                       "--ttft is below 0",
		"sim --slots -1":                       "--slots is below 0",
		"sim --cache-blocks -1":                "--cache-blocks is below 0",
		"sim --seed -1":                        `invalid argument "-1" for "--seed" flag`,
		"sim --listen nowhere":                 "--listen: ",
		"version 2":                            "weir version takes no argument",
		"plugin bogus":                         `unknown command "bogus"; see "weir plugin --help"`,
		"plugin compile":                       "name the module: weir plugin compile MODULE",
		"plugin compile a b":                   `weir plugin compile takes one module, and "b" is another`,
		"plugin compile " + dir + "/none.wasm": "no such file",
		"plugin compile " + dir:                "is a directory",
		"plugin compile " + good:               `good.yaml: admit plugin "good.yaml": it is no WebAssembly module`,
		"plugin compile --memory 7 x":          `invalid argument "7" for "--memory" flag: write a size as 512KiB, 8MiB or 1GiB`,
		"plugin compile --child":               "no job on standard input: this command is run by Weir itself",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, strings.Fields(args)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, want) {
				t.Errorf("exit code %d, %q, %q; want 1 and %q", code, stdout, stderr, want)
			}
			last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
			if !strings.Contains(last, want) {
				t.Errorf("not in the last line: %q", stderr)
			}
			for l := range strings.Lines(stderr) {
				if l != last && !strings.HasPrefix(l, `{"time":`) {
					t.Errorf("another line: %q", l)
				}
			}
		})
	}
}
