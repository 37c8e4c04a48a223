// Package upstream sends requests to targets and reads their answers.
//
// It keeps one connection pool per target, dials (TCP, TLS, unix sockets,
// through a proxy) with the resolved address checked, writes requests without
// copying their bodies, reads answer heads and bodies strictly with http1, and
// ends every exchange in exactly one of two ways: the complete answer, or a
// *Failure that says in which phase what went wrong.
//
// fasthttp's HostClient is not used, see RATIONALE.md: it cannot be cancelled
// while it dials or waits, passes a cut chunked body on as a complete one, and
// its cleaner goroutine outlives the client.
//
// What it does not do: choose a target (route), decide whether to try again
// (proxy asks Failure.Retry and the RetryBudget), know dialects.
//
// Goroutines: none of its own but the one Go runs for an idle timer. A Call
// belongs to the goroutine that uses it; only Cancel may be called from others.
// Imported by proxy and host; it imports http1 only.
package upstream
