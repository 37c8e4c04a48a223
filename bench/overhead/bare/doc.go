// Package bare is the yardstick: the reverse proxy that somebody who knows fasthttp writes in an afternoon. It buffers requests, streams answers, keeps
// connections on both sides, and does nothing else: no parsing of bodies, no limits, no metrics, no log.
//
// It must be as good as that can be, since Weir is told as so many microseconds over it. Two of fasthttp's defaults are changed for that, both for speed:
// larger buffers, so that most messages take one system call, and no rewriting of header names.
//
// Goroutines are fasthttp's: those of connections end with Shutdown, its housekeepers later or with the process. Only bench/overhead imports it.
package bare
