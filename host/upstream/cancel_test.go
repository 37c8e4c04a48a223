package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// blackhole is an address on loopback where connecting neither succeeds nor
// fails: a listener that never accepts, with its queue full.
func blackhole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "blackhole")
	t.Cleanup(func() { f.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 16 {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			if isTimeout(err) {
				return addr
			}
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this system's listeners have no limit to fill")
	return ""
}

// stage is a point at which a call is cancelled.
type stage struct {
	name  string
	phase Phase
	// url starts the target; at gets a value when the point is reached, and one
	// more when the target sees the connection close; cancelled is closed then.
	url  func(t *testing.T, at chan<- struct{}, cancelled <-chan struct{}) (url string, change func(*Options))
	body bool // send a large body
	read bool // the head arrives; cancel while the body is read
}

// silentAt serves connections that stop at some point: at gets a value when a
// connection is there, and one more when the client has closed it.
func silentAt(t *testing.T, at chan<- struct{}, serve func(net.Conn)) *peer {
	return listen(t, func(c net.Conn) {
		serve(c)
		at <- struct{}{}
		untilClosed(c)
		at <- struct{}{}
	})
}

var stages = []stage{
	{name: "dial", phase: Connecting, url: func(t *testing.T, _ chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		return "http://" + blackhole(t), nil
	}},
	{name: "TLS handshake", phase: Connecting, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		p := silentAt(t, at, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
		return "https://" + p.addr(), nil
	}},
	{name: "CONNECT", phase: Connecting, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		p := silentAt(t, at, func(c net.Conn) { readRequest(bufio.NewReader(c)) })
		return "https://203.0.113.1", func(o *Options) { o.Proxy = &url.URL{Scheme: "http", Host: p.addr()} }
	}},
	{name: "body being sent", phase: Sending, body: true, url: func(t *testing.T, at chan<- struct{}, cancelled <-chan struct{}) (string, func(*Options)) {
		p := listen(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1))
			at <- struct{}{}
			<-cancelled
			untilClosed(c)
			at <- struct{}{}
		})
		return "http://" + p.addr(), nil
	}},
	{name: "before the first byte", phase: Waiting, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		return "http://" + silentAt(t, at, once("")).addr(), nil
	}},
	{name: "in the head", phase: Waiting, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		return "http://" + silentAt(t, at, once("HTTP/1.1 200 OK\r\nA:")).addr(), nil
	}},
	{name: "in the body", phase: Reading, read: true, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		return "http://" + silentAt(t, at, once("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")).addr(), nil
	}},
	{name: "in a TLS body", phase: Reading, read: true, url: func(t *testing.T, at chan<- struct{}, _ <-chan struct{}) (string, func(*Options)) {
		server, client := certificates(t)
		p := listenTLS(t, server, func(c net.Conn) {
			once("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")(c)
			at <- struct{}{}
			untilClosed(c)
			at <- struct{}{}
		})
		return "https://" + p.addr(), func(o *Options) { o.TLS = client }
	}},
}

// Wherever a call is, Cancel ends it at once, the target sees the connection
// close, and the pool forgets it.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			at := make(chan struct{}, 4)
			cancelled := make(chan struct{})
			release := sync.OnceFunc(func() { close(cancelled) })
			defer release()
			u, change := s.url(t, at, cancelled)
			if change == nil {
				change = func(*Options) {}
			}
			target := openURL(t, u, change)
			r := get()
			if s.body {
				r = post(make([]byte, 64<<20))
			}
			var c Call
			ended := make(chan error, 1)
			go func() {
				resp, err := target.Do(&c, r)
				if err == nil {
					at <- struct{}{}
					_, err = readBody(resp)
					resp.Close()
				}
				ended <- err
			}()
			switch {
			case s.name == "dial":
				eventually(t, "dialling", func() bool {
					c.mu.Lock()
					defer c.mu.Unlock()
					return c.stop != nil
				})
			case s.read:
				receive(t, at, "the target to stop")
				receive(t, at, "the head to be read")
			default:
				receive(t, at, "the target to stop")
			}
			began := time.Now()
			c.Cancel()
			c.Cancel()
			release()
			if took := time.Since(began); took > patience/10 {
				t.Errorf("Cancel blocked for %v", took)
			}
			err := receive(t, ended, "the call to end")
			f := failed(t, err, Failure{Reason: "cancelled", Phase: s.phase})
			if !errors.Is(f, ErrCancelled) {
				t.Error(f.Err)
			}
			if s.name != "dial" {
				receive(t, at, "the target to see the connection close")
			}
			t.Logf("ended after %v", time.Since(began))
			counts(t, target, 0, 0, 0)
			_, err = target.Do(&c, r)
			failed(t, err, Failure{Reason: "cancelled", Phase: Connecting})
			counts(t, target, 0, 0, 0)
		})
	}
}

// A cancelled call costs no idle connection, and is good again after Reset.
func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	target := open(t, p)
	mustFetch(t, target, get(), "hello")
	var c Call
	c.Cancel()
	for range 3 {
		_, err := target.Do(&c, get())
		failed(t, err, Failure{Reason: "cancelled", Phase: Connecting})
	}
	counts(t, target, 1, 1, 0)
	c.Reset()
	if _, body, err := fetchBy(target, &c, get()); body != "hello" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// Cancel after the answer is complete, before Close: the connection is gone, and
// not in the pool.
func TestCancelBeforeClose(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	target := open(t, p)
	var c Call
	resp, err := target.Do(&c, get())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readBody(resp); err != nil {
		t.Fatal(err)
	}
	c.Cancel()
	resp.Close()
	counts(t, target, 0, 0, 0)
	// And after Close: nothing to cancel any more.
	c.Reset()
	if _, _, err := fetchBy(target, &c, get()); err != nil {
		t.Fatal(err)
	}
	c.Cancel()
	counts(t, target, 1, 1, 0)
	mustFetch(t, target, get(), "hello")
	if n := p.accepted.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// holder stands between a call and those who may cancel it, as proxy's
// connection does.
type holder struct {
	mu   sync.Mutex
	call *Call
}

func (h *holder) set(c *Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.call = c
}

func (h *holder) cancel() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.call != nil {
		h.call.Cancel()
	}
}

// Calls are cancelled at random moments, hundreds of times, and used again. An
// exchange that nobody cancelled must be answered, with its own answer.
func TestCancelStress(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	plain := listen(t, echoing)
	secure := listenTLS(t, server, echoing)
	for name, target := range map[string]*Target{
		"plain": open(t, plain, func(o *Options) { o.Connections = 5 }),
		"TLS":   openURL(t, "https://"+secure.addr(), func(o *Options) { o.Connections, o.TLS = 5, client }),
	} {
		t.Run(name, func(t *testing.T) { stress(t, target) })
	}
}

func stress(t *testing.T, target *Target) {
	const workers, rounds = 8, 150
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var c Call
			var h holder
			for i := range rounds {
				token := bytes.Repeat([]byte(strconv.Itoa(w*rounds+i)+","), 1+i%3*2000)
				var canceller sync.WaitGroup
				h.set(&c)
				if i%2 == 0 {
					delay := time.Duration((w*7919+i*104729)%1000) * time.Microsecond
					canceller.Go(func() {
						time.Sleep(delay)
						h.cancel()
					})
				}
				status, body, err := fetchBy(target, &c, post(token[:1], token[1:]))
				h.set(nil)
				var f *Failure
				switch {
				case err == nil && (status != 200 || body != string(token)):
					t.Errorf("worker %d, round %d: another answer: %d, %d bytes", w, i, status, len(body))
				case err != nil && (!errors.As(err, &f) || f.Reason != "cancelled" || i%2 == 1):
					t.Errorf("worker %d, round %d: %v", w, i, err)
				}
				c.Reset()
				canceller.Wait() // an old Cancel may come now: it must find nothing
				if c.Cancelled() {
					t.Errorf("worker %d, round %d: cancelled after Reset", w, i)
				}
			}
		})
	}
	wg.Wait()
	if open, idle, waiting := target.Connections(); open != idle || waiting != 0 || open > 5 {
		t.Errorf("%d open, %d idle, %d waiting", open, idle, waiting)
	}
}

// echoing answers with the body it gets, framed in turn by length and in chunks.
func echoing(c net.Conn) {
	br := bufio.NewReader(c)
	for i := 0; ; i++ {
		r, body := readBodyOf(br)
		if r == nil {
			return
		}
		head := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
		end := ""
		if i%2 == 1 {
			head, end = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+strconv.FormatInt(int64(len(body)), 16)+"\r\n", "\r\n0\r\n\r\n"
		}
		if _, err := io.WriteString(c, head); err != nil {
			return
		}
		_, _ = c.Write(body)
		_, _ = io.WriteString(c, end)
	}
}
