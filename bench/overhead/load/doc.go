// Package load is both ends of a measurement: the clients that ask a proxy, and the upstream that answers it, in one thread over one event loop.
//
// One thread has three merits here. It is cheap, so that the proxy is what saturates. Upstream and client read the same monotonic clock, so the delay of
// each event of a stream is known without stamps in it. And the upstream learns at once that the client has received an event, which allows to send the
// next one exactly then: streams at saturation whose events are each handled alone, not in heaps that built up in some socket.
//
// Every answer is compared with what was sent, byte for byte; anything else (another status, a wrong length, a connection closed early, a request that
// reaches the upstream changed in length) ends the measurement with an error.
//
// It speaks as much HTTP/1.1 as that needs and runs on Linux alone. It starts no goroutine; [Serve] runs in its caller's. Only packages below bench import it.
package load
