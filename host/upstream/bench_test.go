package upstream

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// lean is a server that costs little beside what is measured: it finds the end of
// a request by the known size of its body, answers with fixed bytes and allocates
// nothing.
func lean(size int, answer string) func(net.Conn) {
	return func(c net.Conn) {
		out := []byte(answer)
		buf := make([]byte, 64<<10)
		for {
			n, end := 0, 0
			for end == 0 {
				k, err := c.Read(buf[n:])
				if err != nil {
					return
				}
				n += k
				if i := bytes.Index(buf[:n], []byte("\r\n\r\n")); i >= 0 {
					end = i + 4
				}
			}
			for left := size - (n - end); left > 0; {
				k, err := c.Read(buf)
				if err != nil {
					return
				}
				left -= k
			}
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}
}

const shortAnswer = "HTTP/1.1 200 OK\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\nContent-Type: application/json\r\nx-request-id: req_1\r\nContent-Length: 300\r\n\r\n"

// roundTrip is one warm exchange, the way proxy does it.
func roundTrip(target *Target, c *Call, r *Request, buf []byte) error {
	resp, err := target.Do(c, r)
	if err != nil {
		return err
	}
	resp.ReadBy(time.Now().Add(time.Minute), 0)
	for err == nil {
		_, err = resp.Read(buf)
	}
	resp.Close()
	c.Reset()
	if err != io.EOF {
		return err
	}
	return nil
}

// A warm exchange allocates nothing. Over TLS, crypto/tls allocates something for
// each record it waits for, on the server's side too, and the look into the
// session for surplus bytes ends in an error that net allocates.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server, client := certificates(t)
	answer := shortAnswer + string(bytes.Repeat([]byte("x"), 300))
	for _, test := range []struct {
		name   string
		size   int
		secure bool
		most   float64
	}{
		{"1 KB", 1000, false, 0}, {"16 KB", 16000, false, 0}, {"128 KB", 128000, false, 1}, {"1 KB over TLS", 1000, true, 4}, {"128 KB over TLS", 128000, true, 12},
	} {
		serve := lean(test.size, answer)
		var target *Target
		if test.secure {
			target = openURL(t, "https://"+listenTLS(t, server, serve).addr(), func(o *Options) { o.TLS = client })
		} else {
			target = open(t, listen(t, serve))
		}
		var c Call
		r := post(make([]byte, 10), make([]byte, test.size-10))
		buf := make([]byte, 4096)
		run := func() {
			if err := roundTrip(target, &c, r, buf); err != nil {
				t.Error(err)
			}
		}
		for range 20 {
			run()
		}
		if n := testing.AllocsPerRun(200, run); n > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, n, test.most)
		} else {
			t.Logf("%s: %v allocations", test.name, n)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	answer := shortAnswer + string(bytes.Repeat([]byte("x"), 300))
	for _, size := range []int{1 << 10, 16 << 10, 128 << 10} {
		name := strconv.Itoa(size>>10) + "KiB/"
		body := bytes.Repeat([]byte("b"), size)
		addr := listen(b, lean(size, answer)).addr()
		b.Run(name+"upstream", func(b *testing.B) { benchUpstream(b, addr, body) })
		b.Run(name+"fasthttp", func(b *testing.B) { benchFasthttp(b, addr, body) })
		b.Run(name+"net-http", func(b *testing.B) { benchNetHTTP(b, addr, body) })
	}
}

func benchUpstream(b *testing.B, addr string, body []byte) {
	target := openURL(b, "http://"+addr)
	var c Call
	r := post(body)
	r.Fields = []byte("Content-Type: application/json\r\n")
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if err := roundTrip(target, &c, r, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func benchFasthttp(b *testing.B, addr string, body []byte) {
	hc := fasthttp.HostClient{Addr: addr, StreamResponseBody: true, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	defer hc.CloseIdleConnections()
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		req.Reset()
		req.SetRequestURI("http://" + addr + "/")
		req.Header.SetMethod("POST")
		req.Header.SetContentType("application/json")
		req.SetBodyRaw(body)
		if err := hc.Do(req, resp); err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := resp.BodyStream().Read(buf); err != nil {
				break
			}
		}
		_ = resp.CloseBodyStream()
		resp.Reset()
	}
}

func benchNetHTTP(b *testing.B, addr string, body []byte) {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	u := &url.URL{Scheme: "http", Host: addr, Path: "/"}
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		req := (&http.Request{
			Method: "POST", URL: u, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		}).WithContext(context.Background())
		resp, err := tr.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = resp.Body.Read(buf)
		}
		resp.Body.Close()
	}
}

// BenchmarkTLSBody sends 128 KiB in one segment and in several over TLS.
func BenchmarkTLSBody(b *testing.B) {
	const size = 126 << 10
	server, client := certificates(b)
	p := listenTLS(b, server, lean(size, hello))
	for _, segments := range []int{1, 9} {
		b.Run(strconv.Itoa(segments), func(b *testing.B) {
			target := openURL(b, "https://"+p.addr(), func(o *Options) { o.TLS = client })
			body := make([][]byte, segments)
			for i := range body {
				body[i] = make([]byte, size/segments)
			}
			var c Call
			r := post(body...)
			buf := make([]byte, 4096)
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				if err := roundTrip(target, &c, r, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAlive is the look at an idle connection before it is used.
func BenchmarkAlive(b *testing.B) {
	target := openURL(b, "http://"+listen(b, replying(hello)).addr())
	if _, _, err := fetch(target, get()); err != nil {
		b.Fatal(err)
	}
	cn := target.pool.idle[0]
	b.ReportAllocs()
	for b.Loop() {
		if !cn.alive() {
			b.Fatal("dead")
		}
	}
}

// BenchmarkCancel is the time from Cancel in mid-body until the target sees the
// connection close.
func BenchmarkCancel(b *testing.B) {
	closed := make(chan time.Time, 1)
	target := openURL(b, "http://"+listen(b, func(c net.Conn) {
		once("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")(c)
		untilClosed(c)
		closed <- time.Now()
	}).addr())
	var took []time.Duration
	for b.Loop() {
		var c Call
		resp, err := target.Do(&c, get())
		if err != nil {
			b.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = resp.Read(make([]byte, 9))
		}()
		began := time.Now()
		c.Cancel()
		took = append(took, (<-closed).Sub(began))
		<-ended
		resp.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
