package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// ServeHTTP refuses, or routes by exact path: no cleaning and no redirects, so that what was checked is what is served.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			s.survive(w, r, p)
		}
	}()
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if why := s.check(r); why != nil {
		s.refused.Warn("admin request refused", "reason", why.Code, "client", r.RemoteAddr, "method", r.Method, "path", r.URL.Path)
		fail(w, why.Status, why.Code, why.Message)
		return
	}
	if !uploads(r) { // which reads its own
		if why := readBody(w, r); why != nil {
			fail(w, why.Status, why.Code, why.Message)
			return
		}
	}
	s.route(w, r)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	var handler http.HandlerFunc
	methods := []string{http.MethodGet, http.MethodHead}
	switch path {
	case "/metrics":
		handler = s.metrics
	case "/livez":
		handler = func(w http.ResponseWriter, _ *http.Request) { reply(w, r, http.StatusOK, probe{OK: true}) }
	case "/readyz":
		handler = s.ready
	case "/admin/v1/status":
		handler = func(w http.ResponseWriter, r *http.Request) { reply(w, r, http.StatusOK, s.gateway.Status()) }
	case "/admin/v1/tenants":
		handler = func(w http.ResponseWriter, r *http.Request) { reply(w, r, http.StatusOK, s.gateway.Tenants()) }
	case "/admin/v1/plugins":
		handler = func(w http.ResponseWriter, r *http.Request) { reply(w, r, http.StatusOK, s.gateway.Plugins("")) }
	case "/admin/v1/config":
		handler = s.config
	case "/admin/v1/reload":
		handler, methods = s.reload, []string{http.MethodPost}
	default:
		if name, ok := strings.CutPrefix(path, "/debug/pprof/"); ok {
			handler = func(w http.ResponseWriter, r *http.Request) { profile(w, r, name) }
			methods = []string{http.MethodGet}
		} else if tenant, name, ok := tenantPath(path); ok {
			handler, methods = s.tenantPlugins(tenant, name)
		}
	}
	switch {
	case handler == nil:
		fail(w, http.StatusNotFound, "not_found", "no such path")
	case !slices.Contains(methods, r.Method):
		allowed := strings.Join(methods, ", ")
		w.Header().Set("Allow", allowed)
		fail(w, http.StatusMethodNotAllowed, "method_not_allowed", "this path takes "+allowed)
	default:
		handler(w, r)
	}
}

// survive answers a request whose handler panicked with a 500, and logs the stack.
func (s *Server) survive(w http.ResponseWriter, r *http.Request, panicked any) {
	s.log.Error("panic in the admin API", "path", r.URL.Path, "panic", panicked, "stack", string(debug.Stack()))
	fail(w, http.StatusInternalServerError, "internal", "internal error; see the log")
}

// readBody reads a body nobody needs, up to a small cap, so that a larger one is told rather than cut off.
func readBody(w http.ResponseWriter, r *http.Request) *Refusal {
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		return nil
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &Refusal{http.StatusRequestEntityTooLarge, "body_too_large", "no path here takes a body of that size"}
	}
	return &Refusal{http.StatusBadRequest, "body_broken", "the body could not be read"}
}

type probe struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ok, reason := s.gateway.Ready()
	if ok {
		reply(w, r, http.StatusOK, probe{OK: true})
		return
	}
	reply(w, r, http.StatusServiceUnavailable, probe{Reason: reason})
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	page := s.composeMetrics()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(page) // a scraper that has gone
}

// composeMetrics is serialised: whoever asks for a thousand pages at once gets them one after the other.
func (s *Server) composeMetrics() []byte {
	s.scrape.Lock()
	defer s.scrape.Unlock()
	var page bytes.Buffer
	s.gateway.WriteMetrics(&page)
	return page.Bytes()
}

func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	text, err := s.gateway.Config()
	if err != nil {
		fail(w, http.StatusInternalServerError, "internal", err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	_, _ = w.Write(text)
}

// reload goes through even when its caller leaves half-way: a configuration is taken or not, whoever still listens.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	extend(w, reloadTimeout)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reloadTimeout)
	defer cancel()
	if err := s.gateway.Reload(ctx); err != nil {
		fail(w, http.StatusUnprocessableEntity, "reload_failed", err.Error())
		return
	}
	reply(w, r, http.StatusOK, probe{OK: true})
}

// refuse sends an error: what the caller is to be told, or that the log has more.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if why := (*Refusal)(nil); errors.As(err, &why) {
		if why.Status == http.StatusTooManyRequests || why.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		fail(w, why.Status, why.Code, why.Message)
		return
	}
	s.log.Error("admin request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	fail(w, http.StatusInternalServerError, "internal", "internal error; see the log")
}

// extend allows an answer d before the usual time for writing it begins.
func extend(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + writeTimeout)) // without one (in tests) nothing is to extend
}

// reply sends v as JSON.
func reply(w http.ResponseWriter, r *http.Request, status int, v any) {
	var body []byte
	var err error
	if r.URL.Query().Has("pretty") {
		body, err = json.MarshalIndent(v, "", "  ")
	} else {
		body, err = json.Marshal(v)
	}
	if err != nil {
		fail(w, http.StatusInternalServerError, "internal", "the answer cannot be written as JSON: "+err.Error())
		return
	}
	send(w, status, body)
}

// fail sends an error as JSON: {"error":{"code","message"}}.
func fail(w http.ResponseWriter, status int, code, message string) {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string]detail{"error": {code, message}})
	if err != nil {
		body = []byte(`{"error":{"code":"internal","message":"internal error"}}`)
	}
	send(w, status, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that has gone
}
