// Package wasi is wasi_snapshot_preview1 with nothing behind it: enough for the start-up of guests that Go, Rust and C compilers
// make, and no way out. There are no files, no sockets, no arguments and no environment.
//
//	args_*, environ_*            empty
//	fd_write to 1 and 2          lines of the host's log, under its quotas
//	fd_read of 0                 end of file
//	fd_*, path_* of all else     EBADF; there are no preopened directories
//	clock_time_get               with the capability clock the host's clocks; without it every clock counts one microsecond for
//	                             each look at it, from 1970-01-01, and poll_oneoff moves it on
//	clock_res_get                one microsecond
//	poll_oneoff                  returns at once: every timer has passed
//	random_get                   with the capability random the system's; without it a sequence that is the same for every instance of
//	                             this process and unknown outside: good to seed hash tables with, and no way to tell calls apart
//	proc_exit                    ends the call as a trap does
//	sched_yield                  does nothing
//	sock_*, proc_raise           do not exist: a module that imports them is refused at admission, by name
//
// What a guest may read of clocks and random numbers is the Guest's to decide, so that capabilities live in one place.
//
// Functions are pure but for the Guest they are given; the package has no state and starts no goroutine. It is host/plugin's
// alone.
//
// Source: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
package wasi
