package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestFault17_Addresses(t *testing.T) {
	t.Parallel()
	d := &dialer{}
	for _, address := range []string{
		"169.254.169.254:80", "169.254.0.1:80", "169.254.170.2:80", "0.0.0.0:80", "0.1.2.3:80", "224.0.0.1:80", "239.1.1.1:80", "255.255.255.255:80",
		"100.100.100.200:80", "168.63.129.16:80", "192.0.0.192:80",
		"[::]:80", "[fe80::1]:80", "[fe80::1%lo]:80", "[febf::1]:80", "[ff02::1]:80", "[ff02::1%1]:80",
		"[fd00:ec2::254]:80", "[fd00:ec2::23]:80", "[fd20:ce::254]:80", "[fd00:42::42]:80",
		"[::ffff:169.254.169.254]:80", "[::ffff:a9fe:a9fe]:80", "[::ffff:0.0.0.0]:80", "[::ffff:100.100.100.200%lo]:80", // IPv4-mapped
		"[64:ff9b::169.254.169.254]:80", "[64:ff9b::a9fe:a9fe%eth0]:80", "[64:ff9b::]:80", "[64:ff9b::168.63.129.16]:80", // NAT64
		"[64:ff9b:1::169.254.169.254]:80", "[64:ff9b:1:a9fe:a9:fe00::]:80", "[64:ff9b:1:a9:fe:a9fe::]:80", "[64:ff9b:1:1:a9:fea9:fe00:0]:80", // NAT64 for local use
		"[2002:a9fe:a9fe::]:80", "[2002:a9fe:a9fe:1::5]:80", "[2002::1]:80", "[2002:e000:1::]:80", // 6to4
		"[::169.254.169.254]:80", "[::ffff:0:169.254.169.254]:80", // IPv4-compatible and -translated
		"nonsense", "localhost:80", "169.254.169.254", "1.2.3.4:http", "[fe80::1:80",
	} {
		if err := d.check(context.Background(), "tcp", address, nil); !errors.Is(err, ErrAddressRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{
		"127.0.0.1:80", "127.1.2.3:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "10.0.0.1:80", "192.168.1.1:80", "172.16.0.1:80", "100.64.0.1:80", "100.100.100.201:80",
		"8.8.8.8:443", "192.0.2.1:80", "169.253.255.255:80", "169.255.0.0:80", "1.0.0.0:80", "255.255.255.254:80",
		"[2001:db8::1]:80", "[fd00::1]:80", "[fd00:ec3::254]:80", "[fd20:ce::253]:80", "[fec0::1]:80",
		"[64:ff9b::8.8.8.8]:80", "[64:ff9b:1::8.8.8.8]:80", "[64:ff9b:1:808:8:800::]:80", "[2002:808:808::]:80", "[::ffff:0:8.8.8.8]:80",
	} {
		if err := d.check(context.Background(), "tcp", address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := d.check(context.Background(), "unix", "/run/model.sock", nil); err != nil {
		t.Error(err)
	}
}

func TestFault17_AllowedAddresses(t *testing.T) {
	t.Parallel()
	d := &dialer{allow: []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32"), netip.MustParsePrefix("fe80::/10")}}
	for address, want := range map[string]bool{
		"169.254.169.254:80": true, "[::ffff:169.254.169.254]:80": true, "169.254.169.253:80": false,
		"[fe80::1%eth0]:80": true, "[64:ff9b::169.254.169.254]:80": false, "127.0.0.1:80": true,
	} {
		if err := d.check(context.Background(), "tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A refused address fails without a connection and without leave to try again.
func TestFault17_RefusedAtDial(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"http://169.254.169.254/latest", "https://169.254.169.254", "http://0.0.0.0:1", "http://[::]:1", "http://[fe80::1%25lo]", "http://[::ffff:169.254.169.254]",
	} {
		if strings.Contains(u, "[") && !hasIPv6() {
			continue
		}
		target := openURL(t, u)
		_, _, err := fetch(target, get())
		if f := failed(t, err, Failure{Reason: "address_refused", Phase: Connecting}); !errors.Is(f, ErrAddressRefused) {
			t.Error(f)
		}
		counts(t, target, 0, 0, 0)
	}
}

func hasIPv6() bool {
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	_ = syscall.Close(fd)
	return true
}

// "localhost" and loopback addresses are where local models answer.
func TestLoopbackIsAllowed(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	_, port, err := net.SplitHostPort(p.addr())
	if err != nil {
		t.Fatal(err)
	}
	mustFetch(t, openURL(t, "http://localhost:"+port), get(), "hello")
	mustFetch(t, openURL(t, "http://[::ffff:127.0.0.1]:"+port), get(), "hello")
}

// A proxy would connect to what Weir must not: addresses are checked in every
// spelling that a resolver takes for one.
func TestFault17_LiteralsThroughProxy(t *testing.T) {
	t.Parallel()
	p := listen(t, replying(hello))
	for _, host := range []string{
		"169.254.169.254", "169.254.169.254.", "[fe80::1]", "[::ffff:169.254.169.254]", "2852039166", "0xa9fea9fe", "0xA9.0376.43518", "169.16689662", "0251.254.169.254", "0",
	} {
		for _, scheme := range []string{"http", "https"} {
			target := openURL(t, scheme+"://"+host+"/", func(o *Options) { o.Proxy = &url.URL{Scheme: "http", Host: p.addr()} })
			_, _, err := fetch(target, get())
			failed(t, err, Failure{Reason: "address_refused", Phase: Connecting})
		}
	}
	if n := p.accepted.Load(); n > 0 {
		t.Errorf("the proxy got %d connections", n)
	}
	for _, host := range []string{"models.example", "10.0.0.1", "0x0a000001", "face", "1.2.3.4.5", "256.1.1.1.example", "08"} {
		d := &dialer{address: net.JoinHostPort(host, "80")}
		if err := d.checkLiteral(); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	// The proxy itself is dialled, and checked, as a target is.
	target := openURL(t, "http://models.example", func(o *Options) { o.Proxy = &url.URL{Scheme: "http", Host: "169.254.1.1:3128"} })
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "address_refused", Phase: Connecting})
}

// names is a DNS server; answer gives the address of a name at each question,
// or an invalid one to say nothing.
func names(t *testing.T, answer func() netip.Addr) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				a := answer()
				if !a.IsValid() {
					continue
				}
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: a.As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	r := newResolver(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	})
	r.PreferGo = true
	return r
}

// A name that leads somewhere else the second time is checked the second time.
func TestFault17_Rebinding(t *testing.T) {
	t.Parallel()
	p := listen(t, once(hello))
	_, port, err := net.SplitHostPort(p.addr())
	if err != nil {
		t.Fatal(err)
	}
	var questions atomic.Int32
	target := openURL(t, "http://models.example.:"+port)
	target.dialer.resolver = names(t, func() netip.Addr {
		if questions.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("169.254.169.254")
	})
	mustFetch(t, target, get(), "hello")
	if idle := target.pool.idle; len(idle) > 0 {
		eventually(t, "the end arrives", func() bool { return !idle[0].alive() })
	}
	_, _, err = fetch(target, get())
	failed(t, err, Failure{Reason: "address_refused", Phase: Connecting})
}

// A name server that is silent costs the connect timeout, or nothing when the
// client leaves.
func TestResolving(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	silent := names(t, func() netip.Addr {
		asked <- struct{}{}
		return netip.Addr{}
	})
	target := openURL(t, "http://models.example.", func(o *Options) { o.Connect = 50 * time.Millisecond })
	target.dialer.resolver = silent
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true, Timeout: true})
	for len(asked) > 0 {
		<-asked
	}
	target = openURL(t, "http://models.example.")
	target.dialer.resolver = silent
	var c Call
	ended := make(chan error, 1)
	go func() {
		_, err := target.Do(&c, get())
		ended <- err
	}()
	receive(t, asked, "the question")
	c.Cancel()
	failed(t, receive(t, ended, "the call to end"), Failure{Reason: "cancelled", Phase: Connecting})
	counts(t, target, 0, 0, 0)
}
