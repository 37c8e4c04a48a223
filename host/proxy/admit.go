package proxy

import (
	"bytes"
	"unsafe"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
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
	if err := x.pick(); err != nil {
		return err
	}
	if x.parsed { // routes that inspect nothing have taken that back
		x.gather()
		err := x.police()
		x.textBytes = len(x.q.Arena)
		if !x.st.Text {
			x.dropTexts()
		}
		return err
	}
	return nil
}

// locate finds the endpoint and with it the dialect that errors are told in.
func (x *exchange) locate() *dialect.Error {
	h := &x.conn.head
	x.path, x.query = splitTarget(h.Target)
	x.endpoint, x.dialect = surface(x.path, h)
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

// surface is the endpoint that a path names and the dialect of its answers: for
// paths that tell none, or that both providers have, the headers decide.
func surface(path []byte, h *http1.Head) (dialect.Endpoint, dialect.Dialect) {
	e := dialect.EndpointOf(str(path))
	d := e.Dialect()
	if d == dialect.Unknown || e == dialect.Models {
		if d = dialect.OpenAI; has(h, "anthropic-version") || bytes.HasPrefix(path, []byte("/v1/messages")) {
			d = dialect.Anthropic
		}
	}
	return e, d
}

// authenticate names the tenant.
func (x *exchange) authenticate() *dialect.Error {
	id, err := x.st.identify(&x.conn.head, x.start)
	x.id, x.rec.Tenant = id, id.Tenant
	return err
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

// actingFor is the tenant that a request says it is for. Two fields would be one
// list to some (RFC 9110 section 5.3) and the last or first of them to others: a
// list is no tenant's name, so they are refused where one would count.
func actingFor(h *http1.Head) []byte {
	var name []byte
	for i := range h.Fields {
		if f := &h.Fields[i]; http1.EqualFold(f.Name, "x-weir-tenant") {
			if name != nil {
				return []byte(", ")
			}
			name = f.Value
		}
	}
	return name
}

// pickByPath settles requests that are routed without reading a body: paths of
// routes that inspect nothing, and the model lists.
func (x *exchange) pickByPath() *dialect.Error {
	if i := x.unread(); i >= 0 {
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
		return x.pick()
	} else if m != "POST" {
		return &dialect.Error{Kind: dialect.MethodNotAllowed, Message: "use POST"}
	}
	return nil
}

// unread is the route that passes the path through unread, or -1. Routes that
// inspect do not know other paths than the endpoints', so they do not stand in
// the way of a later one that takes them.
func (x *exchange) unread() int {
	path := str(x.path)
	for i := x.st.Table.Match(path, ""); i >= 0; i = x.st.Table.MatchFrom(i+1, path, "") {
		if !x.st.Routes[i].Inspect {
			return i
		}
		if x.endpoint != dialect.None {
			return -1 // its body says which model it is for
		}
	}
	return -1
}

// read takes compression off the body and parses it.
func (x *exchange) read() *dialect.Error {
	h := &x.conn.head
	if ct := h.Get("content-type"); !contentType(ct, "application/json") {
		return &dialect.Error{Kind: dialect.UnsupportedMedia, Code: "content_type", Message: "send the body as Content-Type: application/json"}
	}
	x.body = x.sent
	if err := x.decode(); err != nil {
		return err
	}
	x.lendTexts()
	if err := x.req.Parse(x.endpoint, x.body); err != nil {
		x.rec.ErrorType = "bad_body"
		return err
	}
	x.parsed = true
	x.names = append(append(x.names[:0], x.req.Model...), x.req.Session...)
	x.rec.Model, x.rec.Session = str(x.names[:len(x.req.Model)]), str(x.names[len(x.req.Model):])
	x.rec.Stream = x.req.Stream
	if s := h.Get("x-weir-session"); len(s) > 0 && len(s) <= 256 {
		x.rec.Session = str(s)
	}
	return nil
}

// pick finds the route by path and model. Without a model, as in a model list,
// the path alone would send Anthropic's clients to the first route even when
// only a later one has a target that speaks their dialect.
func (x *exchange) pick() *dialect.Error {
	path := str(x.path)
	first := x.st.Table.Match(path, x.rec.Model)
	i := first
	for x.rec.Model == "" && i >= 0 && !x.served(&x.st.Routes[i]) {
		i = x.st.Table.MatchFrom(i+1, path, "")
	}
	return x.choose(max(i, first))
}

// served tells whether the route has a target for the request.
func (x *exchange) served(r *Route) bool {
	if !r.Inspect {
		return true
	}
	for _, t := range r.Targets {
		if t.speaks(x.dialect) {
			return true
		}
	}
	return false
}

// choose takes route i if one of its targets speaks the request's dialect. A
// route that inspects nothing gets the request as it came, even if it had to be
// read to find the route.
func (x *exchange) choose(i int) *dialect.Error {
	if i < 0 {
		x.rec.Outcome = telemetry.NotFound
		return &dialect.Error{Kind: dialect.NotFound, Code: "model_not_found", Param: "model", Message: "no route takes this model here; the setting is routes"}
	}
	x.route = &x.st.Routes[i]
	x.rec.Route = x.route.Name
	if !x.served(x.route) {
		x.rec.Outcome = telemetry.NotFound
		return &dialect.Error{Kind: dialect.NotFound, Code: "dialect", Message: "no target of this route speaks " + x.dialect.String() + "'s API; the setting is targets.NAME.dialects"}
	}
	if !x.route.Inspect {
		x.body, x.parsed, x.decodedH = x.sent, false, false
	}
	return nil
}

// str views bytes as a string without copying. The exchange keeps such strings
// no longer than the bytes they view.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// view is the other way round. Nobody writes to what it gives.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
