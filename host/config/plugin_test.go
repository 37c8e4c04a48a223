package config

import (
	"encoding/json"
	"fmt"

	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// withPlugins is the beginning of a file whose plugins a, b and own are good.
const withPlugins = sim + `tenants: {acme: {keys: [{value: k}], policy: [own]}, other: {keys: [{value: l}]}}
plugins: {a: {module: 'builtin:a'}, b: {module: 'builtin:b'}, own: {module: 'builtin:c', tenant: acme}}
`

func TestPlugins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	module := write(t, dir, "filters/my.wasm", "\x00asm")
	token := write(t, dir, "keys/upload", "upload-token\n")
	path := write(t, dir, "weir.yaml", `
targets: {s: {kind: sim}}
routes: [{match: {models: [x]}, targets: [s], policy: strict}, {targets: [s]}]
tenants:
  acme: {keys: [{value: "${KEY}"}], policy: [my-filter], uploads: {token_file: keys/upload, plugins: 8, size: 1MiB}}
plugins:
  injection: {module: "builtin:injection"}
  my-filter:
    module: ./filters/my.wasm
    sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    tenant: acme
    mode: observe
    on_error: deny
    on_fault: {deadline: allow, busy: allow}
    on_load_error: allow
    sample: 0.25
    capabilities: [clock, load]
    limits: {deadline: 5ms, fuel: 500k, memory: 16MiB, stack: 64KiB, pool: 16, wait: 1ms, start: 10s}
    config: {words: [secret, "${WORD}"], depth: 3, ratio: 1.5e-3, on: true, off: null, nested: {"a b": []}}
policies:
  default: {before: [injection]}
  strict: {after: [injection], budget: 20ms, on_uninspected: deny}
state: {memory: {entries: 5000, size: 64MiB, share: 100, snapshot: state.bin, every: 1m}}
cache_dir: cache
plugin_dir: uploads
`)
	c, err := Load(path, vars("KEY", "k", "WORD", "a\"b"))
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("warnings %v", w)
	}
	limits := PluginLimits{Deadline: Duration(2 * time.Millisecond), Fuel: 20_000_000, Memory: 8 << 20, Stack: 512 << 10, Pool: 4, Wait: Duration(10 * time.Millisecond), Start: Duration(2 * time.Second)}
	want := &Plugin{Module: "builtin:injection", Mode: ModeEnforce, Sample: 1, Limits: limits}
	if got := c.Plugins["injection"]; !reflect.DeepEqual(got, want) {
		t.Errorf("defaults: got %v, want %v", got, want)
	}
	if got := string(c.Plugins["injection"].Config.JSON()); got != "{}" {
		t.Errorf("no settings: %s", got)
	}
	own := *c.Plugins["my-filter"]
	if got, want := string(own.Config.JSON()), `{"words":["secret","a\"b"],"depth":3,"ratio":1.5e-3,"on":true,"off":null,"nested":{"a b":[]}}`; got != want {
		t.Errorf("settings\n got %s\nwant %s", got, want)
	}
	own.Config = Settings{}
	if want := (Plugin{
		Module: module, SHA256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Tenant: "acme", Mode: ModeObserve, OnError: Deny,
		OnFault: map[string]string{"deadline": Allow, "busy": Allow}, OnLoadError: Allow, Sample: .25, Capabilities: []string{"clock", "load"},
		Limits: PluginLimits{Duration(5 * time.Millisecond), 500_000, 16 << 20, 64 << 10, 16, Duration(time.Millisecond), Duration(10 * time.Second)},
	}); !reflect.DeepEqual(own, want) {
		t.Errorf("got %v, want %v", own, want)
	}
	if got := *c.Tenants["acme"].Uploads; got != (Uploads{"upload-token", token, 8, 1 << 20}) {
		t.Errorf("uploads %v", got)
	}
	if got := *c.Policies["default"]; got.Budget != Duration(25*time.Millisecond) || got.OnUninspected != Allow || !slices.Equal(got.Before, []string{"injection"}) {
		t.Errorf("policy %+v", got)
	}
	if got := c.State.Memory; got != (StateMemory{5000, 64 << 20, 100, filepath.Join(dir, "state.bin"), Duration(time.Minute)}) {
		t.Errorf("state %+v", got)
	}
	if got := Default().State.Memory; got != (StateMemory{1_000_000, 256 << 20, 10_000, "", Duration(30 * time.Second)}) {
		t.Errorf("state by default %+v", got)
	}
	if c.CacheDir != filepath.Join(dir, "cache") || c.PluginDir != filepath.Join(dir, "uploads") || c.Routes[0].Policy != "strict" {
		t.Errorf("%s, %s, %s", c.CacheDir, c.PluginDir, c.Routes[0].Policy)
	}
	if got := c.Files(); !slices.Contains(got, module) || !slices.Contains(got, token) {
		t.Errorf("files %q", got)
	}
}

func TestFaultsOfPlugins(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 64<<10)
	checkFaults(t, []faultCase{
		{"no module", sim + "plugins: {a: {}}\n", []string{"2:14: plugins.a.module is missing; add plugins.a.module"}},
		{"no name", sim + "plugins: {a: {module: 'builtin:'}}\n", []string{"2:23: plugins.a.module: no plugin of the binary has such a name; builtin:NAME"}},
		{"no file", sim + "cache_dir: c\nplugins: {a: {module: none.wasm}}\n", []string{"3:23: plugins.a.module: cannot read the file: no such file or directory; name a readable .wasm file"}},
		{"folder", sim + "cache_dir: c\nplugins: {a: {module: testdata}}\n", []string{"3:23: plugins.a.module: not a regular file; name a readable .wasm file"}},
		{"no cache", sim + "plugins: {a: {module: plugin.go}}\n", []string{"2:23: plugins.a.module is a file, and there is no cache_dir to compile it into; set cache_dir"}},
		{"digest", sim + "plugins: {a: {module: 'builtin:a', sha256: abc}}\n", []string{"2:44: plugins.a.sha256 is not 64 hexadecimal digits (it has 3 bytes); sha256sum FILE"}},
		{"mode", sim + "plugins: {a: {module: 'builtin:a', mode: observed}}\n", []string{`2:42: plugins.a.mode: "observed" is not known, did you mean observe?; one of enforce, observe, off`}},
		{"on_error", sim + "plugins: {a: {module: 'builtin:a', on_error: {trap: deny}}}\n", []string{"2:46: plugins.a.on_error is a mapping (key: value); one of deny, allow"}},
		{"on_fault", sim + "plugins: {a: {module: 'builtin:a', on_fault: {deadlin: allow, x: deny, trap: maybe}}}\n", []string{
			"2:47: this is no class of failure, did you mean deadline?; rename the key in plugins.a.on_fault",
			"2:63: this is no class of failure: there are trap, fuel, deadline, verdict, export, start, busy, open, load, unreadable; rename",
			"2:78: plugins.a.on_fault.trap: not known; one of deny, allow",
		}},
		{"sample", sim + "plugins: {a: {module: 'builtin:a', sample: 1.5}}\n", []string{"2:44: plugins.a.sample: more than 1; from 0 to 1"}},
		{"capabilities", sim + "plugins: {a: {module: 'builtin:a', capabilities: [clocks, load, load]}}\n", []string{
			`2:51: plugins.a.capabilities[0]: "clocks" is not known, did you mean clock?; one of clock, random, load, price`,
			"2:65: plugins.a.capabilities[2] names load again; name each once",
		}},
		{"limits", sim + "plugins: {a: {module: 'builtin:a', limits: {deadline: 2m, fuel: 20MB, memory: 8M, pool: 0, stack: 8MiB}}}\n", []string{
			"2:55: plugins.a.limits.deadline: more than 1m; from 10us to 1m",
			"2:65: plugins.a.limits.fuel: not a whole number, which k, M, G or T may follow; from 1k to 281T, such as 500000 or 20M",
			"2:79: plugins.a.limits.memory: not a whole number and a unit; from 64KiB to 1GiB",
			"2:89: plugins.a.limits.pool: less than 1; from 1 to 1024",
			"2:99: plugins.a.limits.stack: more than 4MiB; from 16KiB to 4MiB",
		}},
		{"fuel", sim + "plugins: {a: {module: 'builtin:a', limits: {fuel: 10}}, b: {module: 'builtin:b', limits: {fuel: 300T}}, c: {module: 'builtin:c', limits: {fuel: 99999999999T}}, d: {module: 'builtin:d', limits: {fuel: 1.5M}}}\n", []string{
			"2:51: plugins.a.limits.fuel: less than 1k; from", "2:97: plugins.b.limits.fuel: more than 281T; from",
			"2:145: plugins.c.limits.fuel: number too large; from", "2:201: plugins.d.limits.fuel: not a whole number, which k, M, G or T may follow; from",
		}},
		{"settings", sim + "plugins: {a: {module: 'builtin:a', config: [x]}, b: {module: 'builtin:b', config: {x: 0x10, y: .inf, z: '${GONE}'}}}\n", []string{
			"2:44: plugins.a.config is a list, not a mapping (key: value); write plugins.a.config as a mapping",
			"2:87: plugins.b.config.x is not a number as JSON has it; in plain decimal digits",
			"2:96: plugins.b.config.y is not a number as JSON has it; in plain decimal digits",
			"2:105: plugins.b.config.z: the environment variable GONE is not set; set GONE",
		}},
		{"long settings", sim + "plugins:\n  a:\n    module: 'builtin:a'\n    config:\n" + manyLines(17, long), []string{"6:7: plugins.a.config is longer than 1MiB as JSON; shorten"}},
		{"no tenant", sim + "tenants: {acme: {keys: [{value: k}]}}\nplugins: {a: {module: 'builtin:a', tenant: acne}}\n", []string{"3:44: plugins.a.tenant names no tenant; did you mean acme?"}},
	})
}

// manyLines is a mapping of n long values.
func manyLines(n int, value string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "      k%d: %s\n", i, value)
	}
	return b.String()
}

func TestFaultsOfPolicies(t *testing.T) {
	t.Parallel()
	tenant := "tenants: {acme: {keys: [{value: k}], policy: [%s]}, other: {keys: [{value: l}]}}\n"
	plugins := "plugins: {a: {module: 'builtin:a'}, own: {module: 'builtin:c', tenant: acme}, theirs: {module: 'builtin:c', tenant: other}}\n"
	checkFaults(t, []faultCase{
		{"no tenant", sim + fmt.Sprintf(tenant, "own") + "plugins: {own: {module: 'builtin:a', tenant: acne}}\n", []string{
			"2:47: tenants.acme.policy[0] is another tenant's own plugin; give acme a plugin of its own",
			"3:46: plugins.own.tenant names no tenant; did you mean acme?"}},
		{"operator's", sim + fmt.Sprintf(tenant, "a, own") + plugins, []string{"2:47: tenants.acme.policy[0] is the operator's plugin; set plugins.a.tenant to acme, or name it in a policy's before or after"}},
		{"another's", sim + fmt.Sprintf(tenant, "theirs") + plugins, []string{"2:47: tenants.acme.policy[0] is another tenant's own plugin; give acme"}},
		{"misspelt", sim + fmt.Sprintf(tenant, "pwn") + plugins, []string{"2:47: tenants.acme.policy[0] names no plugin; did you mean own?"}},
		{"twice", sim + fmt.Sprintf(tenant, "own, own") + plugins, []string{"2:52: tenants.acme.policy[1] names own again; name each once in tenants.acme.policy"}},
		{"in a policy", sim + fmt.Sprintf(tenant, "own") + plugins + "policies: {default: {before: [own, b], after: [zzzzz]}}\n", []string{
			"4:31: policies.default.before[0] is the tenant acme's own plugin; name it in tenants.acme.policy",
			"4:36: policies.default.before[1] names no plugin; add it under plugins, or name one of a, own, theirs",
			"4:48: policies.default.after[0] names no plugin; add it under plugins, or name one of a, own, theirs"}},
		{"before and after", sim + fmt.Sprintf(tenant, "own") + plugins + "policies: {default: {before: [a], after: [a]}}\n", []string{"4:43: policies.default.after[0] names a, which is in policies.default.before; once in a policy"}},
		{"no policy", sim + "routes: [{targets: [s], policy: strikt}, {targets: [s], policy: x, inspect: none}]\npolicies: {strict: {}}\n", []string{
			"2:33: routes[0].policy names no policy; did you mean strict?",
			"2:65: routes[1].policy names no policy; add it under policies, or name one of strict"}},
		{"nothing to see", sim + "routes: [{targets: [s], policy: p, inspect: none}]\npolicies: {p: {}}\n", []string{"2:33: routes[0] has a policy, but with inspect: none plugins see nothing; remove routes[0].policy"}},
		{"budget", sim + "policies: {default: {budget: 5, on_uninspected: refuse}}\n", []string{"2:30: policies.default.budget: a duration needs a unit; such as 250ms", "2:49: policies.default.on_uninspected: not known; one of deny, allow"}},
		{"state", sim + "state: {memory: {entries: 1, size: 2GiB, every: 1ms, bytes: 1MiB}}\n", []string{
			"2:27: state.memory.entries: less than 1000; from", "2:36: state.memory.size: more than 1GiB; from", "2:49: state.memory.every: less than 1s; from",
			`2:54: unknown key "bytes" in state.memory; remove it; the keys known here are entries`}},
		{"redis", sim + "state: {redis: 'redis://h'}\n", []string{`2:9: unknown key "redis" in state; remove it`}},
	})
}

func TestFaultsOfUploads(t *testing.T) {
	t.Parallel()
	dirs := "cache_dir: c\nplugin_dir: p\n"
	checkFaults(t, []faultCase{
		{"no token", sim + dirs + "tenants: {a: {keys: [{value: k}], uploads: {}}}\n", []string{"4:44: tenants.a.uploads has no token; give tenants.a.uploads a token_file"}},
		{"both", sim + dirs + "tenants: {a: {keys: [{value: k}], uploads: {token: t, token_file: f}}}\n", []string{"4:67: tenants.a.uploads.token_file is given beside tenants.a.uploads.token; keep one"}},
		{"no folders", sim + "tenants: {a: {keys: [{value: k}], uploads: {token: t}}}\n", []string{"2:44: tenants.a.uploads needs folders to keep and compile the plugins in; set plugin_dir and cache_dir"}},
		{"the same", sim + dirs + "tenants: {a: {keys: [{value: k}], uploads: {token: t}}, b: {keys: [{value: l}], uploads: {token: t}}}\n", []string{"4:98: tenants.b.uploads has the same token as tenants.a.uploads; openssl rand"}},
		{"the operator's", sim + dirs + "admin: {token: t}\ntenants: {a: {keys: [{value: k}], uploads: {token: t}}}\n", []string{"5:52: tenants.a.uploads has the same token as admin.token; openssl rand"}},
		{"one folder", sim + "cache_dir: c\nplugin_dir: ./c/\n", []string{"3:13: plugin_dir is the same folder as cache_dir; give plugin_dir a folder of its own"}},
		{"no folder", sim + "cache_dir: ''\n", []string{"2:12: cache_dir: empty; write cache_dir as the path of a folder"}},
		{"bounds", sim + dirs + "tenants: {a: {keys: [{value: k}], uploads: {token: t, plugins: 65, size: 17MiB}}}\n", []string{"4:64: tenants.a.uploads.plugins: more than 64; from", "4:74: tenants.a.uploads.size: more than 16MiB; from"}},
	})
}

func TestWarningsOfPlugins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"none": {withPlugins + "policies: {default: {before: [a], after: [b]}}\n", nil},
		"idle": {withPlugins + "policies: {default: {before: [a]}, other: {}}\n", []string{
			"3:40: plugins.b is named by no policy; name it under policies or in a tenant's policy, or remove it",
			"4:43: policies.other is the policy of no route; name it in a route's policy, or remove it"}},
		"default of no route": {sim + "routes: [{targets: [s], policy: p}]\npolicies: {p: {}, default: {}}\n", []string{"3:28: policies.default is the policy of no route; name it in a route's policy, or remove it"}},
		"unseen":              {sim + "routes: [{match: {paths: [/x]}, targets: [s], inspect: none}, {targets: [s]}]\npolicies: {default: {}}\n", []string{"2:10: routes[0] passes everything by the policy default, because of inspect: none; set routes[0].inspect to full if plugins are to see its requests"}},
		"budget": {sim + "plugins: {a: {module: 'builtin:a', limits: {deadline: 30ms}}, b: {module: 'builtin:b', mode: off, limits: {deadline: 30ms}}}\npolicies: {default: {before: [a, b]}}\n", []string{
			"3:21: the budget of policies.default, 25ms, is less than the deadline of its plugin a, 30ms; raise policies.default.budget, or lower plugins.a.limits.deadline"}},
		"a tenant's module": {sim + "cache_dir: c\ntenants: {t: {keys: [{value: k}], policy: [own]}}\nplugins: {own: {module: none.wasm, tenant: t}, b: {module: none.wasm, on_load_error: deny}}\npolicies: {default: {before: [b]}}\n", []string{
			"4:25: plugins.own.module: cannot read the file: no such file or directory; name a readable .wasm file in plugins.own.module; until then the plugin's fail mode is in force",
			"4:60: plugins.b.module: cannot read the file: no such file or directory; name a readable .wasm file in plugins.b.module; until then the plugin's fail mode is in force"}},
		"nowhere to upload": {sim + "cache_dir: c\nplugin_dir: p\nadmin: {listen: ''}\ntenants: {a: {keys: [{value: k}], uploads: {token: t}}}\n", []string{
			"5:44: tenants.a.uploads is of no use: there is no admin listener to upload to; set admin.listen, or remove tenants.a.uploads"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Parse("weir.yaml", []byte(c.yaml), nil)
			if err != nil {
				t.Fatal(err)
			}
			checkWarnings(t, cfg, c.want)
		})
	}
}

func TestDataClass(t *testing.T) {
	t.Parallel()
	c, err := Parse("weir.yaml", []byte("targets: {o: {kind: openai, url: https://h}, a: {kind: anthropic, url: https://h, data: eu}, v: {kind: vllm, url: http://h}, s: {kind: sim}}\nroutes: [{targets: [o, a, v, s]}]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"o": DataCloud, "a": "eu", "v": DataLocal, "s": DataLocal} {
		if got := c.Targets[name].Data; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	checkFaults(t, []faultCase{{"name", "targets: {s: {kind: sim, data: 'a b'}}\n", []string{"1:32: targets.s.data is no name; letters, digits"}}})
}

// Row 39: what variables put into a plugin's settings goes to the plugin and nowhere else.
func TestFault39_SettingsAreNotPrinted(t *testing.T) {
	t.Parallel()
	c, err := Parse("weir.yaml", []byte(sim+"cache_dir: c\nplugin_dir: p\nplugins: {a: {module: 'builtin:a', config: {key: '${KEY}', list: ['x ${KEY} y'], plain: shown}}}\npolicies: {default: {before: [a]}}\n"+
		"tenants: {t: {keys: [{value: k}], uploads: {token: '${TOKEN}'}}}\n"), vars("KEY", "CaNaRy20", "TOKEN", "CaNaRy21"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Plugins["a"].Config.JSON()); got != `{"key":"CaNaRy20","list":["x CaNaRy20 y"],"plain":"shown"}` {
		t.Errorf("the plugin gets %s", got)
	}
	dump, err := c.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(dump), `"plain":"shown"`) || !strings.Contains(string(dump), "redacted(8 bytes, sha256:") {
		t.Errorf("dump:\n%s", dump)
	}
	all := map[string]string{"dump": string(dump)}
	for name, v := range map[string]any{
		"config": c, "value": *c, "plugin": c.Plugins["a"], "plugin value": *c.Plugins["a"], "plugins": c.Plugins, "settings": c.Plugins["a"].Config,
		"settings pointer": &c.Plugins["a"].Config, "list": []Settings{c.Plugins["a"].Config}, "uploads": c.Tenants["t"].Uploads, "uploads value": *c.Tenants["t"].Uploads,
	} {
		for how, text := range outputs(t, v) {
			all[name+" "+how] = text
		}
	}
	for how, text := range all {
		for _, secret := range []string{"CaNaRy20", "CaNaRy21"} {
			if strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), hexOf(secret)) {
				t.Errorf("%s shows a secret: %s", how, text)
			}
		}
	}
}

// FuzzSettings: whatever stands in a plugin's settings, it is refused or becomes valid JSON that says the same, and the dump of it is read back.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"a: b", "{a: [1, -2.50, 1e5, true, ~, '', {}, []]}", "'$': '$$'\n\"\\u202e\": \"\\U000e0041\"", "a: |\n  b\n  c", "a: 0777", "a: 1_000", "a: +1", "? a", "a: ${A}", "\"a\\\"b\": 'c\\d'", "a: .5\nb: 5.", "<: &"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		indented := strings.ReplaceAll(text, "\n", "\n      ")
		c, err := Parse("weir.yaml", []byte(sim+"plugins:\n  p:\n    module: builtin:p\n    config:\n      "+indented+"\n"), vars("A", "v"))
		if err != nil || c.Plugins["p"] == nil {
			return
		}
		s := c.Plugins["p"].Config
		for _, text := range []string{string(s.JSON()), s.String()} {
			if !json.Valid([]byte(text)) {
				t.Fatalf("no JSON: %s", text)
			}
		}
		if strings.Contains(text, "${A}") {
			return // shown redacted: it is not the same
		}
		var full, shown any
		if err := json.Unmarshal(s.JSON(), &full); err != nil {
			return // a number beyond float64
		}
		if err := json.Unmarshal([]byte(s.String()), &shown); err != nil || !reflect.DeepEqual(full, shown) {
			t.Fatalf("%v: %s is shown as %s", err, s.JSON(), s)
		}
		roundTrip(t, c)
	})
}
