package upload

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "plugins")
	s, log := open(t, dir)
	put(t, s, "acme", "words", "one", `{"mode":"off"}`)
	put(t, s, "acme", "a-1", "two", "")
	put(t, s, "other", "words", "three", "{}")
	put(t, s, "acme", "words", "four", `{"a": "<\u00e9 >" }`)
	for range 2 {
		holds(t, s, "acme", "words", "four", `{"a":"<\u00e9 >"}`)
		holds(t, s, "acme", "a-1", "two", "{}")
		holds(t, s, "other", "words", "three", "{}")
		if all := s.Of("acme"); len(all) != 2 || all[0].Name != "a-1" || all[1].Name != "words" || all[1].Time.Nanosecond() != 4 {
			t.Errorf("%+v", all)
		}
		if got := files(t, dir); len(got) != 6 {
			t.Errorf("files: %v", got)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		s, _ = open(t, dir)
	}
	for range 2 {
		if err := s.Delete("acme", "words"); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := s.Get("acme", "words"); ok || len(files(t, dir)) != 4 {
		t.Errorf("deleted: %v", files(t, dir))
	}
	if log.String() != "" {
		t.Error(log.String())
	}
}

func TestSettingsAreJSON(t *testing.T) {
	t.Parallel()
	s, _ := open(t, t.TempDir())
	if err := s.Put(Plugin{Tenant: "t", Name: "n", Settings: []byte("{")}, nil); err == nil {
		t.Error("settings that are no JSON were kept")
	}
	long := `"` + strings.Repeat("<", 1<<20) + `"` // as long as they may be
	put(t, s, "t", "n", "", long)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, s.Dir())
	holds(t, s, "t", "n", "", long)
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "a.b", "A", "a/b", "a\x00", "a\\b", "ü", strings.Repeat("a", 65)} {
		if ValidName(name) {
			t.Errorf("%q is allowed", name)
		}
	}
	if !ValidName("-0a") || !ValidName(strings.Repeat("z", 64)) {
		t.Error("good names are refused")
	}
	dir := t.TempDir()
	s, _ := open(t, dir)
	if err := s.Put(Plugin{Tenant: "acme", Name: ".."}, nil); err == nil {
		t.Error("a name that is none was kept")
	}
	tenants := []string{"acme", "Acme", "ACME", "a.cme", "..", ".", ".lock", "a:b", "a_b", "a.b", strings.Repeat("A", 128), strings.Repeat("a", 128), strings.Repeat("A", 127) + "b"}
	seen := map[string]string{}
	for _, tenant := range tenants {
		folder := folderOf(tenant)
		if len(folder) > 200 || strings.Trim(folder, "abcdefghijklmnopqrstuvwxyz0123456789-_+") != "" || seen[folder] != "" {
			t.Errorf("%q is in %q, as %q", tenant, folder, seen[folder])
		}
		seen[folder] = tenant
		put(t, s, tenant, "p", tenant, "")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, log := open(t, dir)
	for _, tenant := range tenants {
		holds(t, s, tenant, "p", tenant, "{}")
	}
	if log.String() != "" {
		t.Error(log.String())
	}
}

func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	if other, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("%v, %v", other, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// Row 30: a crash between any two writes leaves the old plugin or the new one, and nothing that stays behind for ever.
func TestFault30_CrashInPut(t *testing.T) {
	t.Parallel()
	before, after := t.TempDir(), t.TempDir()
	for dir, texts := range map[string][]string{before: {"old"}, after: {"old", "new"}} {
		s, _ := open(t, dir)
		for _, text := range texts {
			put(t, s, "acme", "words", text, `{"sample":0.`+map[string]string{"old": "1", "new": "2"}[text]+`}`)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	old, fresh := filepath.Join(before, "acme"), filepath.Join(after, "acme")
	var wasm string
	for _, f := range files(t, fresh) {
		if strings.HasSuffix(f, ".wasm") {
			wasm = f
		}
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(fresh, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	steps := []struct {
		name, file, text string
		isNew            bool
	}{
		{"half a module", wasm + ".next", "ne", false},
		{"a module", wasm, read(wasm), false},
		{"half a record", "words.json.next", read("words.json")[:20], false},
		{"the record", "words.json", read("words.json"), true},
	}
	for _, step := range steps {
		write(t, filepath.Join(old, step.file), step.text)
		if step.isNew { // the module was written before the record
			write(t, filepath.Join(old, wasm), read(wasm))
		}
		s, log := open(t, before)
		if step.isNew {
			holds(t, s, "acme", "words", "new", `{"sample":0.2}`)
		} else {
			holds(t, s, "acme", "words", "old", `{"sample":0.1}`)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := files(t, before); len(got) != 2 || log.String() != "" {
			t.Errorf("%s: left %v, told %s", step.name, got, log)
		}
	}
}

// Row 32: whatever became of a file, the store opens, the plugin is known to be lost, and others are not touched.
func TestFault32_Corrupt(t *testing.T) {
	t.Parallel()
	change := func(f func(map[string]any)) func(string) string {
		return func(text string) string {
			var v map[string]any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				panic(err)
			}
			f(v)
			b, _ := json.Marshal(v)
			return string(b)
		}
	}
	tests := []struct {
		name   string
		record func(string) string
		want   string
	}{
		{"empty", func(string) string { return "" }, "cannot be read"},
		{"cut", func(s string) string { return s[:len(s)/2] }, "cannot be read"},
		{"a bit", func(s string) string { return strings.Replace(s, "off", "ofg", 1) }, "sum is wrong"},
		{"huge", func(s string) string { return s + strings.Repeat(" ", maxRecord) }, "larger"},
		{"of the future", change(func(v map[string]any) { v["version"] = 2 }), "version 2"},
		{"a key more", change(func(v map[string]any) { v["more"] = 1 }), "cannot be read"},
		{"another digest", change(func(v map[string]any) { v["sha256"] = strings.Repeat("0", 64) }), "sum is wrong"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, _ := open(t, dir)
			put(t, s, "acme", "words", "one", `{"mode":"off"}`)
			put(t, s, "acme", "fine", "two", "{}")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "acme", "words.json")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, test.record(string(b)))
			for i := range 3 { // the third after all files are as they stay
				s, log := open(t, dir)
				holds(t, s, "acme", "fine", "two", "{}")
				p, ok := s.Get("acme", "words")
				if !ok || p.Fault == "" || p.SHA256 != "" || i == 0 && !strings.Contains(p.Fault, test.want) {
					t.Errorf("%v %+v", ok, p)
				}
				if _, err := s.Module(p); !errors.Is(err, ErrCorrupt) {
					t.Errorf("module: %v", err)
				}
				if told := strings.Contains(log.String(), "words.json"); told != (i == 0) {
					t.Errorf("log: %s", log)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			s, _ = open(t, dir)
			put(t, s, "acme", "words", "three", "{}")
			holds(t, s, "acme", "words", "three", "{}")
			if got := files(t, dir); len(got) != 4 {
				t.Errorf("left %v", got)
			}
		})
	}
}

// A module that is not what it was is found when it is read; its settings are still known.
func TestFault32_CorruptModule(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"changed": "onf", "cut": "o", "longer": "onee", "gone": ""} {
		dir := t.TempDir()
		s, log := open(t, dir)
		put(t, s, "acme", "words", "one", `{"on_error":"allow"}`)
		p, _ := s.Get("acme", "words")
		path := filepath.Join(dir, "acme", moduleFile("words", p.SHA256))
		if text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else {
			write(t, path, text)
		}
		if _, err := s.Module(p); !errors.Is(err, ErrCorrupt) || !strings.Contains(log.String(), ".wasm") {
			t.Errorf("%s: %v; log: %s", name, err, log)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, _ = open(t, dir)
		p, ok := s.Get("acme", "words")
		if !ok || string(p.Settings) != `{"on_error":"allow"}` {
			t.Errorf("%s: %+v", name, p)
		}
		if _, err := s.Module(p); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s, again: %v", name, err)
		}
		put(t, s, "acme", "words", "one", "{}")
		holds(t, s, "acme", "words", "one", "{}")
		if got := files(t, dir); len(got) != 2 {
			t.Errorf("%s: left %v", name, got)
		}
	}
}

// A record that was moved by hand is not another tenant's plugin.
func TestMovedRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	put(t, s, "acme", "words", "one", "{}")
	if err := errors.Join(s.Close(), os.Rename(filepath.Join(dir, "acme"), filepath.Join(dir, "other"))); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	if p, ok := s.Get("other", "words"); !ok || !strings.Contains(p.Fault, "another plugin's") {
		t.Errorf("%+v", p)
	}
}

// Row 31: where nothing can be written, what is kept stays.
func TestFault31_NoRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	put(t, s, "acme", "words", "one", "{}")
	// A folder in the place of the file to come fails for root as well.
	for _, blocked := range []string{"words.json.next", moduleFile("words", strings.Repeat("0", 64))} {
		path := filepath.Join(dir, "acme", blocked)
		if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(Plugin{Tenant: "acme", Name: "words"}, []byte("two")); err == nil {
		t.Fatal("kept")
	}
	holds(t, s, "acme", "words", "one", "{}")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir)
	holds(t, s, "acme", "words", "one", "{}")
}

func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 5 {
				put(t, s, "acme", "words", string(rune('a'+i)), "{}")
				if p, ok := s.Get("acme", "words"); !ok || p.Fault != "" {
					t.Errorf("%v %+v", ok, p)
				}
			}
		})
	}
	all.Wait()
	p, _ := s.Get("acme", "words")
	if _, err := s.Module(p); err != nil || len(files(t, dir)) != 2 {
		t.Errorf("%v, %v", err, files(t, dir))
	}
}

// FuzzRecord: whatever a file holds, it is a plugin that was put or it is refused.
func FuzzRecord(f *testing.F) {
	text, err := encode(&Plugin{Tenant: "acme", Name: "words", SHA256: strings.Repeat("0", 64), Settings: []byte(`{"a":[1]}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"version":1,"settings":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decode("acme", "words", text)
		if err != nil {
			return
		}
		if p.Tenant != "acme" || p.Name != "words" {
			t.Fatalf("%+v", p)
		}
		again, err := encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode("acme", "words", again); err != nil {
			t.Fatal(err)
		}
	})
}
