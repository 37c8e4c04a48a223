package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
)

// Listen is one or more addresses to accept connections on.
type Listen []Address

// An Address is HOST:PORT or unix:PATH. The empty address means none.
type Address string

// unixPrefix is what the addresses of unix sockets begin with.
const unixPrefix = "unix:"

// Network gives "unix" or "tcp", as net.Listen takes it.
func (a Address) Network() string {
	if strings.HasPrefix(string(a), unixPrefix) {
		return "unix"
	}
	return "tcp"
}

// Address gives HOST:PORT or the socket's path, as net.Listen takes it.
func (a Address) Address() string { return strings.TrimPrefix(string(a), unixPrefix) }

// Local says whether only this machine can connect: a unix socket, a loopback
// address, or the name localhost.
func (a Address) Local() bool {
	if a.Network() == "unix" {
		return true
	}
	host, _, err := net.SplitHostPort(string(a))
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// setAddress reads an address to listen on; a relative socket path starts at
// the decoder's folder.
func (d *decoder) setAddress(p *Address, text string, f field) error {
	if f.format == "optional" && (text == "" || text == "off") {
		*p = ""
		return nil
	}
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" || strings.HasPrefix(path, "@") || hasControl(path) {
			return errors.New("not the path of a unix socket")
		}
		path = d.absolute(path)
		if err := checkSocketPath(path); err != nil {
			return err
		}
		*p = Address(unixPrefix + path)
		return nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("not an address")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return errors.New("the port is no number from 0 to 65535")
	}
	if host != "" && !isHost(host) {
		return errors.New("the host is neither an IP address nor a name")
	}
	*p = Address(text)
	return nil
}

// checkSocketPath holds a path to what fits into the system's sun_path, with
// the zero byte that ends it.
func checkSocketPath(path string) error {
	limit := 103
	if runtime.GOOS == "linux" {
		limit = 107
	}
	if len(path) > limit {
		return fmt.Errorf("the socket's path is %d bytes long, more than the %d the system allows", len(path), limit)
	}
	return nil
}

// isHost accepts an IP address, with or without a zone, or a name of RFC 1123 (and _, which is in use).
func isHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == "" || isName(ip.Zone())
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !isWord(label) {
			return false
		}
	}
	// A name made of numbers only is a mistyped address.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}

// conflicts says whether two addresses cannot be listened on together.
func (a Address) conflicts(b Address) bool {
	if a == "" || b == "" || a.Network() != b.Network() {
		return false
	}
	if a.Network() == "unix" {
		return a == b
	}
	hostA, portA, errA := net.SplitHostPort(string(a))
	hostB, portB, errB := net.SplitHostPort(string(b))
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return isAny(hostA) || isAny(hostB) || sameHost(hostA, hostB)
}

func isAny(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || (err == nil && ip.IsUnspecified())
}

func sameHost(a, b string) bool {
	ipA, errA := netip.ParseAddr(a)
	ipB, errB := netip.ParseAddr(b)
	if errA == nil && errB == nil {
		return ipA.Unmap() == ipB.Unmap()
	}
	return strings.EqualFold(a, b)
}
