// Package machine is what a measurement needs of the operating system: processes pinned to processors, the processor time and memory of another process, and a
// description of the machine.
//
// Linux alone: elsewhere [Supported] says why nothing can be measured. A Spawner owns one goroutine with its thread, from NewSpawner to Close; each
// process it starts has one more that waits for its end. Only packages below bench import it.
package machine
