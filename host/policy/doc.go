// Package policy runs the plugins of a tenant's policy over a request and its answer: it says what each is shown, what its
// verdict may do, how verdicts combine, and what becomes of a request whose plugin failed.
//
// # Chain and run
//
// A Chain is the order of one policy for one tenant, operator's entries before, the tenant's own, operator's entries after;
// it is immutable but for the breakers of its plugins. A Run takes one request through it:
//
//	run.Reset()
//	decision, refusal := run.Request(chain, &subject)   // on_request of every plugin, before a target is chosen
//	run.Watchers(), run.Delta(i, &batch)                // on_delta, one plugin and one batch at a time (host/policy/stream)
//	run.End(&end)                                       // on_end, once, whatever happened
//	run.Verdicts()                                      // for records
//
// A Run is reused and belongs to one goroutine at a time; whatever it hands out lives until Reset. After warm-up a
// request whose plugins have nothing to say allocates nothing.
//
// # Verdicts
//
// A verdict is taken whole or not at all: one action that cannot be right, or that is not allowed for the hook or the owner of
// the plugin, makes it a fault. The first DENY wins and later plugins do not run. EXCLUDE and a tenant's CLASS accumulate,
// of other things the last word within a plugin's authority counts. An entry in mode observe is shown everything, is checked
// and recorded, and changes nothing: not the request, not what later plugins see, not the time the others have.
//
// Tenants may bring plugins of their own. These cannot undo what the operator's said: see Authority in authority.go for each rule.
// When one of them changed the text of a request, the operator's guards among the entries before run once more over what it made of it.
//
// # Failure
//
// What a plugin does wrong is a frame.Fault, and its entry's fail mode decides: deny answers 503 policy_unavailable, allow goes
// on without it. A plugin that fails time after time is left alone for a while by its breaker; its fail mode holds meanwhile.
//
// # What it does not do
//
// It knows nothing of WebAssembly: it calls a Plugin, which the host makes of a host/plugin pool. It does not choose targets,
// queue, forward or store: a Decision says what plugins want, and the proxy does it. It starts no goroutines, opens nothing,
// and reads no clock but frame.Nanotime. Only host/proxy and above import it, and its own packages.
package policy
