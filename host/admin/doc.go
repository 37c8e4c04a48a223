// Package admin serves Weir's admin API on a listener of its own: metrics and probes for everybody who reaches it; status, configuration, tenants, plugins,
// reload and profiles for whoever holds the operator's token; and to each tenant the plugins it brings. README.md is the reference.
//
//	GET             /metrics /livez /readyz                          no token
//	GET             /admin/v1/status /config /tenants /plugins       the operator's token; ?pretty indents JSON
//	POST            /admin/v1/reload                                 the operator's token
//	GET             /debug/pprof/…                                   the operator's token
//	GET             /admin/v1/tenants/TENANT/plugins                 the tenant's token, or the operator's
//	GET PUT DELETE  /admin/v1/tenants/TENANT/plugins/NAME            the tenant's token, or the operator's
//
// A browser that has been lured onto some page must not be able to use it: whatever the path, a request is refused, with its reason, before it is
// routed. See guard.go for the order of refusals and what each is against.
//
// It does not choose an address, open listeners or files, or know what the gateway is made of: that stands behind [Gateway]. The content of answers,
// secrets left out of it included, is the Gateway's.
//
// Serve runs in its caller's goroutine; net/http starts one a connection, all ended by Close. Only host and cmd import admin.
package admin
