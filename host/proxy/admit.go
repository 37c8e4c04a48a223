package proxy

import (
	"bytes"
	"errors"
	"unsafe"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
	"weir/host/tenant"
)

// admit decides whether the request may go on, and where to: path, tenant,
// body, route, in this order. Bodies of strangers are not parsed.
func (x *exchange) admit() *dialect.Error {
	if err := x.locate(); err != nil {
		return err
	}
	if err := x.authenticate(); err != nil {
		x.rec.Outcome = telemetry.Unauthorized
		return err
	}
	if err := x.pickByPath(); err != nil || x.route != nil {
		return err
	}
	if err := x.read(); err != nil {
		x.rec.Outcome = telemetry.ClientError
		return err
	}
	return x.pick()
}

// locate finds the endpoint and with it the dialect that errors are told in.
func (x *exchange) locate() *dialect.Error {
	h := &x.conn.head
	x.path, x.query = splitTarget(h.Target)
	x.endpoint = dialect.EndpointOf(str(x.path))
	x.dialect = x.endpoint.Dialect()
	if x.dialect == dialect.Unknown || x.endpoint == dialect.Models {
		if x.dialect = dialect.OpenAI; has(h, "anthropic-version") || bytes.HasPrefix(x.path, []byte("/v1/messages")) {
			x.dialect = dialect.Anthropic
		}
	}
	x.rec.Dialect, x.rec.Endpoint = x.dialect.String(), x.endpoint.String()
	x.rec.Outcome = telemetry.ClientError
	if !normalPath(x.path) {
		return &dialect.Error{Kind: dialect.BadRequest, Code: "path", Message: "the request path has more than one reading: write it without empty or dot segments and without needless or double percent-encoding"}
	}
	if plain := plainPath(x.path); plain != "" && dialect.EndpointOf(plain) != x.endpoint {
		return &dialect.Error{Kind: dialect.BadRequest, Code: "path", Message: "the request path is another spelling of " + plain + "; write it so"}
	}
	return nil
}

// authenticate names the tenant. Without any configured key everybody is the
// default tenant; config allows that on loopback only.
func (x *exchange) authenticate() *dialect.Error {
	h := &x.conn.head
	if x.st.Tenants.Empty() {
		x.rec.Tenant = tenant.Default
		return nil
	}
	id, err := x.st.Tenants.Authenticate(credential(h), h.Get("x-weir-tenant"), x.start)
	x.rec.Tenant = id.Tenant
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tenant.ErrActFor):
		return &dialect.Error{Kind: dialect.Forbidden, Code: "act_for", Message: err.Error(), NoRetry: true}
	case errors.Is(err, tenant.ErrTenantName):
		return &dialect.Error{Kind: dialect.BadRequest, Code: "tenant_name", Message: err.Error()}
	default:
		return &dialect.Error{Kind: dialect.Unauthorized, Message: err.Error()}
	}
}

// credential is what the client authenticates with: Authorization: Bearer,
// x-api-key or api-key, the first that is there.
func credential(h *http1.Head) []byte {
	if v := h.Get("authorization"); len(v) > 7 && http1.EqualFold(v[:7], "bearer ") {
		return bytes.TrimLeft(v[7:], " ")
	}
	if v := h.Get("x-api-key"); len(v) > 0 {
		return v
	}
	return h.Get("api-key")
}

// pickByPath settles requests that are routed without reading a body: paths of
// routes that inspect nothing, and the model lists.
func (x *exchange) pickByPath() *dialect.Error {
	i := x.st.Table.Match(str(x.path), "")
	if i >= 0 && !x.st.Routes[i].Inspect {
		x.body = x.ctx.Request.Body()
		return x.choose(i)
	}
	if x.endpoint == dialect.None {
		x.rec.Outcome = telemetry.NotFound
		return &dialect.Error{Kind: dialect.NotFound, Code: "unknown_path", Message: "no such endpoint here; to pass a path through unread, give it a route with inspect: none"}
	}
	if m := string(x.conn.head.Method); x.endpoint == dialect.Models {
		if m != "GET" && m != "HEAD" {
			return &dialect.Error{Kind: dialect.MethodNotAllowed, Message: "use GET"}
		}
		if x.conn.head.Framing != http1.NoBody {
			return &dialect.Error{Kind: dialect.BadRequest, Code: "body", Message: "a model list is asked for without a body"}
		}
		id, _ := bytes.CutPrefix(x.path, []byte("/v1/models/"))
		if len(id) == len(x.path) {
			id = nil
		}
		x.rec.Model = string(decodeSegment(id))
		return x.choose(x.st.Table.Match(str(x.path), x.rec.Model))
	} else if m != "POST" {
		return &dialect.Error{Kind: dialect.MethodNotAllowed, Message: "use POST"}
	}
	return nil
}

// read takes compression off the body and parses it.
func (x *exchange) read() *dialect.Error {
	h := &x.conn.head
	if ct := h.Get("content-type"); !contentType(ct, "application/json") {
		return &dialect.Error{Kind: dialect.UnsupportedMedia, Code: "content_type", Message: "send the body as Content-Type: application/json"}
	}
	x.body = x.ctx.Request.Body()
	if err := x.decode(); err != nil {
		return err
	}
	if err := x.req.Parse(x.endpoint, x.body); err != nil {
		x.rec.ErrorType = "bad_body"
		return err
	}
	x.parsed = true
	x.rec.Model, x.rec.Session = str(x.req.Model), str(x.req.Session)
	x.rec.Stream = x.req.Stream
	if s := h.Get("x-weir-session"); len(s) > 0 && len(s) <= 256 {
		x.rec.Session = str(s)
	}
	return nil
}

// pick finds the route by path and model.
func (x *exchange) pick() *dialect.Error {
	return x.choose(x.st.Table.Match(str(x.path), x.rec.Model))
}

// choose takes route i if one of its targets speaks the request's dialect.
func (x *exchange) choose(i int) *dialect.Error {
	if i < 0 {
		x.rec.Outcome = telemetry.NotFound
		return &dialect.Error{Kind: dialect.NotFound, Code: "model_not_found", Param: "model", Message: "no route takes this model here; the setting is routes"}
	}
	x.route = &x.st.Routes[i]
	x.rec.Route = x.route.Name
	if !x.route.Inspect {
		return nil
	}
	for _, t := range x.route.Targets {
		if t.speaks(x.dialect) {
			return nil
		}
	}
	x.rec.Outcome = telemetry.NotFound
	return &dialect.Error{Kind: dialect.NotFound, Code: "dialect", Message: "no target of this route speaks " + x.dialect.String() + "'s API; the setting is targets.NAME.dialects"}
}

// str views bytes as a string without copying. The exchange keeps such strings
// no longer than the bytes they view.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
