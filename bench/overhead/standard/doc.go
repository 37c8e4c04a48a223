// Package standard is a peer made of the standard library: httputil.ReverseProxy, set up for a single busy upstream. Its goroutines are net/http's, ended by Shutdown.
// Only bench/overhead imports it.
package standard
