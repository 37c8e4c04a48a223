package tenant_test

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/host/tenant"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func key(owner, secret string, actFor ...string) tenant.Key {
	return tenant.Key{Tenant: owner, SHA256: sha256.Sum256([]byte(secret)), ActFor: actFor}
}

func expiring(k tenant.Key, at time.Time) tenant.Key {
	k.NotAfter = at
	return k
}

func open(t testing.TB, keys ...tenant.Key) *tenant.Directory {
	t.Helper()
	d, err := tenant.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	d := open(t,
		key("acme", "first"),
		key("acme", "second"),
		key("globex", "third"),
		expiring(key("initech", "fourth"), noon),
		key("platform", "agent", "acme-*", "globex", "team:eu.*"),
		key("super", "root", "*"),
	)
	tests := []struct {
		name, credential, actAs string
		at                      time.Time
		want                    tenant.Identity
		err                     error
	}{
		{name: "first key", credential: "first", want: tenant.Identity{Tenant: "acme"}},
		{name: "second key of the same tenant", credential: "second", want: tenant.Identity{Tenant: "acme"}},
		{name: "another tenant", credential: "third", want: tenant.Identity{Tenant: "globex"}},
		{name: "none", err: tenant.ErrMissing},
		{name: "none, though a tenant is named", actAs: "acme", err: tenant.ErrMissing},
		{name: "unknown", credential: "nobody", err: tenant.ErrUnknown},
		{name: "prefix of a key", credential: "firs", err: tenant.ErrUnknown},
		{name: "key and more", credential: "first ", err: tenant.ErrUnknown},
		{name: "the digest is not the key", credential: digest("first"), err: tenant.ErrUnknown},
		{name: "too long", credential: strings.Repeat("x", 5000), err: tenant.ErrUnknown},
		{name: "last instant", credential: "fourth", want: tenant.Identity{Tenant: "initech"}},
		{name: "expired", credential: "fourth", at: noon.Add(1), err: tenant.ErrExpired},
		{name: "acts for a prefix", credential: "agent", actAs: "acme-7", want: tenant.Identity{Tenant: "acme-7", Via: "platform"}},
		{name: "the prefix alone", credential: "agent", actAs: "acme-", want: tenant.Identity{Tenant: "acme-", Via: "platform"}},
		{name: "less than the prefix", credential: "agent", actAs: "acme", err: tenant.ErrActFor},
		{name: "acts for an exact name", credential: "agent", actAs: "globex", want: tenant.Identity{Tenant: "globex", Via: "platform"}},
		{name: "more than the exact name", credential: "agent", actAs: "globex2", err: tenant.ErrActFor},
		{name: "case counts", credential: "agent", actAs: "Globex", err: tenant.ErrActFor},
		{name: "other characters", credential: "agent", actAs: "team:eu.x_1", want: tenant.Identity{Tenant: "team:eu.x_1", Via: "platform"}},
		{name: "names nobody", credential: "agent", want: tenant.Identity{Tenant: "platform"}},
		{name: "names itself", credential: "agent", actAs: "platform", want: tenant.Identity{Tenant: "platform"}},
		{name: "not a name: blank", credential: "agent", actAs: "acme-1 ", err: tenant.ErrTenantName},
		{name: "not a name: control", credential: "agent", actAs: "acme-\r\n", err: tenant.ErrTenantName},
		{name: "not a name: not ASCII", credential: "agent", actAs: "acme-é", err: tenant.ErrTenantName},
		{name: "not a name: too long", credential: "root", actAs: strings.Repeat("a", 129), err: tenant.ErrTenantName},
		{name: "the longest name", credential: "root", actAs: strings.Repeat("a", 128), want: tenant.Identity{Tenant: strings.Repeat("a", 128), Via: "super"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at := test.at
			if at.IsZero() {
				at = noon
			}
			got, err := d.Authenticate([]byte(test.credential), []byte(test.actAs), at)
			if got != test.want || err != test.err { //nolint:errorlint // the sentinels are returned as they are
				t.Fatalf("got %+v, %v; want %+v, %v", got, err, test.want, test.err)
			}
		})
	}
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return string(sum[:])
}

func TestOwner(t *testing.T) {
	t.Parallel()
	if got := (tenant.Identity{Tenant: "a"}).Owner(); got != "a" {
		t.Errorf("own request: %q", got)
	}
	if got := (tenant.Identity{Tenant: "a-1", Via: "a"}).Owner(); got != "a" {
		t.Errorf("acted for: %q", got)
	}
}

func TestNewFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		keys []tenant.Key
		want []string // each in the error
	}{
		{"the same key twice", []tenant.Key{key("a", "s"), key("a", "s")}, []string{`tenant "a": key 2`, "already belongs"}},
		{"one key, two tenants", []tenant.Key{key("a", "s"), key("b", "s")}, []string{`tenant "b"`, `tenant "a"`}},
		{"no name", []tenant.Key{key("", "s")}, []string{"not a tenant name"}},
		{"bad name", []tenant.Key{key("a b", "s")}, []string{"not a tenant name"}},
		{"no digest", []tenant.Key{{Tenant: "a"}}, []string{"sha256 is not set"}},
		{"digest of nothing", []tenant.Key{key("a", "")}, []string{"empty credential"}},
		{"star in the middle", []tenant.Key{key("a", "s", "x*y")}, []string{`act_for "x*y"`}},
		{"two stars", []tenant.Key{key("a", "s", "x**")}, []string{`act_for "x**"`}},
		{"empty pattern", []tenant.Key{key("a", "s", "")}, []string{`act_for ""`}},
		{"all at once", []tenant.Key{key("a b", "s"), key("c", "s", "?")}, []string{`"a b"`, `"?"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := tenant.New(test.keys)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	d := open(t)
	if !d.Empty() {
		t.Error("not empty")
	}
	if _, err := d.Authenticate([]byte("anything"), nil, noon); err != tenant.ErrUnknown { //nolint:errorlint // returned as it is
		t.Errorf("an empty directory let a credential in: %v", err)
	}
	if open(t, key("a", "s")).Empty() {
		t.Error("empty with a key")
	}
}

// Without act_for the header changes nothing: not the tenant, and no error either, whatever it says.
func TestFault27_SpoofedTenantHeader(t *testing.T) {
	t.Parallel()
	d := open(t, key("acme", "plain"), key("platform", "agent", "acme-*"), key("globex", "other"))
	for _, spoof := range []string{"globex", "acme-1", "platform", "root", "", "*", "../x", "a b", "\x00", "\xff\xfe", strings.Repeat("x", 1<<16)} {
		got, err := d.Authenticate([]byte("plain"), []byte(spoof), noon)
		if want := (tenant.Identity{Tenant: "acme"}); got != want || err != nil {
			t.Errorf("x-weir-tenant %.20q: got %+v, %v; want %+v", spoof, got, err, want)
		}
	}
	for _, outside := range []string{"globex", "acme", "root", "*", "acme*"} {
		if got, err := d.Authenticate([]byte("agent"), []byte(outside), noon); err == nil {
			t.Errorf("a key for acme-* spoke for %q: %+v", outside, got)
		}
	}
}

// A million names pass through, each told right, and the memory kept is that of the bound.
func TestFault29_MillionTenantNames(t *testing.T) {
	d := open(t, key("platform", "agent", "*"))
	credential := []byte("agent")
	name := make([]byte, 0, 64)
	before := heap()
	names := 1_000_000
	if raceEnabled {
		names = 100_000 // still several times the bound
	}
	for i := range names {
		name = fmt.Appendf(name[:0], "tenant-with-a-rather-long-name-%d", i)
		got, err := d.Authenticate(credential, name, noon)
		if err != nil || got.Tenant != string(name) || got.Via != "platform" {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
	}
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("a million names left %d KiB behind", grown>>10)
	}
	runtime.KeepAlive(d)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAuthenticateAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	d := open(t, key("acme", "first"), key("platform", "agent", "acme-*"), expiring(key("old", "gone"), noon))
	later := noon.Add(time.Hour)
	for _, c := range []struct{ credential, actAs string }{
		{"first", ""}, {"first", "spoofed"}, {"agent", "acme-7"}, {"agent", "globex"}, {"agent", "a b"}, {"nobody", ""}, {"gone", ""}, {"", ""},
	} {
		credential, actAs := []byte(c.credential), []byte(c.actAs)
		if n := testing.AllocsPerRun(200, func() { _, _ = d.Authenticate(credential, actAs, later) }); n != 0 {
			t.Errorf("%q as %q: %v allocations", c.credential, c.actAs, n)
		}
	}
}

// FuzzAuthenticate holds: only the exact credential gets in, and only under its own name or one the pattern allows.
func FuzzAuthenticate(f *testing.F) {
	for _, seed := range [][2]string{{"agent", "acme-1"}, {"agent", "globex"}, {"agent", ""}, {"plain", "acme-1"}, {"", ""}, {"x", "a\nb"}} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	d := open(f, key("acme", "plain"), key("platform", "agent", "acme-*"))
	f.Fuzz(func(t *testing.T, credential, actAs []byte) {
		got, err := d.Authenticate(credential, actAs, noon)
		switch string(credential) {
		case "plain":
			if err != nil || got != (tenant.Identity{Tenant: "acme"}) {
				t.Fatalf("%+v, %v", got, err)
			}
		case "agent":
			acted := tenant.Identity{Tenant: string(actAs), Via: "platform"}
			allowed := tenant.ValidName(actAs) && strings.HasPrefix(string(actAs), "acme-")
			own := len(actAs) == 0 || string(actAs) == "platform"
			if own != (err == nil && got == tenant.Identity{Tenant: "platform"}) || allowed != (err == nil && got == acted) {
				t.Fatalf("as %q: %+v, %v", actAs, got, err)
			}
		default:
			if err == nil || got != (tenant.Identity{}) {
				t.Fatalf("%q let in as %+v", credential, got)
			}
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	keys := []tenant.Key{key("acme", "sk-weir-0123456789abcdef0123456789abcdef"), key("platform", "sk-agent-0123456789abcdef0123456789abcdef", "acme-*")}
	for i := range 1000 {
		keys = append(keys, key(fmt.Sprintf("t%d", i), fmt.Sprintf("secret-%d", i)))
	}
	d := open(b, keys...)
	for _, bench := range []struct{ name, credential, actAs string }{
		{"own", "sk-weir-0123456789abcdef0123456789abcdef", ""},
		{"act_for", "sk-agent-0123456789abcdef0123456789abcdef", "acme-7"},
		{"unknown", "sk-none-0123456789abcdef0123456789abcdef", ""},
	} {
		b.Run(bench.name, func(b *testing.B) {
			credential, actAs := []byte(bench.credential), []byte(bench.actAs)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = d.Authenticate(credential, actAs, noon)
			}
		})
	}
}
