package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// vars is an environment for tests.
func vars(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// a faultCase is a file and all of its faults, each as "line:column: what" and,
// after "; ", what the setting must hold.
type faultCase struct {
	name string
	yaml string
	want []string
}

func checkFaults(t *testing.T, cases []faultCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Parse("weir.yaml", []byte(c.yaml), vars("SET", "value", "EMPTY", "", "NUMBER", "12"))
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("Parse = %v, %v; want faults", cfg, err)
			}
			for i, f := range faults {
				if i >= len(c.want) {
					t.Errorf("unexpected fault: %s", f)
					continue
				}
				what, setting, _ := strings.Cut(c.want[i], "; ")
				got := fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.What)
				if got != what || !strings.Contains(f.Setting, setting) || f.Setting == "" {
					t.Errorf("fault %d:\n got %s; %s\nwant %s", i, got, f.Setting, c.want[i])
				}
			}
			for _, want := range c.want[min(len(faults), len(c.want)):] {
				t.Errorf("missing fault: %s", want)
			}
		})
	}
}

// sim is a target that makes a file complete.
const sim = "targets: {s: {kind: sim}}\n"

func TestFaultsOfSyntax(t *testing.T) {
	t.Parallel()
	checkFaults(t, []faultCase{
		{"unknown key", sim + "listne: x\n", []string{`2:1: unknown key "listne" in the configuration; did you mean listen?`}},
		{"unknown key, other case", sim + "Listen: x\n", []string{`2:1: unknown key "Listen" in the configuration; did you mean listen?`}},
		{"unknown nested key", sim + "limits:\n  boddy: 4MiB\n", []string{`3:3: unknown key "boddy" in limits; did you mean limits.body?`}},
		{"unknown key, hyphen", sim + "limits: {header-timeout: 1s}\n", []string{`2:10: unknown key "header-timeout" in limits; did you mean limits.header_timeout?`}},
		{"unknown key, none near", sim + "frobnicate: 1\n", []string{`2:1: unknown key "frobnicate" in the configuration; the keys known here are listen, tls, admin`}},
		{"unknown key that may be a secret", sim + "sk-0123456789abcdef: 1\n", []string{`2:1: unknown key (of 19 bytes) in the configuration; remove it`}},
		{"key without value in {}", sim + "tenants: {a: {keys: [{sk-abc}]}}\n", []string{
			"2:22: tenants.a.keys[0] has none of value, file and sha256; exactly one",
			"2:23: unknown key (of 6 bytes) in tenants.a.keys[0]; remove it",
		}},
		{"duplicate key", "listen: 127.0.0.1:1\n" + sim + "listen: 127.0.0.1:2\n", []string{`3:1: key "listen" is given twice, first on line 1; keep one`}},
		{"duplicate key, quoted", "targets: {s: {kind: sim, 'kind': sim}}\n", []string{`1:26: key "kind" is given twice, first on line 1; keep one`}},
		{"duplicate target", "targets:\n  s: {kind: sim}\n  s: {kind: sim}\n", []string{`3:3: key "s" is given twice, first on line 2; keep one`}},
		{"several at once", "limits: {body: 4}\ntargets: {s: {kind: sim, slots: 0}}\nlog: {level: loud}\n", []string{
			"1:16: limits.body: a size needs a unit; such as 64KiB",
			"2:33: targets.s.slots: less than 1; from 1 to 100000",
			"3:14: log.level: not known; one of debug, info, warn, error",
		}},
		{"anchor and alias", "targets: {s: &a {kind: sim}, t: *a}\n", []string{"1:14: anchors (&) are not supported; write the value out", "1:33: aliases (*) are not supported; quote"}},
		{"unquoted star", sim + "routes: [{match: {models: [*]}, targets: [s]}]\n", []string{`2:28: aliases (*) are not supported; such as "*"`}},
		{"merge key", sim + "<<: {listen: x}\n", []string{"2:1: merge keys (<<) are not supported; write the keys out"}},
		{"tag", sim + "listen: !!str x\n", []string{"2:9: tags (!) are not supported; remove the tag"}},
		{"complex key", sim + "? listen\n: x\n", []string{"2:1: complex keys (?) are not supported; write key: value"}},
		{"directive", "%YAML 1.2\n---\n" + sim, []string{"1:1: directives (%) are not supported; remove the line"}},
		{"two documents", sim + "---\n" + sim, []string{"2:1: a second YAML document; keep one"}},
		{"two documents, second after end", sim + "...\nlisten: x\n", []string{"3:1: content after the document's end (...); keep one"}},
		{"many document ends", sim + "...\n...\n", []string{"3:1: a second YAML document; keep one"}},
		{"tab in indentation", "targets:\n\ts: {kind: sim}\n", []string{"2:1: tab; use spaces"}},
		{"tab before a comment", sim + "listen: 127.0.0.1:0\t# here\n", []string{"2:20: tab; use spaces"}},
		{"not UTF-8", sim + "listen: é\xff\n", []string{"2:10: this is not UTF-8; UTF-8"}},
		{"control character", sim + "log: {level: \"a\x1bb\"}\n", []string{"2:16: the character U+001B is not allowed; escapes"}},
		{"direction override", sim + "# \u202e\n", []string{"2:3: the character U+202E is not allowed; escapes"}},
		{"mask by escape", sim + "listen: \"é\\uFDD0\"\n", []string{"2:11: the characters U+FDD0 and U+FDD1 are not allowed; remove the escape"}},
		{"mask", sim + "listen: \ufdd0\n", []string{"2:9: the character U+FDD0 is not allowed; plain UTF-8"}},
		{"lone carriage return", sim + "listen: x\ry: z\n", []string{"2:10: carriage return without a line feed; plain UTF-8"}},
		{"unterminated quote", sim + "listen: \"x\n", []string{"2:9: not valid YAML: could not find end character of double-quoted text; mend"}},
		{"unterminated list", sim + "listen: [x\nlog: {}\n", []string{"3:1: not valid YAML: ',' or ']' must be specified; mend"}},
		{"bracket too many", "targets: {s: {kind: sim}}}\n", []string{"1:26: not valid YAML: value is not allowed in this context; mend"}},
		{"value and keys", sim + "listen: x\n  y: z\n", []string{"2:9: not valid YAML: mapping value is not allowed in this context; mend"}},
		{"a list as the file", "- targets\n", []string{"1:1: the configuration is a list, not a mapping; begin with keys"}},
		{"a string as the file", "hello\n", []string{"1:1: the configuration is a string, not a mapping; begin with keys"}},
		{"no value", sim + "tls:\nlog:\n  level:\n", []string{"2:1: tls has no value; {}", "4:3: log.level has no value; {}"}},
		{"null", sim + "tls: ~\n", []string{"2:6: tls has no value; {}"}},
		{"CRLF, after a comment", "targets: # x\r\n  s: {kind: sim}\r\nlisten: 'x\r\n  y'\r\nlogo: 1\r\n", []string{
			"3:9: listen: not an address; HOST:PORT", `5:1: unknown key "logo" in the configuration; did you mean log?`,
		}},
		{"byte order mark", "\ufefflogg: 1\n" + sim, []string{`1:1: unknown key "logg" in the configuration; did you mean log?`}},
		{"empty file", "", []string{"1:1: targets is missing; add targets"}},
		{"comments alone", "# nothing\n", []string{"1:1: targets is missing; add targets"}},
		{"keys that are no strings", sim + "1: a\ntrue: a\n~: a\n1.5: a\n.inf: a\n", []string{
			"2:1: unknown key (of 1 bytes) in the configuration; remove it", `3:1: unknown key "true" in the configuration; remove it`,
			"4:1: unknown key (of 1 bytes) in the configuration; remove it", "5:1: unknown key (of 3 bytes) in the configuration; remove it",
			"6:1: unknown key (of 4 bytes) in the configuration; remove it",
		}},
		{"no key", sim + ": a\n", []string{"2:1: not valid YAML: found an invalid key for this map; mend"}},
		{"list as key", sim + "[a]: b\n", []string{"2:4: not valid YAML: found an invalid key for this map; mend"}},
		{"variable in a key", "targets: {${SET}: {kind: sim}}\n", []string{"1:11: variables are not expanded in keys; write the key out"}},
	})
}

func TestFaultsOfTypes(t *testing.T) {
	t.Parallel()
	checkFaults(t, []faultCase{
		{"list for a mapping", sim + "limits: [1]\n", []string{"2:9: limits is a list, not a mapping (key: value); write limits as"}},
		{"string for a mapping", "targets: s\n", []string{"1:10: targets is a string, not a mapping (key: value); write targets as"}},
		{"string for a list", sim + "routes: all\n", []string{"2:9: routes is a string, not a list; write routes as a list"}},
		{"mapping for a scalar", sim + "log:\n  level: {a: b}\n", []string{"3:10: log.level is a mapping (key: value); one of debug"}},
		{"list for a scalar", sim + "log: {level: [info]}\n", []string{"2:14: log.level is a list; one of debug"}},
		{"number for a string", "targets: {s: {kind: vllm, url: 8000}}\n", []string{"1:32: targets.s.url is a number; in quotes"}},
		{"boolean for a string", sim + "log: {level: true}\n", []string{"2:14: log.level is true or false; in quotes"}},
		{"string for a number", "targets: {s: {kind: sim, slots: many}}\n", []string{"1:33: targets.s.slots is a string; a whole number from 1 to 100000"}},
		{"quoted number", "targets: {s: {kind: sim, slots: '8'}}\n", []string{"1:33: targets.s.slots is a string; a whole number"}},
		{"fraction for an integer", "targets: {s: {kind: sim, slots: 1.5}}\n", []string{"1:33: targets.s.slots is a number; a whole number"}},
		{"hexadecimal", "targets: {s: {kind: sim, slots: 0x10}}\n", []string{"1:33: targets.s.slots: not a whole number in plain decimal digits; a whole number"}},
		{"octal", "targets: {s: {kind: sim, slots: 010}}\n", []string{"1:33: targets.s.slots: not a whole number in plain decimal digits; a whole number"}},
		{"negative number", "targets: {s: {kind: sim, slots: -1}}\n", []string{"1:33: targets.s.slots: less than 1; a whole number"}},
		{"number too large", "targets: {s: {kind: sim, seed: 9223372036854775808}}\n", []string{"1:32: targets.s.seed: number too large; a whole number"}},
		{"string for a boolean", "targets: {s: {kind: sim, ask_usage: 'true'}}\n", []string{"1:37: targets.s.ask_usage is a string; true or false"}},
		{"yes for a boolean", "targets: {s: {kind: sim, ask_usage: yes}}\n", []string{"1:37: targets.s.ask_usage is a string; true or false"}},
		{"size without unit", sim + "limits: {body: 4096}\n", []string{"2:16: limits.body: a size needs a unit; such as 64KiB or 4MiB"}},
		{"size, unknown unit", sim + "limits: {body: 4mb}\n", []string{"2:16: limits.body: not a whole number and a unit; such as 64KiB"}},
		{"size, fraction", sim + "limits: {body: 1.5MiB}\n", []string{"2:16: limits.body: not a whole number and a unit; such as 64KiB"}},
		{"size, negative", sim + "limits: {body: -4MiB}\n", []string{"2:16: limits.body: negative; from 1KiB to 1GiB"}},
		{"size, zero", sim + "limits: {body: 0}\n", []string{"2:16: limits.body: less than 1KiB; from 1KiB to 1GiB"}},
		{"size, too large", sim + "limits: {body: 2GiB}\n", []string{"2:16: limits.body: more than 1GiB; from 1KiB to 1GiB"}},
		{"size, overflow", sim + "limits: {body: 9999999999TiB}\n", []string{"2:16: limits.body: size too large; from 1KiB to 1GiB"}},
		{"duration without unit", sim + "limits: {idle: 10}\n", []string{"2:16: limits.idle: a duration needs a unit; such as 250ms"}},
		{"duration, fraction without unit", sim + "limits: {idle: 1.5}\n", []string{"2:16: limits.idle: a duration needs a unit; such as 250ms"}},
		{"duration, unknown unit", sim + "limits: {idle: 2d}\n", []string{"2:16: limits.idle: not a number and a unit; such as 250ms"}},
		{"duration, negative", sim + "limits: {idle: -1s}\n", []string{"2:16: limits.idle: negative; from 1ms to 24h"}},
		{"duration, zero", sim + "limits: {idle: 0s}\n", []string{"2:16: limits.idle: less than 1ms; from 1ms to 24h"}},
		{"duration, too long", sim + "limits: {idle: 25h}\n", []string{"2:16: limits.idle: more than 24h; from 1ms to 24h"}},
		{"share above 1", sim + "records: {file: r, sample: 1.1}\n", []string{"2:28: records.sample: more than 1; from 0 to 1"}},
		{"share below 0", sim + "records: {file: r, sample: -0.1}\n", []string{"2:28: records.sample: less than 0; from 0 to 1"}},
		{"share, not a number", sim + "records: {file: r, sample: .nan}\n", []string{"2:28: records.sample: not a number in plain decimal digits; from 0 to 1"}},
		{"records without file", sim + "records: {}\n", []string{"2:10: records.file is missing; add records.file"}},
		{"records, empty file", sim + "records: {file: ''}\n", []string{"2:17: records.file: empty; write records.file"}},
		{"records, content", sim + "records: {file: r, content: all}\n", []string{"2:29: records.content: not known; one of none, text"}},
		{"records, rotation", sim + "records: {file: r, rotate: {max_size: 10, keep: -1}}\n", []string{
			"2:39: records.rotate.max_size: a size needs a unit; such as 64KiB", "2:49: records.rotate.keep: less than 0; from 0 to 1000",
		}},
		{"near value", sim + "log: {format: jsno}\n", []string{`2:15: log.format: "jsno" is not known, did you mean json?; one of json, text`}},
		{"empty list", sim + "listen: []\n", []string{"2:9: listen is an empty list; put something into listen"}},
		{"list too long", sim + "listen: [" + strings.Repeat("a, ", 65) + "]\n", []string{"2:202: listen has more than 64 items; shorten listen"}},
		{"variable not set", sim + "listen: x${UNSET}\n", []string{"2:9: listen: the environment variable UNSET is not set; set UNSET"}},
		{"variable with a default", sim + "listen: '${SET:-x}'\n", []string{"2:9: listen holds a ${ that begins no variable; $${"}},
		{"variable without end", sim + "listen: '${SET'\n", []string{"2:9: listen holds a ${ that begins no variable; $${"}},
		{"variable for a boolean", "targets: {s: {kind: sim, ask_usage: ${SET}}}\n", []string{"1:37: targets.s.ask_usage: neither true nor false; true or false"}},
		{"variable for a share", sim + "records: {file: r, sample: 1.2.${NUMBER}}\n", []string{"2:28: records.sample: not a number in plain decimal digits; from 0 to 1"}},
		{"two variables not set", sim + "listen: ${X1}:${X2}${X1}\n", []string{
			"2:9: listen: the environment variable X1 is not set; set X1", "2:9: listen: the environment variable X2 is not set; set X2",
		}},
		{"variable of the wrong kind", "targets: {s: {kind: sim, slots: ${SET}}}\n", []string{"1:33: targets.s.slots: not a whole number in plain decimal digits; a whole number"}},
		{"variable too large", "targets: {s: {kind: sim, slots: ${NUMBER}00000}}\n", []string{"1:33: targets.s.slots: more than 100000; a whole number"}},
		{"later keys", sim + "budgets: {}\nweight: 1\npolicy: []\nprices: p\ndata: d\noverflow: {}\n", laterKeys()},
	})
}

// laterKeys are the faults for keys that do not exist yet: ignoring one would
// be a silent lie.
func laterKeys() []string {
	var want []string
	for i, key := range []string{"budgets", "weight", "policy", "prices", "data", "overflow"} {
		want = append(want, fmt.Sprintf("%d:1: unknown key %q in the configuration; remove it", i+2, key))
	}
	return want
}

func TestFaultString(t *testing.T) {
	t.Parallel()
	fs := Faults{{"a.yaml", 1, 2, "what", "setting"}, {"a.yaml", 3, 4, "that", "this"}}
	if got, want := fs.Error(), "a.yaml:1:2: what; setting\na.yaml:3:4: that; this"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
