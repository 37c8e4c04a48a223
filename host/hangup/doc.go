// Package hangup tells, within a fraction of a millisecond, that the peer of a
// stream socket has left.
//
// A gateway that is waiting for a silent model neither reads from nor writes to
// its client and so never learns that the client is gone; the model goes on
// computing an answer for nobody. net/http solves this with one reading
// goroutine per request; here one epoll set (Linux) or kqueue (macOS) serves all
// connections, each registered once for its life, so that a request costs
// nothing.
//
// A peer that half-closes its connection (shutdown(SHUT_WR) after the request)
// looks the same on the wire as one that left, and is treated as one, as nginx
// does by default.
//
// A Watcher owns one goroutine, from New to Close. Callbacks run on it and must
// not block. Any package of the data plane may import it; it imports nothing of
// Weir.
package hangup
