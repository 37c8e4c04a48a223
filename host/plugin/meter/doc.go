// Package meter rewrites WebAssembly modules so that what they spend is bounded: fuel, stack, memory and tables. It is a pure
// function from bytes to bytes and a report; it runs nothing and knows nothing of the runtime that will.
//
// # Order of admission
//
// Inspect and Rewrite check the structure of a module completely: sections, counts, indices, nesting of blocks, heights of
// the operand stack, and that every opcode belongs to WebAssembly 2.0. They do not check types. Whoever admits a module first has the
// runtime compile, and so validate, the module as it was given; then rewrites it; then compiles the result. A guest that was validated
// before anything was injected cannot name what is injected: the two globals and the import come after everything it can count.
//
// # What the host sees
//
// A rewritten module has one more import, ImportModule.ImportTick of type () → (), after all others, and exports two more
// globals. ExportFuel (mutable i64) is the fuel left: it starts at Options.StartFuel, the host sets it before a call and reads it after.
// ExportStack (mutable i32) is the stack left, in estimated bytes: it starts at Options.StackBytes and is back there after every call that
// returned. When fuel falls below zero the guest calls tick. The host either adds to the global and returns, or panics and so
// traps. Fuel is charged before the code it pays for runs, so the global may be well below zero at a tick. Around calls of imported functions the
// global is up to date, and a host function may subtract from it. What a call that returns has spent is the same on every engine and machine, in
// whatever slices it was granted; after a trap the global may lack what the trapped function spent since its last call or tick. A function of a few
// instructions that calls nothing is paid for by its callers, so the host's own call of one costs nothing.
//
// When a call overruns its stack it traps by unreachable and leaves ExportStack negative: that is how the host tells.
//
// A trapped instance is in no state to be used again; discard it. Memory and table maxima are lowered to Options; a guest that grows past them
// is answered -1 as by any WebAssembly host.
//
// # What is lost
//
// Sections that hold offsets of code (".debug_*", "metadata.code.*", "reloc.*", "linking", and labels in "name") would lie
// after the rewriting and are left out. Everything else survives.
//
// The package owns no goroutine and keeps no state. Imported by host/plugin and its sub-packages, cmd/weir and bench.
package meter
