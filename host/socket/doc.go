// Package socket reads and writes stream sockets with the fewest system calls.
//
// Go's own connections try every read before they wait for it. A proxy knows
// better: right after a question, or an answer, nothing can have come yet, and
// half of its reads find nothing. Ask writes and then waits for readiness
// before it reads: one system call less each time. On Linux, calls that cannot
// block are also made without telling Go's scheduler, which costs more than
// some of them.
//
// Waiting, deadlines and Close stay Go's: everything happens inside
// syscall.RawConn, so a Close from any goroutine ends a wait, and a deadline
// ends it with os.ErrDeadlineExceeded.
//
// It starts no goroutines and imports nothing of Weir. A Conn belongs to one
// goroutine; Close, and setting deadlines, may be done by others. proxy and
// upstream use it, for connections without TLS.
package socket
