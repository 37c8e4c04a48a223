// Package sim is a model server without a model: it speaks the wire formats of
// OpenAI and Anthropic, generates words from a seed at a set pace, and goes wrong
// in any way it is asked to. Weir embeds it, `weir sim` runs it alone, and the
// tests of the data plane use it as the upstream.
//
// It is an independent counterpart of host/dialect and must never import it: two
// readings of the providers' documents are compared, not one with itself.
//
// What it does not do: judge meaning, keep conversations (previous_response_id
// has no effect), check credentials, or resist abuse beyond bounding what a
// request can cost. It listens where it is told to and is meant for loopback.
//
// fasthttp reads the requests. The answers are written by this package straight
// to the connection, since half of them have to be wrong. Each connection has one
// goroutine, which Server starts and Close waits for; there are no others, and no
// timers: a generation sleeps in a read of its own connection with a deadline, so
// that the client's leaving wakes it at once.
//
// Importers: host, cmd/weir, bench, and tests. Imports: fasthttp, xxhash.
//
// README.md has the endpoints, the rules for tokens and text, the x-sim headers,
// and every fault with a curl line.
package sim
