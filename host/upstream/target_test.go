package upstream

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ base, path, want string }{
		{"http://a", "/v1/models", "/v1/models"},
		{"http://a/", "/v1/models", "/v1/models"},
		{"http://a/v1", "/v1/models", "/v1/models"},
		{"http://a/v1/", "/v1/models", "/v1/models"},
		{"http://a/v1", "/v1/chat/completions?a=/v1/b", "/v1/chat/completions?a=/v1/b"},
		{"http://a/v1", "/v1", "/v1"},
		{"http://a/v1", "/v1?x", "/v1?x"},
		{"http://a/v1", "/v1/", "/v1/"},
		{"http://a/v1", "/v10/models", "/v1/v10/models"},
		{"http://a/v1", "/models", "/v1/models"},
		{"http://a/v1", "/", "/v1/"},
		{"http://a/openai/v1", "/v1/models", "/openai/v1/models"},
		{"http://a/openai", "/v1/models", "/openai/v1/models"},
		{"http://a/av1", "/v1/models", "/av1/v1/models"},
		{"http://a/v1/v1", "/v1/models", "/v1/v1/models"},
		{"http://a/a%2Fb/v1", "/v1/models/c%2Fd", "/a%2Fb/v1/models/c%2Fd"},
		{"http://a/%C3%A9", "/x", "/%C3%A9/x"},
		{"https://a/v1", "/v1/models", "/v1/models"},
		{"unix:/run/m.sock", "/v1/models", "/v1/models"},
		{"unix:/run/m.sock:/v1", "/v1/models", "/v1/models"},
		{"unix:/run/m.sock:/x/", "/v1/models", "/x/v1/models"},
	} {
		target, err := Open(Options{URL: test.base})
		if err != nil {
			t.Errorf("%s: %v", test.base, err)
			continue
		}
		if got := string(target.appendPath(nil, []byte(test.path))); got != test.want {
			t.Errorf("%s and %s: %s, want %s", test.base, test.path, got, test.want)
		}
	}
	proxy := &url.URL{Scheme: "http", Host: "proxy:3128"}
	for base, want := range map[string]string{
		"http://a/v1": "http://a/v1/models", "http://a:8000": "http://a:8000/v1/models", "http://[::1]:8000/x": "http://[::1]:8000/x/v1/models", "https://a/v1": "/v1/models",
	} {
		target, err := Open(Options{URL: base, Proxy: proxy})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(target.appendPath(nil, []byte("/v1/models"))); got != want {
			t.Errorf("%s through a proxy: %s, want %s", base, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://a":                     "tcp a:80 Host: a",
		"https://a":                    "tcp a:443 Host: a",
		"http://a:8000/v1":             "tcp a:8000 Host: a:8000",
		"http://[::1]:8000":            "tcp [::1]:8000 Host: [::1]:8000",
		"http://[::1]":                 "tcp [::1]:80 Host: [::1]",
		"http://[fe80::1%25eth0]:8000": "tcp [fe80::1%eth0]:8000 Host: [fe80::1]:8000",
		"unix:/run/m.sock":             "unix /run/m.sock Host: localhost",
		"unix:/run/m.sock:/v1":         "unix /run/m.sock Host: localhost",
	} {
		target, err := Open(Options{URL: raw})
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got := target.dialer.network + " " + target.dialer.address + " " + strings.TrimSpace(target.fields); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]Options{
		"no URL":               {},
		"no scheme":            {URL: "127.0.0.1:8000"},
		"another scheme":       {URL: "ftp://a"},
		"no host":              {URL: "http:///v1"},
		"port alone":           {URL: "http://:80"},
		"not a URL":            {URL: "http://a b"},
		"relative socket":      {URL: "unix:m.sock"},
		"base without slash":   {URL: "unix:/m.sock:v1"},
		"blank in the base":    {URL: "unix:/m.sock:/v 1"},
		"line in the base":     {URL: "unix:/m.sock:/v1\r\nA: b"},
		"query in the base":    {URL: "unix:/m.sock:/v1?a"},
		"TLS to the proxy":     {URL: "http://a", Proxy: &url.URL{Scheme: "https", Host: "p:1"}},
		"SOCKS":                {URL: "http://a", Proxy: &url.URL{Scheme: "socks5", Host: "p:1"}},
		"proxy without host":   {URL: "http://a", Proxy: &url.URL{Scheme: "http", Host: ":3128"}},
		"socket and proxy":     {URL: "unix:/m.sock", Proxy: &url.URL{Scheme: "http", Host: "p:1"}},
		"header name":          {URL: "http://a", Headers: map[string]string{"a b": "s3cret"}},
		"header value":         {URL: "http://a", Headers: map[string]string{"a": "s3cret\r\nb: c"}},
		"Host as a header":     {URL: "http://a", Headers: map[string]string{"HOST": "s3cret"}},
		"framing as a header":  {URL: "http://a", Headers: map[string]string{"Transfer-Encoding": "s3cret"}},
		"length as a header":   {URL: "http://a", Headers: map[string]string{"content-length": "1"}},
		"password in the URL":  {URL: "ftp://u:s3cret@a"},
		"password in bad URLs": {URL: "http://u:s3cret@a b"},
	} {
		opt.Name = "t"
		target, err := Open(opt)
		if err == nil || target != nil || !strings.HasPrefix(err.Error(), `target "t": `) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	target, err := Open(Options{URL: "http://a"})
	if err != nil {
		t.Fatal(err)
	}
	if target.pool.max != 512 || target.dialer.timeout != 2*time.Second || target.opt.FirstByte != 2*time.Minute || target.opt.HeadLimit != 64<<10 {
		t.Errorf("%+v", target.opt)
	}
}

// seen sends what a server reads of one request.
func seen(t *testing.T) (*peer, <-chan *http.Request, <-chan string) {
	reqs, bodies := make(chan *http.Request, 1), make(chan string, 1)
	return listen(t, func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			r, body := readBodyOf(br)
			if r == nil {
				return
			}
			reqs <- r
			bodies <- string(body)
			_, _ = io.WriteString(c, hello)
		}
	}), reqs, bodies
}

func TestRequestHead(t *testing.T) {
	t.Parallel()
	p, reqs, bodies := seen(t)
	target := openURL(t, "http://"+p.addr()+"/base/v1", func(o *Options) {
		o.Headers = map[string]string{"X-Team": "search", "Authorization": "Bearer key"}
	})
	if !target.Sets([]byte("x-tEAM")) || !target.Sets([]byte("authorization")) || target.Sets([]byte("host")) || target.Sets([]byte("x-tea")) {
		t.Error("Sets")
	}
	r := post([]byte("he"), nil, []byte("llo"))
	r.Path, r.Fields = []byte("/v1/embeddings?a=b"), []byte("A: b\r\nA: c\r\n")
	mustFetch(t, target, r, "hello")
	got, body := <-reqs, <-bodies
	if got.Method != "POST" || got.RequestURI != "/base/v1/embeddings?a=b" || got.Host != p.addr() || got.ContentLength != 5 || body != "hello" || got.Close {
		t.Errorf("%+v %q", got, body)
	}
	if h := got.Header; len(h) != 4 || h.Get("X-Team") != "search" || h.Get("Authorization") != "Bearer key" || len(h["A"]) != 2 || h.Get("Content-Length") != "5" {
		t.Errorf("%v", h)
	}
	r = get()
	mustFetch(t, target, r, "hello")
	if got, body := <-reqs, <-bodies; got.Header.Get("Content-Length") != "" || body != "" {
		t.Errorf("a GET says it has %q: %q", got.Header.Get("Content-Length"), body)
	}
	r.Sized = true
	mustFetch(t, target, r, "hello")
	if got, _ := <-reqs, <-bodies; got.Header.Get("Content-Length") != "0" {
		t.Errorf("length %q, want 0", got.Header.Get("Content-Length"))
	}
	r = post([]byte("hello"))
	r.Sized = false // a body is never sent without framing
	mustFetch(t, target, r, "hello")
	if got, body := <-reqs, <-bodies; got.ContentLength != 5 || body != "hello" {
		t.Errorf("%d, %q", got.ContentLength, body)
	}
}

// A length that is not the body's would put the connection out of step.
func TestContradiction(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	target := open(t, p)
	for _, size := range []int{0, 4, 6, -1} {
		r := post([]byte("he"), []byte("llo"))
		r.Size = size
		_, _, err := fetch(target, r)
		failed(t, err, Failure{Reason: "internal", Phase: Connecting})
	}
	if p.accepted.Load() > 0 {
		t.Error("something was sent")
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	uris := make(chan string, 10)
	p := serveOn(t, ln, func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			r := readRequest(br)
			if r == nil {
				return
			}
			uris <- r.Host + " " + r.RequestURI
			_, _ = io.WriteString(c, hello)
		}
	})
	target := openURL(t, "unix:"+path+":/prefix/v1")
	for range 3 {
		r := post(make([]byte, 100<<10))
		r.Path = []byte("/v1/models")
		mustFetch(t, target, r, "hello")
		if got := <-uris; got != "localhost /prefix/v1/models" {
			t.Error(got)
		}
	}
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
