// Package compile is admission up to machine code: it holds a module to the rules of the ABI, has it metered and compiled, and
// keeps the result in a private cache directory.
//
//	Inspect   digest, size, imports and exports, in words for the plugin's author
//	Cache     modules → machine code; untrusted ones are compiled by a child process under limits
//	Child     what that process does
//
// Order for a module that is not in the cache: its digest and structure are checked here (host/plugin/meter's decoder, linear
// time and memory); the child validates the module as given by wazero, meters it, compiles the metered module with one worker and
// writes it to the job's directory; the parent seals what it finds there with a HMAC, loads it, and moves it to its place in the
// cache. The machine code of an untrusted module is never made in this process: Load can read code, it cannot compile.
//
// In the cache directory, for the build B of Weir (a digest of the executable):
//
//	B/GOOS-GOARCH/K/   a module, K: digest over the module as given and the meter's options
//	    seal           lengths and digests of the files beside it, HMAC over them, B, GOOS-GOARCH and K
//	    report         JSON
//	    metered.wasm
//	    code/…         as wazero's compilation cache lays it out
//	B/GOOS-GOARCH/job-…, live-…, trash-…   of processes that compile, load and remove; those left behind go after an hour
//
// All of it is 0700 and owned by the process's user; the HMAC's key lies outside (0600). What is verified is copied to a
// directory of its own while it is verified, and only that copy is loaded. An entry that is short, changed, foreign or readable by others
// is removed and compiled again. Entries not used for 30 days, of any build, go; beyond a size cap, those not used for longest.
//
// The child is this executable. Linux has a name for it that holds when another file is put in its place; elsewhere, restart Weir
// after an upgrade.
//
// Each module gets a wazero runtime of its own, closed with it: a runtime keeps every function type and every trampoline it has
// ever seen, so that one runtime for all would grow with each reload.
//
// A Cache owns no goroutine beyond its calls; the child process of a call has ended when the call returns. Imported by
// host/plugin and cmd/weir.
package compile
