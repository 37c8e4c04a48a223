package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// refusal is why a request is not answered.
type refusal struct {
	status        int
	code, message string
}

// open reports whether a path is served without a token.
func open(path string) bool {
	return path == "/metrics" || path == "/livez" || path == "/readyz"
}

// check says why a request is refused, nil if it is not. The order, and what each is against:
//
//  1. Host: a page whose name was rebound to this address (DNS rebinding) sends its own name. The open paths skip it, for scrapers that use a service's name.
//  2. Origin, Sec-Fetch-Site: a page of another origin (CSRF), or one without any (null: sandboxed frames, files).
//  3. Token: everybody else who reaches the listener. It comes last, so that no page can even try tokens.
//
// The answer is 403 throughout, not 401: a browser must not ask its user for a password.
func (s *Server) check(r *http.Request) *refusal {
	free := open(r.URL.Path)
	if !free && !s.hostAllowed(r.Host) {
		return &refusal{http.StatusForbidden, "host_not_allowed", "the Host header must be an IP address, localhost, or a name the admin listener is configured for"}
	}
	if !sameOrigin(r) {
		return &refusal{http.StatusForbidden, "origin_not_allowed", "requests from pages of another origin are refused"}
	}
	if free {
		return nil
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 1 || len(site) == 1 && site[0] != "same-origin" && site[0] != "none" {
		return &refusal{http.StatusForbidden, "cross_site", "requests that a browser makes for another site are refused"}
	}
	want := s.token()
	if want == "" {
		return &refusal{http.StatusForbidden, "no_token_configured", "no token is configured; set admin.token_file"}
	}
	got, ok := bearer(r.Header.Values("Authorization"))
	if !ok {
		return &refusal{http.StatusForbidden, "token_missing", "send the token of admin.token_file once, as Authorization: Bearer TOKEN"}
	}
	if !equal(got, want) {
		return &refusal{http.StatusForbidden, "token_wrong", "the token is not that of admin.token_file"}
	}
	return nil
}

// hostAllowed reports whether a Host header names this machine rather than a page: DNS cannot rebind an address or localhost.
func (s *Server) hostAllowed(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil { // no port
		host, port = hostport, ""
		if inner, ok := strings.CutPrefix(host, "["); ok {
			if host, ok = strings.CutSuffix(inner, "]"); !ok {
				return false
			}
		}
	}
	for _, digit := range []byte(port) {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	host = strings.ToLower(host)
	if host == "localhost" || s.hosts[host] {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" // zones have no place in a Host header (RFC 6874)
}

// sameOrigin reports whether a request carries no Origin, or that of this server (RFC 6454).
func sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return len(origins) == 1 && r.Host != "" && strings.EqualFold(origins[0], scheme+r.Host)
}

// bearer returns the token of the one Authorization header there must be (RFC 6750).
func bearer(headers []string) (string, bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// equal compares in a time that depends on neither content nor length: both are hashed first.
func equal(got, want string) bool {
	g, w := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(g[:], w[:]) == 1
}
