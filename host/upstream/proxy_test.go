package upstream

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// tunnels is a proxy that connects to where CONNECT says, and tells what it was
// asked.
func tunnels(t *testing.T, to string, asked chan<- *http.Request, status string) *peer {
	return listen(t, func(c net.Conn) {
		br := bufio.NewReader(c)
		r := readRequest(br)
		if r == nil {
			return
		}
		asked <- r
		out, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer out.Close()
		_, _ = io.WriteString(c, status)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(out, br)
			_ = out.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, out)
		_ = c.Close()
		<-done
	})
}

func through(p *peer, user *url.Userinfo) func(*Options) {
	return func(o *Options) { o.Proxy = &url.URL{Scheme: "http", Host: p.addr(), User: user} }
}

func TestConnect(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	server, client := certificates(t)
	server.Certificates = append(server.Certificates[:0:0], a.issue("models.example"))
	client.RootCAs = a.pool()
	origin := listenTLS(t, server, replying(hello))
	for name, status := range map[string]string{
		"200": "HTTP/1.1 200 Connection established\r\n\r\n", "1.0": "HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n", "204": "HTTP/1.1 204 No Content\r\n\r\n",
		"ignored length": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan *http.Request, 1)
			p := tunnels(t, origin.addr(), asked, status)
			target := openURL(t, "https://models.example/v1", through(p, url.UserPassword("us er", "p:ä%")), func(o *Options) { o.TLS = client })
			for range 5 {
				mustFetch(t, target, get(), "hello")
			}
			if n := p.accepted.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
			r := <-asked
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte("us er:p:ä%"))
			if r.Method != "CONNECT" || r.RequestURI != "models.example:443" || r.Host != "models.example:443" || r.Header.Get("Proxy-Authorization") != want || len(r.Header) != 1 {
				t.Errorf("%s %s, %s, %v", r.Method, r.RequestURI, r.Host, r.Header)
			}
		})
	}
}

// What a proxy asked for a tunnel can do wrong, and that nothing of the request
// or of TLS reaches it then.
func TestFault14_ConnectRefused(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"407":            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
		"502":            "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>s3cret</html>",
		"302":            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
		"100":            "HTTP/1.1 100 Continue\r\n\r\n",
		"bytes":          "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"garbage":        "\x05\x00\r\n\r\n",
		"closes":         "",
		"cuts":           "HTTP/1.1 200",
		"endless":        "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", connectHead),
		"malformed head": "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rest := make(chan string, 1)
			p := listen(t, func(c net.Conn) {
				br := bufio.NewReader(c)
				readRequest(br)
				_, _ = io.WriteString(c, answer)
				if answer == "" || name == "cuts" {
					rest <- ""
					return
				}
				b, _ := io.ReadAll(br)
				rest <- string(b)
			})
			target := openURL(t, "https://models.example", through(p, url.UserPassword("user", "s3cret")))
			_, _, err := fetch(target, get())
			if f := failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true}); strings.Contains(f.Error(), "s3cret") || !strings.Contains(f.Error(), "proxy") {
				t.Error(f)
			}
			counts(t, target, 0, 0, 0)
			if got := receive(t, rest, "the end of the connection"); got != "" {
				t.Errorf("the proxy got %q", got)
			}
		})
	}
}

// The connect timeout covers a proxy that does not answer, as a timeout.
func TestFault14_ConnectTimeout(t *testing.T) {
	t.Parallel()
	target := openURL(t, "https://models.example", through(listen(t, untilClosed), nil), func(o *Options) { o.Connect = 30 * time.Millisecond })
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true, Timeout: true})
	target = openURL(t, "http://"+blackhole(t), func(o *Options) { o.Connect = 30 * time.Millisecond })
	_, _, err = fetch(target, get())
	failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true, Timeout: true})
	counts(t, target, 0, 0, 0)
}

// A connection through a tunnel is like any other: when it ends before an
// answer, the tunnel's own answer is not taken for a part of one.
func TestTunnelEnds(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	origin := listenTLS(t, server, func(c net.Conn) { readRequest(bufio.NewReader(c)) })
	p := tunnels(t, origin.addr(), make(chan *http.Request, 1), "HTTP/1.1 200 OK\r\n\r\n")
	target := openURL(t, "https://127.0.0.1", through(p, nil), func(o *Options) { o.TLS = client })
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "reset", Phase: Waiting, Retry: true})
}

// http goes through a proxy in absolute form, with the proxy's credentials.
func TestAbsoluteForm(t *testing.T) {
	t.Parallel()
	p, reqs, bodies := seen(t)
	target := openURL(t, "http://models.example:8000/v1", through(p, url.User("key")), func(o *Options) {
		o.Headers = map[string]string{"Authorization": "Bearer upstream"}
	})
	r := post([]byte("hello"))
	r.Path = []byte("/v1/embeddings?a")
	for range 2 {
		mustFetch(t, target, r, "hello")
		got := <-reqs
		if got.RequestURI != "http://models.example:8000/v1/embeddings?a" || got.Host != "models.example:8000" || <-bodies != "hello" {
			t.Errorf("%s, %s", got.RequestURI, got.Host)
		}
		if a, b := got.Header.Get("Proxy-Authorization"), got.Header.Get("Authorization"); a != "Basic "+base64.StdEncoding.EncodeToString([]byte("key:")) || b != "Bearer upstream" {
			t.Errorf("%q, %q", a, b)
		}
	}
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
