package plugin

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// maxDetail bounds the text of a fault, in bytes: parts of it are the guest's own words.
const maxDetail = 512

// fault says in the words of the settings why a call of an export did not return.
func (i *instance) fault(export string, err error) *frame.Fault {
	defer i.settle()
	switch {
	case i.phase != serving:
		return i.startFault(export, err)
	case errors.Is(err, errFuel):
		return frame.Faultf(frame.Fuel, "%s spent %d units of fuel of %d (limits.fuel)", export, i.spent(), i.allowance.fuel)
	case errors.Is(err, errDeadline):
		return frame.Faultf(frame.Deadline, "%s ran for %s; it had %s (limits.deadline, or what was left of the chain's budget)",
			export, i.took(), time.Duration(i.deadline-i.begin))
	}
	return frame.Faultf(frame.Trap, "%s: %s%s", export, i.reason(err), i.hint())
}

// startFault is fault for what runs before an instance can be called.
func (i *instance) startFault(what string, err error) *frame.Fault {
	if errors.Is(err, errDeadline) || errors.Is(err, errFuel) {
		return frame.Faultf(frame.Start, "%s ran for %s; starting may take %s (limits.start)", what, i.took(), i.limits.Start)
	}
	return frame.Faultf(frame.Start, "%s: %s%s", what, i.reason(err), i.hint())
}

// hint names the limit that a trap came from, where one did.
func (i *instance) hint() string {
	if i.mod == nil {
		return ""
	}
	if i.stackLeft != nil && int32(i.stackLeft.Get()) < 0 {
		return fmt.Sprintf("; its frames passed the stack limit of %d bytes (limits.stack)", i.limits.Stack)
	}
	return i.atMemoryLimit()
}

func (i *instance) atMemoryLimit() string {
	if i.mem != nil && int64(i.mem.Size()) >= i.limits.Memory {
		return fmt.Sprintf("; its memory is at the limit of %d bytes (limits.memory)", i.limits.Memory)
	}
	return ""
}

// reason is wazero's word for a trap and the guest's innermost functions, on one line. Names of functions are the guest's: they are
// cleaned and cut. A panic of a host function is a bug of Weir's: the log gets all of it.
func (i *instance) reason(err error) string {
	var exit exitError
	if errors.As(err, &exit) {
		return exit.Error()
	}
	text := err.Error()
	var bug runtime.Error
	if errors.As(err, &bug) {
		i.module.runtime.log.Error("a host function panicked", slog.String("plugin", i.grant.plugin), slog.String("error", text))
		return clean("a host function failed: "+bug.Error(), maxDetail)
	}
	head, trace, _ := strings.Cut(text, "\nwasm stack trace:\n")
	if _, trap, ok := strings.Cut(head, "wasm error: "); ok {
		head = trap
	}
	head = strings.TrimSuffix(head, " (recovered by wazero)")
	const frames = 4
	for n, line := range strings.SplitN(trace, "\n", frames+1) {
		if n == frames {
			head += " …"
			break
		}
		name, _, _ := strings.Cut(strings.TrimSpace(line), "(") // without its types
		if name != "" {
			head += " < " + name
		}
	}
	return clean(head, maxDetail)
}

// configured is what a verdict of weir_on_configure comes to.
func configured(verdict []byte) *frame.Fault {
	v := frame.ReadVerdict(verdict)
	if a, ok := v.Next(); ok {
		if a.Kind != abi.ActionDeny {
			return frame.Faultf(frame.Start, "%s answered %s; it may answer deny alone", abi.HookConfigure.Export(), a.Kind)
		}
		return frame.Faultf(frame.Start, "it refuses its settings (config): %s", clean(string(a.Text), abi.MaxMessage))
	}
	if f := v.Err(); f != nil {
		return frame.Faultf(frame.Start, "%s: %s", abi.HookConfigure.Export(), f.Detail)
	}
	return nil
}
