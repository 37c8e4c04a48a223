// Package state keeps what plugins remember between calls: counters, values and once-keys, each with an optional time to live.
//
//   - [Memory] is the store: sharded, bounded for each namespace and in all, optionally snapshotted to a file.
//   - [Namespace] is the part of one plugin and tenant. The host names it; no key that a guest forms reaches another's.
//
// Counters, values and once-keys are three kinds with keys of their own: Get sees what Set wrote and nothing else, a counter is read by adding 0. So text
// of a client that ends up in one kind of key cannot collide with another.
//
// Calls are answered from this process's memory, never fail and never wait: what cannot be kept is answered as if it had been forgotten at once. Counters
// and once-keys are what a fleet can share (they commute); a store that synchronises with others answers the same calls and does so behind.
//
// # When there is no room
//
// What has expired goes first, then what was not used lately (second chance). A namespace beyond its own bound gives up its own entries; when the whole
// store is full, the namespace that holds most gives up some of its. Nothing is refused for want of room: a plugin that counts by client could else be blinded
// by a flood of clients, while the flood itself costs only what is used less than it.
//
// # Time
//
// Times to live run on the monotonic clock and are kept over restarts as what was left of them: the time a process is down does not count, for
// only a clock that may have been set could tell it.
//
// It does not talk to the network, know of frames or WebAssembly, or limit how often a guest may call: that is the runtime's. [Memory] owns one
// goroutine, which sweeps and writes snapshots; [Memory.Close] ends it. Any package above may import state; it imports sdk/abi alone of Weir.
package state
