package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// filtered is a configuration with the plugin "filter", the guest deny, for a word.
func filtered(t *testing.T, word string) string {
	t.Helper()
	return fmt.Sprintf(`listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
targets: { sim: { kind: sim, ttft: 0s, tpot: 0s } }
cache_dir: cache
plugins: { filter: { module: %q, config: { word: %q }, limits: { deadline: 20s, wait: 20s, start: 60s } } }
policies: { default: { before: [filter], budget: 60s } }
records: { file: records.jsonl, content: text }
`, guest(t, "working/deny"), word)
}

// change is a line of JSON that weir replay prints.
type change struct {
	Line      int
	RequestID string `json:"request_id"`
	Tenant    string
	Hooks     []struct {
		Hook     string
		Old, New struct {
			Action, Fault string
			Score         *float64
		}
	}
	Summary *struct {
		Plugin                     string
		Records, Replayed, Changed int
		WithoutVerdict             int `json:"without_verdict"`
		BadLines                   int `json:"bad_lines"`
		Costs                      []struct {
			Hook     string
			Old, New *struct{ Calls int }
		}
	}
}

// What weir serve recorded of one version of a plugin is replayed with another.
func TestReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, "--config", file(t, dir, "weir.yaml", filtered(t, "forbidden")))
	for i, text := range []string{"Say hello.", "This is forbidden.", "Say nothing."} {
		for _, body := range []string{hello, stream} {
			ask(t, p.data[0], chatPath, strings.Replace(body, "Say hello.", text, 1), "x-request-id", fmt.Sprint("r", i))
		}
	}
	p.stop(t)
	records := filepath.Join(dir, "records.jsonl")
	args := []string{"replay", "--records", records, "--plugin", guest(t, "working/deny"), "--config"}

	same := append(args, filepath.Join(dir, "weir.yaml"), "--fail-on-change")
	stdout, stderr, code := run(t, same...)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "records   6, replayed 6, changed 0\n") || !strings.Contains(stdout, "verdicts  request  deny → deny: 2\n") {
		t.Errorf("the same version: %d %q %s", code, stderr, stdout)
	}
	other := append(args, file(t, dir, "other.yaml", filtered(t, "hello")), "--json")
	stdout, stderr, code = run(t, other...)
	if code != 0 || stderr != "" {
		t.Fatalf("another: %d %s", code, stderr)
	}
	var changes []change
	for l := range strings.Lines(stdout) {
		var c change
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		changes = append(changes, c)
	}
	told := ""
	for _, c := range changes[:len(changes)-1] {
		if len(c.Hooks) > 0 && c.Hooks[0].Hook == "request" {
			told += fmt.Sprintf("%d %s %s %s→%s; ", c.Line, c.RequestID, c.Tenant, c.Hooks[0].Old.Action, c.Hooks[0].New.Action)
		}
	}
	if want := "1 r0 default none→deny; 2 r0 default none→deny; 3 r1 default deny→none; 4 r1 default deny→none; "; told != want {
		t.Errorf("changes: %q, want %q", told, want)
	}
	if s := changes[len(changes)-1].Summary; s == nil || s.Plugin != "filter" || s.Records != 6 || s.Replayed != 6 || s.Changed != len(changes)-1 || s.WithoutVerdict != 0 ||
		len(s.Costs) == 0 || s.Costs[0].Old.Calls != 6 || s.Costs[0].New.Calls != 6 {
		t.Errorf("%s", stdout)
	}
	if _, stderr, code = run(t, append(other, "--fail-on-change")...); code != 1 || stderr != "" {
		t.Errorf("--fail-on-change: %d %q", code, stderr)
	}
}

// Mistakes are told in one line that says what to do.
func TestReplayMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	records := file(t, dir, "records.jsonl", `{"request_id":"a","verdicts":[{"plugin":"x","hook":"request"},{"plugin":"y","hook":"request"}]}`+"\n")
	noop := guest(t, "working/noop")
	for args, want := range map[string]string{
		"":                                     "name the records: weir replay --records FILE",
		"--records x":                          "name the new version",
		"--records x --plugin y":               "no such file",
		"--records x --plugin y --limit -1":    "leave it out to read all",
		"--records x --plugin y z":             "takes no argument",
		"--records x --plugin y --parallel=-1": "--parallel is not between",
		"--records " + records + " --plugin " + noop:                                    "say with --name which one " + noop + " takes the place of: x, y",
		"--records " + records + " --name x --plugin " + guest(t, "hostile/import-env"): "imports",
		"--records /dev/null --plugin " + noop:                                          "say with --name",
		"--records " + records + " --name x --fail-on-change --plugin " + noop:          "no record was replayed",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			_, stderr, code := run(t, append([]string{"replay"}, strings.Fields(args)...)...)
			if code != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%d %q, want %q", code, stderr, want)
			}
		})
	}
}

// What the page shows is what the commands print.
func TestCommandPageReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	record := func(id, text string) string {
		return `{"time":"2026-01-02T03:04:05Z","request_id":"` + id + `","tenant":"acme","endpoint":"chat","model":"m","status":200,"outcome":"ok",` +
			`"verdicts":[{"plugin":"filter","hook":"request","action":"none","score":null,"us":3,"fuel":210}]` + text + "}\n"
	}
	text := func(s string) string { return `,"text":{"messages":[{"role":"user","text":"` + s + `"}],"answer":""}` }
	file(t, dir, "records.jsonl", record("r-1", text("nothing"))+record("r-2", text("a secret"))+record("r-3", ""))
	file(t, dir, "weir.yaml", filtered(t, "secret"))
	var shown []string
	for _, c := range commands(t, "README.md") {
		if strings.HasPrefix(c, "weir replay ") {
			shown = append(shown, c)
		}
	}
	bs := blocks(t, "README.md")
	i := slices.IndexFunc(bs, func(b block) bool { return strings.HasPrefix(b.text, "r-2  acme") })
	if len(shown) != 2 || i < 0 || i+1 >= len(bs) {
		t.Fatalf("the page shows %q, and their output in no or few blocks", shown)
	}
	shape := func(text string) string { // digests, figures and times differ
		return regexp.MustCompile(`\b[0-9a-f]{12}\b|\b[0-9.]+\b`).ReplaceAllString(text, "0")
	}
	out, code := shell(t, "cp "+guest(t, "working/deny")+" "+dir+"/filter-2.wasm && cd "+dir+" && "+shown[0])
	if code != 0 || shape(out) != shape(bs[i].text) {
		t.Errorf("%d\n%s\nthe page has\n%s", code, out, bs[i].text)
	}
	out, code = shell(t, "cd "+dir+" && "+shown[1])
	var expr strings.Builder
	for j, piece := range strings.Split(bs[i+1].text, "…") {
		if j > 0 {
			expr.WriteString(".*")
		}
		expr.WriteString(regexp.QuoteMeta(piece))
	}
	if code != 0 || !regexp.MustCompile("^"+expr.String()+"$").MatchString(out) {
		t.Errorf("%d\n%s\nthe page has\n%s", code, out, bs[i+1].text)
	}
	if _, err := os.Stat(filepath.Join(dir, "cache")); err != nil {
		t.Errorf("cache_dir is not used: %v", err)
	}
}
