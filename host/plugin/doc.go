// Package plugin is the WebAssembly runtime on the request path: metered, pooled, isolated instances of plugins.
//
//	Runtime   what all plugins of a process share: memory, the budget of idle instances, the clock of on_tick
//	Module    an admitted module: checked, metered, compiled, its manifest read
//	Plugin    a module with a configuration and limits
//	Pool      a plugin's instances for one tenant; Call is the hot path
//
// Life of a call: Pool.Call takes an idle instance, last in first out; the frame is encoded into the guest's own memory; the guest runs on the
// caller's goroutine with a slice of fuel; at the end of a slice it calls tick, where the host looks at the clock and grants
// another, or ends the call; the verdict is checked and copied; the instance goes back. Whatever goes wrong is a frame.Fault, and costs
// the instance. Instances are made by a goroutine of the pool while callers wait, each no longer than limits.wait, in the order they came.
//
// An instance serves one (tenant, module, configuration) for its life: its memory, globals and tables are never seen by
// another. Memory that is used again is zero. Idle instances of all plugins share one budget of bytes; beyond it the least
// recently used are closed.
//
// A guest runs without any interruption of wazero's; it cannot run past its fuel, its deadline or its stack because its
// module was rewritten (host/plugin/meter). A module that was not rewritten must never be instantiated here.
//
// What the package does not do: say what a frame holds or what a verdict means (host/policy), fail modes and breakers (host/policy), read
// configuration (host).
//
// A Runtime owns two goroutines, one that calls on_tick and one that closes idle instances, and those that make instances: Close ends
// them all and waits. Imported by host and cmd/weir.
package plugin
