package sim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// pipes is a listener in memory.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

func (p *pipes) dial() (net.Conn, error) {
	near, far := net.Pipe()
	p.conns <- far
	return near, nil
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"sim"}}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Waiting, slots, cancellation and cuts work on whatever a listener brings.
func TestTransports(t *testing.T) {
	t.Parallel()
	memory := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	unix := must(net.Listen("unix", filepath.Join(t.TempDir(), "sim.sock")))
	secure := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}}))
	for name, row := range map[string]struct {
		ln   net.Listener
		dial func() (net.Conn, error)
	}{
		"memory": {memory, memory.dial},
		"unix":   {unix, func() (net.Conn, error) { return net.Dial("unix", unix.Addr().String()) }},
		"tls": {secure, func() (net.Conn, error) {
			return tls.Dial("tcp", secure.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan time.Time, 2)
			s := New(Options{Slots: 1, OnCancel: func(at time.Time) { seen <- at }})
			served := make(chan error, 1)
			go func() { served <- s.Serve(row.ln) }()
			ask := func(headers ...string) net.Conn {
				c := must(row.dial())
				t.Cleanup(func() { _ = c.Close() })
				_ = c.SetDeadline(time.Now().Add(patience))
				_, _ = c.Write(rawPost(chatPath, chatStreams, headers...))
				return c
			}
			holder := ask("x-sim-ttft: 1h")
			readUntil(t, holder, "\r\n\r\n")
			waiter := ask("x-sim-ttft: 5ms", fiveTokens, faulty("cut=between:3"))
			readUntil(t, waiter, "\r\n\r\n")
			leaver := ask()
			readUntil(t, leaver, "\r\n\r\n")
			for _, c := range []net.Conn{leaver, holder} {
				_ = c.Close()
				select {
				case <-seen:
				case <-time.After(patience):
					t.Fatal("not noticed")
				}
			}
			if b, err := io.ReadAll(waiter); strings.Count(string(b), "data: ") != 3 || strings.Contains(string(b), "\r\n0\r\n") {
				t.Errorf("cut: %q, %v", b, err)
			}
			_, _ = io.ReadAll(ask(faulty("reset:0")))
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}

// A panic ends its own request and no more.
func TestFault36_Panic(t *testing.T) {
	t.Parallel()
	s, addr := launch(t, Options{OnCancel: func(time.Time) { panic("on cancel") }})
	c := ask(t, addr, rawPost(chatPath, chatStreams, "x-sim-ttft: 1h"))
	readUntil(t, c, "\r\n\r\n")
	_ = c.Close()
	eventually(t, "the request ends", func() bool { st := s.Stats(); return st.Cancelled == 1 && st.InFlight == 0 && st.Generating == 0 })
	if a := wired(t, addr, chatPath, chatOnce, "Connection: close"); !strings.HasPrefix(a.head, "HTTP/1.1 200 ") {
		t.Errorf("afterwards: %q", a.raw)
	}
	// Before anything is sent, the panic is told.
	x := &exchange{srv: s, conn: &conn{srv: s}}
	near, far := net.Pipe()
	x.conn.Conn = far
	go func() {
		x.apologise("test")
		_ = far.Close()
	}()
	if b, _ := io.ReadAll(near); !strings.HasPrefix(string(b), "HTTP/1.1 500 ") || !strings.Contains(string(b), "panic: test") {
		t.Errorf("apology: %q", b)
	}
}

// Once a stream runs, an event costs no allocation; nor does reading a request.
func TestAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	s := New(Options{})
	for path, body := range map[string]string{
		chatPath:          chatStreams,
		"/v1/completions": `{"model":"m","prompt":"x","stream":true}`,
		"/v1/responses":   `{"model":"m","input":"x","stream":true}`,
		"/v1/messages":    `{"model":"m","max_tokens":99999,"messages":[{"role":"user","content":"x"}],"stream":true}`,
	} {
		x := &exchange{srv: s, forced: 5000}
		x.route = find(path)
		if err := x.read([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := x.begin(nil); err != nil {
			t.Fatal(err)
		}
		src, ev := x.open(), make([]byte, 0, 4096)
		for range 10 {
			ev, _, _ = src.next(ev[:0])
		}
		if n := testing.AllocsPerRun(1000, func() { ev, _, _ = src.next(ev[:0]) }); n != 0 {
			t.Errorf("%s: %v allocations per event", path, n)
		}
	}
	var d document
	var r request
	body := []byte(chatBody(4096, ""))
	read := func() {
		r.reset()
		if d.parse(body) != nil || r.chat(d.root()) != nil {
			t.Fatal("refused")
		}
	}
	if n := testing.AllocsPerRun(100, read); n > 1 {
		t.Errorf("%v allocations per request read", n)
	}
}
