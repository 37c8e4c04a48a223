package http1

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// sdkRequest is the head that the openai package for Node sends, about 700 bytes.
var sdkRequest = []byte("POST /v1/chat/completions HTTP/1.1\r\n" +
	"host: 127.0.0.1:8080\r\n" +
	"connection: keep-alive\r\n" +
	"accept: application/json\r\n" +
	"content-type: application/json\r\n" +
	"user-agent: OpenAI/JS 6.10.0\r\n" +
	"x-stainless-retry-count: 0\r\n" +
	"x-stainless-lang: js\r\n" +
	"x-stainless-package-version: 6.10.0\r\n" +
	"x-stainless-os: Linux\r\n" +
	"x-stainless-arch: x64\r\n" +
	"x-stainless-runtime: node\r\n" +
	"x-stainless-runtime-version: v24.11.0\r\n" +
	"x-stainless-timeout: 600\r\n" +
	"authorization: Bearer " + strings.Repeat("k", 100) + "\r\n" +
	"accept-language: *\r\n" +
	"sec-fetch-mode: cors\r\n" +
	"accept-encoding: gzip, deflate\r\n" +
	"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n" +
	"content-length: 1187\r\n\r\n")

// providerAnswer is the head of a streamed answer.
var providerAnswer = []byte("HTTP/1.1 200 OK\r\n" +
	"Date: Mon, 05 Jan 2026 10:00:00 GMT\r\n" +
	"Content-Type: text/event-stream; charset=utf-8\r\n" +
	"Transfer-Encoding: chunked\r\n" +
	"Connection: keep-alive\r\n" +
	"access-control-expose-headers: X-Request-ID\r\n" +
	"openai-organization: acme\r\n" +
	"openai-processing-ms: 312\r\n" +
	"openai-version: 2020-10-01\r\n" +
	"x-ratelimit-limit-requests: 10000\r\n" +
	"x-ratelimit-limit-tokens: 30000000\r\n" +
	"x-ratelimit-remaining-requests: 9999\r\n" +
	"x-ratelimit-remaining-tokens: 29999719\r\n" +
	"x-ratelimit-reset-requests: 6ms\r\n" +
	"x-ratelimit-reset-tokens: 0s\r\n" +
	"x-request-id: req_0123456789abcdef0123456789abcdef\r\n" +
	"strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"Server: edge\r\n\r\n")

// eventStream is a chunked body of n events of the size of a token's.
func eventStream(n int) []byte {
	event := "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1767607200," +
		"\"model\":\"gpt-x-2026-01-01\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{\"index\":0," +
		"\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
	return chunks(event, n)
}

func chunks(data string, n int) []byte {
	chunk := strconv.FormatInt(int64(len(data)), 16) + "\r\n" + data + "\r\n"
	return append(bytes.Repeat([]byte(chunk), n), "0\r\n\r\n"...)
}

func TestAllocations(t *testing.T) {
	var h Head
	src := eventStream(20)
	dst := make([]byte, len(src))
	hostile := []byte("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n")
	for name, run := range map[string]func(){
		"request": func() {
			if end, _, err := HeadEnd(sdkRequest, 0); err != nil || h.ParseRequest(sdkRequest[:end]) != nil || h.HopByHop([]byte("x-a")) || h.Get("authorization") == nil {
				t.Error("refused")
			}
		},
		"answer": func() {
			if h.ParseResponse(providerAnswer, false) != nil {
				t.Error("refused")
			}
		},
		"fault": func() {
			if h.ParseRequest(hostile) == nil {
				t.Error("accepted")
			}
		},
		"body": func() {
			var d Decoder
			d.Reset(Chunked, 0)
			if _, _, err := d.Decode(dst, src); err != nil || !d.Done() {
				t.Error("refused")
			}
		},
	} {
		run() // grows the head's storage
		if n := testing.AllocsPerRun(100, run); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkRequestHead(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(sdkRequest)))
	var h Head
	for b.Loop() {
		end, _, err := HeadEnd(sdkRequest, 0)
		if err != nil || h.ParseRequest(sdkRequest[:end]) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkResponseHead(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(providerAnswer)))
	var h Head
	for b.Loop() {
		end, _, err := HeadEnd(providerAnswer, 0)
		if err != nil || h.ParseResponse(providerAnswer[:end], false) != nil {
			b.Fatal("refused")
		}
	}
}

// BenchmarkDecoder decodes bodies of chunks of several sizes in place.
func BenchmarkDecoder(b *testing.B) {
	for _, c := range []struct {
		name string
		src  []byte
	}{
		{"events", eventStream(100)}, {"one-byte", chunks("x", 10000)}, {"16KiB", chunks(strings.Repeat("x", 16<<10), 4)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.src)))
			dst := make([]byte, len(c.src))
			var d Decoder
			for b.Loop() {
				d.Reset(Chunked, 0)
				if _, _, err := d.Decode(dst, c.src); err != nil || !d.Done() {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHostileHead reads heads made to be slow; MB/s should not fall with
// their size.
func BenchmarkHostileHead(b *testing.B) {
	const start = "GET / HTTP/1.1\r\nHost: a\r\n"
	for _, size := range []int{4 << 10, 64 << 10} {
		for _, c := range []struct{ name, head string }{
			{"carriage-returns", start + "A: " + strings.Repeat("\r", size)},
			{"one-line", start + "A: " + strings.Repeat("b", size)},
			{"connection-options", start + "Connection: " + strings.Repeat("a,", size/2)},
			{"fields", start + strings.Repeat("A:\r\n", min(size/4, MaxFields-2))},
		} {
			p := []byte(c.head + "\r\n\r\n")
			b.Run(c.name+"/"+strconv.Itoa(size), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				var h Head
				for b.Loop() {
					from := 0
					for n := 1; n < len(p); n += 64 { // in small pieces
						_, from, _ = HeadEnd(p[:n], from)
					}
					if end, _, err := HeadEnd(p, from); err == nil && end > 0 && h.ParseRequest(p[:end]) == nil {
						for i := range h.Fields {
							_ = h.HopByHop(h.Fields[i].Name)
						}
					}
				}
			})
		}
	}
}
