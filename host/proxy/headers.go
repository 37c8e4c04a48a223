package proxy

import (
	"weir/host/http1"
)

// appendFields writes the header lines that go to the target: the client's, in
// their order and case, without what belongs to this connection, to Weir, or to
// the client's identity here.
func (x *exchange) appendFields(dst []byte, t *Target) []byte {
	h := &x.conn.head
	inspect := x.route.Inspect
	for i := range h.Fields {
		f := &h.Fields[i]
		if h.HopByHop(f.Name) || ours(f.Name, inspect) || t.Sets(f.Name) || x.setByPolicy(f.Name) {
			continue
		}
		if x.decodedH && http1.EqualFold(f.Name, "content-encoding") {
			continue
		}
		dst = appendLine(dst, f.Name, f.Value)
	}
	if inspect {
		// What was read is what the target reads: JSON, in UTF-8, uncompressed answers.
		dst = appendField(dst, t, "Accept-Encoding", "identity")
		if x.parsed {
			dst = appendField(dst, t, "Content-Type", "application/json")
		}
	}
	if w := x.policed.want; w != nil {
		for i := range w.Headers {
			dst = appendField(dst, t, str(w.Headers[i].Name), str(w.Headers[i].Value))
		}
	}
	return appendField(dst, t, "x-request-id", x.rec.RequestID)
}

// setByPolicy tells whether a plugin sets the header: the client's gives way.
func (x *exchange) setByPolicy(name []byte) bool {
	w := x.policed.want
	if w == nil {
		return false
	}
	for i := range w.Headers {
		if http1.EqualFold(name, str(w.Headers[i].Name)) {
			return true
		}
	}
	return false
}

// appendField writes a header line of Weir's own, unless the target's
// configuration sets that header.
func appendField(dst []byte, t *Target, name, value string) []byte {
	if t.Sets([]byte(name)) {
		return dst
	}
	return appendLine(dst, name, value)
}

// ours tells whether a header of the client's is not passed on: credentials for
// Weir, cookies, Weir's own headers, and what is written anew.
func ours(name []byte, inspect bool) bool {
	switch name[0] | 0x20 {
	case 'a':
		return http1.EqualFold(name, "authorization") || http1.EqualFold(name, "api-key") ||
			inspect && http1.EqualFold(name, "accept-encoding")
	case 'c':
		return http1.EqualFold(name, "content-length") || http1.EqualFold(name, "cookie") ||
			inspect && http1.EqualFold(name, "content-type")
	case 'e':
		return http1.EqualFold(name, "expect")
	case 'h':
		return http1.EqualFold(name, "host") || http1.EqualFold(name, "http2-settings")
	case 'x':
		return http1.EqualFold(name, "x-api-key") || http1.EqualFold(name, "x-request-id") || weirs(name)
	}
	return false
}

func weirs(name []byte) bool { return len(name) >= 7 && http1.EqualFold(name[:7], "x-weir-") }

// copyHead gives the client the target's status and headers, those of the
// connection aside. The provider's request id is kept; Weir's is added where
// there is none.
func (x *exchange) copyHead() {
	h, r := &x.resp.Head, &x.reply
	r.status, x.rec.Status = h.Status, h.Status
	hasID := false
	id := idHeader(x.dialect)
	for i := range h.Fields {
		f := &h.Fields[i]
		if h.HopByHop(f.Name) || weirs(f.Name) || http1.EqualFold(f.Name, "content-length") {
			continue
		}
		hasID = hasID || http1.EqualFold(f.Name, id)
		r.dated = r.dated || http1.EqualFold(f.Name, "date")
		r.fields = appendLine(r.fields, f.Name, f.Value)
	}
	if !hasID {
		r.set(id, x.rec.RequestID)
	}
	x.expose()
}
