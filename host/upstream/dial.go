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
	nd := net.Dialer{ControlContext: d.check, KeepAlive: 30 * time.Second}
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
	c := &conn{Conn: raw, raw: raw, buf: make([]byte, connBuffer)}
	if d.proxy != nil && d.tls != nil {
		if err := d.tunnel(ctx, c); err != nil {
			return nil, err
		}
	}
	if d.tls != nil {
		tc := tls.Client(raw, d.tls)
		if err := tc.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		c.Conn = tc
	}
	return c, nil
}

// tunnel asks the proxy for a way to the target (CONNECT, RFC 9110 section 9.3.6).
func (d *dialer) tunnel(ctx context.Context, c *conn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer stop()
	req := "CONNECT " + d.address + " HTTP/1.1\r\nHost: " + d.address + "\r\n" + proxyAuthorization(d.proxy) + "\r\n"
	if _, err := c.Write([]byte(req)); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	head, err := c.readHead(64 << 10)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	var h http1.Head
	if perr := h.ParseResponse(head, true); perr != nil {
		return fmt.Errorf("proxy: %w", perr)
	}
	if h.Status != 200 {
		return fmt.Errorf("proxy refused CONNECT with status %d", h.Status)
	}
	if !c.clean() {
		return errors.New("proxy sent bytes before the tunnel was used")
	}
	return nil
}

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
	if a, err := netip.ParseAddr(host); err == nil {
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

// metadata are the instance metadata services that are not link-local: AWS over
// IPv6, Alibaba Cloud, Azure's wire server, Oracle's and AWS's IPv6 ranges.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("fd00:ec2::/32"),
	netip.MustParsePrefix("100.100.100.200/32"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.192/32"),
	netip.MustParsePrefix("fd20:ce::254/128"),
}

var (
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	sixTo = netip.MustParsePrefix("2002::/16")
)

// refused tells whether an address is one no model answers at. IPv4 addresses
// are also found inside NAT64 (RFC 6052) and 6to4 (RFC 3056) addresses.
func refused(a netip.Addr) bool {
	if a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return true
	}
	for _, p := range metadata {
		if p.Contains(a) {
			return true
		}
	}
	b := a.As16()
	switch {
	case a.Is4():
		return b[12] == 0 // 0.0.0.0/8: "this network"
	case nat64.Contains(a):
		return refused(netip.AddrFrom4([4]byte(b[12:16])))
	case sixTo.Contains(a):
		return refused(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return false
}
