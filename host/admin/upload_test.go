package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
)

const words = "/admin/v1/tenants/acme/plugins/words"

// bring sends a request with a body and a token.
func (s *served) bring(method, path, bearer, kind string, body io.Reader, more ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://"+s.addr+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	return s.do(r)
}

// form is a multipart body of parts as name and content.
func form(parts ...string) (kind string, body io.Reader) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + parts[i] + `"; filename="x"`}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err == nil {
			_, err = io.WriteString(p, parts[i+1])
		}
		if err != nil {
			panic(err)
		}
	}
	_ = w.Close()
	return w.FormDataContentType(), &b
}

// breaksOff is a form with a module and settings of which n bytes come.
func breaksOff(n int64) func() (string, io.Reader) {
	return func() (string, io.Reader) {
		kind, b := form("module", "x", "settings", "{}")
		return kind, io.LimitReader(b, n)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := serve(t, &gateway{})
	own := tokens()["acme"]
	long := strings.Repeat("m", 1000)
	kind, both := form("settings", `{"mode":"observe"}`, "module", "\x00asm=3D")
	full, fullBody := form("module", long, "settings", strings.Repeat("s", maxSettings))
	tests := []struct {
		name, path, kind string
		body             io.Reader
		status           int
		want             string
	}{
		{"module", words, "application/wasm", strings.NewReader("code"), 200, `{"module":"code","settings":""}`},
		{"a new one", strings.Replace(words, "words", "new", 1), "application/wasm", strings.NewReader("code"), 201, `{"module":"code","settings":""}`},
		{"both, bytes as they stand", words, kind, both, 200, `{"module":"\u0000asm=3D","settings":"{\"mode\":\"observe\"}"}`},
		{"at the size", words, "application/wasm", strings.NewReader(long), 200, long},
		{"both at their sizes", words, full, fullBody, 200, long},
	}
	for _, test := range tests {
		resp, body := s.bring(http.MethodPut, test.path, own, test.kind, test.body)
		if resp.StatusCode != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %.300s", test.name, resp.StatusCode, body)
		}
	}
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	s := serve(t, g)
	own := tokens()["acme"]
	type body = io.Reader
	parts := func(p ...string) func() (string, body) { return func() (string, body) { return form(p...) } }
	wasm := func(b string) func() (string, body) {
		return func() (string, body) { return "application/wasm", strings.NewReader(b) }
	}
	long := strings.Repeat("m", 1001)
	tests := []struct {
		name   string
		send   func() (string, body)
		status int
		code   string
	}{
		{"larger than the quota", wasm(long), 413, "module_too_large"},
		{"larger, length not told", func() (string, body) { return "application/wasm", io.MultiReader(strings.NewReader(long)) }, 413, "module_too_large"},
		{"larger in a form", parts("module", long), 413, "module_too_large"},
		{"a form larger than all", parts("module", strings.Repeat("m", 3<<20)), 413, "module_too_large"},
		{"settings too long", parts("settings", strings.Repeat("s", maxSettings+1)), 413, "settings_too_large"},
		{"no type", func() (string, body) { return "", strings.NewReader("x") }, 415, "content_type"},
		{"another type", func() (string, body) { return "text/plain", strings.NewReader("x") }, 415, "content_type"},
		{"empty", wasm(""), 400, "no_module"},
		{"settings alone", parts("settings", "{}"), 400, "no_module"},
		{"another part", parts("module", "x", "config", "{}"), 400, "bad_form"},
		{"two modules", parts("module", "x", "module", "y"), 400, "bad_form"},
		{"two modules, one empty", parts("module", "", "module", "y"), 400, "bad_form"},
		{"no boundary", func() (string, body) { return "multipart/form-data", strings.NewReader("x") }, 400, "body_broken"},
		{"a form that breaks off in a part", breaksOff(230), 400, "body_broken"},
		{"a form that breaks off in a part's header", breaksOff(300), 400, "body_broken"},
		{"a form that breaks off between parts", breaksOff(262), 400, "body_broken"},
	}
	for _, test := range tests {
		kind, b := test.send()
		resp, text := s.bring(http.MethodPut, words, own, kind, b)
		if resp.StatusCode != test.status || !strings.Contains(text, `"code":"`+test.code+`"`) {
			t.Errorf("%s: %d %.300s", test.name, resp.StatusCode, text)
		}
	}
	if resp, text := s.bring(http.MethodPut, words, own, "application/wasm", strings.NewReader("x"), "Content-Encoding", "gzip"); resp.StatusCode != 415 || !strings.Contains(text, "encoded") {
		t.Errorf("compressed: %d %s", resp.StatusCode, text)
	}
	if n := g.calls.Load(); n != 0 {
		t.Errorf("%d calls reached the gateway", n)
	}
}

func TestUploadPaths(t *testing.T) {
	t.Parallel()
	const of = "/admin/v1/tenants/acme/plugins"
	tests := []struct {
		method, path string
		status       int
		code         string
	}{
		{"PUT", of + "/Words", 400, "bad_name"},
		{"PUT", of + "/wor_ds", 400, "bad_name"},
		{"GET", of + "/..", 400, "bad_name"},
		{"DELETE", of + "/" + strings.Repeat("a", 65), 400, "bad_name"},
		{"PUT", of + "/a.wasm", 400, "bad_name"},
		{"PUT", of + "/a%00", 400, "bad_name"},
		{"PUT", of + "/a%2Fb", 404, "not_found"},
		{"PUT", of + "/", 404, "not_found"},
		{"PUT", of + "//a", 404, "not_found"},
		{"PUT", of + "/a/", 404, "not_found"},
		{"PUT", of + "s/a", 404, "not_found"},
		{"PUT", "/admin/v1/tenants//plugins/a", 404, "not_found"},
		{"PUT", "/admin/v1/tenants/x%2Facme/plugins/a", 404, "not_found"},
		{"PUT", "/admin/v1/tenants/nobody/plugins/a", 404, "no_uploads"},
		{"GET", "/admin/v1/tenants/nobody/plugins", 404, "no_uploads"},
		{"GET", of + "/none", 404, "no_plugin"},
		{"DELETE", of + "/none", 404, "no_plugin"},
		{"DELETE", of + "/stuck", 500, "internal"},
		{"PUT", of, 405, "method_not_allowed"},
		{"DELETE", of, 405, "method_not_allowed"},
		{"POST", of + "/a", 405, "method_not_allowed"},
	}
	s := serve(t, &gateway{})
	for _, test := range tests {
		resp, body := s.bring(test.method, test.path, token, "application/wasm", strings.NewReader("x"))
		if resp.StatusCode != test.status || !strings.Contains(body, `"code":"`+test.code+`"`) || strings.Contains(body, "canary-of-the-log") {
			t.Errorf("%s %s: %d %s", test.method, test.path, resp.StatusCode, body)
		}
	}
	if !strings.Contains(s.log.String(), "canary-of-the-log") {
		t.Error("the log does not say what failed")
	}
}

// What is refused behind the interface is told with its status; what is nobody's to mend is not.
func TestUploadErrors(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	var err error
	g.upload = func(context.Context, Upload) (any, bool, error) { return nil, false, err }
	s := serve(t, g)
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{&Refusal{422, "plugin_refused", `admit plugin "words": no weir_abi_1`}, 422, "no weir_abi_1"},
		{&Refusal{503, "draining", "shutting down"}, 503, "shutting down"},
		{errors.New("disk full: /secret/place"), 500, "see the log"},
	} {
		err = test.err
		resp, body := s.bring(http.MethodPut, words, tokens()["acme"], "application/wasm", strings.NewReader("x"))
		if resp.StatusCode != test.status || !strings.Contains(body, test.want) || strings.Contains(body, "secret") {
			t.Errorf("%v: %d %s", test.err, resp.StatusCode, body)
		}
		if (resp.Header.Get("Retry-After") != "") != (test.status == 503) {
			t.Errorf("%v: Retry-After %q", test.err, resp.Header.Get("Retry-After"))
		}
	}
}

// A tenant has two places, and leaves others theirs; an upload goes on without its caller.
func TestUploadPlaces(t *testing.T) {
	t.Parallel()
	entered, release := make(chan context.Context, 3), make(chan struct{})
	g := &gateway{upload: func(ctx context.Context, u Upload) (any, bool, error) {
		if u.Tenant == "acme" {
			entered <- ctx
			<-release
		}
		return nil, false, ctx.Err()
	}}
	s := serve(t, g)
	ctx, leave := context.WithCancel(t.Context())
	answered := make(chan int, 2)
	for range 2 {
		go func() {
			r, _ := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+s.addr+words, strings.NewReader("x"))
			r.Header.Set("Authorization", "Bearer "+tokens()["acme"])
			r.Header.Set("Content-Type", "application/wasm")
			resp, err := s.client.Do(r)
			if err == nil {
				resp.Body.Close()
			}
			answered <- 0
		}()
	}
	first, second := <-entered, <-entered
	if resp, body := s.bring(http.MethodPut, words, tokens()["acme"], "application/wasm", strings.NewReader("x")); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a third at a time: %d %s", resp.StatusCode, body)
	}
	if resp, body := s.bring(http.MethodPut, strings.Replace(words, "acme", "other", 1), tokens()["other"], "application/wasm", strings.NewReader("x")); resp.StatusCode != http.StatusOK {
		t.Errorf("another tenant: %d %s", resp.StatusCode, body)
	}
	leave()
	<-answered
	<-answered
	if first.Err() != nil || second.Err() != nil {
		t.Error("an upload ended with its caller")
	}
	close(release)
	for range 10 { // the handlers may still be leaving
		if resp, _ := s.bring(http.MethodPut, words, tokens()["acme"], "application/wasm", strings.NewReader("x")); resp.StatusCode == http.StatusOK {
			return
		}
	}
}

func TestPlacesOfAll(t *testing.T) {
	t.Parallel()
	var p places
	var leaves []func()
	for i := range maxUploads {
		leave, ok := p.take(string(rune('a' + i)))
		if !ok {
			t.Fatal("full too early")
		}
		leaves = append(leaves, leave)
	}
	if _, ok := p.take("z"); ok {
		t.Error("more than there are")
	}
	for _, leave := range leaves {
		leave()
	}
	if len(p.by) != 0 || p.all != 0 {
		t.Errorf("%v", p.by)
	}
}

// Row 38, for the paths of tenants: each has its own token, and the guard's other rules hold as everywhere.
func TestFault38_TenantTokens(t *testing.T) {
	t.Parallel()
	const local = "127.0.0.1:8081"
	const acme, other, beta, nobody = words, "/admin/v1/tenants/other/plugins/words", "/admin/v1/tenants/beta/plugins/words", "/admin/v1/tenants/nobody/plugins/words"
	own := func(tenant string, more ...string) http.Header {
		return without(append(more, "Authorization", "Bearer "+tokens()[tenant])...)
	}
	tests := []struct {
		name, path, host string
		header           http.Header
		none             bool // no token of the operator's
		want             string
	}{
		{name: "the tenant's", path: acme, header: own("acme")},
		{name: "the tenant's, without the operator's", path: acme, header: own("acme"), none: true},
		{name: "the operator's", path: acme, header: with()},
		{name: "the operator's, tenant without one", path: beta, header: with()},
		{name: "another tenant's", path: other, header: own("acme"), want: "token_wrong"},
		{name: "of a tenant without one", path: beta, header: own("acme"), want: "token_wrong"},
		{name: "none, of a tenant without one", path: beta, header: without("Authorization", "Bearer"), want: "token_missing"},
		{name: "of a tenant that is not there", path: nobody, header: own("acme"), want: "token_wrong"},
		{name: "of a tenant that is not there, none of the operator's", path: nobody, header: own("acme"), none: true, want: "token_wrong"},
		{name: "none", path: acme, header: without(), want: "token_missing"},
		{name: "two", path: acme, header: own("acme", "Authorization", "Bearer "+token), want: "token_missing"},
		{name: "beginning", path: acme, header: without("Authorization", "Bearer "+tokens()["acme"][:5]), want: "token_wrong"},
		{name: "list", path: "/admin/v1/tenants/other/plugins", header: own("acme"), want: "token_wrong"},
		{name: "all plugins", path: "/admin/v1/plugins", header: own("acme"), want: "token_wrong"},
		{name: "status", path: "/admin/v1/status", header: own("acme"), want: "token_wrong"},
		{name: "status, none of the operator's", path: "/admin/v1/status", header: own("acme"), none: true, want: "no_token_configured"},
		{name: "reload", path: "/admin/v1/reload", header: own("acme"), want: "token_wrong"},
		{name: "profiles", path: "/debug/pprof/heap", header: own("acme"), want: "token_wrong"},
		{name: "no path of a plugin", path: acme + "/..", header: own("acme"), want: "token_wrong"},
		{name: "rebound name", path: acme, host: "evil.example", header: own("acme"), want: "host_not_allowed"},
		{name: "another origin", path: acme, header: own("acme", "Origin", "http://evil.example"), want: "origin_not_allowed"},
		{name: "null origin", path: acme, header: own("acme", "Origin", "null"), want: "origin_not_allowed"},
		{name: "cross-site", path: acme, header: own("acme", "Sec-Fetch-Site", "cross-site"), want: "cross_site"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			current, host := token, test.host
			if test.none {
				current = ""
			}
			if host == "" {
				host = local
			}
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				g := &gateway{}
				s := New(g, func() string { return current }, nil, nil)
				t.Cleanup(s.stop)
				r := httptest.NewRequest(method, test.path, strings.NewReader("module"))
				r.Host = host
				r.Header.Set("Content-Type", "application/wasm")
				for name, values := range test.header {
					r.Header[name] = values
				}
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if test.want == "" {
					if w.Code != http.StatusOK || g.calls.Load() == 0 {
						t.Errorf("%s: %d %s", method, w.Code, w.Body)
					}
					continue
				}
				if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"code":"`+test.want+`"`) || g.calls.Load() != 0 {
					t.Errorf("%s: %d %s", method, w.Code, w.Body)
				}
			}
		})
	}
}

// FuzzTenantPath: what is read from a path is what makes the path, and nothing in it leads elsewhere.
func FuzzTenantPath(f *testing.F) {
	for _, seed := range []string{words, "/admin/v1/tenants/a/plugins", "/admin/v1/tenants//plugins/x", "/admin/v1/tenants/plugins/plugins/plugins", "/admin/v1/tenants/a/pluginsx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tenant, name, ok := tenantPath(path)
		if !ok {
			return
		}
		made := "/admin/v1/tenants/" + tenant + "/plugins"
		if name != "" {
			made += "/" + name
		}
		if made != path || tenant == "" || strings.Contains(tenant+name, "/") {
			t.Fatalf("%q is %q of %q", path, name, tenant)
		}
	})
}
