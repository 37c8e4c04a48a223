package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// cutUp cuts p into segments; some are empty.
func cutUp(rt *rapid.T, p []byte) [][]byte {
	var out [][]byte
	for len(p) > 0 {
		n := min(len(p), rapid.SampledFrom([]int{0, 1, 10, 1000, 12 << 10, tlsRecord - 1, tlsRecord, tlsRecord + 1, 50000, 1 << 20}).Draw(rt, "segment"))
		out, p = append(out, p[:n:n]), p[n:]
	}
	return append(out, nil)
}

// Whatever a body is cut into, the target reads the body, in plain text, over
// TLS and over a unix socket; the segments are left as they were.
func TestBodyProperty(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	ln, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	unixPeer := serveOn(t, ln, echoing)
	for name, target := range map[string]*Target{
		"plain": open(t, listen(t, echoing)),
		"TLS":   openURL(t, "https://"+listenTLS(t, server, echoing).addr(), func(o *Options) { o.TLS = client }),
		"unix":  openURL(t, "unix:"+unixPeer.addr()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c Call
			rapid.Check(t, func(rt *rapid.T) {
				size := rapid.SampledFrom([]int{0, 1, 1500, 4096, 12 << 10, 12<<10 + 1, tlsRecord, 3 * tlsRecord, patient + 1, 300000}).Draw(rt, "size")
				body := make([]byte, size)
				seed := rapid.Byte().Draw(rt, "seed")
				for i := range body {
					body[i] = byte(i>>8) ^ byte(i*7) ^ seed
				}
				want := string(body)
				status, got, err := fetchBy(target, &c, post(cutUp(rt, body)...))
				c.Reset()
				if status != 200 || got != want || err != nil {
					rt.Fatalf("%d, %d bytes of %d, %v", status, len(got), size, err)
				}
				if string(body) != want {
					rt.Fatal("the body was changed")
				}
			})
		})
	}
}

// writes counts what is written, and fails at a given write.
type writes struct {
	net.Conn
	sizes []int
	all   []byte
	fail  int
}

var errWrite = errors.New("no more")

func (w *writes) Write(p []byte) (int, error) {
	if len(w.sizes)+1 == w.fail {
		return 0, errWrite
	}
	w.sizes = append(w.sizes, len(p))
	w.all = append(w.all, p...)
	return len(p), nil
}

// A TLS session gets few and large writes however many segments there are, and
// whole records of large segments uncopied.
func TestTLSWrites(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("h", 500)
	for _, test := range []struct {
		segments []int
		writes   []int
	}{
		{nil, []int{500}},
		{[]int{100}, []int{600}},
		{[]int{10, 0, 20, 30, 40, 50}, []int{650}},
		{[]int{tlsRecord - 500}, []int{tlsRecord}},
		{[]int{tlsRecord - 499}, []int{tlsRecord, 1}},
		{[]int{100 << 10}, []int{tlsRecord, 5 * tlsRecord, 100<<10 + 500 - 6*tlsRecord}},
		{[]int{8000, 8000, 8000, 8000, 8000}, []int{tlsRecord, tlsRecord, 40500 - 2*tlsRecord}},
		{[]int{1, 2 * tlsRecord, 1}, []int{tlsRecord, tlsRecord, 502}},
	} {
		var c Call
		w := &writes{}
		cn := &conn{Conn: w}
		var want bytes.Buffer
		want.WriteString(head)
		r := &Request{}
		for i, n := range test.segments {
			b := bytes.Repeat([]byte{byte('a' + i)}, n)
			r.Body = append(r.Body, b)
			want.Write(b)
		}
		c.head = []byte(head)
		if err := c.sendTLS(cn, r); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(w.all, want.Bytes()) || !equal(w.sizes, test.writes) {
			t.Errorf("segments %v: writes of %v, want %v", test.segments, w.sizes, test.writes)
		}
		for fail := range len(test.writes) {
			c.head = []byte(head)
			if err := c.sendTLS(&conn{Conn: &writes{fail: fail + 1}}, r); !errors.Is(err, errWrite) {
				t.Errorf("segments %v: write %d failed, yet %v", test.segments, fail, err)
			}
		}
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

const tooLarge = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large"

// A target that refuses a request while it is still being sent is heard, whether
// it closes, resets, reads on, or does nothing.
func TestFault14_EarlyAnswer(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	for name, after := range map[string]func(c, raw net.Conn, stop <-chan struct{}){
		"closes":        func(_, _ net.Conn, _ <-chan struct{}) {},
		"half-closes":   func(_, raw net.Conn, _ <-chan struct{}) { _ = raw.(*net.TCPConn).CloseWrite(); untilClosed(raw) },
		"reads on":      func(_, raw net.Conn, _ <-chan struct{}) { untilClosed(raw) },
		"does nothing":  func(_, _ net.Conn, stop <-chan struct{}) { <-stop },
		"reads it all":  func(c, _ net.Conn, _ <-chan struct{}) { untilClosed(c) },
		"hints first":   func(_, _ net.Conn, stop <-chan struct{}) { <-stop },
		"closes slowly": func(_, _ net.Conn, stop <-chan struct{}) { <-time.After(20 * time.Millisecond) },
	} {
		for _, secure := range []bool{false, true} {
			if secure && (name == "does nothing" || name == "hints first") {
				continue // a TLS session cannot go on after an interrupted write: it ends at the deadline, see below
			}
			t.Run(name+map[bool]string{true: " over TLS"}[secure], func(t *testing.T) {
				t.Parallel()
				stop := make(chan struct{})
				defer close(stop)
				serve := func(c net.Conn) {
					raw := c
					if tc, ok := c.(interface{ NetConn() net.Conn }); ok {
						raw = tc.NetConn()
					}
					br := bufio.NewReader(c)
					for {
						line, err := br.ReadString('\n')
						if err != nil || line == "\r\n" {
							break
						}
					}
					if name == "hints first" {
						_, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
					}
					_, _ = io.WriteString(c, tooLarge)
					after(c, raw, stop)
				}
				var target *Target
				if secure {
					target = openURL(t, "https://"+listenTLS(t, server, serve).addr(), func(o *Options) { o.TLS = client })
				} else {
					target = open(t, listen(t, serve))
				}
				began := time.Now()
				status, body, err := fetch(target, post(make([]byte, 32<<20)))
				if status != 413 || body != "too large" || err != nil {
					t.Fatalf("%d %q, %v", status, body, err)
				}
				if took := time.Since(began); took > patience/2 {
					t.Errorf("heard after %v", took)
				}
				counts(t, target, 0, 0, 0)
			})
		}
	}
}

// What comes instead of an early answer is told as what it is.
func TestFault14_StuckWhileSending(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, answer string
		want         Failure
	}{
		{"silent", "", Failure{Reason: "first_byte_timeout", Phase: Sending, Timeout: true}},
		{"garbage", "garbage\r\n", Failure{Reason: "malformed", Phase: Sending}},
		{"half an answer", "HTTP/1.1 413", Failure{Reason: "first_byte_timeout", Phase: Sending, Timeout: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stop := make(chan struct{})
			defer close(stop)
			target := open(t, listen(t, func(c net.Conn) {
				_, _ = c.Read(make([]byte, 1))
				_, _ = io.WriteString(c, test.answer)
				<-stop
			}), func(o *Options) { o.FirstByte = time.Second / 2 })
			_, _, err := fetch(target, post(make([]byte, 32<<20)))
			failed(t, err, test.want)
			counts(t, target, 0, 0, 0)
		})
	}
	// Over TLS, an answer that is there at the deadline is still read. Whatever it
	// says of the connection, half a request is on it.
	server, client := certificates(t)
	stop := make(chan struct{})
	defer close(stop)
	target := openURL(t, "https://"+listenTLS(t, server, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		_, _ = io.WriteString(c, strings.Replace(tooLarge, "close", "keep-alive", 1))
		<-stop
	}).addr(), func(o *Options) { o.TLS, o.FirstByte = client, time.Second })
	if status, body, err := fetch(target, post(make([]byte, 32<<20))); status != 413 || body != "too large" || err != nil {
		t.Errorf("%d %q, %v", status, body, err)
	}
	counts(t, target, 0, 0, 0)
}

// A target that reads slowly, but reads, gets all of it: being interrupted to
// look for an answer loses no byte, and an interim answer is not taken for one.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	body := make([]byte, 24<<20)
	for i := range body {
		body[i] = byte(i >> 12)
	}
	for name, said := range map[string][2]string{
		"silent": {"", ""}, "interim": {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ""},
		"interim in part": {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Pro", "cessing\r\n\r\n"}, "almost nothing": {"HTT", "P/1.1 100 Continue\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan bool, 1)
			target := open(t, listen(t, func(c net.Conn) {
				br := bufio.NewReader(c)
				_, _ = br.Peek(1)
				_, _ = io.WriteString(c, said[0])
				time.Sleep(stallCheck + stallCheck/5) // longer than the look for an answer
				r, b := readBodyOf(br)
				got <- r != nil && bytes.Equal(b, body)
				_, _ = io.WriteString(c, said[1]+hello)
			}))
			mustFetch(t, target, post(body[:5], body[5:1<<20], body[1<<20:]), "hello")
			if !<-got {
				t.Error("the body is not what was sent")
			}
			counts(t, target, 1, 1, 0)
		})
	}
}

func TestInterim(t *testing.T) {
	t.Parallel()
	const one = "HTTP/1.1 100 Continue\r\n\r\n"
	for p, want := range map[string]bool{
		"": true, "H": true, "HTTP/1.1 ": true, "HTTP/1.1 1": true, one: true, one + one: true, one + "HTTP/1.": true, one + one[:12]: true,
		"X": false, "HTTP/2": false, "HTTP/1.1 2": false, "HTTP/1.1 413 X\r\n\r\n": false, one + "HTTP/1.1 4": false, one + "x": false, "HTTP/1.1 100 X\n\n": false,
	} {
		if got := interim([]byte(p)); got != want {
			t.Errorf("%q: %t", p, got)
		}
	}
}
