// Package host is the Gateway: it turns a configuration into a running data
// plane and admin listener, replaces it while requests run, and ends it in
// order.
//
// A configuration is built whole before any of it takes effect, so a bad one
// leaves the old one serving. Targets and listeners that a new configuration
// does not change are kept with their connections.
//
// Replay runs a plugin over records instead of requests, without a Gateway.
//
// What it does not do: handle requests (proxy), know signals or flags
// (cmd/weir). It owns the goroutines of its listeners and of the file watcher,
// all ended by Drain, and those of a Replay, which end before it returns.
// Imported by cmd/weir only.
package host
