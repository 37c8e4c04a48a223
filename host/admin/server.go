package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"weir/host/telemetry"
)

// Bounds of the listener. They are not settings: an operator's tools come nowhere near them.
const (
	maxConnections = 256
	maxHeader      = 16 << 10
	maxBody        = 4 << 10 // where nothing reads one
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 60 * time.Second
	reloadTimeout  = 60 * time.Second
	uploadTimeout  = 3 * time.Minute // admission: others' that came first, compilation, the instance that is tried
	uploadBody     = time.Minute     // a module's arrival
)

// Gateway is what the API shows and steers. Its methods are called from many goroutines at once.
type Gateway interface {
	// Ready reports whether requests are taken and, if not, why: draining, not configured.
	Ready() (ok bool, reason string)
	// Status and Tenants return values for encoding/json.
	Status() any
	Tenants() any
	// Config returns the configuration in force as YAML, secrets redacted.
	Config() ([]byte, error)
	// Reload reads the configuration anew. An error leaves the old one in force; its text is shown to the caller.
	Reload(ctx context.Context) error
	// Plugins returns a value for encoding/json: the policy plugins there are, or for a tenant those it uploaded.
	Plugins(tenant string) any
	// Uploads returns what a tenant may upload; ok is false when it may not, or when there is none of that name.
	Uploads(tenant string) (limits Uploads, ok bool)
	// Plugin returns a value for encoding/json: one plugin that a tenant uploaded.
	Plugin(tenant, name string) (v any, ok bool)
	// Upload takes a tenant's plugin into force in the place of any of its name, and returns what Plugin would. When it returns an error, a *Refusal where
	// the caller can do something about it, all is as before.
	Upload(ctx context.Context, u Upload) (v any, created bool, err error)
	// RemovePlugin takes one out of force for good.
	RemovePlugin(ctx context.Context, tenant, name string) error
	// WriteMetrics writes the Prometheus text format 0.0.4.
	WriteMetrics(w io.Writer)
}

// Server serves the admin API.
type Server struct {
	gateway Gateway
	token   func() string
	hosts   map[string]bool
	log     *slog.Logger
	refused *slog.Logger // limited: refusals cost the caller nothing
	http    *http.Server
	stop    context.CancelFunc
	scrape  sync.Mutex // one page of metrics is composed at a time
	places  places
}

// New returns a server for g. token returns the current token, "" when none is set: then everything that needs one is refused. hosts are names, besides
// IP addresses and localhost, under which clients may reach the API.
func New(g Gateway, token func() string, hosts []string, log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	base, stop := context.WithCancel(context.Background())
	s := &Server{
		gateway: g, token: token, hosts: make(map[string]bool), log: log, stop: stop,
		refused: slog.New(telemetry.NewLimited(log.Handler(), 10, time.Second)),
	}
	for _, host := range hosts {
		s.hosts[strings.ToLower(host)] = true
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	s.http = &http.Server{
		Handler:                      s,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeader,
		Protocols:                    &http1,
		DisableGeneralOptionsHandler: true, // OPTIONS * is refused like anything else
		ErrorLog:                     slog.NewLogLogger(s.refused.Handler(), slog.LevelWarn),
		BaseContext:                  func(net.Listener) context.Context { return base },
	}
	return s
}

// Serve answers connections of ln until Close, and closes ln. It returns nil when it ends because of Close.
func (s *Server) Serve(ln net.Listener) error {
	err := s.http.Serve(netutil.LimitListener(ln, maxConnections))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close stops accepting, ends running profiles, lets other answers finish until ctx ends, and then cuts them off. It may be called more than once.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	return err
}
