package upstream

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// A connection that the server closed while it rested is seen to be dead and
// replaced; the request knows nothing of it.
func TestIdleConnectionClosed(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	for name, end := range map[string]func(net.Conn){
		"closed": func(net.Conn) {}, "reset": reset, "half-closed": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite(); untilClosed(c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closing := make(chan struct{})
			p := listen(t, func(c net.Conn) {
				once(hello)(c)
				<-closing
				end(c)
			})
			target := open(t, p)
			mustFetch(t, target, get(), "hello")
			cn := target.pool.idle[0]
			close(closing)
			eventually(t, "the end arrives", func() bool { return !cn.alive() })
			mustFetch(t, target, get(), "hello")
			if n := p.accepted.Load(); n != 2 {
				t.Errorf("%d connections", n)
			}
		})
	}
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		p := listenTLS(t, server, once(hello))
		target := openURL(t, "https://"+p.addr(), func(o *Options) { o.TLS = client })
		for range 3 {
			mustFetch(t, target, get(), "hello")
			if idle := target.pool.idle; len(idle) > 0 { // close_notify came later than the answer
				eventually(t, "the end arrives", func() bool { return !idle[0].alive() })
			}
		}
		if n := p.accepted.Load(); n != 3 {
			t.Errorf("%d connections", n)
		}
	})
}

// Of several idle connections that died, none is used and none is counted any more.
func TestManyIdleConnectionsClosed(t *testing.T) {
	t.Parallel()
	closing := make(chan struct{})
	p := listen(t, func(c net.Conn) {
		once(hello)(c)
		<-closing
	})
	target := open(t, p, func(o *Options) { o.Connections = 4 })
	var calls [4]Call
	for i := range calls {
		resp, err := target.Do(&calls[i], get())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readBody(resp); err != nil {
			t.Fatal(err)
		}
	}
	for i := range calls {
		calls[i].resp.Close()
	}
	counts(t, target, 4, 4, 0)
	idle := append([]*conn(nil), target.pool.idle...)
	close(closing)
	for _, cn := range idle {
		eventually(t, "the end arrives", func() bool { return !cn.alive() })
	}
	var c Call
	resp, err := target.Do(&c, get())
	if err != nil {
		t.Fatal(err)
	}
	counts(t, target, 1, 0, 0)
	for _, cn := range idle {
		if err := cn.raw.SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Error("a dead connection was not closed")
		}
	}
	resp.Close()
	counts(t, target, 0, 0, 0)
}

// When the end crosses the request, the attempt fails as stale and may be tried
// again; other idle connections go, so that the next attempt is on a new one.
func TestFault14_Stale(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(net.Conn){"closes": func(net.Conn) {}, "resets": reset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := listen(t, func(c net.Conn) {
				br := bufio.NewReader(c)
				for first := true; ; first = false {
					r := readRequest(br)
					if r == nil {
						return
					}
					if !first && r.URL.Path == "/" {
						end(c)
						return
					}
					_, _ = io.WriteString(c, hello)
				}
			})
			target := open(t, p)
			keep := &Request{Method: []byte("GET"), Path: []byte("/keep")}
			var a, b Call
			ra, err := target.Do(&a, keep)
			if err != nil {
				t.Fatal(err)
			}
			rb, err := target.Do(&b, keep)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []*Response{ra, rb} {
				if _, err := readBody(r); err != nil {
					t.Fatal(err)
				}
				r.Close()
			}
			counts(t, target, 2, 2, 0)
			_, _, err = fetch(target, get())
			failed(t, err, Failure{Reason: "stale", Phase: Waiting, Retry: true})
			counts(t, target, 0, 0, 0)
			mustFetch(t, target, get(), "hello")
		})
	}
}

// Bytes on an idle connection would be taken for the next answer, which belongs
// to somebody else. However soon the next request comes, they are seen.
func TestUnsolicitedBytes(t *testing.T) {
	t.Parallel()
	const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
	exact := func(t *testing.T, target *Target) {
		t.Helper()
		var c Call
		resp, err := target.Do(&c, get())
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 5) // no room for what is behind the body
		if _, err := io.ReadFull(resp, body); err != nil || string(body) != "hello" {
			t.Fatalf("%q, %v", body, err)
		}
		resp.Close()
	}
	t.Run("in the socket", func(t *testing.T) {
		t.Parallel()
		p := listen(t, func(c net.Conn) {
			br := bufio.NewReader(c)
			for readRequest(br) != nil {
				// The head apart, so that the body is read from the socket.
				_, _ = io.WriteString(c, hello[:len(hello)-5])
				_, _ = io.WriteString(c, "hello"+forged)
			}
		})
		target := open(t, p)
		for range 50 {
			exact(t, target)
		}
	})
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		late := make(chan struct{})
		p := listen(t, func(c net.Conn) {
			once(hello)(c)
			<-late
			_, _ = io.WriteString(c, forged)
			untilClosed(c)
		})
		target := open(t, p)
		exact(t, target)
		cn := target.pool.idle[0]
		close(late)
		eventually(t, "the bytes arrive", func() bool { return !cn.alive() })
		exact(t, target)
		if n := p.accepted.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
	t.Run("in the TLS session", func(t *testing.T) {
		t.Parallel()
		server, client := certificates(t)
		p := listenTLS(t, server, func(c net.Conn) {
			br := bufio.NewReader(c)
			for readRequest(br) != nil {
				_, _ = io.WriteString(c, hello[:len(hello)-5])
				_, _ = io.WriteString(c, "hello"+forged) // one record: the socket is empty when its beginning is read
			}
		})
		target := openURL(t, "https://"+p.addr(), func(o *Options) { o.TLS = client })
		for range 20 {
			exact(t, target)
			counts(t, target, 0, 0, 0)
		}
	})
	t.Run("in two TLS records", func(t *testing.T) {
		t.Parallel()
		server, client := certificates(t)
		p := listen(t, func(c net.Conn) {
			// Both records leave in one segment, so that crypto/tls has read the second.
			var out gather
			tc := tls.Server(&out, server)
			out.Conn = c
			br := bufio.NewReader(tc)
			for readRequest(br) != nil {
				out.hold = true
				_, _ = io.WriteString(tc, hello)
				_, _ = io.WriteString(tc, forged)
				out.hold = false
				_, _ = c.Write(out.held)
				out.held = nil
			}
		})
		target := openURL(t, "https://"+p.addr(), func(o *Options) { o.TLS = client })
		for range 20 {
			exact(t, target)
			counts(t, target, 0, 0, 0)
		}
	})
}

// gather is a connection that can hold writes back.
type gather struct {
	net.Conn
	hold bool
	held []byte
}

func (g *gather) Write(p []byte) (int, error) {
	if g.hold {
		g.held = append(g.held, p...)
		return len(p), nil
	}
	return g.Conn.Write(p)
}

// A TLS connection that is quiet is used again: tickets and the look into the
// session do not count as bytes, and the look leaves no deadline behind.
func TestTLSKeepAlive(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := client.Clone()
		config.MaxVersion = version
		p := listenTLS(t, server, replying(hello))
		target := openURL(t, "https://"+p.addr(), func(o *Options) { o.TLS = config })
		for range 20 {
			mustFetch(t, target, get(), "hello")
		}
		if n := p.accepted.Load(); n != 1 {
			t.Errorf("TLS %x: %d connections", version, n)
		}
	}
}

// A closed target still serves those that have not heard of it, and keeps nothing.
func TestClosedTarget(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	target := open(t, p)
	mustFetch(t, target, get(), "hello")
	var c Call
	resp, err := target.Do(&c, get())
	if err != nil {
		t.Fatal(err)
	}
	target.Close()
	target.Close()
	if b, err := readBody(resp); string(b) != "hello" || err != nil {
		t.Errorf("in use while closing: %q, %v", b, err)
	}
	resp.Close()
	counts(t, target, 0, 0, 0)
	mustFetch(t, target, get(), "hello")
	counts(t, target, 0, 0, 0)
}
