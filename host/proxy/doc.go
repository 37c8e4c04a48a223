// Package proxy is the data plane: a fasthttp server in front, requests read
// once and forwarded byte for byte, answers relayed as they come.
//
// A connection is guarded: conn reads each request's head and framing with
// http1, answers what is ambiguous or late itself, and hands fasthttp a
// canonical head, so that what Weir matched, what fasthttp parsed and what the
// target receives cannot differ. It also knows when its client has left
// (hangup) and cancels the request's upstream.Call at that moment.
//
// An exchange is one request: it is taken from a pool when fasthttp calls the
// handler, reads the body itself, finds out what is wanted about the texts
// (signals, phrases, the prompt's keys: facts.go), writes the answer, and goes
// back having told exactly one outcome to telemetry. What fasthttp writes for the
// same request is dropped.
//
// State is what a configuration amounts to (routes, targets, tenants, limits).
// It is replaced as a whole; a request keeps the State it began with.
//
// What it does not do: read configuration, open listeners, choose among healthy
// targets. Goroutines: fasthttp's, one a connection. Imported by host only.
package proxy
