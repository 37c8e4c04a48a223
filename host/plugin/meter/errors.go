package meter

import (
	"errors"
	"fmt"
)

// What is wrong with a module or with Options; every error of this package wraps one of them.
var (
	ErrMalformed   = errors.New("malformed module")
	ErrUnsupported = errors.New("unsupported WebAssembly proposal")
	ErrReserved    = errors.New("reserved name")
	ErrLimit       = errors.New("module exceeds a limit")
	ErrOptions     = errors.New("metering options")
)

// malformedf tells where in the module, in bytes from its start, and what.
func malformedf(at int, format string, args ...any) error {
	return fmt.Errorf("%w: at byte %d: %s", ErrMalformed, at, fmt.Sprintf(format, args...))
}

// unsupportedf names the proposal that the module needs.
func unsupportedf(at int, proposal, what string) error {
	return fmt.Errorf("%w: at byte %d: %s needs %s; build for WebAssembly 2.0 without it", ErrUnsupported, at, what, proposal)
}

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}
