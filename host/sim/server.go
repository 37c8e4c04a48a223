package sim

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/fasthttp"
)

// Options describes the model and its server; the zero value is an instant model
// called "sim".
type Options struct {
	// Seed sets the words: the same seed, model and prompt give the same answer.
	Seed uint64
	// TTFT is the time from the slot to the first token; the header x-sim-ttft overrides it.
	TTFT time.Duration
	// TPOT is the time from a token to the next; the header x-sim-tpot overrides it.
	TPOT time.Duration
	// Slots bounds the generations at once; others wait in order of arrival. 0: no bound.
	Slots int
	// CacheBlocks is the size of the prefix cache in blocks of 64 tokens (256 bytes
	// of prompt). 0: DefaultCacheBlocks; negative: no cache.
	CacheBlocks int
	// Models are the names that GET /v1/models lists, {"sim"} by default. Requests
	// may name any model; the name is echoed.
	Models []string
	// MaxBody bounds a request body in bytes; more is answered with 413. 0: DefaultMaxBody.
	MaxBody int
	// OnCancel, if set, is called with the time at which the model noticed that a
	// client had left before the end of its answer. It runs on the connection's
	// goroutine, so that there can be several calls at once, and must not block.
	OnCancel func(time.Time)
	// Now, if set, gives the time that answers are stamped with. Waiting always goes
	// by the real clock.
	Now func() time.Time
}

const (
	DefaultCacheBlocks = 4096
	DefaultMaxBody     = 16 << 20

	maxBody     = 1 << 30
	headerLimit = 64 << 10
	readTimeout = time.Minute
	idleTimeout = 10 * time.Minute
	retryAccept = 10 * time.Millisecond
)

// Stats counts since New.
type Stats struct {
	Requests     uint64 // received, of any kind
	Faults       uint64 // of them, answered with a fault that x-sim-fault asked for
	Cancelled    uint64 // of them, abandoned by the client before the end of the answer
	InFlight     int64  // requests being answered now
	OpenConns    int64
	Generating   int // slots in use
	Waiting      int // generations waiting for a slot
	PromptTokens uint64
	CachedTokens uint64 // part of PromptTokens
	CacheHits    uint64 // prompts of which a part was in the prefix cache
	OutputTokens uint64 // of the answers begun; a client that leaves does not get them all
	Events       uint64 // sent; a body that is not streamed is one
}

// Server is a simulated model server. New makes it, Serve runs it, Close ends it.
type Server struct {
	opt     Options
	http    fasthttp.Server
	gate    gate
	cache   *prefixCache
	pool    sync.Pool // of *exchange
	chunked sync.Map  // *fasthttp.RequestHeader → dialect, of bodies of unknown length being read
	date    atomic.Pointer[dateLine]

	closing atomic.Bool
	done    chan struct{} // closed by the first Close
	serving sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	failures  map[uint64]int // requests with fail=N, by hash of x-sim-key

	requests, faults, cancelled, events atomic.Uint64
	prompted, cached, hits, output      atomic.Uint64
	inFlight                            atomic.Int64
}

// New makes a server with opt. It starts nothing.
func New(opt Options) *Server {
	if len(opt.Models) == 0 {
		opt.Models = []string{"sim"}
	}
	if opt.CacheBlocks == 0 {
		opt.CacheBlocks = DefaultCacheBlocks
	}
	if opt.MaxBody <= 0 {
		opt.MaxBody = DefaultMaxBody
	}
	opt.MaxBody = min(opt.MaxBody, maxBody)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Server{
		opt:       opt,
		gate:      gate{slots: opt.Slots},
		cache:     newPrefixCache(opt.CacheBlocks),
		done:      make(chan struct{}),
		listeners: map[net.Listener]struct{}{},
		conns:     map[*conn]struct{}{},
		failures:  map[uint64]int{},
	}
	s.pool.New = func() any { return &exchange{srv: s} }
	s.http = fasthttp.Server{
		Handler:                      s.handle,
		ErrorHandler:                 s.refuse,
		HeaderReceived:               s.received,
		ExpectHandler:                s.expect,
		MaxRequestBodySize:           opt.MaxBody,
		ReadBufferSize:               headerLimit,
		WriteBufferSize:              512,  // its answers are not sent; see conn.Write
		ReduceMemoryUsage:            true, // no read buffer while a stream is open
		ReadTimeout:                  readTimeout,
		IdleTimeout:                  idleTimeout,
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultDate:                true, // fasthttp's would leave a goroutine behind
		NoDefaultContentType:         true,
		Logger:                       silent{},
	}
	return s
}

// silent drops fasthttp's messages: broken connections are this server's daily work.
type silent struct{}

func (silent) Printf(string, ...any) {}

// Serve answers the connections of ln until Close, which also closes ln; it then
// returns nil. It may be called for several listeners at once.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	if s.closing.Load() {
		s.mu.Unlock()
		return ln.Close()
	}
	s.listeners[ln] = struct{}{}
	s.serving.Add(1)
	s.mu.Unlock()
	defer s.serving.Done()
	for {
		inner, err := ln.Accept()
		if err == nil {
			s.start(inner)
			continue
		}
		if s.closing.Load() {
			return nil
		}
		if t, ok := err.(interface{ Temporary() bool }); !ok || !t.Temporary() {
			s.mu.Lock()
			delete(s.listeners, ln)
			s.mu.Unlock()
			return err
		}
		select { // out of file descriptors: others must close first
		case <-s.done:
			return nil
		case <-time.After(retryAccept):
		}
	}
}

// start serves one connection on a goroutine of its own.
func (s *Server) start(inner net.Conn) {
	c := &conn{Conn: inner, srv: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		_ = inner.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		defer c.Close()
		_ = s.http.ServeConn(c)
	}()
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// Close closes the listeners and cuts every connection, streams in the middle of
// an answer included, and waits until all goroutines have ended or ctx has.
// Clients that it cuts do not count as having left. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	s.mu.Lock()
	if s.closing.CompareAndSwap(false, true) {
		close(s.done)
	}
	for ln := range s.listeners {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
		delete(s.listeners, ln)
	}
	for c := range s.conns {
		_ = c.Conn.Close() // its own goroutine does the rest
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.serving.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		errs = append(errs, ctx.Err())
	}
	return errors.Join(errs...)
}

// Stats is a snapshot; its figures may be of slightly different moments.
func (s *Server) Stats() Stats {
	busy, waiting := s.gate.load()
	s.mu.Lock()
	open := len(s.conns)
	s.mu.Unlock()
	return Stats{
		Requests: s.requests.Load(), Faults: s.faults.Load(), Cancelled: s.cancelled.Load(),
		InFlight: s.inFlight.Load(), OpenConns: int64(open), Generating: busy, Waiting: waiting,
		PromptTokens: s.prompted.Load(), CachedTokens: s.cached.Load(), CacheHits: s.hits.Load(),
		OutputTokens: s.output.Load(), Events: s.events.Load(),
	}
}

// fails reports whether this is one of the first n requests with the key.
func (s *Server) fails(key string, n int) bool {
	const most = 1 << 16 // keys come from outside
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failures) >= most {
		clear(s.failures)
	}
	h := xxhash.Sum64String(key)
	s.failures[h]++
	return s.failures[h] <= n
}

// dateLine is a Date header for one second.
type dateLine struct {
	second int64
	line   []byte
}

func (s *Server) dateHeader() []byte {
	now := s.opt.Now()
	if d := s.date.Load(); d != nil && d.second == now.Unix() {
		return d.line
	}
	d := &dateLine{second: now.Unix(), line: fasthttp.AppendHTTPDate([]byte("Date: "), now)}
	d.line = append(d.line, "\r\n"...)
	s.date.Store(d)
	return d.line
}
