package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"weir/host/http1"
)

// Options describe a target. Durations are as in the configuration.
type Options struct {
	Name        string
	URL         string            // http://host[:port][/base], https://…, unix:/path/to/socket[:/base]
	Headers     map[string]string // set on every request, the credential among them
	Connections int               // open at most
	HeadLimit   int               // bytes of an answer's head
	Connect     time.Duration     // dial, proxy tunnel and TLS handshake together
	FirstByte   time.Duration     // from having a connection until the answer's head
	TLS         *tls.Config       // for https; nil: system roots
	Proxy       *url.URL
	Allow       []netip.Prefix // otherwise refused addresses that may be dialled
}

// Target is somewhere requests are sent to. It is safe for concurrent use.
type Target struct {
	Name   string
	Budget *RetryBudget

	prefix  string // before the path on the request line: base path, or absolute form for a proxy
	trim    bool   // base ends in /v1, which requests repeat
	fields  string // Host and the target's own headers, as lines
	opt     Options
	dialer  dialer
	pool    pool
	overlay []string // lower-case names the target sets itself
}

// Open makes a target; nothing is dialled yet.
func Open(opt Options) (*Target, error) {
	t := &Target{Name: opt.Name, Budget: NewRetryBudget(), opt: opt}
	t.pool.max = max(1, opt.Connections)
	t.dialer = dialer{allow: opt.Allow, timeout: opt.Connect, proxy: opt.Proxy}
	host, err := t.parseURL(opt.URL)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", opt.Name, err)
	}
	var b strings.Builder
	b.WriteString("Host: " + host + "\r\n")
	for name, value := range opt.Headers {
		t.overlay = append(t.overlay, strings.ToLower(name))
		b.WriteString(name + ": " + value + "\r\n")
	}
	if opt.Proxy != nil && t.dialer.tls == nil {
		b.WriteString(proxyAuthorization(opt.Proxy))
	}
	t.fields = b.String()
	return t, nil
}

func (t *Target) parseURL(raw string) (host string, err error) {
	base := ""
	if path, ok := strings.CutPrefix(raw, "unix:"); ok {
		path, base, _ = strings.Cut(path, ":")
		t.dialer.network, t.dialer.address, host = "unix", path, "localhost"
	} else {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", errors.New("url must be http://, https:// or unix:/path")
		}
		host, base = u.Host, u.EscapedPath()
		t.dialer.network, t.dialer.address = "tcp", hostPort(u)
		if u.Scheme == "https" {
			t.dialer.tls = clientTLS(t.opt.TLS, u.Hostname())
		}
	}
	base = strings.TrimSuffix(base, "/")
	base, t.trim = strings.CutSuffix(base, "/v1")
	if t.trim {
		base += "/v1"
	}
	t.prefix = base
	if t.opt.Proxy != nil && t.dialer.tls == nil && t.dialer.network == "tcp" {
		t.prefix = "http://" + host + base
	}
	return host, nil
}

func clientTLS(c *tls.Config, server string) *tls.Config {
	if c = c.Clone(); c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.ServerName == "" {
		c.ServerName = server
	}
	c.NextProtos = []string{"http/1.1"}
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(32)
	}
	return c
}

// Sets tells whether the target sets the header with that name itself, so that
// the client's is not sent.
func (t *Target) Sets(name []byte) bool {
	for _, n := range t.overlay {
		if http1.EqualFold(name, n) {
			return true
		}
	}
	return false
}

// Close closes idle connections at once and those in use when they come back.
func (t *Target) Close() { t.pool.close() }

// Connections returns how many connections are open, how many of them idle, and
// how many requests wait for one.
func (t *Target) Connections() (open, idle, waiting int) { return t.pool.counts() }

// appendHead writes the request head for r.
func (t *Target) appendHead(dst []byte, r *Request) []byte {
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = append(dst, t.prefix...)
	path := r.Path
	if t.trim && len(path) >= 4 && string(path[:4]) == "/v1/" {
		path = path[3:]
	}
	dst = append(dst, path...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = append(dst, t.fields...)
	dst = append(dst, r.Fields...)
	if r.Sized {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(r.Size), 10)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// connect finds a connection for the call: an idle one that is still good, a
// new one, or one that another request gives back in time.
func (t *Target) connect(c *Call) (*conn, error) {
	for {
		cn, w, err := t.pool.take()
		if err != nil {
			return nil, &Failure{Target: t.Name, Reason: "removed", Retry: true, Err: err}
		}
		if w != nil {
			if cn, err = t.await(c, w); err != nil {
				return nil, err
			}
		}
		if cn == nil {
			return t.dial(c)
		}
		if time.Since(cn.idle) < peekAfter || cn.alive() {
			return cn, nil
		}
		_ = cn.Close()
		t.pool.forget()
	}
}

// await waits for a connection to be given back.
func (t *Target) await(c *Call, w *waiter) (*conn, error) {
	gone := make(chan struct{})
	if !c.begin(func() { close(gone) }) {
		t.pool.leave(w, time.Now())
		return nil, t.cancelled(Connecting)
	}
	timer := time.NewTimer(t.opt.FirstByte)
	defer timer.Stop()
	select {
	case cn := <-w.ch:
		c.begin(nil)
		return cn, nil
	case <-gone:
		t.pool.leave(w, time.Now())
		return nil, t.cancelled(Connecting)
	case <-timer.C:
		c.begin(nil)
		t.pool.leave(w, time.Now())
		return nil, &Failure{Target: t.Name, Reason: "busy", Timeout: true, Err: errBusy}
	}
}

// dial opens a connection with a right that take gave.
func (t *Target) dial(c *Call) (*conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !c.begin(cancel) {
		t.pool.forget()
		return nil, t.cancelled(Connecting)
	}
	cn, err := t.dialer.dial(ctx)
	if err == nil {
		return cn, nil
	}
	t.pool.forget()
	switch {
	case c.Cancelled():
		return nil, t.cancelled(Connecting)
	case errors.Is(err, ErrAddressRefused):
		return nil, &Failure{Target: t.Name, Reason: "address_refused", Err: err}
	}
	return nil, &Failure{Target: t.Name, Reason: "dial", Timeout: isTimeout(err), Retry: true, Err: err}
}

func (t *Target) cancelled(p Phase) *Failure {
	return &Failure{Target: t.Name, Phase: p, Reason: "cancelled", Err: ErrCancelled}
}
