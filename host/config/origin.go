package config

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// An origin is the sort of place a target's URL leads to.
type origin struct {
	tls  bool // https
	unix bool // a unix socket
}

var (
	errURLForm   = errors.New("not a URL")
	errURLScheme = errors.New("the URL's scheme is neither http nor https nor unix")
	errURLUser   = errors.New("the URL holds credentials")
	errURLExtra  = errors.New("the URL holds a query or a fragment")
	errURLHost   = errors.New("the URL's host is neither an IP address nor a name")
	errURLPort   = errors.New("the URL's port is no number from 1 to 65535")
	errURLPath   = errors.New("the URL's path holds escapes, //, or dot segments")
	errURLSocket = errors.New("the URL's socket path is not absolute")
)

// parseOrigin checks the URL of a target: http://HOST[:PORT][/PREFIX], https
// likewise, or unix:PATH[:/PREFIX] with an absolute PATH that holds no colon.
// Errors do not repeat the URL.
func parseOrigin(text string) (origin, error) {
	if rest, ok := strings.CutPrefix(text, unixPrefix); ok {
		return parseSocket(rest)
	}
	if hasControl(text) || strings.ContainsAny(text, " \\") {
		return origin{}, errURLForm
	}
	u, err := url.Parse(text)
	if err != nil {
		return origin{}, errURLForm
	}
	if (u.Scheme != "http" && u.Scheme != "https") || !strings.HasPrefix(text, u.Scheme+"://") {
		return origin{}, errURLScheme
	}
	if u.User != nil {
		return origin{}, errURLUser
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return origin{}, errURLExtra
	}
	if !isHost(u.Hostname()) {
		return origin{}, errURLHost
	}
	if !isPort(u.Port()) && (u.Port() != "" || strings.HasSuffix(u.Host, ":")) {
		return origin{}, errURLPort
	}
	return origin{tls: u.Scheme == "https"}, checkPrefix(u.EscapedPath())
}

// isPort accepts 1 to 65535 in plain decimal digits.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n != 0 && strconv.FormatUint(n, 10) == text
}

func parseSocket(text string) (origin, error) {
	path, prefix, _ := strings.Cut(text, ":")
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || hasControl(path) {
		return origin{}, errURLSocket
	}
	if err := checkSocketPath(path); err != nil {
		return origin{}, err
	}
	if prefix != "" && !strings.HasPrefix(prefix, "/") {
		return origin{}, errURLPath
	}
	if strings.ContainsAny(prefix, "?#") {
		return origin{}, errURLExtra
	}
	return origin{unix: true}, checkPrefix(prefix)
}

// checkPrefix refuses paths that two servers could read in different ways.
func checkPrefix(path string) error {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return nil
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return errURLPath
		}
		for i := 0; i < len(segment); i++ {
			if !isAlnum(segment[i]) && strings.IndexByte("-._~!$&'()*+,;=:@", segment[i]) < 0 {
				return errURLPath
			}
		}
	}
	return nil
}

var (
	errProxyForm = errors.New("not the URL of an HTTP proxy")
	errProxyPort = errors.New("the proxy's URL names no port from 1 to 65535")
)

// check holds the URL to http://[USER[:PASSWORD]@]HOST:PORT. Errors do not
// repeat it.
func (p ProxyURL) check() error {
	u, err := url.Parse(string(p))
	if err != nil || u.Scheme != "http" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.ForceQuery || strings.Contains(string(p), "#") || !isHost(u.Hostname()) {
		return errProxyForm
	}
	if !isPort(u.Port()) {
		return errProxyPort
	}
	// RFC 7617: the user-id holds no colon, and neither part a control character.
	password, _ := u.User.Password()
	if strings.Contains(u.User.Username(), ":") || hasControl(u.User.Username()+password) {
		return errProxyForm
	}
	return nil
}
