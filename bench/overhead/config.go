package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A site is where one process of a peer lives.
type site struct {
	dir      string // its own
	addr     string // to listen on
	admin    string // Weir's admin listener
	upstream string
	without  []string // Weir: what is switched off
	plugins  []string // Weir: modules that run for every request
	cache    string   // Weir: where compiled modules are kept
	revision int      // Weir: a setting of the first plugin, so that configurations differ
}

// write puts a file there.
func (s *site) write(name, text string) (string, error) {
	path := filepath.Join(s.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// adminToken opens Weir's admin listener for profiles; it listens on loopback while a run lasts.
const adminToken = "overhead"

// weirConfig is Weir as it is measured: one target, one route, no records, and plugins only where s has some. Parsing, usage and metrics are always on; signals, phrases and prefix keys
// unless they are in s.without.
func weirConfig(s *site) string {
	var b strings.Builder
	fmt.Fprintf(&b, `listen: %s
admin: { listen: %s, token: %s }
log: { level: warn }
targets:
  bench: { kind: openai, url: "http://%s/v1", connections: 8192 }
routes:
  - { targets: [bench] }
signals: %t
`, s.addr, s.admin, adminToken, s.upstream, !slices.Contains(s.without, "signals"))
	if !slices.Contains(s.without, "phrases") {
		b.WriteString("phrases:\n  bench:\n    list:\n")
		for _, p := range phrases {
			fmt.Fprintf(&b, "      - %q\n", p)
		}
	}
	seen := 65536
	if slices.Contains(s.without, "prefix") {
		seen = 0 // then no keys are made
	}
	fmt.Fprintf(&b, "prefix: { seen: %d }\n", seen)
	s.appendPlugins(&b)
	return b.String()
}

// appendPlugins writes the modules as plugins, and the policy of all of them. Limits of time are on like all others and far away: what a request costs is the
// same, and a machine that is busy does not look like a plugin that fails.
func (s *site) appendPlugins(b *strings.Builder) {
	if len(s.plugins) == 0 {
		return
	}
	var names []string
	fmt.Fprintf(b, "cache_dir: %q\nplugins:\n", s.cache)
	for i, module := range s.plugins {
		name, settings := fmt.Sprintf("p%d", i+1), ""
		if i == 0 && s.revision > 0 {
			settings = fmt.Sprintf(", config: { version: %d }", s.revision)
		}
		fmt.Fprintf(b, "  %s: { module: %q, limits: { deadline: 1s, wait: 5s }%s }\n", name, module, settings)
		names = append(names, name)
	}
	fmt.Fprintf(b, "policies:\n  default: { before: [%s], budget: 10s }\n", strings.Join(names, ", "))
}

// nginxConfig is one worker in the foreground. Answers that are no streams are buffered, as by default; streams are not, since the upstream says
// X-Accel-Buffering: no, as Weir and other gateways do.
func nginxConfig(s *site) string {
	return fmt.Sprintf(`daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream bench {
    server %s;
    keepalive 4096;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }
  server {
    listen %s backlog=4096;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_read_timeout 1h;
    }
  }
}
`, s.upstream, s.addr)
}

// haproxyConfig is one thread in the foreground that shares its connections to the server among all clients.
func haproxyConfig(s *site) string {
	return fmt.Sprintf(`global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  http-reuse always
  option http-no-delay
frontend clients
  bind %s
  default_backend bench
backend bench
  server upstream %s pool-max-conn 4096
`, s.addr, s.upstream)
}
