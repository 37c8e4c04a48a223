package config

import (
	"errors"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: any file is parsed or refused without a panic; faults lie inside
// the file, in order and on one line each; and what parses without secrets
// is read back the same from its dump.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(example), defaultConfig, sim, two, "", "\ufeff", "---\n" + sim + "...\n", "a: &a [*a]\n", "? a\n: b\n", "a: |\n  b\n\n\n c", "a: \"\\u0041\\\n  b\"\n", "{a: [b, {c: d}], 'e': \"f\"}",
		"targets: {t: {kind: openai, url: https://h, key: ${K}, tls: {ca: x}}}\n", "listen: [\"unix:/x\", ':1']\ntenants: {t: {keys: [{sha256: x, not_after: 2027-01-31}]}}\n", "a:\r\n- b\r\n-\r\n  c: d # e\r\n", "%YAML 1.2\n---\na: !!str b\n", "<<: {a: b}\n", "a: >-\n\n  x\n y", "- - - a\n",
		sim + "phrases: {l: {list: [a, ' b', \"\\u0009\\u202e\", '${A}']}, m: {file: x}}\nprefix: {seed: 0123456789abcdef, seen: 0}\nsignals: ${A}\n",
		withPlugins + "policies: {default: {before: [a], after: [b], budget: 1ms}}\nstate: {memory: {share: 5}}\n", sim + "plugins: {p: {module: 'builtin:p', limits: {fuel: 20M}, config: {'$': [\"\\u202e\", ${A}, 1e5, ~]}}}\npolicies: {default: {before: [p]}}\n",
		"routes: [{match: {models: ['*a*'], paths: [/x]}, targets: [t]}]\n", "limits: {body: 1e5, idle: .5s}\n", "a: $${b}${C}$\n", "log: {level: \"de\\x62ug\"}\n",
	} {
		f.Add([]byte(seed))
	}
	env := func(name string) (string, bool) { return "value", len(name) < 8 }
	f.Fuzz(func(t *testing.T, data []byte) {
		// Only what is in the file itself: a file that the fuzzer names could be any.
		if strings.Contains(string(data), "file") || strings.Contains(string(data), "tls") {
			data = []byte(strings.NewReplacer("file", "fool", "tls", "tla").Replace(string(data)))
		}
		c, err := Parse("weir.yaml", data, env)
		if err == nil {
			checkParsed(t, c)
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 || c != nil {
			t.Fatalf("Parse = %v, %v", c, err)
		}
		lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n"), "\n")
		for i, fault := range faults {
			if fault.Line < 1 || fault.Line > len(lines) || fault.Column < 1 || fault.Column > len([]rune(lines[fault.Line-1]))+1 {
				t.Errorf("outside of the file: %s", fault)
			}
			if s := fault.String(); strings.ContainsAny(s, "\n\r\x1b") || !utf8.ValidString(s) || fault.What == "" || fault.Setting == "" {
				t.Errorf("not one clean line: %q", s)
			}
			if i > 0 && (fault.Line < faults[i-1].Line || fault.Line == faults[i-1].Line && fault.Column < faults[i-1].Column) {
				t.Errorf("out of order: %s", fault)
			}
		}
	})
}

func checkParsed(t *testing.T, c *Config) {
	t.Helper()
	dump, err := c.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(dump), "redacted(") {
		return
	}
	again, err := Parse("weir.yaml", dump, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, dump)
	}
	if !reflect.DeepEqual(settings(c), settings(again)) {
		t.Fatalf("read back differently:\n%s\n got %s\nwant %s", dump, again, c)
	}
}

// FuzzParseOrigin: a URL that is allowed leads where net/url says, without
// credentials, query or fragment.
func FuzzParseOrigin(f *testing.F) {
	for _, seed := range []string{"http://h", "https://[::1]:1/v1/", "unix:/run/x:/v1", "http://u:p@h?q#f", "http://[fe80::1%25eth0]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOrigin(text)
		if err != nil || o.unix {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" || o.tls != (u.Scheme == "https") || hasControl(text) {
			t.Fatalf("%q is allowed", text)
		}
	})
}
