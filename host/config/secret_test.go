package config

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// canaries finds the planted secrets in a text.
func canaries(text string) []string {
	var found []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !isAlnum(byte(r)) || r > 0x7f }) {
		if strings.Contains(word, "CaNaRy") {
			found = append(found, word)
		}
	}
	return found
}

// outputs prints a value in every way that logs, errors and dumps use.
func outputs(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%o", "%20v", "%e", "%t", "%c", "%U", "%b"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	out["Sprint"] = fmt.Sprint(v)
	if text, err := json.Marshal(v); err == nil {
		out["json"] = string(text)
	}
	if text, err := xml.Marshal(v); err == nil {
		out["xml"] = string(text)
	}
	if text, err := yaml.Marshal(v); err == nil {
		out["yaml"] = string(text)
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("config", "value", v)
		out[name] = b.String()
	}
	return out
}

// hexOf gives the canary's hexadecimal form, which %x would print.
func hexOf(s string) string { return fmt.Sprintf("%x", s) }

func TestFault39_SecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"token": "CaNaRy1token\n", "key": "CaNaRy2key\n", "tenant": "CaNaRy3tenant", "seed": "CaNaRy12seedfile\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "weir.yaml")
	text := `
admin: {token_file: token}
prefix: {seed_file: seed}
targets:
  a: {kind: openai, url: https://h/v1, key_file: key, proxy: "http://CaNaRy4user:CaNaRy5@p:1", headers: {x-secret: CaNaRy6header}}
  b: {kind: openai, url: https://h/v1, key: "${KEY}", proxy: "http://CaNaRy8user@p:1"}
  c: {kind: openai, url: https://h/v1, key: CaNaRy9inline}
routes: [{targets: [a, b, c]}]
tenants:
  t: {keys: [{file: tenant}, {value: CaNaRy10value}, {value: "${VALUE}"}]}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path, vars("KEY", "CaNaRy7env", "VALUE", "CaNaRy11env"))
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{cfg.Admin.Token.Reveal(), cfg.Targets["a"].Key.Reveal(), cfg.Targets["b"].Key.Reveal(), cfg.Tenants["t"].Keys[0].Value.Reveal(), cfg.Prefix.Seed.Reveal()}; strings.Join(got, " ") != "CaNaRy1token CaNaRy2key CaNaRy7env CaNaRy3tenant CaNaRy12seedfile" {
		t.Fatalf("the secrets were not read: %q", got)
	}
	values := map[string]any{
		"config": cfg, "config value": *cfg, "target": cfg.Targets["a"], "target value": *cfg.Targets["a"], "admin": cfg.Admin,
		"prefix": cfg.Prefix, "prefix pointer": &cfg.Prefix, "seed": cfg.Prefix.Seed,
		"tenant": *cfg.Tenants["t"], "keys": cfg.Tenants["t"].Keys, "secret": cfg.Admin.Token, "secret pointer": &cfg.Admin.Token,
		"proxy": cfg.Targets["a"].Proxy, "proxy pointer": &cfg.Targets["a"].Proxy, "headers": cfg.Targets["a"].Headers,
		"tenants": cfg.Tenants, "targets": cfg.Targets, "slice": []*Target{cfg.Targets["a"]}, "in a struct": struct{ C *Config }{cfg}, "error": fmt.Errorf("%w: %v", errors.ErrUnsupported, cfg.Targets),
	}
	for name, v := range values {
		for how, out := range outputs(t, v) {
			if found := canaries(out); found != nil {
				t.Errorf("%s by %s shows %q", name, how, found)
			}
			if strings.Contains(strings.ToLower(out), hexOf("CaNaRy")) {
				t.Errorf("%s by %s shows a secret in hexadecimal", name, how)
			}
		}
	}
	dump, err := cfg.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	if found := canaries(string(dump)); found != nil {
		t.Errorf("Redacted shows %q:\n%s", found, dump)
	}
	for _, want := range []string{"redacted(10 bytes, sha256:", "token_file: " + quote(filepath.Join(dir, "token")), "seed_file: " + quote(filepath.Join(dir, "seed")), `@p:1"`} {
		if !strings.Contains(string(dump), want) {
			t.Errorf("Redacted lacks %q:\n%s", want, dump)
		}
	}
}

// TestFault39_FaultsShowNoSecrets plants secrets where they are wrong.
func TestFault39_FaultsShowNoSecrets(t *testing.T) {
	t.Parallel()
	env := vars("SECRET", "sk-CaNaRy 0123\n", "FILE", "/CaNaRy/file", "WORD", "CaNaRy")
	for _, text := range []string{
		"targets: {t: {kind: openai, url: https://h, key: 'sk CaNaRy'}}",
		"targets: {t: {kind: openai, url: https://h, key: {CaNaRy: x}}}",
		"targets: {t: {kind: openai, url: https://h, key: [CaNaRy0]}}",
		"targets: {t: {kind: openai, url: https://h, key: sk-CaNaRy0: x}}",
		"targets: {t: {kind: openai, url: https://h, key: \"sk-CaNaRy0}}",
		"targets: {t: {kind: openai, url: https://h, key: @CaNaRy0}}",
		"targets: {t: {kind: openai, url: https://h, key: \"CaNaRy\\q\"}}",
		"targets: {t: {kind: openai, url: https://h, key: &CaNaRy0 x, key_file: *CaNaRy0}}",
		"targets: {t: {kind: openai, url: https://h, key: !CaNaRy0 x}}",
		"targets: {t: {kind: openai, url: https://h, key: ${SECRET}}}",
		"targets: {t: {kind: openai, url: https://h, key: x, key: CaNaRy0}}",
		"targets: {t: {kind: openai, url: https://h, key_file: CaNaRy0}}",
		"targets: {t: {kind: openai, url: https://h, key_file: ${FILE}}}",
		"targets: {t: {kind: openai, url: https://h, key_file: /}}",
		"targets: {t: {kind: openai, url: 'https://CaNaRy:CaNaRy@h'}}",
		"targets: {t: {kind: openai, url: 'https://CaNaRy:%zz@h:x'}}",
		"targets: {t: {kind: openai, url: 'https://h/?key=CaNaRy'}}",
		"targets: {t: {kind: openai, url: ${SECRET}}}",
		"targets: {t: {kind: openai, url: https://h, proxy: 'http://u:CaNaRy@p'}}",
		"targets: {t: {kind: openai, url: https://h, proxy: 'http://CaNaRy:%zz@p:x'}}",
		"targets: {t: {kind: openai, url: https://h, proxy: 'CaNaRy'}}",
		"targets: {t: {kind: openai, url: https://h, headers: {x: \"CaNaRy\\n\"}}}",
		"targets: {t: {kind: openai, url: https://h, headers: {x: ${SECRET}}}}",
		"targets: {t: {kind: ${WORD}}}",
		"targets: {t: {kind: sim, slots: ${WORD}, dialects: [${WORD}]}}",
		"targets: {t: {kind: sim, sk-CaNaRy-0123: x}}",
		"targets: {t: {kind: sim, key: CaNaRy0}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: [{sk-CaNaRy0}]}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: [CaNaRy0]}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: CaNaRy0}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: [{sha256: CaNaRy0}]}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: [{value: CaNaRy0, not_after: CaNaRy0}, {value: CaNaRy0}]}}",
		"targets: {s: {kind: sim}}\ntenants: {t: {keys: [{value: CaNaRy é}]}}",
		"targets: {s: {kind: sim}}\ntenants: {'CaNaRy 0': {}}",
		"targets: {s: {kind: sim}}\nadmin: {token: CaNaRy 0, token_file: CaNaRy0}",
		"targets: {s: {kind: sim}}\nadmin: {listen: ${SECRET}}\nlisten: ${WORD}",
		"targets: {s: {kind: sim}}\nroutes: [{targets: [${WORD}], match: {paths: [${WORD}]}}]",
		"targets: {s: {kind: sim}}\nlog: {level: ${WORD}}",
		sim + "prefix: {seed: CaNaRy0}",
		sim + "prefix: {seed: 'CaNaRy 0123456789'}",
		sim + "prefix: {seed: ${SECRET}}",
		sim + "prefix: {seed: CaNaRy0123456789, seed_file: CaNaRy0}",
		sim + "prefix: {seed_file: ${FILE}}",
		sim + "prefix: {seen: ${WORD}}",
		sim + "phrases: {l: {list: ['CaNaRy\\uD800', ''], file: ${FILE}}}",
		"CaNaRy0", "- CaNaRy0", "CaNaRy0: CaNaRy0\nCaNaRy0: x", "? CaNaRy0", "%CaNaRy0", "{CaNaRy0", "\"CaNaRy0", "\tCaNaRy0", "CaNaRy0\xff",
	} {
		_, err := Parse("weir.yaml", []byte(text), env)
		if err == nil {
			t.Errorf("no fault in %s", text)
			continue
		}
		for how, out := range outputs(t, err) {
			if found := canaries(out); found != nil {
				t.Errorf("%s\nby %s shows %q: %s", text, how, found, out)
			}
		}
	}
}

func TestSecretForms(t *testing.T) {
	t.Parallel()
	const redacted = "redacted(3 bytes, sha256:ba7816bf)" // of "abc"
	for _, c := range []struct {
		value any
		want  string
	}{
		{Secret("abc"), redacted}, {Secret(""), ""}, {ProxyURL(""), ""}, {ProxyURL("http://p:1"), "http://p:1"},
		{ProxyURL("http://abc@p:1"), "http://" + redacted + "@p:1"}, {ProxyURL("abc@p:1"), redacted + "@p:1"},
	} {
		if got := fmt.Sprint(c.value); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := ProxyURL("http://u:p@ss@p:1").String(); strings.Contains(got, "ss@") {
		t.Errorf("half a password is shown: %s", got)
	}
	for _, got := range []string{Secret("abc").GoString(), ProxyURL("http://abc@p:1").GoString()} {
		if strings.Contains(got, "abc") || !strings.Contains(got, redacted) {
			t.Errorf("GoString gives %s", got)
		}
	}
	if got, want := fmt.Sprintf("%#v", Secret("abc")), `"`+redacted+`"`; got != want {
		t.Errorf("%%#v gives %s, want %s", got, want)
	}
}
