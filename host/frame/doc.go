// Package frame is one call of a plugin's hook as both sides of the host see it: the frame that goes in, the verdict that comes
// out, and what can go wrong between. The policy chain says what a frame holds and reads verdicts; the plugin runtime lends the
// guest's memory and calls the guest; neither knows the other.
//
// Writer lays frames out; Verdict walks actions and trusts nothing in them; Call and Fault are what passes between chain and
// runtime. The numbers are sdk/abi's.
//
// It knows nothing of WebAssembly, dialects, HTTP or clocks, and starts no goroutines. It imports sdk/abi alone. Host packages
// may import it.
package frame
