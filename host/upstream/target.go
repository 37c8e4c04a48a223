package upstream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/host/http1"
)

// Options describe a target. Durations and sizes are as in the configuration;
// where they are zero its defaults hold.
type Options struct {
	Name        string
	URL         string            // http://host[:port][/base], https://…, unix:/path/to/socket[:/base]
	Headers     map[string]string // set on every request, the credential among them
	Connections int               // open at most; default 512
	HeadLimit   int               // bytes of an answer's head; default 64 KiB
	Connect     time.Duration     // dial, proxy tunnel and TLS handshake together; default 2s
	FirstByte   time.Duration     // from having a connection until the answer's head, and longest wait for a connection; default 120s
	TLS         *tls.Config       // for https; nil: system roots
	Proxy       *url.URL          // http://[user:password@]host:port; nil: none
	Allow       []netip.Prefix    // otherwise refused addresses that may be dialled
}

// Target is somewhere requests are sent to. It is safe for concurrent use.
type Target struct {
	Name    string
	Budget  *RetryBudget
	Breaker Breaker

	prefix  string // before the path on the request line: base path, or absolute form for a proxy
	trim    bool   // base ends in /v1, which requests repeat
	fields  string // Host and the target's own headers, as lines
	opt     Options
	dialer  dialer
	pool    pool
	overlay []string // lower-case names the target sets itself
}

// Open makes a target; nothing is dialled yet. Its errors name neither
// credentials nor header values.
func Open(opt Options) (*Target, error) {
	opt.defaults()
	t := &Target{Name: opt.Name, Budget: NewRetryBudget(), opt: opt}
	t.pool.max = opt.Connections
	t.dialer = dialer{allow: opt.Allow, timeout: opt.Connect, proxy: opt.Proxy, resolver: newResolver(new(net.Dialer).DialContext)}
	host, err := t.parseURL(opt.URL)
	if err == nil {
		err = t.checkProxy()
	}
	if err == nil {
		err = t.setFields(host)
	}
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", opt.Name, err)
	}
	return t, nil
}

func (o *Options) defaults() {
	if o.Connections <= 0 {
		o.Connections = 512
	}
	if o.HeadLimit <= 0 {
		o.HeadLimit = 64 << 10
	}
	if o.Connect <= 0 {
		o.Connect = 2 * time.Second
	}
	if o.FirstByte <= 0 {
		o.FirstByte = 120 * time.Second
	}
}

func (t *Target) parseURL(raw string) (host string, err error) {
	var base string
	if path, ok := strings.CutPrefix(raw, "unix:"); ok {
		path, base, _ = strings.Cut(path, ":")
		if !strings.HasPrefix(path, "/") {
			return "", errURL
		}
		t.dialer.network, t.dialer.address, host = "unix", path, "localhost"
	} else {
		u, err := url.Parse(raw)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", errURL
		}
		host, base = withoutZone(u.Host), u.EscapedPath()
		t.dialer.network, t.dialer.address = "tcp", hostPort(u)
		if u.Scheme == "https" {
			t.dialer.tls = clientTLS(t.opt.TLS, u.Hostname())
		}
	}
	base = strings.TrimSuffix(base, "/")
	if base != "" && base[0] != '/' || strings.ContainsFunc(base, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '?' || c == '#' }) {
		return "", errURL
	}
	t.prefix, t.trim = base, strings.HasSuffix(base, "/v1")
	if t.throughProxy() {
		t.prefix = "http://" + host + base
	}
	return host, nil
}

var (
	errURL   = errors.New("url must be http://host[:port][/base], https://… or unix:/path[:/base]")
	errProxy = errors.New("proxy must be http://[user:password@]host:port, and the target no unix socket")
)

// withoutZone takes the zone off an IPv6 literal: it means something on this
// machine only (RFC 6874).
func withoutZone(host string) string {
	if i := strings.IndexByte(host, '%'); i >= 0 {
		if j := strings.IndexByte(host[i:], ']'); j >= 0 {
			return host[:i] + host[i+j:]
		}
	}
	return host
}

// throughProxy tells whether requests go to a proxy in absolute form.
func (t *Target) throughProxy() bool { return t.opt.Proxy != nil && t.dialer.tls == nil }

func (t *Target) checkProxy() error {
	p := t.opt.Proxy
	if p != nil && (p.Scheme != "http" || p.Hostname() == "" || t.dialer.network == "unix") {
		return errProxy
	}
	return nil
}

// setFields writes the lines that every request carries.
func (t *Target) setFields(host string) error {
	var b strings.Builder
	b.WriteString("Host: " + host + "\r\n")
	for _, name := range slices.Sorted(maps.Keys(t.opt.Headers)) {
		value := t.opt.Headers[name]
		if !http1.IsToken([]byte(name)) || !http1.IsValue([]byte(value)) || framing(name) {
			return fmt.Errorf("header %q cannot be set", name)
		}
		t.overlay = append(t.overlay, strings.ToLower(name))
		b.WriteString(name + ": " + value + "\r\n")
	}
	if t.throughProxy() {
		b.WriteString(proxyAuthorization(t.opt.Proxy))
	}
	t.fields = b.String()
	return nil
}

// framing tells whether a field is this package's to write.
func framing(name string) bool {
	switch strings.ToLower(name) {
	case "host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer":
		return true
	}
	return false
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
	// A request is of use to a target when all of it is there: growing records
	// gradually would only cost system calls.
	c.DynamicRecordSizingDisabled = true
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
// Requests that still come, from callers that have not heard of the target's
// removal, are served on connections of their own. It is idempotent.
func (t *Target) Close() { t.pool.close() }

// Connections returns how many connections are open, how many of them idle, and
// how many requests wait for one.
func (t *Target) Connections() (open, idle, waiting int) { return t.pool.counts() }

// appendHead writes the request head for r, whose body has size bytes.
func (t *Target) appendHead(dst []byte, r *Request, size int) []byte {
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = t.appendPath(dst, r.Path)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = append(dst, t.fields...)
	dst = append(dst, r.Fields...)
	if r.Sized || size > 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(size), 10)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// appendPath joins the target's base with a request's path. Clients write /v1
// in front of every path, and base URLs conventionally end in it: it is not
// doubled.
func (t *Target) appendPath(dst, path []byte) []byte {
	dst = append(dst, t.prefix...)
	if t.trim && len(path) >= 3 && string(path[:3]) == "/v1" && (len(path) == 3 || path[3] == '/' || path[3] == '?') {
		path = path[3:]
	}
	return append(dst, path...)
}
