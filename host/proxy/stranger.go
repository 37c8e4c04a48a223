package proxy

import (
	"errors"
	"io"
	"strings"
	"time"

	"weir/host/dialect"
	"weir/host/http1"
	"weir/host/telemetry"
	"weir/host/tenant"
)

// identify names the tenant that a request's credential stands for. Without any
// configured key everybody is the default tenant; config allows that on loopback
// only.
func (st *State) identify(h *http1.Head, now time.Time) (tenant.Identity, *dialect.Error) {
	if st.Tenants.Empty() {
		return tenant.Identity{Tenant: tenant.Default}, nil
	}
	id, err := st.Tenants.Authenticate(credential(h), actingFor(h), now)
	switch {
	case err == nil:
		return id, nil
	case errors.Is(err, tenant.ErrActFor):
		return id, &dialect.Error{Kind: dialect.Forbidden, Code: "act_for", Message: err.Error(), NoRetry: true}
	case errors.Is(err, tenant.ErrTenantName):
		return id, &dialect.Error{Kind: dialect.BadRequest, Code: "tenant_name", Message: err.Error()}
	default:
		return id, &dialect.Error{Kind: dialect.Unauthorized, Message: err.Error()}
	}
}

// stranger tells why a request whose body is still to come is turned away:
// nobody without a credential makes Weir hold a body. When the body is here
// already the handler says so, and the connection can be kept.
func (c *conn) stranger() *dialect.Error {
	h := &c.head
	if h.Framing == http1.NoBody || h.Framing == http1.Length && int64(c.w-c.headEnd) >= h.Length {
		return nil
	}
	st := c.srv.state.Load()
	if st.Tenants == nil {
		return nil
	}
	_, err := st.identify(h, c.begun)
	return err
}

// turnAway answers a stranger, counts the request, and ends the connection.
func (c *conn) turnAway(e *dialect.Error) error {
	path, _ := splitTarget(c.head.Target)
	endpoint, d := surface(path, &c.head)
	id := newID(&[idLen]byte{})
	if own := c.head.Get("x-request-id"); validID(own) {
		id = strings.Clone(str(own))
	}
	answer := appendAnswer(nil, e.Kind.Status(), d, id, dialect.AppendError(nil, d, e, id))
	now := time.Now()
	sink := c.srv.sink.Load()
	sink.Begin()
	sink.Done(&telemetry.Record{
		Time: c.begun, RequestID: id, Dialect: d.String(), Endpoint: endpoint.String(),
		Status: e.Kind.Status(), Outcome: telemetry.Unauthorized, ErrorType: e.Code, Total: now.Sub(c.begun),
	})
	_, _ = c.Write(answer)
	c.dead = true
	c.linger()
	return io.EOF
}
