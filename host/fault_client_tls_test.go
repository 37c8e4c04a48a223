package host_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for one test and keeps them in files.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), pool: x509.NewCertPool(), next: 1}
	der := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, true)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert = cert
	a.pool.AddCert(cert)
	return a
}

// sign makes a key and a certificate, by itself or by the authority.
func (a *authority) sign(t *testing.T, c *x509.Certificate, self bool) (der []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(a.next)
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	a.next++
	parent, signer := a.cert, a.key
	if self {
		parent, signer = c, key
		a.key = key
	}
	if der, err = x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer); err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, c.Subject.CommonName+".pem", "CERTIFICATE", der)
	a.write(t, c.Subject.CommonName+".key", "PRIVATE KEY", pkcs8)
	return der
}

// write replaces a file as careful tools do: whole, by renaming.
func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	tmp := a.path(name + ".new")
	if err := os.WriteFile(tmp, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, a.path(name)); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// leaf signs a certificate for this machine, in NAME.pem and NAME.key.
func (a *authority) leaf(t *testing.T, name string) {
	t.Helper()
	a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, false)
}

// server is the configuration of a TLS listener with a certificate of its own.
func (a *authority) server(t *testing.T, more ...string) string {
	t.Helper()
	a.leaf(t, "server")
	return fmt.Sprintf("tls: { cert: %s, key: %s%s }\n", a.path("server.pem"), a.path("server.key"), strings.Join(more, ""))
}

// client is an HTTP client that trusts the authority.
func (a *authority) client(t *testing.T, cert *tls.Certificate) *http.Client {
	t.Helper()
	cfg := &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12}
	if cert != nil {
		cfg.Certificates = []tls.Certificate{*cert}
	}
	tr := &http.Transport{TLSClientConfig: cfg}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// serial is the number of the certificate that a new connection is shown.
func (a *authority) serial(t *testing.T, addr string) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestTLSListener(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	up := newTally(t)
	g := start(t, targetAt(up.url)+ca.server(t))
	c := ca.client(t, nil)
	for range 3 {
		resp, body := post(t, c, "https://"+g.addr+"/v1/chat/completions", chat(false, "hello"))
		if resp.StatusCode != 200 || body != fixed || resp.TLS.NegotiatedProtocol != "" && resp.TLS.NegotiatedProtocol != "http/1.1" {
			t.Fatalf("%d %s %+v", resp.StatusCode, body, resp.TLS)
		}
	}
	long := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("x", 300<<10) + `"}]}`
	if resp, body := post(t, c, "https://"+g.addr+"/v1/chat/completions", long); resp.StatusCode != 200 {
		t.Errorf("long body: %d %s", resp.StatusCode, body)
	}
	got := up.take(t)
	if len(got) != 4 || got[3].body != long {
		t.Errorf("%d requests reached the target", len(got))
	}
	if resp, err := http.Get(g.url); err == nil { // plain HTTP to a TLS port
		_ = resp.Body.Close()
		t.Errorf("plain HTTP is answered with %d", resp.StatusCode)
	}
	c.CloseIdleConnections()
	wantOutcomes(t, g, map[string]int{"ok": 4})
}

// A client that leaves over TLS is seen like any other.
func TestFault08_ClientLeavesOverTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	up := newSilent(t, streamed)
	g := start(t, targetAt(up.url)+ca.server(t))
	c, err := tls.Dial("tcp", g.addr, &tls.Config{RootCAs: ca.pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, rawChat(true)); err != nil {
		t.Fatal(err)
	}
	readUntil(t, c, `"content":"a"`)
	_ = c.Close()
	select {
	case <-up.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the target does not hear of it")
	}
	wantOutcomes(t, g, map[string]int{"client_left": 1})
}

// New certificate files are served to new connections; those that are open go on.
func TestTLSCertificatesAreReloaded(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	up := newTally(t)
	g := start(t, targetAt(up.url)+ca.server(t))
	open := ca.client(t, nil)
	if resp, body := post(t, open, "https://"+g.addr+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	old := ca.serial(t, g.addr)
	ca.leaf(t, "server")
	for end := time.Now().Add(20 * time.Second); ca.serial(t, g.addr) == old; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the old certificate is still served")
		}
	}
	resp, body := post(t, open, "https://"+g.addr+"/v1/chat/completions", chat(false, "x"))
	if resp.StatusCode != 200 || resp.TLS.PeerCertificates[0].SerialNumber.Int64() != old {
		t.Errorf("the open connection: %d %s, certificate %v, was %d", resp.StatusCode, body, resp.TLS.PeerCertificates[0].SerialNumber, old)
	}
	// A certificate that cannot be read leaves the one in force serving.
	now := ca.serial(t, g.addr)
	if err := os.WriteFile(ca.path("server.pem"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Reload(context.Background()); err == nil {
		t.Error("garbage is taken for a certificate")
	}
	if got := ca.serial(t, g.addr); got != now {
		t.Errorf("certificate %d is served, want %d", got, now)
	}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	ca.leaf(t, "client")
	stranger.leaf(t, "client")
	up := newTally(t)
	g := start(t, targetAt(up.url)+ca.server(t, ", client_ca: "+ca.path("test.pem")))
	good, err := tls.LoadX509KeyPair(ca.path("client.pem"), ca.path("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := tls.LoadX509KeyPair(stranger.path("client.pem"), stranger.path("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, cert := range map[string]*tls.Certificate{"none": nil, "a stranger's": &bad} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+g.addr+"/v1/chat/completions", strings.NewReader(chat(false, "x")))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := ca.client(t, cert).Do(req); err == nil {
			_ = resp.Body.Close()
			t.Errorf("certificate: %s: answered with %d", name, resp.StatusCode)
		}
	}
	up.wantNone(t)
	c := ca.client(t, &good)
	if resp, body := post(t, c, "https://"+g.addr+"/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	c.CloseIdleConnections()
	wantOutcomes(t, g, map[string]int{"ok": 1})
	if n := metric(t, g, "weir_bad_requests_total", "reason")["tls"]; n != 2 {
		t.Errorf("%d failed handshakes counted, want 2", n)
	}
}

func TestUnixListener(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "weir") // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	up := newTally(t)
	g := start(t, "listen: unix:"+path+"\nadmin: { listen: off }\n"+targetAt(up.url))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v %v, want mode 0660", info.Mode(), err)
	}
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	defer tr.CloseIdleConnections()
	for range 2 {
		if resp, body := post(t, &http.Client{Transport: tr}, "http://weir/v1/chat/completions", chat(false, "x")); resp.StatusCode != 200 {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	// A client that leaves is seen here too.
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, head("Content-Length: 10")+"x"); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	tr.CloseIdleConnections()
	wantOutcomes(t, g, map[string]int{"ok": 2, "client_left": 1})
	g.stop()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket's file is left behind: %v", err)
	}
}

// heap is what lives on the heap.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far from overflowing
}
