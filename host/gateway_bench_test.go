package host_test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
)

// BenchmarkGateway is one connection that asks again and again, with a target in
// this process that answers at once: neither end allocates, so what is counted
// is Weir's.
func BenchmarkGateway(b *testing.B) {
	for name, answer := range map[string]string{
		"unstreamed": answerOf(200, "x-request-id: abc\r\n", completion),
		"streamed":   eventsHead + chunkOf(strings.Repeat(deltaEvent, 10)+"data: [DONE]\n\n") + "0\r\n\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			body := fmt.Sprintf(`{"model":"sim","stream":%t,"messages":[{"role":"user","content":"%s"}]}`, name == "streamed", strings.Repeat("word ", 200))
			ask := fmt.Appendf(nil, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			g := start(b, targetAt(instant(b, []byte(answer))))
			c := dial(b, g.addr)
			end := []byte("\r\n0\r\n\r\n")
			if name == "unstreamed" {
				end = []byte(completion[len(completion)-20:])
			}
			buf := make([]byte, 64<<10)
			one := func() {
				if _, err := c.Write(ask); err != nil {
					b.Fatal(err)
				}
				for n := 0; !bytes.HasSuffix(buf[:n], end); {
					k, err := c.Read(buf[n:])
					if err != nil {
						b.Fatal(err)
					}
					n += k
				}
			}
			one()
			b.ReportAllocs()
			for b.Loop() {
				one()
			}
		})
	}
}

// instant answers whatever ends a request's body with "}]}".
func instant(t testing.TB, answer []byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				buf := make([]byte, 64<<10)
				for n := 0; ; {
					k, err := c.Read(buf[n:])
					if err != nil {
						return
					}
					if n += k; !bytes.HasSuffix(buf[:n], []byte(`}`)) {
						continue
					}
					n = 0
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return "http://" + ln.Addr().String()
}
