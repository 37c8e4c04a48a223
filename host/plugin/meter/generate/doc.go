// Package generate makes valid WebAssembly modules out of bytes, for differential fuzzing, and runs them so that two runs can be compared.
// It is test support: only tests import it, those of host/plugin and what is below.
//
//	m := generate.New(data, generate.Options{})
//	r, err := generate.NewRuntime(ctx, generate.Compiler)
//	plain, err := generate.Run(ctx, r, m, m.Wasm, nil)
//	metered, err := generate.Run(ctx, r, m, rewritten, func(mod api.Module) { … set its fuel … })
//	if diff := plain.Diff(metered); diff != "" {
//
// The same bytes make the same module. Every module is valid WebAssembly 2.0, and every call of it ends: loops and functions spend a
// counter of the module's own and leave when it is used up. Results are the same wherever they are computed, bit by bit: what
// IEEE 754 leaves open, the payload of a computed NaN, is made canonical by the generated code itself. Modules do trap,
// at divisions, conversions, memory, tables, indirect calls and unreachable, but not mostly: most addresses and
// divisors are bent into range. Their stack stays below 4 MiB, their memory and tables below MaxPages and MaxTableElements.
//
// Generated are all numeric, reference, vector, memory, table and bulk instructions of WebAssembly 2.0, blocks, loops, ifs and branch
// tables with parameters and results, direct, indirect and recursive calls, unreachable code, imported functions and
// constants, start functions, segments and exports of all kinds, and a name section.
//
// The package owns no goroutine and keeps no state.
package generate
