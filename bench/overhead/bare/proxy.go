package bare

import (
	"bytes"
	"context"
	"iter"
	"log"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// buffer is that of reading and of writing, on both sides: 16 KiB hold a head with most bodies, and stay far below what a thousand streams could not pay.
const buffer = 16 << 10

// Proxy forwards everything to one upstream.
type Proxy struct {
	server fasthttp.Server
	client fasthttp.HostClient
}

// New makes a proxy to an upstream, HOST:PORT.
func New(upstream string) *Proxy {
	p := &Proxy{client: fasthttp.HostClient{
		Addr:                          upstream,
		MaxConns:                      1 << 20,
		MaxIdleConnDuration:           5 * time.Minute,
		ReadBufferSize:                buffer,
		WriteBufferSize:               buffer,
		StreamResponseBody:            true,
		NoDefaultUserAgentHeader:      true,
		DisableHeaderNamesNormalizing: true,
		DisablePathNormalizing:        true,
	}}
	p.server = fasthttp.Server{
		Handler:                       p.handle,
		ReadBufferSize:                buffer,
		WriteBufferSize:               buffer,
		MaxRequestBodySize:            64 << 20,
		NoDefaultServerHeader:         true,
		NoDefaultDate:                 true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm:  true,
		CloseOnShutdown:               true,
	}
	return p
}

// Serve answers connections until ln is closed or Shutdown is called.
func (p *Proxy) Serve(ln net.Listener) error { return p.server.Serve(ln) }

// Shutdown stops to accept, lets requests end until ctx is done, and closes the connections to the upstream.
func (p *Proxy) Shutdown(ctx context.Context) error {
	err := p.server.ShutdownWithContext(ctx)
	p.client.CloseIdleConnections()
	return err
}

func (p *Proxy) handle(ctx *fasthttp.RequestCtx) {
	req, resp := &ctx.Request, &ctx.Response
	for name := hopByHop(req.Header.All()); name != ""; name = hopByHop(req.Header.All()) {
		req.Header.Del(name)
	}
	if err := p.client.Do(req, resp); err != nil {
		log.Printf("bare: %v", err)
		ctx.Error("upstream: "+err.Error(), fasthttp.StatusBadGateway)
		return
	}
	for name := hopByHop(resp.Header.All()); name != ""; name = hopByHop(resp.Header.All()) {
		resp.Header.Del(name)
	}
	// Head and body in one write where the body is there; but a stream's head must not wait for its first event.
	resp.ImmediateHeaderFlush = bytes.HasPrefix(resp.Header.ContentType(), []byte("text/event-stream"))
}

// hopByHop returns the name of the first header that is about one connection and not about the message (RFC 9110, 7.6.1), as it is written there; "" when there
// is none, as nearly always. One pass that mostly looks at lengths is cheaper than deleting each by its name. Transfer-Encoding is fasthttp's own affair.
func hopByHop(headers iter.Seq2[[]byte, []byte]) string {
	for name := range headers {
		var want string
		switch len(name) {
		case len("te"):
			want = "te"
		case len("upgrade"):
			want = "upgrade"
		case len("connection"):
			if want = "connection"; name[0]|0x20 == 'k' {
				want = "keep-alive"
			}
		case len("proxy-connection"):
			want = "proxy-connection"
		case len("proxy-authenticate"):
			want = "proxy-authenticate"
		case len("proxy-authorization"):
			want = "proxy-authorization"
		default:
			continue
		}
		if strings.EqualFold(string(name), want) {
			return string(name)
		}
	}
	return ""
}
