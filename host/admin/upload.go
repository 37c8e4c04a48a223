package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Uploads is what a tenant may upload.
type Uploads struct {
	Token string // "" lets nobody but the operator
	Size  int64  // most bytes of a module
}

// Upload is a plugin that a tenant brings.
type Upload struct {
	Tenant, Name string
	Module       []byte
	Settings     []byte // JSON; nil when there are none
}

// maxSettings bounds the settings of a plugin, in bytes.
const maxSettings = 1 << 20

// tenantPath splits the path of a tenant's plugins, or of one of them; name is "" for all. No segment is empty or holds a slash: what was escaped in the
// path is another path by now.
func tenantPath(path string) (tenant, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/admin/v1/tenants/")
	if !ok {
		return "", "", false
	}
	tenant, rest, ok = strings.Cut(rest, "/plugins")
	if !ok || tenant == "" || strings.Contains(tenant, "/") {
		return "", "", false
	}
	if rest == "" {
		return tenant, "", true
	}
	name, ok = strings.CutPrefix(rest, "/")
	return tenant, name, ok && name != "" && !strings.Contains(name, "/")
}

// uploads reports whether a request brings a plugin.
func uploads(r *http.Request) bool {
	_, name, ok := tenantPath(r.URL.Path)
	return ok && name != "" && r.Method == http.MethodPut
}

// tenantPlugins handles the paths of a tenant's plugins.
func (s *Server) tenantPlugins(tenant, name string) (handler http.HandlerFunc, methods []string) {
	methods = []string{http.MethodGet, http.MethodHead}
	if name != "" {
		methods = append(methods, http.MethodPut, http.MethodDelete)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		limits, ok := s.gateway.Uploads(tenant)
		switch {
		case !ok:
			fail(w, http.StatusNotFound, "no_uploads", "no tenant of that name brings plugins; set tenants.NAME.uploads")
		case name == "":
			reply(w, r, http.StatusOK, s.gateway.Plugins(tenant))
		case !pluginName(name):
			fail(w, http.StatusBadRequest, "bad_name", "a plugin's name is 1 to 64 of a-z, 0-9 and -")
		case r.Method == http.MethodPut:
			s.upload(w, r, tenant, name, limits.Size)
		case r.Method == http.MethodDelete:
			s.remove(w, r, tenant, name)
		default:
			if v, ok := s.gateway.Plugin(tenant, name); ok {
				reply(w, r, http.StatusOK, v)
				return
			}
			fail(w, http.StatusNotFound, "no_plugin", "the tenant has uploaded no plugin of that name")
		}
	}, methods
}

func pluginName(s string) bool {
	return len(s) <= 64 && s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// upload goes through even when its caller leaves once the body has come, as a reload does.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, tenant, name string, size int64) {
	leave, ok := s.places.take(tenant)
	if !ok {
		s.refuse(w, r, &Refusal{http.StatusTooManyRequests, "busy", "too many plugins are on their way in; try again"})
		return
	}
	defer leave()
	extend(w, uploadBody+uploadTimeout)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadBody)) // without one (in tests) nothing is to extend
	u := Upload{Tenant: tenant, Name: name}
	if why := u.read(w, r, size); why != nil {
		s.refuse(w, r, why)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), uploadTimeout)
	defer cancel()
	v, created, err := s.gateway.Upload(ctx, u)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case created:
		reply(w, r, http.StatusCreated, v)
	default:
		reply(w, r, http.StatusOK, v)
	}
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, tenant, name string) {
	extend(w, uploadTimeout)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), uploadTimeout)
	defer cancel()
	if err := s.gateway.RemovePlugin(ctx, tenant, name); err != nil {
		s.refuse(w, r, err)
		return
	}
	reply(w, r, http.StatusOK, probe{OK: true})
}

// read takes module and settings from a request: the module as it is, or both as parts of a form.
func (u *Upload) read(w http.ResponseWriter, r *http.Request, size int64) *Refusal {
	if len(r.Header.Values("Content-Encoding")) > 0 {
		return &Refusal{http.StatusUnsupportedMediaType, "encoded", "send the module without Content-Encoding"}
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/wasm":
		if r.ContentLength > size {
			return moduleTooLarge(size)
		}
		u.Module, err = readUpTo(http.MaxBytesReader(w, r.Body, size+1), size)
	case err == nil && kind == "multipart/form-data":
		const frame = 64 << 10 // boundaries and the parts' headers
		err = u.readForm(http.MaxBytesReader(w, r.Body, size+maxSettings+frame), params["boundary"], size)
	default:
		return &Refusal{http.StatusUnsupportedMediaType, "content_type", "send the module as application/wasm, or as the part module of a multipart/form-data body with its settings as the part settings"}
	}
	var why *Refusal
	switch {
	case errors.Is(err, errLarger), errors.As(err, new(*http.MaxBytesError)):
		return moduleTooLarge(size)
	case errors.As(err, &why):
		return why
	case err != nil:
		return &Refusal{http.StatusBadRequest, "body_broken", "the body could not be read"}
	case len(u.Module) == 0:
		return &Refusal{http.StatusBadRequest, "no_module", "there is no module in the body"}
	}
	return nil
}

func moduleTooLarge(size int64) *Refusal {
	return &Refusal{http.StatusRequestEntityTooLarge, "module_too_large", fmt.Sprintf("a module may have %d bytes; the operator's setting is tenants.NAME.uploads.size", size)}
}

// readForm reads the parts of a form. They are bytes as they stand: no encoding of transfer is undone.
func (u *Upload) readForm(r io.Reader, boundary string, size int64) error {
	if boundary == "" {
		return http.ErrMissingBoundary
	}
	body := &tail{Reader: r}
	form := multipart.NewReader(body, boundary)
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return body.ended(boundary)
		}
		if err != nil {
			return err
		}
		name := part.FormName()
		switch {
		case name == "module" && u.Module == nil:
			u.Module, err = readUpTo(part, size)
		case name == "settings" && u.Settings == nil:
			if u.Settings, err = readUpTo(part, maxSettings); errors.Is(err, errLarger) {
				err = &Refusal{http.StatusRequestEntityTooLarge, "settings_too_large", fmt.Sprintf("settings may have %d bytes", maxSettings)}
			}
		default:
			return &Refusal{http.StatusBadRequest, "bad_form", "the form has the parts module and settings, each once"}
		}
		if err != nil {
			return err
		}
	}
}

// tail keeps the end of what is read: mime/multipart has the same error for a form's end and for one that breaks off.
type tail struct {
	io.Reader
	last []byte
}

func (t *tail) Read(p []byte) (int, error) {
	const most = 128 // a boundary has at most 70 characters
	n, err := t.Reader.Read(p)
	t.last = append(t.last, p[max(0, n-most):n]...)
	t.last = append(t.last[:0], t.last[max(0, len(t.last)-most):]...)
	return n, err
}

// ended tells whether the last boundary is the last thing there is.
func (t *tail) ended(boundary string) error {
	if _, err := io.Copy(io.Discard, t); err != nil {
		return err
	}
	if !bytes.HasSuffix(bytes.TrimRight(t.last, " \t\r\n"), []byte("--"+boundary+"--")) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

var errLarger = errors.New("larger than it may be")

// readUpTo reads all of r; it is never nil.
func readUpTo(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = errLarger
	}
	return b, err
}

// How many plugins may be on their way in: each takes its module's memory meanwhile.
const (
	maxUploads       = 8
	maxTenantUploads = 2
)

// places are those of uploads.
type places struct {
	mu  sync.Mutex
	all int
	by  map[string]int // tenant
}

// take takes one for a tenant until leave is called.
func (p *places) take(tenant string) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= maxUploads || p.by[tenant] >= maxTenantUploads {
		return nil, false
	}
	if p.by == nil {
		p.by = map[string]int{}
	}
	p.all++
	p.by[tenant]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		if p.by[tenant]--; p.by[tenant] == 0 {
			delete(p.by, tenant)
		}
	}, true
}
