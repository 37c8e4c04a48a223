package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "correct-horse-battery-staple"

// gateway counts what reaches it.
type gateway struct {
	calls  atomic.Int64
	reason atomic.Value // of not being ready
	reload func(ctx context.Context) error
	status any
	config error
	upload func(ctx context.Context, u Upload) (any, bool, error)
}

func (g *gateway) Ready() (ok bool, reason string) {
	reason, _ = g.reason.Load().(string)
	return reason == "", reason
}

func (g *gateway) Status() any {
	g.calls.Add(1)
	if f, ok := g.status.(func() any); ok {
		return f()
	}
	return map[string]any{"version": "1", "targets": []string{"<a>"}}
}

func (g *gateway) Tenants() any {
	g.calls.Add(1)
	return []string{"acme"}
}

func (g *gateway) Config() ([]byte, error) {
	g.calls.Add(1)
	return []byte("listen: x\n"), g.config
}

func (g *gateway) Reload(ctx context.Context) error {
	g.calls.Add(1)
	if g.reload == nil {
		return nil
	}
	return g.reload(ctx)
}

// tokens are those of the tenants that bring plugins; beta's are the operator's to bring.
func tokens() map[string]string {
	return map[string]string{"acme": "acme-token-0123456789", "other": "other-token-0123456789", "beta": ""}
}

func (g *gateway) Uploads(tenant string) (Uploads, bool) {
	own, ok := tokens()[tenant]
	return Uploads{Token: own, Size: 1000}, ok
}

func (g *gateway) Plugins(tenant string) any {
	g.calls.Add(1)
	return []string{"of " + tenant}
}

func (g *gateway) Plugin(tenant, name string) (any, bool) {
	g.calls.Add(1)
	return tenant + "/" + name, name != "none"
}

func (g *gateway) Upload(ctx context.Context, u Upload) (any, bool, error) {
	g.calls.Add(1)
	if g.upload == nil {
		return map[string]string{"module": string(u.Module), "settings": string(u.Settings)}, u.Name == "new", nil
	}
	return g.upload(ctx, u)
}

func (g *gateway) RemovePlugin(_ context.Context, _, name string) error {
	g.calls.Add(1)
	switch name {
	case "none":
		return &Refusal{http.StatusNotFound, "no_plugin", "none of that name"}
	case "stuck":
		return errors.New("disk: canary-of-the-log")
	}
	return nil
}

func (g *gateway) WriteMetrics(w io.Writer) { _, _ = io.WriteString(w, "weir_up 1\n") }

// lockedBuffer takes logs of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// served is an admin server on a loopback port.
type served struct {
	t      *testing.T
	g      *gateway
	server *Server
	addr   string
	log    *lockedBuffer
	client *http.Client
}

func serve(t *testing.T, g *gateway, hosts ...string) *served {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, g: g, addr: ln.Addr().String(), log: &lockedBuffer{}, client: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}}
	s.server = New(g, func() string { return token }, hosts, slog.New(slog.NewJSONHandler(s.log, nil)))
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve(ln) }()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.server.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// ask sends one request with the token and returns status and body.
func (s *served) ask(method, path string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return s.do(r)
}

func (s *served) do(r *http.Request) (*http.Response, string) {
	s.t.Helper()
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

// raw sends bytes over a connection of its own and returns all that comes back until the server closes or the deadline passes.
func (s *served) raw(send string, wait time.Duration) (string, error) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, send); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "pipe") {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}
