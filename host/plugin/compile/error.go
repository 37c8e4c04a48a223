package compile

import (
	"errors"
	"fmt"
	"syscall"
)

// Kind says why a module was not compiled.
type Kind uint8

// The kinds.
const (
	Refused     Kind = iota + 1 // the module breaks a rule: its author must change it
	Time                        // the child was stopped at its limit of processor time or of wall-clock time
	Memory                      // the child was stopped at its limit of memory
	Crashed                     // the child ended without an answer
	Unavailable                 // nothing untrusted can be compiled here: no cache directory, disk, or executable memory
)

var kinds = [...]string{Refused: "refused", Time: "time", Memory: "memory", Crashed: "crashed", Unavailable: "unavailable"}

// String is the kind's name in logs and metrics: "refused".
func (k Kind) String() string {
	if int(k) >= len(kinds) || k == 0 {
		return "none"
	}
	return kinds[k]
}

// Names of the settings that errors point to.
const (
	SettingDir    = "cache_dir"
	SettingKey    = "cache_key"
	SettingCPU    = "compile.cpu"
	SettingWall   = "compile.wall"
	SettingMemory = "compile.memory"
)

// Error is why a module was not compiled, in one line. Whoever passes it on says which plugin it is about.
type Error struct {
	Kind    Kind
	Name    string // of the plugin
	Detail  string
	Setting string // the configuration's key to look at; "" where changing one does not help
	Err     error  // the cause where there is one
}

func (e *Error) Error() string {
	if e.Setting == "" {
		return e.Detail
	}
	return e.Detail + "; the setting is " + e.Setting
}

func (e *Error) Unwrap() error { return e.Err }

func refused(name string, err error) *Error {
	return &Error{Kind: Refused, Name: name, Detail: err.Error(), Err: err}
}

// unavailable is an Error about the place where Weir runs.
func unavailable(name, setting string, err error) *Error {
	return &Error{
		Kind: Unavailable, Name: name, Setting: setting, Err: err,
		Detail: "untrusted modules cannot be compiled here: " + err.Error(),
	}
}

// crashError is a panic of the compiler.
type crashError struct{ text string }

func (e crashError) Error() string { return "the compiler crashed: " + e.text }

// fault is what an error of work means: of the module, or of the place where it is compiled.
func fault(name string, err error) *Error {
	var crash crashError
	switch {
	case errors.As(err, &crash):
		return &Error{Kind: Crashed, Name: name, Detail: cut(err.Error()), Err: err}
	case errors.Is(err, syscall.ENOMEM):
		return &Error{Kind: Memory, Name: name, Detail: "compiling it takes too much memory", Setting: SettingMemory, Err: err}
	case errors.Is(err, syscall.EFBIG):
		return refused(name, fmt.Errorf("its machine code is larger than %d bytes", maxFile))
	case errors.Is(err, errExecutable):
		return unavailable(name, "", err)
	case errors.Is(err, errDisk), errors.As(err, new(syscall.Errno)):
		return unavailable(name, SettingDir, err)
	default: // of the decoder, the meter, or the compiler about a function
		return refused(name, err)
	}
}

// errStale is an entry of the cache that is not there, or not to be used.
var errStale = errors.New("stale")

func stale(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errStale, fmt.Sprintf(format, args...))
}
