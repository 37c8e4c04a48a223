package upstream

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // fasthttp, in benchmarks only, keeps goroutines that nothing ends
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"))
}

// patience is how long a test waits for what should take milliseconds.
const patience = 10 * time.Second

// peer is a server that speaks whatever its serve function writes.
type peer struct {
	ln       net.Listener
	accepted atomic.Int32
	mu       sync.Mutex
	conns    []net.Conn
	wg       sync.WaitGroup
}

// listen serves each connection on a goroutine of its own; the connection is
// closed when serve returns, and at the end of the test.
func listen(t testing.TB, serve func(c net.Conn)) *peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, ln, serve)
}

func listenTLS(t testing.TB, config *tls.Config, serve func(c net.Conn)) *peer {
	t.Helper()
	return listen(t, func(c net.Conn) {
		tc := tls.Server(c, config)
		serve(tc)
		_ = tc.CloseWrite() // close_notify, when there is a session
	})
}

func serveOn(t testing.TB, ln net.Listener, serve func(c net.Conn)) *peer {
	p := &peer{ln: ln}
	p.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, c)
			p.mu.Unlock()
			p.accepted.Add(1)
			p.wg.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

func (p *peer) addr() string { return p.ln.Addr().String() }

// replying answers every request on a connection with the same bytes.
func replying(answer string) func(net.Conn) {
	return func(c net.Conn) {
		br := bufio.NewReader(c)
		for readRequest(br) != nil {
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// once answers one request, then closes.
func once(answer string) func(net.Conn) {
	return func(c net.Conn) {
		if readRequest(bufio.NewReader(c)) != nil {
			_, _ = io.WriteString(c, answer)
		}
	}
}

// readRequest reads a request with its whole body; nil at the connection's end.
func readRequest(br *bufio.Reader) *http.Request {
	r, _ := readBodyOf(br)
	return r
}

func readBodyOf(br *bufio.Reader) (*http.Request, []byte) {
	r, err := http.ReadRequest(br)
	if err != nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != max(0, r.ContentLength) {
		return nil, nil
	}
	return r, body
}

// untilClosed returns when the client closes.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset ends a connection with RST.
func reset(c net.Conn) {
	if tc, ok := c.(*net.TCPConn); ok {
		_ = tc.SetLinger(0)
	}
	_ = c.Close()
}

// open makes a target for the peer. At the end of the test nothing may be in
// use, and Close must leave nothing open.
func open(t testing.TB, p *peer, change ...func(*Options)) *Target {
	t.Helper()
	return openURL(t, "http://"+p.addr(), change...)
}

func openURL(t testing.TB, url string, change ...func(*Options)) *Target {
	t.Helper()
	opt := Options{Name: "t", URL: url, Connect: patience, FirstByte: patience, Connections: 64}
	for _, f := range change {
		f(&opt)
	}
	target, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if open, idle, waiting := target.Connections(); open != idle || waiting > 0 {
			t.Errorf("at the end: %d open, %d idle, %d waiting", open, idle, waiting)
		}
		target.Close()
		if open, idle, waiting := target.Connections(); open+idle+waiting > 0 {
			t.Errorf("after Close: %d open, %d idle, %d waiting", open, idle, waiting)
		}
	})
	return target
}

func get() *Request { return &Request{Method: []byte("GET"), Path: []byte("/")} }

func post(body ...[]byte) *Request {
	r := &Request{Method: []byte("POST"), Path: []byte("/"), Body: body, Sized: true}
	for _, b := range body {
		r.Size += len(b)
	}
	return r
}

// fetch is one exchange: the answer's status and body. What the Failure was is
// in err, nil for a complete answer.
func fetch(target *Target, r *Request) (status int, body string, err error) {
	return fetchBy(target, new(Call), r)
}

func fetchBy(target *Target, c *Call, r *Request) (status int, body string, err error) {
	resp, err := target.Do(c, r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Close()
	p, err := readBody(resp)
	return resp.Head.Status, string(p), err
}

func readBody(resp *Response) ([]byte, error) {
	resp.ReadBy(time.Now().Add(patience), 0) // fails on a cancelled call, as reading will
	var p []byte
	buf := make([]byte, 1000)
	for {
		n, err := resp.Read(buf)
		p = append(p, buf[:n]...)
		if err == io.EOF {
			if !resp.Done() && !resp.decoder.UntilClose() {
				return p, errors.New("EOF, but not done")
			}
			return p, nil
		}
		if err != nil {
			return p, err
		}
	}
}

// mustFetch is fetch for exchanges that must succeed.
func mustFetch(t *testing.T, target *Target, r *Request, want string) {
	t.Helper()
	if status, body, err := fetch(target, r); err != nil || status != 200 || body != want {
		t.Fatalf("%d %q, %v; want %q", status, body, err, want)
	}
}

// failed holds err to being a Failure of that kind.
func failed(t *testing.T, err error, want Failure) *Failure {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a failure: %s", err, want.Reason)
	}
	if f.Target != "t" || f.Reason != want.Reason || f.Phase != want.Phase || f.Retry != want.Retry || f.Timeout != want.Timeout || f.Err == nil {
		t.Fatalf("got %q in phase %d, retry %t, timeout %t (%v); want %q in phase %d, retry %t, timeout %t",
			f.Reason, f.Phase, f.Retry, f.Timeout, f.Err, want.Reason, want.Phase, want.Retry, want.Timeout)
	}
	return f
}

// counts holds the pool to what it should say.
func counts(t *testing.T, target *Target, open, idle, waiting int) {
	t.Helper()
	if o, i, w := target.Connections(); o != open || i != idle || w != waiting {
		t.Fatalf("%d open, %d idle, %d waiting; want %d, %d, %d", o, i, w, open, idle, waiting)
	}
}

// receive waits for a channel.
func receive[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

// eventually waits for a condition that nothing signals.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long: %s", what)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
