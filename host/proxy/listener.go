package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"weir/host/dialect"
)

// listener guards what it accepts, holds limits.connections, and survives
// running out of file descriptors.
type listener struct {
	net.Listener
	srv *Server
	tls func() *tls.Config

	mu      sync.Mutex
	reserve *os.File // given up to accept, and refuse, one more connection
	parting atomic.Int32
}

// Accept returns the next connection that may be served. The error it returns
// ends fasthttp's loop, so only a closed listener gives one.
func (l *listener) Accept() (net.Conn, error) {
	for pause := time.Millisecond; ; {
		raw, err := l.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil, io.EOF
			}
			l.srv.log.Warn("accept failed", "err", err)
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
				l.shedWithReserve()
			}
			time.Sleep(pause) // the queue is full or descriptors are out: do not spin
			pause = min(2*pause, 100*time.Millisecond)
			continue
		}
		pause = time.Millisecond
		if l.srv.open.Load() >= int64(l.srv.limits().Connections) {
			l.shed(raw)
			continue
		}
		return l.guard(raw), nil
	}
}

// config is the TLS configuration in force, nil for plain HTTP.
func (l *listener) config() *tls.Config {
	if l.tls == nil {
		return nil
	}
	return l.tls()
}

func (l *listener) guard(raw net.Conn) *conn {
	s := l.srv
	c := &conn{Conn: raw, raw: raw, srv: s, buf: make([]byte, readBuffer)}
	if cfg := l.config(); cfg != nil {
		c.Conn = tls.Server(raw, cfg)
	}
	s.open.Add(1)
	s.metrics.ConnOpened()
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	if e, err := s.watcher.Add(raw, c.onHangup); err == nil {
		c.entry, c.watched = e, true
	} else {
		s.log.Warn("a client's leaving cannot be seen on this connection", "err", err)
	}
	return c
}

// maxParting bounds the goroutines that see refused connections off.
const maxParting = 64

// shed answers 503 and closes.
func (l *listener) shed(raw net.Conn) {
	l.srv.metrics.ConnShed()
	if l.config() != nil || l.parting.Load() >= maxParting {
		_ = raw.Close()
		return
	}
	l.parting.Add(1)
	go func() {
		defer l.parting.Add(-1)
		defer func() { _ = raw.Close() }()
		id := newID(&[idLen]byte{})
		body := dialect.AppendError(nil, dialect.OpenAI, &dialect.Error{
			Kind:    dialect.Unavailable,
			Message: "too many connections; the limit is limits.connections = " + strconv.Itoa(l.srv.limits().Connections),
			Code:    "connections",
		}, id)
		_ = raw.SetDeadline(time.Now().Add(lingerTime))
		_, _ = raw.Write(appendAnswer(nil, 503, dialect.OpenAI, id, body))
		if cw, ok := raw.(interface{ CloseWrite() error }); ok {
			_ = cw.CloseWrite()
		}
		_, _ = io.CopyN(io.Discard, raw, lingerBytes)
	}()
}

// shedWithReserve accepts one connection with the descriptor kept back for it
// and refuses it, so that a client learns why instead of waiting in the queue.
func (l *listener) shedWithReserve() {
	l.closeReserve()
	if tl, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = tl.SetDeadline(time.Now().Add(time.Millisecond))
		defer func() { _ = tl.SetDeadline(time.Time{}) }()
	}
	if raw, err := l.Listener.Accept(); err == nil {
		l.srv.metrics.ConnShed()
		_ = raw.SetDeadline(time.Now().Add(100 * time.Millisecond))
		if l.config() == nil {
			_, _ = raw.Write([]byte("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"))
		}
		_ = raw.Close()
	}
	l.openReserve()
}

func (l *listener) openReserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserve == nil {
		l.reserve, _ = os.Open(os.DevNull)
	}
}

func (l *listener) closeReserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserve != nil {
		_ = l.reserve.Close()
		l.reserve = nil
	}
}
