// Package route says which targets a request may go to.
//
// A Table is an ordered list of rules; the first whose path and model globs
// match decides. It is pure: no clock, no sockets, no configuration file. host
// builds tables, proxy asks them; the package imports nothing of Weir and owns
// no goroutine.
package route
