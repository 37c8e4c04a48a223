package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// settings gives the exported fields of a configuration, for comparison.
func settings(c *Config) Config {
	out := *c
	out.files, out.warnings = nil, nil
	return out
}

func roundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, c *Config) {
	t.Helper()
	dump, err := c.Redacted()
	if err != nil {
		t.Fatalf("Redacted: %v", err)
	}
	again, err := Parse("weir.yaml", dump, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, dump)
	}
	if !reflect.DeepEqual(settings(c), settings(again)) {
		t.Fatalf("read back differently:\n%s\n got %s\nwant %s", dump, again, c)
	}
}

func TestRedactedOfDefaultAndExampleParses(t *testing.T) {
	t.Parallel()
	roundTrip(t, Default())
	dump, err := Default().Redacted()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  body: 4MiB\n", "\n  drain: 30s\n", "\n  idle: 2m\n", "\n    slots: 8\n", "\n  listen: \"127.0.0.1:8081\"\n"} {
		if !strings.Contains(string(dump), want) {
			t.Errorf("the dump lacks %q:\n%s", want, dump)
		}
	}
	if strings.Contains(string(dump), "tls") || strings.Contains(string(dump), "connect:") {
		t.Errorf("the dump has settings that are not in effect:\n%s", dump)
	}
}

// TestRedactedParsesBack: without credentials, the dump of any configuration
// is read back as the same configuration.
func TestRedactedParsesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		dump, err := c.Redacted()
		if err != nil {
			t.Fatal(err)
		}
		// What is drawn may hold what Parse fills in or refuses: take what
		// Parse makes of it as the configuration to compare with.
		first, err := Parse("weir.yaml", dump, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, dump)
		}
		if !reflect.DeepEqual(settings(c), settings(first)) {
			t.Fatalf("read back differently:\n%s\n got %s\nwant %s", dump, first, c)
		}
		roundTrip(t, first)
	})
}

// anyText draws strings that YAML has other readings for, and others.
func anyText() *rapid.Generator[string] {
	odd := rapid.SampledFrom([]string{
		"true", "null", "~", "0x10", "1e5", "1_000", "-", "- a", "a: b", "#x", "a #b", "[a]", "{a: b}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "?",
		"? a", "$", "$$", "${A}", "$${A}", "a$", "\"", "'", "\\", "a\\nb", "é", "日本", "😀", "on", "0", "1.5", "2027-01-31", "<<", "=", "...", "---", "a,b", "\u00a0", " a ", ":", "a:",
	})
	return rapid.OneOf(odd, rapid.StringMatching(`[ -~]{1,12}`), rapid.StringN(1, 8, -1)).Filter(func(s string) bool {
		return !hasControl(s) && s != "" && !strings.ContainsAny(s, "\ufdd0\ufdd1")
	})
}

func drawConfig(t *rapid.T) *Config {
	name := rapid.StringMatching(`[A-Za-z0-9._:-]{1,12}`)
	c := &Config{
		Listen: Listen{"127.0.0.1:1", "unix:/run/w.sock"},
		Admin:  Admin{Listen: rapid.SampledFrom([]Address{"", "[::1]:8081", "unix:/a b'c\".sock"}).Draw(t, "admin")},
		Log:    Log{Level: rapid.SampledFrom([]string{"debug", "info", "warn", "error"}).Draw(t, "level"), Format: "text"},
		Limits: Limits{
			Body: Size(rapid.Int64Range(1<<10, 1<<30).Draw(t, "body")), Headers: 64 << 10, Connections: rapid.IntRange(1, 1e6).Draw(t, "connections"),
			HeaderTimeout: Duration(rapid.Int64Range(1e6, 3.6e12).Draw(t, "header_timeout")), BodyTimeout: Duration(time.Hour), Idle: Duration(90 * time.Minute),
			Drain: Duration(rapid.Int64Range(0, 1e12).Draw(t, "drain")), Write: Duration(1500 * time.Millisecond), Event: 1025, Response: Size(rapid.Int64Range(0, 1<<20).Draw(t, "response")),
		},
		Targets: map[string]*Target{},
		Tenants: map[string]*Tenant{},
		Prefix:  Prefix{Seen: rapid.IntRange(0, 1<<24).Draw(t, "seen")},
	}
	drawPlugins(t, c)
	signals := rapid.Bool().Draw(t, "signals")
	c.Signals = &signals
	for _, n := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "lists") {
		if c.Phrases == nil {
			c.Phrases = map[string]*Phrases{}
		}
		c.Phrases[n] = &Phrases{List: rapid.SliceOfN(anyText().Filter(func(s string) bool { return strings.TrimSpace(s) != "" }), 1, 3).Draw(t, "list")}
	}
	var targets []string
	for _, n := range rapid.SliceOfNDistinct(name, 1, 4, rapid.ID).Draw(t, "targets") {
		c.Targets[n] = drawTarget(t)
		targets = append(targets, n)
	}
	retries := rapid.IntRange(0, 10).Draw(t, "retries")
	c.Routes = []Route{{Match: Match{Paths: []string{"/" + rapid.StringMatching(`[a-z0-9/*.-]{0,8}`).Filter(func(s string) bool { return !strings.Contains(s, "**") }).Draw(t, "path")}}, Targets: targets, Inspect: InspectNone, Retries: &retries}}
	if c.Policies["strict"] != nil {
		c.Routes[0].Inspect, c.Routes[0].Policy = InspectFull, "strict"
	}
	for i, n := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "tenants") {
		c.Tenants[n] = &Tenant{}
		if rapid.Bool().Draw(t, "key") {
			k := Key{SHA256: strings.Repeat("0123456789abcdef"[i:i+1], 64), ActFor: []string{"a*", "*", n}}
			if rapid.Bool().Draw(t, "dated") {
				k.NotAfter = time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "not_after"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
			}
			c.Tenants[n].Keys = []Key{k}
		}
	}
	if len(c.Tenants) == 0 {
		c.Tenants = nil
	}
	if rapid.Bool().Draw(t, "records") {
		file := "/r/" + strings.Trim(strings.ReplaceAll(anyText().Draw(t, "file"), "/", ""), ".") + "x"
		c.Records = &Records{File: file, Content: ContentText, Prefix: rapid.SampledFrom([]string{PrefixNone, PrefixMessages, PrefixBlocks}).Draw(t, "prefix"), Sample: rapid.Float64Range(0, 1).Draw(t, "sample"), Rotate: Rotate{MaxSize: 1 << 40, Keep: 0}}
	}
	return c
}

func drawTarget(t *rapid.T) *Target {
	ask := rapid.Bool().Draw(t, "ask_usage")
	target := &Target{
		Kind: rapid.SampledFrom([]Kind{KindSim, KindVLLM, KindOllama}).Draw(t, "kind"), Data: rapid.SampledFrom([]string{DataLocal, "eu-1"}).Draw(t, "data"), Dialects: []string{DialectAnthropic}, Concurrency: rapid.IntRange(0, 1e6).Draw(t, "concurrency"),
		Connections: 1, FirstByte: Duration(time.Minute), Idle: Duration(rapid.Int64Range(1e6, 1e13).Draw(t, "idle")), AskUsage: &ask,
		Models: rapid.MapOfN(anyText(), anyText(), 0, 3).Draw(t, "models"),
	}
	if len(target.Models) == 0 {
		target.Models = nil
	}
	if target.Kind == KindSim {
		target.Slots, target.TTFT, target.Seed, target.CacheBlocks = 3, Duration(time.Nanosecond), rapid.Int64Range(0, 1<<62).Draw(t, "seed"), 0
		return target
	}
	target.URL = rapid.SampledFrom([]string{"http://h", "https://[::1]:1/v1", "unix:/run/x y.sock:/v1"}).Draw(t, "url")
	target.Connect = Duration(time.Second)
	if rapid.Bool().Draw(t, "addresses") {
		target.AllowAddresses = []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::1/128")}
	}
	if strings.HasPrefix(target.URL, "https") {
		target.TLS = &ClientTLS{ServerName: rapid.SampledFrom([]string{"", "x.example"}).Draw(t, "server_name")}
		target.Proxy = "http://p:1"
	}
	return target
}

// drawPlugins adds what plugins are about.
func drawPlugins(t *rapid.T, c *Config) {
	c.Compile = Compile{
		CPU: Duration(rapid.Int64Range(1e9, 1e11).Draw(t, "cpu")), Wall: Duration(rapid.Int64Range(1e9, 1e12).Draw(t, "wall")),
		Memory: Size(rapid.Int64Range(32<<20, 1<<34).Draw(t, "memory")),
	}
	c.State.Memory = StateMemory{
		Entries: rapid.IntRange(1000, 1e7).Draw(t, "entries"), Size: Size(rapid.Int64Range(1<<20, 1<<30).Draw(t, "size")),
		Share: rapid.IntRange(1, 1e7).Draw(t, "share"), Every: Duration(rapid.Int64Range(1e9, 1e13).Draw(t, "every")),
	}
	if !rapid.Bool().Draw(t, "plugins") {
		return
	}
	c.CacheDir, c.PluginDir, c.State.Memory.Snapshot = "/var/cache/w", "/var/lib/w", "/var/lib/w.state"
	c.Plugins = map[string]*Plugin{"p": {
		Module: BuiltinPrefix + "phrases", SHA256: strings.Repeat("0a", 32), Mode: rapid.SampledFrom([]string{ModeEnforce, ModeObserve, ModeOff}).Draw(t, "mode"),
		OnError: rapid.SampledFrom([]string{"", Deny, Allow}).Draw(t, "on_error"), OnLoadError: Deny, Sample: rapid.Float64Range(0, 1).Draw(t, "plugin sample"),
		OnFault: map[string]string{"trap": Allow, "busy": Deny}, Capabilities: []string{"clock", "price"},
		Limits: PluginLimits{
			Deadline: Duration(rapid.Int64Range(1e4, 6e10).Draw(t, "deadline")), Fuel: rapid.Int64Range(1000, 281e12).Draw(t, "fuel"), Memory: 1 << 30, Stack: 512 << 10,
			Pool: 1024, Wait: Duration(1e4), Start: Duration(1e6),
		},
		Config: drawSettings(t),
	}}
	c.Policies = map[string]*Policy{"strict": {Before: []string{"p"}, Budget: Duration(time.Minute), OnUninspected: rapid.SampledFrom([]string{Deny, Allow}).Draw(t, "uninspected")}}
}

// drawSettings draws free-form settings, as Parse would have kept them.
func drawSettings(t *rapid.T) Settings {
	var s Settings
	w := settingsWriter{}
	texts := rapid.SliceOfNDistinct(anyText(), 1, 5, rapid.ID).Draw(t, "settings")
	w.both("{")
	for i, text := range texts {
		if i > 0 {
			w.both(",")
		}
		w.key(text)
		if i%2 == 0 {
			w.text(text, text)
			continue
		}
		w.both("[1,-2.5e3,true,null,{},[],")
		w.text(text, text)
		w.both("]")
	}
	w.both("}")
	s.json, s.shown = w.json.String(), w.shown.String()
	return s
}
