package config

import (
	"os"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"none": {sim, nil},
		"shadowed by a route for everything": {two + "routes:\n  - {targets: [a, b]}\n  - {match: {models: [x]}, targets: [a]}\n", []string{
			"4:5: routes[1] never matches: routes[0] takes everything it could; move it before the other, or remove it"}},
		"shadowed by globs": {two + "routes:\n  - {match: {models: ['gpt-*'], paths: [/*]}, targets: [a, b]}\n  - {match: {models: [gpt-4, 'gpt-*-mini']}, targets: [a]}\n", []string{
			"4:5: routes[1] never matches: routes[0] takes everything it could; move it before the other, or remove it"}},
		"not shadowed":           {two + "routes:\n  - {match: {models: ['gpt-*']}, targets: [a, b]}\n  - {match: {models: ['g*']}, targets: [a]}\n  - {match: {models: [gpt-4, x]}, targets: [a]}\n  - {match: {paths: [/x]}, targets: [a]}\n", nil},
		"unused target":          {two + "routes: [{targets: [b]}]\n", []string{"1:14: targets.a is named by no route; name it under routes, or remove it"}},
		"key no longer good":     {sim + "tenants: {t: {keys: [{value: k, not_after: 2020-01-31}]}}\n", []string{"2:44: this key is no longer good; remove the key, or set tenants.t.keys[0].not_after later"}},
		"tenant without a key":   {sim + "tenants: {t: {}, u: {keys: [{value: k, act_for: ['v*']}]}}\n", []string{"2:14: nobody can be the tenant t: it has no key, and no act_for names it; give tenants.t.keys a key, or name the tenant in another's act_for"}},
		"tenant acted for":       {sim + "tenants: {t-1: {}, exact: {}, u: {keys: [{value: k, act_for: ['t-*', exact]}]}, default: {}}\n", nil},
		"everybody is acted for": {sim + "tenants: {t: {}, u: {keys: [{value: k, act_for: ['*']}]}}\n", nil},
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

func checkWarnings(t *testing.T, cfg *Config, want []string) {
	t.Helper()
	var got []string
	for _, w := range cfg.Warnings() {
		got = append(got, strings.TrimPrefix(w.String(), w.File+":"))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWarningsOfPermissions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := write(t, dir, "key", "abc")
	path := write(t, dir, "weir.yaml", "targets:\n  t: {kind: openai, url: https://h, key_file: key}\n  u: {kind: openai, url: https://h, key: inline, headers: {x: y}}\nroutes: [{targets: [t, u]}]\n")
	cfg, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkWarnings(t, cfg, nil)
	for _, p := range []string{key, path} {
		if err := os.Chmod(p, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if cfg, err = Load(path, nil); err != nil {
		t.Fatal(err)
	}
	checkWarnings(t, cfg, []string{
		"2:47: targets.t.key_file: every user of this machine can read the file; take the right to read away from others: chmod o-r; in Kubernetes set defaultMode: 0400",
		"3:42: every user of this machine can read the secrets in this file; take the right to read away from others: chmod o-r, or move the secrets to files or variables",
	})
}

func TestTLSWithoutTCPIsWarnedOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyPair(t, dir, "a")
	cfg, err := Load(write(t, dir, "weir.yaml", sim+"listen: unix:/s\ntls: {cert: a.pem, key: a.key}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkWarnings(t, cfg, []string{"3:6: tls is given, but every listener is a unix socket, which serves no TLS; remove tls, or add HOST:PORT to listen"})
}
