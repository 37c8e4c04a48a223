package standard

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Proxy forwards everything to one upstream.
type Proxy struct {
	server    http.Server
	transport *http.Transport
}

// New makes a proxy to an upstream, HOST:PORT.
func New(upstream string) *Proxy {
	p := &Proxy{transport: &http.Transport{
		MaxIdleConns:        1 << 16,
		MaxIdleConnsPerHost: 1 << 16, // the default of 2 would dial for most requests
		IdleConnTimeout:     5 * time.Minute,
		DisableCompression:  true, // bodies pass as they are
		WriteBufferSize:     16 << 10,
		ReadBufferSize:      16 << 10,
	}}
	target := &url.URL{Scheme: "http", Host: upstream}
	reverse := &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  p.transport,
		BufferPool: &buffers{},
		// FlushInterval is left alone: event streams are flushed at each write in any case.
	}
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Otherwise the server closes the request's body as soon as an answer begins. A transport that has sent the whole body, but not yet asked for its
		// end, then fails to read it, and drops the connection in the middle of the answer: on a busy processor that happens.
		_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/1 always can
		reverse.ServeHTTP(w, r)
	})
	p.server.ReadHeaderTimeout = time.Minute
	return p
}

// Serve answers connections until ln is closed or Shutdown is called; then it returns http.ErrServerClosed.
func (p *Proxy) Serve(ln net.Listener) error { return p.server.Serve(ln) }

// Shutdown stops to accept, lets requests end until ctx is done, and closes the connections to the upstream.
func (p *Proxy) Shutdown(ctx context.Context) error {
	err := p.server.Shutdown(ctx)
	p.transport.CloseIdleConnections()
	return err
}

// buffers is a pool for copying bodies; without one each answer makes 32 KiB of garbage.
type buffers struct{ pool sync.Pool }

// Get returns a buffer of 32 KiB.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[32 << 10]byte); ok {
		return p[:]
	}
	return make([]byte, 32<<10)
}

// Put takes it back.
func (b *buffers) Put(p []byte) { b.pool.Put((*[32 << 10]byte)(p)) }
