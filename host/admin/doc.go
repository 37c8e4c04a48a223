// Package admin serves Weir's admin API on a listener of its own: metrics and probes for everybody who reaches it, and status, configuration, tenants,
// reload and profiles for whoever holds the token.
//
//	GET  /metrics /livez /readyz                                no token
//	GET  /admin/v1/status /admin/v1/config /admin/v1/tenants    token; ?pretty indents JSON
//	POST /admin/v1/reload                                       token
//	GET  /debug/pprof/…                                         token
//
// A browser that has been lured onto some page must not be able to use it: whatever the path, a request is refused, with its reason, before it is
// routed. See guard.go for the order of refusals and what each is against.
//
// It does not choose an address, open listeners or files, or know what the gateway is made of: that stands behind [Gateway]. The content of answers,
// secrets left out of it included, is the Gateway's.
//
// Serve runs in its caller's goroutine; net/http starts one a connection, all ended by Close. Only host and cmd import admin.
package admin
