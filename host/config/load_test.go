package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// write puts a file into dir, readable by its owner alone.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefault(t *testing.T) {
	t.Parallel()
	c := Default()
	sim := c.Targets["sim"]
	if len(c.Targets) != 1 || sim == nil || sim.Kind != KindSim || sim.Slots != 8 || sim.TTFT.Std() != 20*time.Millisecond || sim.TPOT.Std() != 5*time.Millisecond {
		t.Errorf("targets: %v", c.Targets)
	}
	if !slices.Equal(sim.Dialects, []string{"openai", "anthropic"}) {
		t.Errorf("dialects: %v", sim.Dialects)
	}
	if !slices.Equal(c.Listen, Listen{"127.0.0.1:8080"}) || c.Admin.Listen != "127.0.0.1:8081" || c.Tenants != nil || c.Records != nil || c.TLS != nil {
		t.Errorf("default: %v", c)
	}
	if len(c.Routes) != 1 || !slices.Equal(c.Routes[0].Targets, []string{"sim"}) || c.Routes[0].Inspect != InspectFull || *c.Routes[0].Retries != 2 {
		t.Errorf("routes: %+v", c.Routes)
	}
	want := Limits{Body: 4 << 20, Headers: 64 << 10, Connections: 10000, HeaderTimeout: Duration(10 * time.Second), BodyTimeout: Duration(time.Minute),
		Idle: Duration(2 * time.Minute), Drain: Duration(30 * time.Second), Write: Duration(30 * time.Second), Event: 1 << 20, Response: 1 << 20}
	if c.Limits != want {
		t.Errorf("limits: %+v", c.Limits)
	}
	if !*c.Signals || c.Phrases != nil || c.Prefix != (Prefix{Seen: 65536}) {
		t.Errorf("facts: %v", c)
	}
	if len(c.Files()) != 0 || len(c.Warnings()) != 0 {
		t.Errorf("files %v, warnings %v", c.Files(), c.Warnings())
	}
}

func TestTargetDefaults(t *testing.T) {
	t.Parallel()
	c, err := Parse("weir.yaml", []byte("targets: {a: {kind: anthropic, url: http://h}, o: {kind: ollama, url: http://h}}\nroutes: [{targets: [a, o]}]\nrecords: {file: r}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := c.Targets["a"]
	if !slices.Equal(a.Dialects, []string{"anthropic"}) || !slices.Equal(c.Targets["o"].Dialects, []string{"openai"}) {
		t.Errorf("dialects %v, %v", a.Dialects, c.Targets["o"].Dialects)
	}
	if a.Connect.Std() != 2*time.Second || a.FirstByte.Std() != 2*time.Minute || a.Idle.Std() != time.Minute || a.Connections != 512 || a.Concurrency != 0 || !*a.AskUsage {
		t.Errorf("target: %v", a)
	}
	if a.Slots != 0 || a.TTFT != 0 || a.CacheBlocks != 0 {
		t.Errorf("a target that is no sim has the defaults of one: %v", a)
	}
	if r := c.Records; r.Content != ContentNone || r.Prefix != PrefixMessages || r.Sample != 1 || r.Rotate != (Rotate{100 << 20, 5}) || !filepath.IsAbs(r.File) {
		t.Errorf("records: %+v", r)
	}
}

func TestExampleLoads(t *testing.T) {
	t.Parallel()
	c, err := Load("testdata/example.yaml", vars("WEIR_ADMIN_TOKEN", "t", "OPENAI_API_KEY", "o", "OPENAI_ORG", "org", "ANTHROPIC_API_KEY", "a", "ACME_KEY", "k1", "PLATFORM_KEY", "k2", "WEIR_PREFIX_SEED", "0123456789abcdef", "ACME_UPLOAD_TOKEN", "u"))
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) != 1 || !strings.Contains(w[0].What, "routes[3] passes everything by") {
		t.Errorf("warnings: %v", w)
	}
	if c.Targets["cloud"].Key.Reveal() != "o" || len(c.Routes) != 5 || c.Targets["socket"].URL != "unix:/run/llama/server.sock:/v1" {
		t.Errorf("config: %v", c)
	}
	want := time.Date(2099, 1, 31, 23, 59, 59, 999999999, time.UTC)
	if got := c.Tenants["acme"].Keys[0].NotAfter; !got.Equal(want) {
		t.Errorf("not_after %v, want %v", got, want)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("README.md shows %d files", len(blocks))
	}
	dir := t.TempDir()
	write(t, dir, "keys/acme", "key\n")
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, err := Load(write(t, dir, "weir.yaml", text), vars("OPENAI_API_KEY", "o", "ACME_KEY", "k")); err != nil {
			t.Errorf("README.md's example: %v in\n%s", err, text)
		}
	}
}

func TestLoadSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "admin", "admin-token\r\n")
	write(t, dir, "secrets/api", "api-key\n\n")
	write(t, dir, "secrets/tenant", "tenant-key")
	path := write(t, dir, "weir.yaml", `
admin: {token_file: admin}
targets: {t: {kind: openai, url: "https://h/v1", key_file: ./secrets/api}}
tenants: {a: {keys: [{file: secrets/../secrets/tenant}]}}
`)
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Admin.Token != "admin-token" || c.Targets["t"].Key != "api-key" || c.Tenants["a"].Keys[0].Value != "tenant-key" {
		t.Error("secrets were not read")
	}
	want := []string{path, filepath.Join(dir, "admin"), filepath.Join(dir, "secrets", "api"), filepath.Join(dir, "secrets", "tenant")}
	if got := c.Files(); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestFaultsOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "empty", "\n")
	write(t, dir, "lines", "a\nb\n")
	write(t, dir, "large", strings.Repeat("k", maxSecretFile+1))
	write(t, dir, "text", "no PEM")
	for name, c := range map[string]struct{ yaml, want string }{
		"missing":  {"key_file: none", "1:55: targets.t.key_file: cannot read the file: no such file or directory; name a readable file in targets.t.key_file"},
		"empty":    {"key_file: empty", "1:55: targets.t.key_file: the file is empty; write the credential into the file"},
		"lines":    {"key_file: lines", "1:55: targets.t.key_file: the file holds more than one line, blanks, or characters beyond ASCII; write the credential alone"},
		"large":    {"key_file: large", "1:55: targets.t.key_file: cannot read the file: larger than 64KiB; name a readable file"},
		"folder":   {"key_file: .", "1:55: targets.t.key_file: cannot read the file: not a regular file; name a readable file"},
		"no path":  {"key_file: ''", "1:55: targets.t.key_file: empty; write targets.t.key_file as the path of a file"},
		"NUL":      {`key_file: "a\0"`, "1:55: targets.t.key_file: not a path; write"},
		"no CA":    {"tls: {ca: text}", "1:55: targets.t.tls.ca: the file holds no certificate; name a PEM file"},
		"CA none":  {"tls: {ca: none}", "1:55: targets.t.tls.ca: cannot read the file: no such file or directory; name a readable PEM file"},
		"no pair":  {"tls: {cert: text, key: text}", "1:57: targets.t.tls.cert and targets.t.tls.key do not load: tls: failed to find any PEM data in certificate input; name PEM files"},
		"half one": {"tls: {cert: text, key: none}", "1:68: targets.t.tls.key: cannot read the file: no such file or directory; name a readable PEM file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, t.TempDir(), "weir.yaml", "")
			_, err := Parse(filepath.Join(dir, filepath.Base(path)), []byte("targets: {t: {kind: openai, url: https://h, "+c.yaml+"}}\n"), nil)
			var faults Faults
			if !errors.As(err, &faults) || len(faults) != 1 {
				t.Fatalf("got %v, want one fault", err)
			}
			if got := strings.TrimPrefix(faults[0].String(), faults[0].File+":"); !strings.HasPrefix(got, c.want) {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := write(t, dir, "large.yaml", sim+strings.Repeat("#", maxFile))
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "cannot read the configuration: no such file or directory",
		dir:                             "cannot read the configuration: it is a folder",
		large:                           "the file is larger than 4MiB",
	} {
		_, err := Load(path, nil)
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].What != want || faults[0].File != path || faults[0].Line != 1 {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// TestLoadConfigMap loads from a folder laid out as Kubernetes mounts a
// ConfigMap and a Secret, before and after the swap of the ..data link.
func TestLoadConfigMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, v := range []string{"1", "2"} {
		write(t, dir, "..2026_"+v+"/weir.yaml", "targets: {t: {kind: openai, url: 'http://h"+v+"', key_file: key}}\n")
		write(t, dir, "..2026_"+v+"/key", "key-"+v)
	}
	swap := func(to string) {
		if err := os.Symlink(to, filepath.Join(dir, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	swap("..2026_1")
	for _, name := range []string{"weir.yaml", "key"} {
		if err := os.Symlink("..data/"+name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "weir.yaml")
	for _, v := range []string{"1", "2"} {
		swap("..2026_" + v)
		c, err := Load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Targets["t"]; got.Key.Reveal() != "key-"+v || got.URL != "http://h"+v {
			t.Errorf("version %s: key %s, url %s", v, got.Key.Reveal(), got.URL)
		}
		if want := []string{path, filepath.Join(dir, "key")}; !slices.Equal(c.Files(), want) {
			t.Errorf("files %q, want %q", c.Files(), want)
		}
	}
}

func TestRelativePathsBecomeAbsolute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, err := Parse(filepath.Join(dir, "sub", "weir.yaml"), []byte(sim+"records: {file: ../r.jsonl}\nlisten: unix:w.sock\nadmin: {listen: off}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Records.File != filepath.Join(dir, "r.jsonl") || c.Listen[0].Address() != filepath.Join(dir, "sub", "w.sock") || c.Admin.Listen != "" {
		t.Errorf("records %s, listen %s, admin %q", c.Records.File, c.Listen[0], c.Admin.Listen)
	}
}

func TestEveryDefaultParses(t *testing.T) {
	t.Parallel()
	for _, v := range []any{Config{}, ServerTLS{}, Admin{}, Limits{}, Target{}, ClientTLS{}, Route{}, Match{}, Tenant{}, Key{}, Phrases{}, Prefix{}, Records{}, Rotate{}, Log{}} {
		typ := reflect.TypeOf(v)
		setDefaults(reflect.New(typ).Elem()) // panics on a bad tag
		for _, f := range fieldsOf(typ) {
			field := typ.Field(f.index)
			if f.doc == "" || f.example == "" {
				t.Errorf("%s.%s has no doc or no example", typ.Name(), field.Name)
			}
			if field.Type.Kind() == reflect.Slice && f.most == 0 {
				t.Errorf("%s.%s is a list without bound", typ.Name(), field.Name)
			}
			if k := field.Type.Kind(); (k == reflect.Int || k == reflect.Int64 || k == reflect.Float64) && f.low == "" {
				t.Errorf("%s.%s has no range", typ.Name(), field.Name)
			}
		}
	}
}
