package sim

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rawPost is a whole request as bytes.
func rawPost(path, body string, headers ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, len(body))
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return []byte(b.String() + "\r\n" + body)
}

// benchmark sends request over one connection and reads until the answer ends.
func benchmark(b *testing.B, request []byte, end string) {
	_, addr := launch(b, Options{})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 64<<10)
	b.ReportAllocs()
	b.SetBytes(int64(len(request)))
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		for n := 0; ; {
			m, err := c.Read(buf[n:])
			if err != nil {
				b.Fatal(err)
			}
			if n += m; bytes.HasSuffix(buf[:n], []byte(end)) {
				break
			}
			if n > len(buf)/2 {
				n = copy(buf, buf[n-64:n])
			}
		}
	}
}

func chatBody(size int, more string) string {
	return `{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"` +
		strings.Repeat("All work and no play. ", size/22+1)[:size] + `"}]` + more + `}`
}

func BenchmarkChat(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 128 << 10} {
		b.Run(fmt.Sprintf("%dK", size>>10), func(b *testing.B) {
			benchmark(b, rawPost("/v1/chat/completions", chatBody(size, ""), "x-sim-tokens: 16"), `"service_tier":"default"}`)
		})
	}
}

// BenchmarkStreamEvent reports the time of one event: a request is a stream of
// 1,000 of them.
func BenchmarkStreamEvent(b *testing.B) {
	for _, e := range []struct{ name, path, body string }{
		{"chat", "/v1/chat/completions", chatBody(1<<10, `,"stream":true`)},
		{"messages", "/v1/messages", chatBody(1<<10, `,"stream":true,"max_tokens":100000`)},
		{"responses", "/v1/responses", `{"model":"m","stream":true,"input":"Hello"}`},
	} {
		b.Run(e.name, func(b *testing.B) {
			benchmark(b, rawPost(e.path, e.body, "x-sim-tokens: 1000"), "\r\n0\r\n\r\n")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 128 << 10} {
		b.Run(fmt.Sprintf("%dK", size>>10), func(b *testing.B) {
			body := []byte(chatBody(size, ""))
			var d document
			var r request
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				r.reset()
				if err := d.parse(body); err != nil {
					b.Fatal(err)
				}
				if err := r.chat(d.root()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPacedStreams runs 200 streams at once, 100 tokens each a millisecond
// apart, and reports the processor time of one event, both ends counted.
func BenchmarkPacedStreams(b *testing.B) {
	const streams, events = 200, 100
	_, addr := launch(b, Options{TPOT: time.Millisecond})
	request := rawPost(chatPath, chatStreams, fmt.Sprintf("x-sim-tokens: %d", events))
	conns := make([]net.Conn, streams)
	for i := range conns {
		conns[i] = dial(b, addr)
		_ = conns[i].SetDeadline(time.Time{})
	}
	begin := processorTime()
	for b.Loop() {
		var reading sync.WaitGroup
		for _, c := range conns {
			reading.Go(func() {
				_, _ = c.Write(request)
				buf := make([]byte, 4096)
				for n := 0; !bytes.HasSuffix(buf[:n], []byte("\n\r\n0\r\n\r\n")); {
					n = copy(buf, buf[max(0, n-8):n]) // the end may come in two reads
					m, err := c.Read(buf[n:])
					if err != nil {
						return
					}
					n += m
				}
			})
		}
		reading.Wait()
	}
	b.ReportMetric(float64((processorTime()-begin).Nanoseconds())/float64(b.N*streams*events), "cpu-ns/event")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
