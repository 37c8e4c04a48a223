package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keyPair writes a self-signed certificate and its key as NAME.pem and NAME.key.
func keyPair(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, dir, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func TestLoadTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyPair(t, dir, "a")
	keyPair(t, dir, "b")
	c, err := Load(write(t, dir, "weir.yaml", `
tls: {cert: a.pem, key: a.key, client_ca: b.pem}
targets: {t: {kind: vllm, url: https://h, tls: {ca: a.pem, cert: b.pem, key: b.key, server_name: x.example}}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"weir.yaml", "a.pem", "a.key", "b.pem", "b.key"}
	for i := range want {
		want[i] = filepath.Join(dir, want[i])
	}
	if got := c.Files(); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if c.TLS.Cert != want[1] || c.Targets["t"].TLS.Key != want[4] {
		t.Errorf("paths: %v, %v", c.TLS, c.Targets["t"].TLS)
	}
}

func TestFaultsOfTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyPair(t, dir, "a")
	keyPair(t, dir, "b")
	for text, want := range map[string]string{
		"tls: {cert: a.pem, key: b.key}\n":                    "2:13: tls.cert and tls.key do not load: tls: ",
		"tls: {cert: a.key, key: a.key}\n":                    "2:13: tls.cert and tls.key do not load: tls: ",
		"tls: {cert: a.pem}\n":                                "2:6: tls.key is missing",
		"tls: {key: a.key}\n":                                 "2:6: tls.cert is missing",
		"tls: {cert: a.pem, key: a.key, client_ca: a.key}\n":  "2:43: tls.client_ca: the file holds no certificate",
		"tls: {cert: a.pem, key: a.key, client_ca: c.pem}\n":  "2:43: tls.client_ca: cannot read the file: no such file or directory",
		"tls: {cert: a.pem, key: '', client_ca: a.pem}\n":     "2:25: tls.key: empty",
		"tls:\n  cert: a.pem\n  key: a.key\n  client_ac: a\n": `5:3: unknown key "client_ac" in tls`,
	} {
		_, err := Parse(filepath.Join(dir, "weir.yaml"), []byte(sim+text), nil)
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(strings.TrimPrefix(faults[0].String(), faults[0].File+":"), want) {
			t.Errorf("%s got %v\nwant %s", text, err, want)
		}
	}
}
