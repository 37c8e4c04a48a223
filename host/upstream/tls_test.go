package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, Subject: pkix.Name{CommonName: "test CA"}}, nil, nil)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// issue makes a certificate for a server with these names, or for a client.
func (a *authority) issue(names ...string) tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	cert, key := a.sign(template, a.cert, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// certificates are a server's configuration for 127.0.0.1, and a client's that
// trusts it.
func certificates(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	a := newAuthority(t)
	return &tls.Config{Certificates: []tls.Certificate{a.issue("127.0.0.1", "localhost")}}, &tls.Config{RootCAs: a.pool()}
}

// Authorities, client certificates and server names are as configured.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	loopback := ours.issue("127.0.0.1", "localhost")
	named := ours.issue("models.internal")
	withClient := &tls.Config{Certificates: []tls.Certificate{loopback}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.pool()}
	for _, test := range []struct {
		name   string
		server *tls.Config
		client *tls.Config
		good   bool
	}{
		{"custom CA", &tls.Config{Certificates: []tls.Certificate{loopback}}, &tls.Config{RootCAs: ours.pool()}, true},
		{"system roots", &tls.Config{Certificates: []tls.Certificate{loopback}}, nil, false},
		{"wrong CA", &tls.Config{Certificates: []tls.Certificate{loopback}}, &tls.Config{RootCAs: other.pool()}, false},
		{"another name", &tls.Config{Certificates: []tls.Certificate{named}}, &tls.Config{RootCAs: ours.pool()}, false},
		{"server name", &tls.Config{Certificates: []tls.Certificate{named}}, &tls.Config{RootCAs: ours.pool(), ServerName: "models.internal"}, true},
		{"wrong server name", &tls.Config{Certificates: []tls.Certificate{named}}, &tls.Config{RootCAs: ours.pool(), ServerName: "models.example"}, false},
		{"client certificate", withClient, &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{ours.issue()}}, true},
		{"TLS 1.2", &tls.Config{Certificates: []tls.Certificate{loopback}, MaxVersion: tls.VersionTLS12}, &tls.Config{RootCAs: ours.pool()}, true},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{loopback}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, &tls.Config{RootCAs: ours.pool()}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := test.client.Clone()
			target := openURL(t, "https://"+listenTLS(t, test.server, replying(hello)).addr(), func(o *Options) { o.TLS = test.client })
			_, body, err := fetch(target, get())
			if test.good {
				if body != "hello" || err != nil {
					t.Errorf("%q, %v", body, err)
				}
			} else {
				failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true})
				counts(t, target, 0, 0, 0)
			}
			if before != nil && (test.client.ServerName != before.ServerName || test.client.NextProtos != nil) {
				t.Error("the caller's configuration was changed")
			}
		})
	}
	// A client certificate that is missing or another authority's is told of late
	// in TLS 1.3: with the first read. Nothing was answered, so it may be retried.
	for name, client := range map[string]*tls.Config{
		"no certificate": {RootCAs: ours.pool()}, "another's": {RootCAs: ours.pool(), Certificates: []tls.Certificate{other.issue()}},
	} {
		target := openURL(t, "https://"+listenTLS(t, withClient, replying(hello)).addr(), func(o *Options) { o.TLS = client })
		_, _, err := fetch(target, get())
		var f *Failure
		if !errors.As(err, &f) || f.Reason != "dial" && f.Reason != "reset" || !f.Retry {
			t.Errorf("%s: %v", name, err)
		}
		counts(t, target, 0, 0, 0)
	}
}

// A port that does not speak TLS, and one that speaks nothing.
func TestFault14_NotTLS(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"HTTP":    func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"closes":  func(net.Conn) {},
		"garbage": func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x03\xff\xff"); untilClosed(c) },
	} {
		target := openURL(t, "https://"+listen(t, serve).addr())
		_, _, err := fetch(target, get())
		var f *Failure
		if !errors.As(err, &f) || f.Reason != "dial" || !f.Retry || f.Timeout {
			t.Errorf("%s: %v", name, err)
		}
	}
	silent := listen(t, untilClosed)
	target := openURL(t, "https://"+silent.addr(), func(o *Options) { o.Connect = 30 * time.Millisecond })
	_, _, err := fetch(target, get())
	failed(t, err, Failure{Reason: "dial", Phase: Connecting, Retry: true, Timeout: true})
}

// Sessions are resumed: a new connection does not cost a whole handshake.
func TestTLSResumption(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	resumed := make(chan bool, 10)
	p := listenTLS(t, server, func(c net.Conn) {
		once("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")(c)
		resumed <- c.(*tls.Conn).ConnectionState().DidResume
	})
	target := openURL(t, "https://"+p.addr(), func(o *Options) { o.TLS = client })
	for i := range 3 {
		mustFetch(t, target, get(), "hello")
		if got := receive(t, resumed, "the server"); got != (i > 0) {
			t.Errorf("connection %d resumed: %t", i, got)
		}
	}
}
