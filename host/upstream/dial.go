package upstream

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"weir/host/http1"
)

// dialer opens connections to one target.
type dialer struct {
	network, address string // of the target
	allow            []netip.Prefix
	tls              *tls.Config // nil: plain
	proxy            *url.URL
	timeout          time.Duration
	resolver         *net.Resolver
}

// newResolver is the system's resolver, except that it leaves a name server in
// peace as soon as nobody waits for its answer. Go's own would keep a socket and
// goroutines for seconds after the request was cancelled.
func newResolver(dial func(ctx context.Context, network, address string) (net.Conn, error)) *net.Resolver {
	return &net.Resolver{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = c.Close() })
		}
		return c, err
	}}
}

func (d *dialer) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	network, address := d.network, d.address
	if d.proxy != nil {
		if err := d.checkLiteral(); err != nil {
			return nil, err
		}
		network, address = "tcp", hostPort(d.proxy)
	}
	nd := net.Dialer{ControlContext: d.check, KeepAlive: 30 * time.Second, Resolver: d.resolver}
	raw, err := nd.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c, err := d.wrap(ctx, raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return c, nil
}

// wrap opens the tunnel and the TLS session that the target needs on a socket.
func (d *dialer) wrap(ctx context.Context, raw net.Conn) (*conn, error) {
	c := newConn(raw)
	if d.tls == nil {
		return c, nil
	}
	if d.proxy != nil {
		if err := d.tunnel(ctx, c); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	tc := tls.Client(endless{raw}, d.tls)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	c.Conn = tc
	return c, nil
}

// tunnel asks the proxy for a way to the target (CONNECT, RFC 9110 section 9.3.6).
func (d *dialer) tunnel(ctx context.Context, c *conn) (err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer func() {
		if !stop() { // the socket was closed: say why
			err = ctx.Err()
		}
	}()
	req := "CONNECT " + d.address + " HTTP/1.1\r\nHost: " + d.address + "\r\n" + proxyAuthorization(d.proxy) + "\r\n"
	if _, err := c.Write([]byte(req)); err != nil {
		return err
	}
	head, err := c.readHead(connectHead)
	if err != nil {
		return err
	}
	var h http1.Head
	if perr := h.ParseResponse(head, true); perr != nil {
		return perr
	}
	if h.Status < 200 || h.Status > 299 {
		return fmt.Errorf("CONNECT was refused with status %d", h.Status)
	}
	if !c.clean() {
		return errors.New("bytes came before the tunnel was used")
	}
	c.rewind()
	return nil
}

// connectHead bounds the head of a proxy's answer to CONNECT, in bytes.
const connectHead = 16 << 10

// proxyAuthorization is the header line for the user and password in a proxy's
// URL, or nothing.
func proxyAuthorization(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	pass, _ := u.User.Password()
	cred := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + pass))
	return "Proxy-Authorization: Basic " + cred + "\r\n"
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// check refuses addresses after resolution and before connecting, so that a
// name that resolves differently the second time (DNS rebinding) gains nothing.
func (d *dialer) check(_ context.Context, network, address string, _ syscall.RawConn) error {
	if strings.HasPrefix(network, "unix") {
		return nil
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddressRefused, address)
	}
	return d.permit(ap.Addr())
}

// checkLiteral checks a target that is named by address when a proxy connects
// to it. A name is resolved by the proxy, whose rules then apply.
func (d *dialer) checkLiteral() error {
	host, _, err := net.SplitHostPort(d.address)
	if err != nil {
		return err
	}
	if a, ok := literal(host); ok {
		return d.permit(a)
	}
	return nil
}

func (d *dialer) permit(a netip.Addr) error {
	a = a.WithZone("").Unmap()
	for _, p := range d.allow {
		if p.Contains(a) {
			return nil
		}
	}
	if refused(a) {
		return fmt.Errorf("%w: %s", ErrAddressRefused, a)
	}
	return nil
}
