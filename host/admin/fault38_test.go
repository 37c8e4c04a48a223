package admin

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// recorded runs one request through a server without sockets.
func recorded(g *gateway, current string, hosts []string, method, path, host string, header http.Header) *httptest.ResponseRecorder {
	s := New(g, func() string { return current }, hosts, nil)
	defer s.stop()
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func with(pairs ...string) http.Header {
	return without(append(pairs, "Authorization", "Bearer "+token)...)
}

func without(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// Whatever a lured browser or a stranger sends is refused with 403 and its reason before the path is looked at, and nothing reaches the gateway.
func TestFault38_Refusals(t *testing.T) {
	t.Parallel()
	const local = "127.0.0.1:8081"
	tests := []struct {
		name   string
		host   string
		header http.Header
		none   bool // no token configured
		want   string
	}{
		{name: "name rebound to this address", host: "evil.example:8081", header: with(), want: "host_not_allowed"},
		{name: "rebound, with its own origin", host: "evil.example:8081", header: with("Origin", "http://evil.example:8081"), want: "host_not_allowed"},
		{name: "name that begins like localhost", host: "localhost.evil.example", header: with(), want: "host_not_allowed"},
		{name: "name that ends like an allowed one", host: "evil-weir.internal", header: with(), want: "host_not_allowed"},
		{name: "name under localhost", host: "evil.localhost", header: with(), want: "host_not_allowed"},
		{name: "address as a name", host: "127.0.0.1.nip.example", header: with(), want: "host_not_allowed"},
		{name: "address in another writing", host: "127.1", header: with(), want: "host_not_allowed"},
		{name: "port that is none", host: "localhost:80@evil.example", header: with(), want: "host_not_allowed"},
		{name: "unclosed bracket", host: "[::1", header: with(), want: "host_not_allowed"},
		{name: "no host", host: "", header: with(), want: "host_not_allowed"},
		{name: "another origin", host: local, header: with("Origin", "http://evil.example"), want: "origin_not_allowed"},
		{name: "another port of this machine", host: local, header: with("Origin", "http://127.0.0.1:3000"), want: "origin_not_allowed"},
		{name: "another scheme", host: local, header: with("Origin", "https://"+local), want: "origin_not_allowed"},
		{name: "null origin", host: local, header: with("Origin", "null"), want: "origin_not_allowed"},
		{name: "empty origin", host: local, header: with("Origin", ""), want: "origin_not_allowed"},
		{name: "two origins", host: local, header: with("Origin", "http://"+local, "Origin", "http://evil.example"), want: "origin_not_allowed"},
		{name: "cross-site", host: local, header: with("Sec-Fetch-Site", "cross-site"), want: "cross_site"},
		{name: "same site, other origin", host: local, header: with("Sec-Fetch-Site", "same-site"), want: "cross_site"},
		{name: "two sites", host: local, header: with("Sec-Fetch-Site", "none", "Sec-Fetch-Site", "cross-site"), want: "cross_site"},
		{name: "no token", host: local, header: without(), want: "token_missing"},
		{name: "empty token", host: local, header: without("Authorization", "Bearer "), want: "token_missing"},
		{name: "another scheme of authorization", host: local, header: without("Authorization", "Basic "+token), want: "token_missing"},
		{name: "two tokens", host: local, header: with("Authorization", "Bearer x"), want: "token_missing"},
		{name: "wrong token", host: local, header: without("Authorization", "Bearer wrong"), want: "token_wrong"},
		{name: "beginning of the token", host: local, header: without("Authorization", "Bearer "+token[:10]), want: "token_wrong"},
		{name: "token and more", host: local, header: without("Authorization", "Bearer "+token+"x"), want: "token_wrong"},
		{name: "none configured", host: local, header: with(), none: true, want: "no_token_configured"},
		{name: "none configured, empty one sent", host: local, header: without("Authorization", "Bearer"), none: true, want: "no_token_configured"},
	}
	paths := []string{
		"/admin/v1/status", "/admin/v1/config", "/admin/v1/tenants", "/admin/v1/plugins", "/admin/v1/reload", "/debug/pprof/", "/debug/pprof/heap", "/nowhere", "/",
		"//metrics", "/metrics/", "/metrics/../admin/v1/config", "/livez/x", "/Metrics",
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := &gateway{}
			current := token
			if test.none {
				current = ""
			}
			for _, path := range paths {
				for _, method := range []string{"GET", "POST", "OPTIONS", "PUT"} {
					w := recorded(g, current, []string{"weir.internal"}, method, path, test.host, test.header)
					if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"code":"`+test.want+`"`) {
						t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
					}
					if w.Header().Get("WWW-Authenticate") != "" || w.Header().Get("Access-Control-Allow-Origin") != "" {
						t.Fatalf("%s %s: %v", method, path, w.Header())
					}
				}
			}
			if n := g.calls.Load(); n != 0 {
				t.Errorf("%d calls reached the gateway", n)
			}
			if test.none && !strings.Contains(recorded(g, "", nil, "GET", "/", test.host, test.header).Body.String(), "admin.token_file") {
				t.Error("the setting is not named")
			}
		})
	}
}

func TestFault38_Allowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host string
		header     http.Header
	}{
		{"address and port", "127.0.0.1:8081", with()},
		{"another address", "10.1.2.3:8081", with()},
		{"IPv6", "[::1]:8081", with()},
		{"IPv6 without port", "[::1]", with()},
		{"localhost", "localhost", with()},
		{"localhost in capitals", "LOCALHOST:8081", with()},
		{"configured name", "Weir.Internal:8081", with()},
		{"own origin", "127.0.0.1:8081", with("Origin", "http://127.0.0.1:8081")},
		{"own page", "localhost:8081", with("Origin", "http://localhost:8081", "Sec-Fetch-Site", "same-origin")},
		{"typed into the address bar", "localhost:8081", with("Sec-Fetch-Site", "none")},
		{"scheme in small letters", "localhost:8081", without("Authorization", "bearer  "+token+" ")},
	}
	for _, test := range tests {
		g := &gateway{}
		if w := recorded(g, token, []string{"weir.internal"}, "GET", "/admin/v1/status", test.host, test.header); w.Code != http.StatusOK || g.calls.Load() != 1 {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
	}
}

// The open paths need no token and take any name, for probes and scrapers, but give nothing to pages and take nothing but GET and HEAD.
func TestFault38_OpenPaths(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/metrics", "/livez", "/readyz"} {
		for _, method := range []string{"GET", "HEAD"} {
			if w := recorded(&gateway{}, "", nil, method, path, "weir.namespace.svc:8081", nil); w.Code != http.StatusOK {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "G"} {
			w := recorded(&gateway{}, "", nil, method, path, "x", nil)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
		for _, origin := range []string{"http://evil.example", "null", ""} {
			if w := recorded(&gateway{}, "", nil, "GET", path, "127.0.0.1:8081", http.Header{"Origin": {origin}}); w.Code != http.StatusForbidden {
				t.Errorf("%s for a page of %q: %d", path, origin, w.Code)
			}
		}
	}
}

// A rotated token holds at once, and the former one no longer.
func TestFault38_TokenRotation(t *testing.T) {
	t.Parallel()
	current := "old"
	s := New(&gateway{}, func() string { return current }, nil, nil)
	defer s.stop()
	try := func(sent string) int {
		r := httptest.NewRequest(http.MethodGet, "/admin/v1/status", nil)
		r.Host = "localhost"
		r.Header.Set("Authorization", "Bearer "+sent)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if try("old") != http.StatusOK || try("new") != http.StatusForbidden {
		t.Error("before")
	}
	current = "new"
	if try("old") != http.StatusForbidden || try("new") != http.StatusOK {
		t.Error("after")
	}
}

// FuzzHost holds: what passes is an address, localhost or a configured name, with a port or without.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"", "localhost", "127.0.0.1:80", "[::1]:80", "::1", "[::1", "evil.example", "localhost:80@evil", "weir.internal:1", "127.1", "[fe80::1%25eth0]", "LOCALHOST."} {
		f.Add(seed)
	}
	s := New(&gateway{}, func() string { return token }, []string{"weir.internal"}, nil)
	f.Cleanup(s.stop)
	f.Fuzz(func(t *testing.T, hostport string) {
		if !s.hostAllowed(hostport) {
			return
		}
		host := strings.ToLower(hostport)
		if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Trim(host[i+1:], "0123456789") == "" && (strings.Count(host, ":") == 1 || host[i-1] == ']') {
			host = host[:i]
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" && host != "weir.internal" {
			t.Fatalf("%q passed", hostport)
		}
	})
}

func BenchmarkRefusal(b *testing.B) {
	s := New(&gateway{}, func() string { return token }, nil, nil)
	defer s.stop()
	r := httptest.NewRequest(http.MethodGet, "/admin/v1/status", nil)
	r.Host = "127.0.0.1:8081"
	r.Header.Set("Authorization", "Bearer wrong")
	b.ReportAllocs()
	for b.Loop() {
		if s.check(r) == nil {
			b.Fatal("let in")
		}
	}
}
