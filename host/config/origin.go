package config

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// An Origin is where a target's URL leads.
type Origin struct {
	TLS     bool   // https
	Network string // "tcp" or "unix"
	Address string // HOST:PORT, the port always there, or the path of the socket
	Host    string // for the Host header: HOST or HOST:PORT as in the URL; "localhost" for a unix socket
	Prefix  string // path before the request's own: "" or "/v1", never ending in /
}

var (
	errURLForm   = errors.New("not a URL")
	errURLScheme = errors.New("the URL begins with neither http://, https:// nor unix:")
	errURLUser   = errors.New("the URL holds credentials")
	errURLExtra  = errors.New("the URL holds a query or a fragment")
	errURLHost   = errors.New("the URL's host is neither an IP address nor a name")
	errURLPort   = errors.New("the URL's port is no number from 1 to 65535")
	errURLPath   = errors.New("the URL's path holds escapes, //, or dot segments")
	errURLSocket = errors.New("the URL's socket path is not absolute")
)

// ParseOrigin reads the URL of a target: http://HOST[:PORT][/PREFIX], https
// likewise, or unix:PATH[:/PREFIX] with an absolute PATH that holds no colon.
// Errors do not repeat the URL.
func ParseOrigin(text string) (Origin, error) {
	if rest, ok := strings.CutPrefix(text, unixPrefix); ok {
		return parseSocket(rest)
	}
	if hasControl(text) || strings.ContainsAny(text, " \\") {
		return Origin{}, errURLForm
	}
	u, err := url.Parse(text)
	if err != nil {
		return Origin{}, errURLForm
	}
	if (u.Scheme != "http" && u.Scheme != "https") || !strings.HasPrefix(text, u.Scheme+"://") {
		return Origin{}, errURLScheme
	}
	if u.User != nil {
		return Origin{}, errURLUser
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return Origin{}, errURLExtra
	}
	host, port := u.Hostname(), u.Port()
	if !isHost(host) || strings.Contains(host, "%") {
		return Origin{}, errURLHost
	}
	o := Origin{TLS: u.Scheme == "https", Network: "tcp", Host: u.Host}
	switch {
	case port != "":
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return Origin{}, errURLPort
		}
	case strings.HasSuffix(u.Host, ":"):
		return Origin{}, errURLPort
	case o.TLS:
		port = "443"
	default:
		port = "80"
	}
	o.Address = net.JoinHostPort(host, port)
	o.Prefix, err = pathPrefix(u.EscapedPath())
	return o, err
}

func parseSocket(text string) (Origin, error) {
	path, prefix, _ := strings.Cut(text, ":")
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || hasControl(path) {
		return Origin{}, errURLSocket
	}
	if err := checkSocketPath(path); err != nil {
		return Origin{}, err
	}
	if prefix != "" && !strings.HasPrefix(prefix, "/") {
		return Origin{}, errURLPath
	}
	if strings.ContainsAny(prefix, "?#") {
		return Origin{}, errURLExtra
	}
	o := Origin{Network: "unix", Address: path, Host: "localhost"}
	var err error
	o.Prefix, err = pathPrefix(prefix)
	return o, err
}

// pathPrefix cuts the / at the end, and refuses paths that two servers could
// read in different ways.
func pathPrefix(path string) (string, error) {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", errURLPath
		}
		for i := 0; i < len(segment); i++ {
			if !isAlnum(segment[i]) && strings.IndexByte("-._~!$&'()*+,;=:@", segment[i]) < 0 {
				return "", errURLPath
			}
		}
	}
	return path, nil
}

// Origin gives where the target is; the zero Origin for kind sim.
func (t *Target) Origin() Origin {
	o, err := ParseOrigin(t.URL)
	if err != nil {
		return Origin{}
	}
	return o
}

var (
	errProxyForm = errors.New("not the URL of an HTTP proxy")
	errProxyPort = errors.New("the proxy's URL names no port from 1 to 65535")
)

// Parse gives the proxy's HOST:PORT and the value of Proxy-Authorization, ""
// without credentials. Both are empty when there is no proxy. Errors do not
// repeat the URL.
func (p ProxyURL) Parse() (address, authorization string, err error) {
	if p == "" {
		return "", "", nil
	}
	u, err := url.Parse(string(p))
	if err != nil || u.Scheme != "http" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || !isHost(u.Hostname()) {
		return "", "", errProxyForm
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return "", "", errProxyPort
	}
	if u.User != nil {
		// RFC 7617: the user-id holds no colon.
		password, _ := u.User.Password()
		if strings.Contains(u.User.Username(), ":") || hasControl(u.User.Username()+password) {
			return "", "", errProxyForm
		}
		authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return net.JoinHostPort(u.Hostname(), u.Port()), authorization, nil
}
