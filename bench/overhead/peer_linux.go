package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
)

// A peer is one way from client to upstream.
type peer struct {
	name    string
	version string
	binary  string
	// command makes the command line, and files where it needs them, for one start.
	command func(p *peer, s *site) ([]string, error)
}

// direct reports whether the peer is no proxy at all.
func (p *peer) direct() bool { return p.command == nil }

// findPeers returns the peers asked for that are there, and why the others are not.
func findPeers(names []string, self string, weir map[string]string) (peers []*peer, skipped map[string]string) {
	skipped = map[string]string{}
	for _, name := range names {
		p := &peer{name: name}
		switch name {
		case "direct":
		case "bare", "nethttp":
			p.binary, p.command = self, ownCommand
		case "weir", "weir-portable", peerPlugins:
			p.binary, p.command = weir[name], weirCommand
			p.version = strings.Join(strings.Fields(output(p.binary, "version")), " ")
		case "nginx", "haproxy":
			path, err := find(name)
			if err != nil {
				skipped[name] = err.Error()
				continue
			}
			p.binary, p.command = path, nginxCommand
			if name == "haproxy" {
				p.command = haproxyCommand
			}
			p.version, _, _ = strings.Cut(output(path, "-v"), "\n")
		}
		peers = append(peers, p)
	}
	return peers, skipped
}

// find looks where daemons are installed as well: /usr/sbin is not in every user's PATH.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("not installed: neither in PATH nor in /usr/sbin, /usr/local/sbin, /sbin")
}

func output(binary string, args ...string) string {
	out, err := exec.Command(binary, args...).CombinedOutput() // #nosec G204 -- a peer
	if err != nil {
		return "unknown: " + err.Error()
	}
	return string(out)
}

func ownCommand(p *peer, s *site) ([]string, error) {
	role := roleBare
	if p.name == "nethttp" {
		role = roleNetHTTP
	}
	return []string{role, s.addr, s.upstream}, nil
}

func weirCommand(_ *peer, s *site) ([]string, error) {
	path, err := s.write("weir.yaml", weirConfig(s))
	return []string{"serve", "--config", path}, err
}

func nginxCommand(_ *peer, s *site) ([]string, error) {
	path, err := s.write("nginx.conf", nginxConfig(s))
	return []string{"-c", path, "-p", s.dir, "-e", "stderr"}, err
}

func haproxyCommand(_ *peer, s *site) ([]string, error) {
	path, err := s.write("haproxy.cfg", haproxyConfig(s))
	return []string{"-q", "-db", "-f", path}, err
}

// freeAddr is a free port of loopback, below those that Linux gives to outgoing connections (ip_local_port_range): the load process makes thousands of these
// until the peer listens, and one could take the port.
func freeAddr() (addr string, err error) {
	const lowest, ephemeral, attempts = 12_000, 32_768, 100
	for range attempts {
		var ln net.Listener
		addr = fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(ephemeral-lowest)) // #nosec G404
		if ln, err = net.Listen("tcp", addr); err == nil {
			return addr, ln.Close()
		}
	}
	return "", fmt.Errorf("look for a free port from %d to %d: %w", lowest, ephemeral-1, err)
}
