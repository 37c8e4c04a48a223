package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

const token = "admin-token-0123456789"

// status is a part of what the admin API tells.
type status struct {
	Ready    bool
	Reloads  int
	InFlight int                    `json:"in_flight"`
	LastLoad struct{ Error string } `json:"last_load"`
}

func (p *process) status(t *testing.T, ok func(*status) bool) *status {
	t.Helper()
	var s *status
	eventually(t, p.admin, "/admin/v1/status", func(code int, body string) bool {
		s = &status{}
		if err := json.Unmarshal([]byte(body), s); err != nil || code != 200 {
			t.Fatalf("status: %d %s, %v", code, body, err)
		}
		return ok(s)
	}, "Authorization", "Bearer "+token)
	return s
}

// renaming is a configuration whose model "m" is served as the model named.
func renaming(model string) string {
	return "listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0, token: " + token + " }\ntargets: { sim: { kind: sim, ttft: 0s, tpot: 0s, models: { m: " + model + " } } }\n"
}

// faulty has three faults, on its second and third line.
const faulty = "listen: 127.0.0.1:0\nlimits: { body: 5, bogus: 1 }\ntargets: { sim: { kind: nope } }\n"

var faultyLines = []string{"weir.yaml:2:", "weir.yaml:3:", "limits.body", "bogus", "targets.sim.kind"}

// served tells which model answers for "m".
func (p *process) served(t *testing.T) string {
	t.Helper()
	status, body := ask(t, p.data[0], chatPath, strings.Replace(hello, `"sim"`, `"m"`, 1))
	var a struct{ Model string }
	if err := json.Unmarshal([]byte(body), &a); err != nil || status != 200 {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	return a.Model
}

// wantRefused checks that a bad file was told of, everywhere and completely, and
// that nothing else has come of it.
func wantRefused(t *testing.T, p *process, serving string) {
	t.Helper()
	whole := func(text string) bool {
		return !slices.ContainsFunc(faultyLines, func(piece string) bool { return !strings.Contains(text, piece) })
	}
	shown := p.status(t, func(s *status) bool { return whole(s.LastLoad.Error) })
	if l := p.logged(t, 0, faultyLines[0]); !whole(l.Err) || l.Msg != "configuration not reloaded; the one in force stays" || l.Level != "ERROR" {
		t.Errorf("the log has %+v", l)
	}
	if got := p.served(t); got != serving || !shown.Ready {
		t.Errorf("%s answers, want %s; ready %t", got, serving, shown.Ready)
	}
}

func TestFault34_ReloadOnFileChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := file(t, dir, "weir.yaml", renaming("one"))
	p := serve(t, "--config", path)
	if got := p.served(t); got != "one" {
		t.Fatal(got)
	}
	file(t, dir, "weir.yaml", faulty) // written in place
	wantRefused(t, p, "one")
	replace(t, path, renaming("two"))
	p.status(t, func(s *status) bool { return s.Reloads == 1 && s.LastLoad.Error == "" })
	if got := p.served(t); got != "two" {
		t.Errorf("%s answers after the reload", got)
	}
	p.stop(t)
}

// Keys rotate by replacing their files.
func TestFault34_ReloadOnSecretFileChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := file(t, dir, "key", "first-key\n")
	p := serve(t, "--config", file(t, dir, "weir.yaml", renaming("one")+"tenants: { acme: { keys: [ { file: key } ] } }\n"))
	want := func(key string, want int) {
		t.Helper()
		if status, body := ask(t, p.data[0], chatPath, hello, "Authorization", "Bearer "+key); status != want {
			t.Errorf("%s: %d %s", key, status, body)
		}
	}
	want("first-key", 200)
	want("second-key", 401)
	replace(t, key, "second-key\n")
	p.status(t, func(s *status) bool { return s.Reloads == 1 })
	want("first-key", 401)
	want("second-key", 200)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	p.status(t, func(s *status) bool { return strings.Contains(s.LastLoad.Error, "tenants.acme.keys[0].file") })
	want("second-key", 200)
	p.stop(t)
}

// A ConfigMap is mounted as weir.yaml → ..data/weir.yaml, ..data → a folder; an
// update is a new folder and one rename of the link.
func TestFault34_ReloadOnConfigMapSwap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	swap := func(version, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		file(t, filepath.Join(dir, version), "weir.yaml", text)
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	swap("..v1", renaming("one"))
	path := filepath.Join(dir, "weir.yaml")
	if err := os.Symlink(filepath.Join("..data", "weir.yaml"), path); err != nil {
		t.Fatal(err)
	}
	p := serve(t, "--config", path)
	swap("..v2", renaming("two"))
	if err := os.RemoveAll(filepath.Join(dir, "..v1")); err != nil { // the kubelet tidies up
		t.Fatal(err)
	}
	p.status(t, func(s *status) bool { return s.Reloads >= 1 && s.LastLoad.Error == "" })
	if got := p.served(t); got != "two" {
		t.Errorf("%s answers after the swap", got)
	}
	swap("..v3", faulty)
	wantRefused(t, p, "two")
	swap("..v4", renaming("four"))
	p.status(t, func(s *status) bool { return s.Reloads >= 2 && s.LastLoad.Error == "" })
	if got := p.served(t); got != "four" {
		t.Errorf("%s answers after the second swap", got)
	}
	p.stop(t)
}

// A hundred reloads by signal, under load, fail no request.
func TestFault34_ReloadOnSIGHUPUnderLoad(t *testing.T) {
	t.Parallel()
	p := serve(t, "--config", file(t, t.TempDir(), "weir.yaml", renaming("one")))
	done := make(chan struct{})
	var wg sync.WaitGroup
	var asked atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			client := web(t, p.data[0])
			body, end := hello, `}`
			if i%2 == 1 {
				body, end = stream, "data: [DONE]\n\n"
			}
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := once(client, body, end); err != nil {
					t.Error(err)
				}
				asked.Add(1)
			}
		})
	}
	for n := range 100 {
		p.signal(t, syscall.SIGHUP)
		p.status(t, func(s *status) bool { return s.Reloads > n })
	}
	close(done)
	wg.Wait()
	t.Logf("%d requests", asked.Load())
	if asked.Load() < 100 {
		t.Errorf("%d requests are no load", asked.Load())
	}
	p.stop(t)
}

func TestFault34_CheckTellsEveryFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stdout, stderr, code := run(t, "check", "--config", file(t, dir, "weir.yaml", faulty))
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d, %q", code, stdout)
	}
	shape, n := regexp.MustCompile(`^`+regexp.QuoteMeta(dir)+`/weir\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^;]+; .+\n$`), 0
	for l := range strings.Lines(stderr) {
		if n++; !shape.MatchString(l) {
			t.Errorf("%q is not file:line:column: what; which setting", l)
		}
	}
	for _, piece := range faultyLines {
		if !strings.Contains(stderr, piece) {
			t.Errorf("no %q in %q", piece, stderr)
		}
	}
	if n != 3 {
		t.Errorf("%d faults, want 3: %s", n, stderr)
	}
	if _, served, code := run(t, "serve", "--config", filepath.Join(dir, "weir.yaml")); code != 1 || served != stderr {
		t.Errorf("serve says %d %q, check %q", code, served, stderr)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	path := file(t, t.TempDir(), "weir.yaml", renaming("one"))
	if stdout, stderr, code := run(t, "check", "--config", path); code != 0 || stderr != "" || stdout != path+": ok: 1 target, 1 route, 0 tenants\n" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if err := os.Chmod(path, 0o644); err != nil { // others can read the token
		t.Fatal(err)
	}
	want := fmt.Sprintf("warning: %s:2:38: ", path)
	if _, stderr, code := run(t, "check", "-c", path); code != 0 || !strings.HasPrefix(stderr, want) || strings.Contains(stderr, token) {
		t.Errorf("%d %q, want %q", code, stderr, want)
	}
	stdout, stderr, code := run(t, "check", "--schema")
	var schema struct {
		Schema     string `json:"$schema"`
		Properties map[string]any
		Defs       map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(stdout), &schema); err != nil || code != 0 || stderr != "" {
		t.Fatalf("%d %q, %v", code, stderr, err)
	}
	if !strings.HasPrefix(schema.Schema, "https://json-schema.org/") || len(schema.Properties)+len(schema.Defs) < 9 {
		t.Errorf("no schema: %.200s", stdout)
	}
}
