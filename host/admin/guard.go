package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Refusal is why a request is not answered as it was meant: what its caller is told, and an error for what stands behind [Gateway].
type Refusal struct {
	Status        int // of HTTP
	Code, Message string
}

// Error is the message.
func (r *Refusal) Error() string { return r.Message }

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
func (s *Server) check(r *http.Request) *Refusal {
	free := open(r.URL.Path)
	if !free && !s.hostAllowed(r.Host) {
		return &Refusal{http.StatusForbidden, "host_not_allowed", "the Host header must be an IP address, localhost, or a name the admin listener is configured for"}
	}
	if !sameOrigin(r) {
		return &Refusal{http.StatusForbidden, "origin_not_allowed", "requests from pages of another origin are refused"}
	}
	if free {
		return nil
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 1 || len(site) == 1 && site[0] != "same-origin" && site[0] != "none" {
		return &Refusal{http.StatusForbidden, "cross_site", "requests that a browser makes for another site are refused"}
	}
	return s.checkToken(r)
}

// checkToken wants the operator's token, or on the paths of a tenant's plugins that of the tenant. Of a path of a tenant that does not exist it says what
// it says of others'.
func (s *Server) checkToken(r *http.Request) *Refusal {
	want, own := s.token(), ""
	where := "admin.token_file"
	if tenant, _, ok := tenantPath(r.URL.Path); ok {
		limits, _ := s.gateway.Uploads(tenant)
		own = limits.Token
		where += ", or of the tenant's uploads.token_file"
	} else if want == "" {
		return &Refusal{http.StatusForbidden, "no_token_configured", "no token is configured; set admin.token_file"}
	}
	got, ok := bearer(r.Header.Values("Authorization"))
	if !ok {
		return &Refusal{http.StatusForbidden, "token_missing", "send the token of " + where + " once, as Authorization: Bearer TOKEN"}
	}
	operator, tenant := equal(got, want), equal(got, own) // both, whichever it is
	if !(operator && want != "") && !(tenant && own != "") {
		return &Refusal{http.StatusForbidden, "token_wrong", "the token is not that of " + where}
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
