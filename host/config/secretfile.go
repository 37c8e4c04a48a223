package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

const (
	maxSecretFile = 64 << 10
	maxPEMFile    = 4 << 20
)

// readFile reads a regular file of at most limit bytes. Errors do not repeat
// the path, which may be a secret in the wrong place.
func readFile(path string, limit int64) (data []byte, mode fs.FileMode, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, 0, bare(err)
	}
	if int64(len(data)) > limit {
		return nil, 0, errors.New("larger than " + Size(limit).String())
	}
	return data, info.Mode(), nil
}

// bare strips the path from an error of package os.
func bare(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// watch notes a file the configuration depends on.
func (c *checker) watch(path string) {
	if !c.watched[path] {
		c.watched[path] = true
		c.files = append(c.files, path)
	}
}

// readSecret reads the one credential a file holds; line ends after it are
// not part of it.
func (c *checker) readSecret(setting, path string) Secret {
	c.watch(path)
	data, mode, err := readFile(path, maxSecretFile)
	if err != nil {
		c.fault(c.at(setting), setting+": cannot read the file: "+err.Error(), "name a readable file in "+setting+"; relative paths start at the configuration file's folder")
		return ""
	}
	secret := strings.TrimRight(string(data), "\r\n")
	switch {
	case secret == "":
		c.fault(c.at(setting), setting+": the file is empty", "write the credential into the file that "+setting+" names")
		return ""
	case !isCredential(secret):
		c.fault(c.at(setting), setting+": the file holds more than one line, blanks, or characters beyond ASCII", "write the credential alone into the file that "+setting+" names")
		return ""
	}
	if mode.Perm()&0o004 != 0 {
		c.warnings.add(c.at(setting), setting+": every user of this machine can read the file", "take the right to read away from others: chmod o-r; in Kubernetes set defaultMode: 0400")
	}
	return Secret(secret)
}

func (c *checker) serverTLS() {
	t := c.config.TLS
	if t == nil {
		return
	}
	c.keyPair("tls.cert", t.Cert, "tls.key", t.Key)
	c.authorities("tls.client_ca", t.ClientCA)
	if !slices.ContainsFunc(c.config.Listen, func(a Address) bool { return a.Network() == "tcp" }) {
		c.warnings.add(c.at("tls"), "tls is given, but every listener is a unix socket, which serves no TLS", "remove tls, or add HOST:PORT to listen")
	}
}

func (c *checker) clientTLS(path string, t *Target) {
	if t.TLS == nil {
		return
	}
	path += ".tls"
	if o, err := parseOrigin(t.URL); err == nil && !o.tls {
		c.fault(c.at(path), path+" is given, but the target's url is not https", "write the url with https://, or remove "+path)
	}
	c.authorities(path+".ca", t.TLS.CA)
	if (t.TLS.Cert == "") != (t.TLS.Key == "") {
		have, miss := ".cert", ".key"
		if t.TLS.Cert == "" {
			have, miss = miss, have
		}
		if !c.given(path + miss) {
			c.fault(c.at(path+have), path+have+" is given without "+path+miss, "add "+path+miss+", or remove "+path+have)
		}
	} else {
		c.keyPair(path+".cert", t.TLS.Cert, path+".key", t.TLS.Key)
	}
	if name := t.TLS.ServerName; name != "" && !isHost(name) {
		c.fault(c.at(path+".server_name"), path+".server_name is neither a name nor an IP address", "write the name in the target's certificate")
	}
}

// keyPair checks that a certificate and its key load and belong together.
func (c *checker) keyPair(certSetting, cert, keySetting, key string) {
	if cert == "" || key == "" {
		return
	}
	certPEM, okCert := c.readPEM(certSetting, cert)
	keyPEM, okKey := c.readPEM(keySetting, key)
	if !okCert || !okKey {
		return
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		c.fault(c.at(certSetting), certSetting+" and "+keySetting+" do not load: "+oneLine(err.Error()), "name PEM files of a certificate chain, leaf first, and of its private key")
	}
}

// authorities checks that a file holds certificates.
func (c *checker) authorities(setting, path string) {
	if path == "" {
		return
	}
	data, ok := c.readPEM(setting, path)
	if ok && !x509.NewCertPool().AppendCertsFromPEM(data) {
		c.fault(c.at(setting), setting+": the file holds no certificate", "name a PEM file with one or more CERTIFICATE blocks in "+setting)
	}
}

func (c *checker) readPEM(setting, path string) ([]byte, bool) {
	c.watch(path)
	data, _, err := readFile(path, maxPEMFile)
	if err != nil {
		c.fault(c.at(setting), setting+": cannot read the file: "+err.Error(), "name a readable PEM file in "+setting+"; relative paths start at the configuration file's folder")
		return nil, false
	}
	return data, true
}

// oneLine keeps an error of another package on one line, within bounds, and
// without the semicolon that ends what is wrong in a Fault.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 || r == 0x7f:
			return ' '
		case r == ';':
			return ','
		}
		return r
	}, s)
	return s[:min(len(s), 200)]
}
