package wasi

import (
	"github.com/tetratelabs/wazero/api"

	"weir/sdk/abi"
)

// Module is the name that guests import these functions from.
const Module = "wasi_snapshot_preview1"

// Guest is the instance that calls.
type Guest interface {
	// Memory is its linear memory.
	Memory() api.Memory
	// Print takes what it writes to standard output and error.
	Print(p []byte)
	// Clock is the time in nanoseconds: wall since 1970-01-01 UTC, or of a clock that never steps back.
	Clock(wall bool) int64
	// Sleep is what remains of waiting d nanoseconds in a host that never waits.
	Sleep(d int64)
	// Random fills p.
	Random(p []byte)
	// Exit ends the call; it does not return.
	Exit(code uint32)
}

// Func is one function. stack holds the parameters, as api.GoFunction has them, and takes the result.
type Func func(g Guest, stack []uint64)

// Lookup finds a function by its name.
func Lookup(name string) (f Func, ok bool) {
	for i := range table {
		if table[i].name == name {
			return table[i].call, true
		}
	}
	return nil, false
}

// Functions are the names and signatures of all functions that guests may import. The list is the caller's.
func Functions() []abi.Function {
	all := make([]abi.Function, 0, len(table))
	for i := range table {
		f := &table[i]
		fn := abi.Function{Name: f.name}
		for _, t := range f.params {
			p := abi.Param{Type: abi.I32}
			if t == 'I' {
				p.Type = abi.I64
			}
			fn.Params = append(fn.Params, p)
		}
		if f.name != "proc_exit" {
			fn.Result = abi.I32 // an errno
		}
		all = append(all, fn)
	}
	return all
}

// table is every function there is. Parameters: i is an i32, I an i64. It is never written to.
var table = [...]struct {
	name, params string
	call         Func
}{
	{"args_get", "ii", nothing},
	{"args_sizes_get", "ii", noSizes},
	{"clock_res_get", "ii", clockRes},
	{"clock_time_get", "iIi", clockTime},
	{"environ_get", "ii", nothing},
	{"environ_sizes_get", "ii", noSizes},
	{"fd_advise", "iIIi", badDescriptor},
	{"fd_allocate", "iII", badDescriptor},
	{"fd_close", "i", onStandard(success)},
	{"fd_datasync", "i", onStandard(success)},
	{"fd_fdstat_get", "ii", fdstat},
	{"fd_fdstat_set_flags", "ii", onStandard(success)},
	{"fd_fdstat_set_rights", "iII", onStandard(success)},
	{"fd_filestat_get", "ii", filestat},
	{"fd_filestat_set_size", "iI", badDescriptor},
	{"fd_filestat_set_times", "iIIi", badDescriptor},
	{"fd_pread", "iiiIi", badDescriptor},
	{"fd_prestat_dir_name", "iii", badDescriptor},
	{"fd_prestat_get", "ii", badDescriptor},
	{"fd_pwrite", "iiiIi", badDescriptor},
	{"fd_read", "iiii", fdRead},
	{"fd_readdir", "iiiIi", badDescriptor},
	{"fd_renumber", "ii", badDescriptor},
	{"fd_seek", "iIii", onStandard(notSeekable)},
	{"fd_sync", "i", onStandard(success)},
	{"fd_tell", "ii", onStandard(notSeekable)},
	{"fd_write", "iiii", fdWrite},
	{"path_create_directory", "iii", badDescriptor},
	{"path_filestat_get", "iiiii", badDescriptor},
	{"path_filestat_set_times", "iiiiIIi", badDescriptor},
	{"path_link", "iiiiiii", badDescriptor},
	{"path_open", "iiiiiIIii", badDescriptor},
	{"path_readlink", "iiiiii", badDescriptor},
	{"path_remove_directory", "iii", badDescriptor},
	{"path_rename", "iiiiii", badDescriptor},
	{"path_symlink", "iiiii", badDescriptor},
	{"path_unlink_file", "iii", badDescriptor},
	{"poll_oneoff", "iiii", pollOneoff},
	{"proc_exit", "i", procExit},
	{"random_get", "ii", randomGet},
	{"sched_yield", "", nothing},
}

// Numbers of errno.
const (
	success     = 0
	badf        = 8
	fault       = 21
	invalid     = 28
	notSeekable = 70
)

// nothing succeeds without doing anything. stack has room for the result even where there are no parameters.
func nothing(_ Guest, stack []uint64) { stack[0] = success }

// badDescriptor is the answer of everything that works on files.
func badDescriptor(_ Guest, stack []uint64) { stack[0] = badf }

// standard tells whether fd is standard input, output or error.
func standard(fd uint64) bool { return uint32(fd) <= 2 }

// onStandard answers errno for the standard descriptors and EBADF for others.
func onStandard(errno uint64) Func {
	return func(_ Guest, stack []uint64) {
		if standard(stack[0]) {
			stack[0] = errno
		} else {
			stack[0] = badf
		}
	}
}
