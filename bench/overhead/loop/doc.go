// Package loop is an event loop over raw sockets: one thread, one epoll set, timers to the microsecond.
//
// A load harness shares its machine with what it measures, so it must cost little and wake on time. Go's network poller rounds waits of under a
// millisecond up to one, and its scheduler adds some ten microseconds to each wake-up; this loop does neither.
//
// It knows nothing of HTTP. It starts no goroutine: everything runs in the caller of Run, which should have locked its thread. Only packages below
// bench import it. It exists on Linux alone (5.11 or later, for epoll_pwait2).
package loop
