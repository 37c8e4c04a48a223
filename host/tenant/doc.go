// Package tenant tells who a request belongs to: it turns the credential a client presents into the name of a tenant.
//
// It does not read headers, know HTTP, hold budgets or policies, or read files: the caller hands in the credential's bytes and
// gets a name or a reason for refusing. Secrets are known only as SHA-256 digests.
//
// A [Directory] is immutable but for a bounded cache of names; it starts no goroutines and is safe for concurrent use. A reload builds a new one.
// Any package above may import tenant; tenant imports nothing of Weir.
package tenant
