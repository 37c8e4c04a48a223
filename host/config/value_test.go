package config

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0": 0, "0B": 0, "1B": 1, "64KiB": 64 << 10, "4MiB": 4 << 20, "1GiB": 1 << 30, "2TiB": 2 << 40, "1kB": 1000, "1KB": 1000, "3MB": 3e6, "1GB": 1e9, "1TB": 1e12,
		"9223372036854775807B": 9223372036854775807,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": errSizeForm, "1": errSizeUnit, "00": errSizeUnit, "-1B": errNegative, "-0": errNegative, "+1B": errSizeForm, "1 MiB": errSizeForm, "1.5MiB": errSizeForm, "MiB": errSizeForm,
		"1mib": errSizeForm, "1M": errSizeForm, "1MiBB": errSizeForm, "9223372036854775808B": errSizeLarge, "9007199254740992KiB": errSizeLarge, "1e3B": errSizeForm,
	} {
		if got, err := parseSize(text); !errors.Is(err, want) {
			t.Errorf("parseSize(%q) = %d, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second, "1.5h": 90 * time.Minute, "24h": 24 * time.Hour, "7us": 7000, "7µs": 7000} {
		if got, err := parseDuration(text); err != nil || got.Std() != want {
			t.Errorf("parseDuration(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": errDurationForm, "1": errDurationUnit, "1.5": errDurationUnit, "-1s": errNegative, "+1s": errDurationForm, "1d": errDurationForm, "1 s": errDurationForm, "s": errDurationForm, "1s1": errDurationForm,
		"9999999h": errDurationForm,
	} {
		if got, err := parseDuration(text); !errors.Is(err, want) {
			t.Errorf("parseDuration(%q) = %s, %v; want %v", text, got, err, want)
		}
	}
}

func TestScalarsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := Size(rapid.Int64Min(0).Draw(t, "size"))
		if got, err := parseSize(size.String()); err != nil || got != size {
			t.Fatalf("%d is written %s and read as %d, %v", int64(size), size, got, err)
		}
		span := Duration(rapid.Int64Min(0).Draw(t, "duration"))
		if got, err := parseDuration(span.String()); err != nil || got != span {
			t.Fatalf("%d is written %s and read as %d, %v", int64(span), span, got, err)
		}
	})
}

func TestExpand(t *testing.T) {
	t.Parallel()
	env := vars("A", "one", "B", "two", "EMPTY", "", "TRICK", "x}\nlisten: ${A} $$ \"", "_9", "under", "LARGE", strings.Repeat("x", 40000))
	for text, want := range map[string]string{
		"${A}": "one", "'${A}'": "one", `"${A}"`: "one", "a${A}b${B}c": "aonebtwoc", "${A}${B}": "onetwo", "${EMPTY}": "", "${_9}": "under",
		"$$": "$", "$$$$": "$$", "$${A}": "${A}", "'$$${A}'": "$one", "$A": "$A", "a$": "a$", "$": "$", "'$ {A}'": "$ {A}", "pa$word": "pa$word", "{A}": "",
		"${TRICK}": "x}\nlisten: ${A} $$ \"", "|-\n    ${A}\n    b": "one\nb", "é${A}é": "éoneé", "'${A} # ${B}'": "one # two",
	} {
		if text == "{A}" {
			continue // a mapping
		}
		// In block style, and between braces where YAML would see structure.
		forms := []string{"v: " + text + "\n"}
		if !strings.HasPrefix(text, "|") {
			forms = append(forms, "{v: "+text+"}", "{v: "+text+", w: x}")
		}
		for _, form := range forms {
			d := &decoder{env: env, faults: &faultList{}, places: map[string]place{}}
			root := parseSource([]byte(form), d.faults)
			if root == nil {
				t.Errorf("%q: %v", form, d.faults.sorted())
				continue
			}
			got, _, ok := d.expand(root.entries[0].value, "v")
			if !ok || got != want {
				t.Errorf("%q gives %q, %v; want %q", form, got, d.faults.sorted(), want)
			}
		}
	}
	d := &decoder{env: env, faults: &faultList{}, places: map[string]place{}}
	root := parseSource([]byte("v: ${LARGE}${LARGE}\n"), d.faults)
	if _, _, ok := d.expand(root.entries[0].value, "v"); ok || !d.faults.any() {
		t.Error("a value grew beyond bounds")
	}
}

func TestVariablesCannotAddKeys(t *testing.T) {
	t.Parallel()
	c, err := Parse("weir.yaml", []byte("targets: {t: {kind: openai, url: http://h, headers: {x: ${EVIL}}}}\n"), vars("EVIL", "y}, key: stolen, a: {b: c"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Targets["t"]; got.Headers["x"].Reveal() != "y}, key: stolen, a: {b: c" || got.Key != "" {
		t.Errorf("headers %q, key %q", got.Headers["x"].Reveal(), got.Key.Reveal())
	}
}

func TestParseOrigin(t *testing.T) {
	t.Parallel()
	tls, unix := origin{tls: true}, origin{unix: true}
	for text, want := range map[string]origin{
		"http://h": {}, "http://127.0.0.1:8000/v1": {}, "http://my_host.internal.:80": {}, "http://[fe80::1%25eth0]:8000": {}, "http://h:65535": {},
		"https://h/": tls, "https://[2001:db8::1]:8443/a/": tls, "https://[::1]": tls, "https://h/openai/deployments/x.y-1/@a:b~c": tls,
		"unix:/run/x.sock": unix, "unix:/run/x.sock:/v1/": unix, "unix:/run/a b.sock:/": unix, "unix:/run/x.sock:": unix,
	} {
		if got, err := parseOrigin(text); err != nil || got != want {
			t.Errorf("parseOrigin(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "h", "h:80", "//h", "http:h", "http:/h", "HTTP://h", "http://", "http://:80", "http://h:0", "http://h:080", "http://h:x", "http://h ", "http://h\n", "http://h\\x", "http://a..b",
		"http://-a", "http://h/%41", "http://h//a", "http://h/./a", "http://h/a b", "http://[fe80::1%25a%0ab]/", "http://1.2.3", "http://é", "unix:", "unix:x", "unix://h/x", "unix:/x:y", "unix:/x:/a?b", "unix:/x\x00",
		"unix:/x:/../a", "https:/h", "http://u@h", "http://:p@h", "http://@h", "http://h:65536",
	} {
		if got, err := parseOrigin(text); err == nil {
			t.Errorf("parseOrigin(%q) = %+v", text, got)
		}
	}
}

func TestProxyCheck(t *testing.T) {
	t.Parallel()
	for _, text := range []ProxyURL{"http://p:3128", "http://p:3128/", "http://[::1]:1", "http://u:p@p:1", "http://u@p:1", "http://u:a%40b@p:1"} {
		if err := text.check(); err != nil {
			t.Errorf("%q: %v", text.Reveal(), err)
		}
	}
	for _, text := range []ProxyURL{"p:1", "https://p:1", "http://p", "http://p:0", "http://p:1/x", "http://p:1?x", "http://p:1#x", "http://:1", "http://u%3aa:p@p:1", "http://u:%0a@p:1", "http://p:99999"} {
		if text.check() == nil {
			t.Errorf("%q is allowed", text.Reveal())
		}
	}
}

func TestAddressLocal(t *testing.T) {
	t.Parallel()
	for a, want := range map[Address]bool{
		"127.0.0.1:1": true, "127.8.9.1:1": true, "[::1]:1": true, "localhost:1": true, "LocalHost:1": true, "unix:/x": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "localhost.example:1": false, "": false, "x": false,
	} {
		if got := a.Local(); got != want {
			t.Errorf("%q local: %v", a, got)
		}
	}
	if a := Address("unix:/run/x"); a.Network() != "unix" || a.Address() != "/run/x" {
		t.Errorf("%s %s", a.Network(), a.Address())
	}
}

func TestSetPrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"169.254.169.254": "169.254.169.254/32", "fd00::/8": "fd00::/8", "::1": "::1/128", "10.0.0.0/8": "10.0.0.0/8"} {
		var p netip.Prefix
		if err := setPrefix(&p, text); err != nil || p.String() != want {
			t.Errorf("%s gives %s, %v", text, p, err)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glob, other string
		want        bool
	}{
		{"*", "", true}, {"*", "a*b", true}, {"a", "a", true}, {"a", "b", false}, {"a", "*", false}, {"a*", "a*", true}, {"a*", "ab*c", true}, {"ab*", "a*", false}, {"*a", "*ba", true},
		{"*a*", "xay", true}, {"a*b*c", "axbxc", true}, {"a*b*c", "axbx", false}, {"/*", "/v1/*", true}, {"/v1/*", "/*", false}, {"", "", true}, {"", "a", false}, {"a*", "a", true},
	} {
		if got := covers(c.glob, c.other); got != c.want {
			t.Errorf("covers(%q, %q) = %v", c.glob, c.other, got)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"listen", "limits", "targets", "tls", "log", "first_byte"}
	for text, want := range map[string]string{"listne": "listen", "LISTEN": "listen", "limit": "limits", "first-byte": "first_byte", "tsl": "tls", "lgo": "log", "state": "", "data": "", "x": "", "": "", "weight": "", strings.Repeat("a", 1000): ""} {
		if got, _ := nearest(text, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	const sum = "BA7816BF8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if (Key{Value: "abc"}).Digest() != (Key{SHA256: sum}).Digest() || (Key{}).Digest() != [32]byte{} || (Key{SHA256: "x"}).Digest() != [32]byte{} {
		t.Error("digests differ")
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	c := Default()
	for _, bad := range [][]string{{}, {""}, {"x"}, {":8080"}, {"0.0.0.0:1"}, {"127.0.0.1:8081"}, {"127.0.0.1:1", "127.0.0.1:1"}, {"unix:"}} {
		err := c.SetListen(bad...)
		if err == nil || !strings.HasPrefix(err.Error(), "--listen:1:1: ") || c.Listen[0] != "127.0.0.1:8080" {
			t.Errorf("SetListen(%q) = %v, %v", bad, err, c.Listen)
		}
	}
	if err := c.SetListen("127.0.0.1:0", "unix:/x"); err != nil || len(c.Listen) != 2 {
		t.Errorf("SetListen = %v, %v", err, c.Listen)
	}
	for _, bad := range []string{"x", "unix:/x", "1:2:3"} {
		if err := c.SetAdmin(bad); err == nil || !strings.HasPrefix(err.Error(), "--admin:1:1: ") || c.Admin.Listen != "127.0.0.1:8081" {
			t.Errorf("SetAdmin(%q) = %v", bad, err)
		}
	}
	for text, want := range map[string]Address{"": "", "off": "", "0.0.0.0:9": "0.0.0.0:9"} {
		if err := c.SetAdmin(text); err != nil || c.Admin.Listen != want {
			t.Errorf("SetAdmin(%q) = %v, %q", text, err, c.Admin.Listen)
		}
	}
}

func TestSlogLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "": slog.LevelInfo} {
		if got := (Log{Level: text}).SlogLevel(); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
}
