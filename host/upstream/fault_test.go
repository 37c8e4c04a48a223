package upstream

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestFault15_MalformedHeads(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, head := range []string{
		"\r\n", "garbage\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "<html></html>\n",
		"HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 O\rK\r\n\r\n", "\x16\x03\x01\x00\r\n\r\n", "SSH-2.0-x\r\n",
		ok + "Content Length: 5\r\n\r\nhello", ok + "A: b\r\n c\r\n\r\n", ok + "A: b\rc\r\n\r\n", ok + "A: \x00\r\n\r\n", ok + "no colon\r\n\r\n",
		ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", ok + "Content-Length: x\r\n\r\n", ok + "Content-Length: -1\r\n\r\n",
		ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", ok + "Transfer-Encoding: identity\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 8) + hello,
		"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + hello,
		ok + strings.Repeat("A: b\r\n", 300) + "\r\n", ok + "A: " + strings.Repeat("a", 9<<10), ok + "A: " + strings.Repeat("a", 8<<10) + "\r\n\r\n",
	} {
		p := listen(t, func(c net.Conn) {
			if readRequest(bufio.NewReader(c)) != nil {
				_, _ = io.WriteString(c, head)
				untilClosed(c) // the client must not need the end of the connection to judge
			}
		})
		target := open(t, p, func(o *Options) { o.HeadLimit = 8 << 10 })
		_, _, err := fetch(target, get())
		if f := failed(t, err, Failure{Reason: "malformed", Phase: Waiting}); strings.Contains(f.Error(), "hello") {
			t.Errorf("the target's bytes are quoted: %v", f)
		}
		counts(t, target, 0, 0, 0)
	}
}

// A limit smaller than what is read at once still holds, and what follows the
// head does not count.
func TestHeadLimit(t *testing.T) {
	t.Parallel()
	head := "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"
	target := open(t, listen(t, replying(head+strings.Repeat("x", 3000))), func(o *Options) { o.HeadLimit = len(head) })
	mustFetch(t, target, get(), strings.Repeat("x", 3000))
	target = open(t, listen(t, replying(head+strings.Repeat("x", 3000))), func(o *Options) { o.HeadLimit = len(head) - 1 })
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "malformed", Phase: Waiting})
}

func TestFault15_MalformedChunks(t *testing.T) {
	t.Parallel()
	for _, chunk := range []string{
		"\r\n", "x\r\n", "-1\r\n", "5\nhello", "5 5\r\nhello", "5\r\nhello!", "5\r\nhello\n", "5\r\nhello\rx", "10000000000000000\r\n",
		"0\r\nno colon\r\n\r\n", "0\r\n\n", "0\r\n\rx", "HTTP/1.1 200 OK\r\n\r\n", "3;" + strings.Repeat("x", 5000),
	} {
		for name, gap := range map[string]bool{"at once": false, "in pieces": true} {
			t.Run(chunk[:min(len(chunk), 20)]+" "+name, func(t *testing.T) {
				t.Parallel()
				taken := make(chan struct{})
				p := listen(t, func(c net.Conn) {
					if readRequest(bufio.NewReader(c)) == nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
					if gap {
						<-taken
					}
					_, _ = io.WriteString(c, chunk+"\n\r\n0\r\n\r\n")
					untilClosed(c)
				})
				target := open(t, p)
				var c Call
				resp, err := target.Do(&c, get())
				if err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 3)
				if _, err := io.ReadFull(resp, buf); err != nil || string(buf) != "abc" {
					t.Fatalf("%q, %v", buf, err)
				}
				close(taken)
				b, err := readBody(resp)
				failed(t, err, Failure{Reason: "malformed", Phase: Reading})
				if s := string(b); s != "" && s != "hello" {
					t.Errorf("read %q before the fault", b)
				}
				if n, err := resp.Read(buf); n > 0 || err == nil || err == io.EOF {
					t.Errorf("asked again: %d, %v", n, err)
				}
				resp.Close()
				counts(t, target, 0, 0, 0)
			})
		}
	}
}

// cuts are answers that break off, and how much of the body they carry.
var cuts = []struct{ answer, body string }{
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "hell"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5", ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "hel"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", "hello"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "hello"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n", "hello"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r", "hello"},
}

// A body that is cut, by an end or by a reset, never ends cleanly, in plain text
// or over TLS.
func TestFault14_Truncated(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	for _, cut := range cuts {
		for _, how := range []string{"end", "reset", "TLS end", "TLS cut"} {
			t.Run(cut.answer[len(cut.answer)-4:]+" "+how, func(t *testing.T) {
				t.Parallel()
				taken := make(chan struct{})
				serve := func(c net.Conn) {
					if readRequest(bufio.NewReader(c)) == nil {
						return
					}
					_, _ = io.WriteString(c, cut.answer)
					switch how {
					case "reset":
						<-taken // a reset can destroy what has not been read
						reset(c)
					case "TLS cut":
						_ = c.(*tls.Conn).NetConn().Close() // no close_notify
					}
				}
				var target *Target
				if strings.HasPrefix(how, "TLS") {
					target = openURL(t, "https://"+listenTLS(t, server, serve).addr(), func(o *Options) { o.TLS = client })
				} else {
					target = open(t, listen(t, serve))
				}
				var c Call
				resp, err := target.Do(&c, get())
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(cut.body))
				if _, err := io.ReadFull(resp, got); err != nil || string(got) != cut.body {
					t.Fatalf("%q, %v", got, err)
				}
				close(taken)
				for range 2 { // and asking again does not make it cleaner
					b, err := readBody(resp)
					if failed(t, err, Failure{Reason: "cut", Phase: Reading}); len(b) > 0 {
						t.Fatalf("%q too much", b)
					}
				}
				resp.Close()
				counts(t, target, 0, 0, 0)
			})
		}
	}
}

// What ends with the connection must end in order: not by a reset, nor by a TLS
// session that was cut.
func TestFault14_UntilCloseCut(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 200 OK\r\n\r\nhello"
	server, client := certificates(t)
	taken := make(chan struct{})
	plain := open(t, listen(t, func(c net.Conn) {
		once(answer)(c)
		<-taken
		reset(c)
	}))
	cut := openURL(t, "https://"+listenTLS(t, server, func(c net.Conn) {
		once(answer)(c)
		<-taken
		_ = c.(*tls.Conn).NetConn().Close()
	}).addr(), func(o *Options) { o.TLS = client })
	clean := openURL(t, "https://"+listenTLS(t, server, once(answer)).addr(), func(o *Options) { o.TLS = client })
	mustFetch(t, clean, get(), "hello")
	for _, target := range []*Target{plain, cut} {
		var c Call
		resp, err := target.Do(&c, get())
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(resp, got); err != nil {
			t.Fatal(err)
		}
		if target == plain {
			close(taken)
		}
		for range 2 {
			_, err = readBody(resp)
			failed(t, err, Failure{Reason: "cut", Phase: Reading})
		}
		resp.Close()
	}
}

func TestFault14_NoAnswer(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"closes":               func(c net.Conn) { readRequest(bufio.NewReader(c)) },
		"resets":               func(c net.Conn) { readRequest(bufio.NewReader(c)); reset(c) },
		"half-closes":          func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite(); untilClosed(c) },
		"closes before it all": func(net.Conn) {},
		"resets before it all": reset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := open(t, listen(t, serve))
			_, _, err := fetch(target, post([]byte("hello")))
			// How far the exchange came is a race; that it may be tried again is not.
			var f *Failure
			if !errors.As(err, &f) || f.Reason != "reset" && f.Reason != "dial" || f.Phase == Reading || !f.Retry || f.Timeout {
				t.Fatalf("%+v", err)
			}
			counts(t, target, 0, 0, 0)
		})
	}
}

// Once a byte of an answer has come, trying again could double it.
func TestFault14_NoRetryAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r", "HTTP/1.1 100 Continue\r\n\r\n"} {
		target := open(t, listen(t, once(part)))
		_, _, err := fetch(target, get())
		failed(t, err, Failure{Reason: "cut", Phase: Waiting})
		counts(t, target, 0, 0, 0)
	}
}

func TestFault14_Refused(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	for _, url := range []string{"http://" + addr, "https://" + addr, "unix:" + t.TempDir() + "/none"} {
		target := openURL(t, url)
		_, _, err := fetch(target, get())
		failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true})
		counts(t, target, 0, 0, 0)
	}
}

// Deadlines: silence, dribbling, interim answers and silence, stalls in the body.
func TestFault14_Deadlines(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]string{"silent": "", "stalls in the head": "HTTP/1.1 200", "stalls behind 100": "HTTP/1.1 100 Continue\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := listen(t, func(c net.Conn) {
				once(part)(c)
				untilClosed(c)
			})
			target := open(t, p, func(o *Options) { o.FirstByte = 200 * time.Millisecond })
			_, _, err := fetch(target, get())
			failed(t, err, Failure{Reason: "first_byte_timeout", Phase: Waiting, Timeout: true})
			counts(t, target, 0, 0, 0)
		})
	}
	t.Run("dribbles its head", func(t *testing.T) {
		t.Parallel()
		p := listen(t, func(c net.Conn) {
			once("HTTP/1.1 200 OK\r\nA: ")(c)
			for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
				if _, err := c.Write([]byte("a")); err != nil {
					return
				}
			}
		})
		target := open(t, p, func(o *Options) { o.FirstByte = 200 * time.Millisecond })
		_, _, err := fetch(target, get())
		failed(t, err, Failure{Reason: "first_byte_timeout", Phase: Waiting, Timeout: true})
	})
	t.Run("stalls in the body", func(t *testing.T) {
		t.Parallel()
		target := open(t, listen(t, func(c net.Conn) {
			once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")(c)
			untilClosed(c)
		}))
		var c Call
		resp, err := target.Do(&c, get())
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		if n, err := io.ReadAtLeast(resp, buf, 5); err != nil || n != 5 {
			t.Fatal(n, err)
		}
		resp.ReadBy(time.Now().Add(10*time.Millisecond), 0)
		_, err = resp.Read(buf)
		failed(t, err, Failure{Reason: "idle_timeout", Phase: Reading, Timeout: true})
		resp.Close()
		counts(t, target, 0, 0, 0)
	})
}
