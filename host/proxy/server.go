package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"weir/host/hangup"
	"weir/host/telemetry"
)

// Server is the data plane. It serves any number of listeners by one State.
type Server struct {
	state   current
	sink    atomic.Pointer[telemetry.Sink]
	metrics *telemetry.Metrics
	log     *slog.Logger
	watcher *hangup.Watcher
	http    *fasthttp.Server

	exchanges sync.Pool
	draining  atomic.Bool
	open      atomic.Int64

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// New makes a server. SetState and SetSink must be called before Serve.
func New(m *telemetry.Metrics, log *slog.Logger) (*Server, error) {
	w, err := hangup.New()
	if err != nil {
		return nil, fmt.Errorf("watch client connections: %w", err)
	}
	s := &Server{metrics: m, log: log, watcher: w, conns: map[*conn]struct{}{}}
	s.exchanges.New = func() any { return &exchange{srv: s} }
	s.http = &fasthttp.Server{
		Handler:                       s.handle,
		ErrorHandler:                  s.onError,
		Logger:                        printer{log},
		SecureErrorLogMessage:         true,
		NoDefaultServerHeader:         true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm:  true,
		NoDefaultDate:                 true,
		ReadBufferSize:                128, // it reads canonical heads
		WriteBufferSize:               256, // what it writes is dropped
		CloseOnShutdown:               true,
		Concurrency:                   1 << 30, // listener holds limits.connections
		MaxIdleWorkerDuration:         time.Second,
	}
	return s, nil
}

// SetState puts a new State in force for requests that begin from now on. The
// one it replaces is released once no request is served by it.
func (s *Server) SetState(st *State) { s.state.Store(st) }

// SetSink changes where outcomes are told, those of requests in progress too: the
// sinks of one server share its metrics.
func (s *Server) SetSink(k *telemetry.Sink) { s.sink.Store(k) }

func (s *Server) limits() *Limits { return &s.state.Load().Limits }

// Serve accepts connections until ln is closed. tlsConfig is asked at every
// connection, so certificates can change; nil means plain HTTP.
func (s *Server) Serve(ln net.Listener, tlsConfig func() *tls.Config) error {
	l := &listener{Listener: ln, srv: s, tls: tlsConfig}
	l.openReserve()
	defer l.closeReserve()
	return s.http.Serve(l)
}

// drainGrace is how long connections get to write what the end of draining made
// of their requests.
const drainGrace = 2 * time.Second

// Shutdown stops accepting, lets requests finish until ctx is done, then ends
// the open ones: streams with their dialect's error event. Connections that
// still stand after drainGrace are closed. It returns how many requests had to
// be ended.
func (s *Server) Shutdown(ctx context.Context) int {
	s.draining.Store(true)
	defer s.watcher.Close()
	// fasthttp's shutdown goes on all the while: while it lasts connections close
	// behind their answers, and called a second time it would not wait.
	waiting, enough := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.http.ShutdownWithContext(waiting)
	}()
	defer func() { enough(); <-done }()
	select {
	case <-done:
		return 0
	case <-ctx.Done():
	}
	ended := 0
	for _, c := range s.connections() {
		if c.cancel() {
			ended++
		}
	}
	if !within(drainGrace, done) {
		for _, c := range s.connections() {
			_ = c.abort()
		}
		within(drainGrace, done)
	}
	return ended
}

// within tells whether done is closed before d has passed.
func within(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

func (s *Server) connections() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		out = append(out, c)
	}
	return out
}

// closed forgets a connection.
func (s *Server) closed(c *conn) {
	s.open.Add(-1)
	s.metrics.ConnClosed()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// handle is fasthttp's handler.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	c, ok := ctx.Conn().(*conn)
	if !ok {
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	s.exchange(ctx, c)
}

// exchange serves one request. A panic must not leave it: it would end the
// process.
func (s *Server) exchange(ctx *fasthttp.RequestCtx, c *conn) {
	body, stored, ok := c.readBody()
	if !ok {
		return
	}
	ex := s.exchanges.Get().(*exchange) //nolint:forcetypeassert // the pool holds nothing else
	ex.stored = stored
	defer func() {
		if v := recover(); v != nil {
			ex.panicked(v)
		}
	}()
	ex.begin(ctx, c, body)
	ex.run()
}

// onError answers what fasthttp itself could not read. conn has checked every
// byte before, so this is a second line.
func (s *Server) onError(ctx *fasthttp.RequestCtx, err error) {
	if c, ok := ctx.Conn().(*conn); errors.Is(err, net.ErrClosed) || ok && c.dead {
		return // conn has answered, and counted, it already
	}
	s.metrics.BadRequest("framing")
	ctx.SetStatusCode(fasthttp.StatusBadRequest)
	ctx.SetConnectionClose()
}

// printer gives fasthttp's log lines to slog, at debug: they tell of clients
// that misbehave, which metrics count.
type printer struct{ log *slog.Logger }

func (p printer) Printf(format string, args ...any) {
	p.log.Debug(fmt.Sprintf(format, args...), "from", "fasthttp")
}
