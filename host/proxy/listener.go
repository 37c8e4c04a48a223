package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"weir/host/dialect"
	"weir/host/socket"
)

// listener guards what it accepts, holds limits.connections, and survives
// running out of file descriptors. Accept is called by one goroutine.
type listener struct {
	net.Listener
	srv *Server
	tls func() *tls.Config

	reserve *os.File // given up to accept, and refuse, one more connection
	parting atomic.Int32
}

// Accept returns the next connection that may be served. The error it returns
// ends fasthttp's loop, so only a closed listener gives one.
func (l *listener) Accept() (net.Conn, error) {
	var pause time.Duration
	for {
		raw, err := l.Listener.Accept()
		if err == nil {
			pause = 0
			if c := l.admit(raw); c != nil {
				return c, nil
			}
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, io.EOF
		}
		if pause == 0 {
			l.srv.log.Warn("accept failed", "err", err)
		}
		if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.shedWithReserve() {
			pause = time.Millisecond
			continue
		}
		pause = min(max(2*pause, time.Millisecond), 100*time.Millisecond)
		time.Sleep(pause) // nothing can be accepted: do not spin
	}
}

// admit guards a connection if there is room for it, else sheds it.
func (l *listener) admit(raw net.Conn) net.Conn {
	if l.reserve == nil {
		l.openReserve() // it could not be had back when descriptors were out
	}
	if l.srv.open.Add(1) > int64(l.srv.limits().Connections) {
		l.srv.open.Add(-1)
		l.shed(raw)
		return nil
	}
	return l.guard(raw)
}

// config is the TLS configuration in force, nil for plain HTTP.
func (l *listener) config() *tls.Config {
	if l.tls == nil {
		return nil
	}
	return l.tls()
}

// guard wraps a connection that has been counted in open.
func (l *listener) guard(raw net.Conn) *conn {
	s := l.srv
	c := &conn{Conn: raw, raw: raw, srv: s, buf: make([]byte, readBuffer)}
	if cfg := l.config(); cfg != nil {
		c.Conn = tls.Server(raw, cfg)
	} else if sock, err := socket.New(raw); err == nil {
		sock.Sent = c.letGo
		c.Conn, c.sock = sock, sock
	}
	s.metrics.ConnOpened()
	if e, err := s.watcher.Add(raw, c.onHangup); err == nil {
		c.entry, c.watched = e, true
	} else {
		s.log.Warn("a client's leaving cannot be seen on this connection", "err", err)
	}
	s.mu.Lock()
	s.conns[c] = struct{}{} // from here on Shutdown may close it
	s.mu.Unlock()
	return c
}

// maxParting bounds the goroutines that see refused connections off.
const maxParting = 64

// shed answers 503 and closes. No goroutine waits for clients that do not take
// their answer once maxParting do.
func (l *listener) shed(raw net.Conn) {
	l.srv.metrics.ConnShed()
	if l.config() != nil { // the answer would have to wait for a handshake
		_ = raw.Close()
		return
	}
	id := newID(&[idLen]byte{})
	body := dialect.AppendError(nil, dialect.OpenAI, &dialect.Error{
		Kind:    dialect.Unavailable,
		Message: "too many connections; the limit is limits.connections = " + strconv.Itoa(l.srv.limits().Connections),
		Code:    "connections",
	}, id)
	_ = raw.SetWriteDeadline(time.Now().Add(writeNow))
	_, _ = raw.Write(appendAnswer(nil, 503, dialect.OpenAI, id, body))
	if l.parting.Load() >= maxParting {
		_ = raw.Close()
		return
	}
	l.parting.Add(1)
	go func() {
		defer l.parting.Add(-1)
		lingerOn(raw, make([]byte, 1<<10))
		_ = raw.Close()
	}()
}

// writeNow bounds the write of a short answer into the empty buffer of a new
// socket, which does not block.
const writeNow = 10 * time.Millisecond

// shedWithReserve accepts one connection with the descriptor kept back for it
// and refuses it, so that a client learns why instead of waiting in the queue.
func (l *listener) shedWithReserve() bool {
	if l.reserve == nil {
		return false
	}
	l.closeReserve()
	defer l.openReserve()
	if tl, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = tl.SetDeadline(time.Now().Add(time.Millisecond))
		defer func() { _ = tl.SetDeadline(time.Time{}) }()
	}
	raw, err := l.Listener.Accept()
	if err != nil {
		return false
	}
	l.srv.metrics.ConnShed()
	if l.config() == nil {
		_ = raw.SetWriteDeadline(time.Now().Add(writeNow))
		_, _ = raw.Write([]byte("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"))
	}
	_ = raw.Close()
	return true
}

func (l *listener) openReserve() { l.reserve, _ = os.Open(os.DevNull) }

func (l *listener) closeReserve() {
	if l.reserve != nil {
		_ = l.reserve.Close()
		l.reserve = nil
	}
}
