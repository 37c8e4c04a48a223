package load

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/bench/overhead/bare"
	"weir/bench/overhead/machine"
	"weir/bench/overhead/standard"
)

type proxy interface{ Serve(ln net.Listener) error }

// through starts a proxy and returns its address; "" means none.
func through(t *testing.T, kind, upstream string) string {
	t.Helper()
	var p proxy
	var stop func() error
	switch kind {
	case "bare":
		b := bare.New(upstream)
		p, stop = b, func() error { return b.Shutdown(t.Context()) }
	case "nethttp":
		s := standard.New(upstream)
		p, stop = s, func() error { return s.Shutdown(t.Context()) }
	default:
		return upstream
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Serve(ln) }()
	t.Cleanup(func() { _ = stop(); _ = ln.Close(); <-done })
	return ln.Addr().String()
}

// Every kind of measurement, directly and through the proxies of this repository.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"direct", "bare", "nethttp"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			addr := through(t, kind, g.upstream)
			for _, size := range []int{1 << 10, 16 << 10, 300 << 10} {
				r := g.right(Command{Do: Closed, Addr: addr, Connections: 8, Size: size, Warmup: time.Millisecond, Duration: 30 * time.Millisecond})
				if r.Requests < 8 || r.Wall < 30*time.Millisecond {
					t.Errorf("%d bytes: %+v", size, r)
				}
			}
			r := g.right(Command{Do: Open, Addr: addr, Connections: 4, Size: 2 << 10, Duration: 100 * time.Millisecond, Rate: 2000, Seed: 3})
			if want := len(times(&Command{Duration: 100 * time.Millisecond, Rate: 2000, Seed: 3})); r.Requests != want || r.Latency.Count != int64(want) ||
				r.Late.Count != int64(want) || r.Latency.P50 <= 0 || r.Latency.P50 > r.Latency.P99 || r.Latency.P99 > r.Latency.Max {
				t.Errorf("%+v, want %d requests", r, want)
			}
			for _, pace := range []string{Lockstep, Burst, Paced} {
				r := g.right(Command{Do: Streams, Addr: addr, Connections: 5, Duration: 20 * time.Millisecond, Pace: pace, Events: 16, Interval: time.Millisecond})
				if r.Requests < 5 || r.Events != 16*r.Requests || r.Delay.Count != int64(r.Events) {
					t.Errorf("%s: %+v", pace, r)
				}
			}
			between, last := g.run(Command{Do: Hold, Addr: addr, Connections: 50, Pace: Paced, Events: 4, Interval: 5 * time.Millisecond})
			if len(between) != 1 || !between[0].Open || last.Result == nil || last.Result.Requests != 50 || last.Result.Events != 200 {
				t.Errorf("%+v, %+v", between, last)
			}
		})
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	before, err := machine.Clock()
	if err != nil {
		t.Fatal(err)
	}
	r := g.right(Command{Do: First, Addr: g.upstream, Duration: 5 * time.Second})
	if after, err := machine.Clock(); err != nil || r.At == nil || *r.At < before || *r.At > after {
		t.Errorf("%+v, not between %v and %v, %v", r, before, after, err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	g.wrong(Command{Do: First, Addr: ln.Addr().String(), Duration: time.Millisecond, Patience: time.Millisecond}, "connection refused")
}

// A proxy that misbehaves ends the measurement with an error that says how, and the next measurement is none the worse.
func TestServeFaults(t *testing.T) {
	t.Parallel()
	write := func(format string, args ...any) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = fmt.Fprintf(c, format, args...)
			_, _ = io.Copy(io.Discard, c)
		}
	}
	n := len(answerBody)
	tests := map[string]struct {
		proxy func(net.Conn)
		want  string
	}{
		"closes at once":          {func(net.Conn) {}, "instead of answering"},
		"closes early":            {func(c net.Conn) { _, _ = fmt.Fprintf(c, "%sContent-Length: %d\r\n\r\n%s", okHead, n, answerBody[:100]) }, "after 100 of"},
		"another status":          {write("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "500 Oops"},
		"too short":               {write("%sContent-Length: 100\r\n\r\n%s", okHead, answerBody[:100]), "has 100 bytes"},
		"too long":                {write("%sContent-Length: %d\r\n\r\n%s!", okHead, n+1, answerBody), "differs"},
		"another body":            {write("%sContent-Length: %d\r\n\r\n%s", okHead, n, strings.ToUpper(answerBody)), "differs"},
		"two answers":             {write("%[1]sContent-Length: %[2]d\r\n\r\n%[3]s%[1]sContent-Length: %[2]d\r\n\r\n%[3]s", okHead, n, answerBody), "after the end"},
		"does not keep":           {write("%sConnection: close\r\nContent-Length: %d\r\n\r\n%s", okHead, n, answerBody), "Connection: close"},
		"no HTTP":                 {write("SSH-2.0-x\r\n\r\n"), "SSH"},
		"says nothing":            {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "without an answer after"},
		"says half and no more":   {write("%sContent-Length: %d\r\n\r\n%s", okHead, n, answerBody[:100]), "without an answer after"},
		"answers, then goes away": {func(c net.Conn) { _, _ = fmt.Fprintf(c, "%sContent-Length: %d\r\n\r\n%s", okHead, n, answerBody) }, "the proxy closed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			addr := fake(t, test.proxy)
			g.wrong(Command{Do: Closed, Addr: addr, Connections: 1, Size: 1 << 10, Warmup: 20 * time.Millisecond, Duration: time.Second, Patience: 200 * time.Millisecond}, test.want)
			if r := g.right(Command{Do: Closed, Addr: g.upstream, Connections: 2, Size: 1 << 10, Duration: time.Millisecond}); r.Requests < 2 {
				t.Errorf("afterwards: %+v", r)
			}
		})
	}
}

// What reaches the upstream is looked at as well.
func TestUpstreamFaults(t *testing.T) {
	t.Parallel()
	body := string(Body(newRNG(1), 1<<10, "u000000", false))
	request := func(head, body string) string {
		return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + head + "\r\n" + body
	}
	tests := map[string]struct{ text, want string }{
		"no length":       {request("", body), "without content-length"},
		"another size":    {request("Content-Length: 1000\r\n", body[:1000]), "body of 1000 bytes, and 1024 were sent"},
		"bytes behind":    {request("Content-Length: 1024\r\n", body+"}"), "1 bytes too many"},
		"shifted":         {request("Content-Length: 1024\r\n", body[:1023]+" "), "does not end where"},
		"another path":    {strings.Replace(request("Content-Length: 1024\r\n", body), "/v1/", "/v2/", 1), "/v2/"},
		"another body":    {request("Content-Length: 1024\r\n", strings.Replace(body, "model", "modal", 1)), "begins with"},
		"an unknown tag":  {request("Content-Length: 1024\r\n", strings.Replace(body, "u000000", "s000099", 1)), "tag"},
		"a broken length": {request("Content-Length: 10x\r\n", body), "10x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			addr := fake(t, func(c net.Conn) {
				up, err := net.Dial("tcp", g.upstream)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = up.Write([]byte(test.text))
				_, _ = io.Copy(io.Discard, c) // until the clients are closed
				_ = up.Close()
			})
			g.wrong(Command{Do: Closed, Addr: addr, Connections: 1, Size: 1 << 10, Duration: time.Second, Patience: 5 * time.Second}, test.want)
		})
	}
}

func TestWrongCommands(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	g.wrong(Command{Do: "dance", Addr: g.upstream}, "dance")
	g.wrong(Command{Do: Closed, Addr: "nowhere"}, "address")
	g.wrong(Command{Do: Streams, Addr: g.upstream, Connections: 1, Events: 3}, "3 events")
	g.wrong(Command{Do: Open, Addr: g.upstream, Connections: 1, Size: 1 << 10, Rate: 1, Duration: time.Microsecond}, "no request")
}

// times are all the times of a schedule.
func times(c *Command) (all []int64) {
	s := newSchedule(c, 0)
	for at := s.next(); at > 0; at = s.next() {
		all = append(all, at)
	}
	return all
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	c := &Command{Seed: 5, Rate: 1000, Duration: 10 * time.Second}
	one, same := times(c), times(c)
	c.Seed++
	if other := times(c); !slices.Equal(one, same) || slices.Equal(one, other) {
		t.Error("times do not follow the seed")
	}
	if !slices.IsSorted(one) || one[len(one)-1] >= int64(10*time.Second) || len(one) < 9500 || len(one) > 10500 { // 5 standard deviations
		t.Errorf("%d times, the last is %d", len(one), one[len(one)-1])
	}
	short := 0
	for i := range one[1:] {
		if one[i+1]-one[i] < int64(time.Millisecond) {
			short++
		}
	}
	if share := float64(short) / float64(len(one)); share < 0.60 || share > 0.66 { // 1 - 1/e
		t.Errorf("%.2f of the gaps are below the mean", share)
	}
}
