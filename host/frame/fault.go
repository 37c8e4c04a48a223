package frame

import "fmt"

// Class says what went wrong with a plugin.
type Class uint8

// The classes of faults. All but Busy and Open cost the instance.
const (
	ClassNone  Class = iota
	Trap             // the guest trapped: unreachable, out of bounds, division, a bad indirect call, its stack or memory limit
	Fuel             // it spent its fuel
	Deadline         // it ran past its deadline or the chain's budget
	BadVerdict       // a pointer, length, action or value that cannot be right
	BadExport        // weir_alloc or another export does not do what the ABI says
	Start            // an instance could not be made: start, _initialize, configure
	Busy             // no instance became free in time
	Open             // the breaker keeps the plugin from being called
	Load             // there is no module: it could not be admitted
	Unreadable       // the chain cannot show the plugin what it wants: too large
	Classes          // how many there are, ClassNone included
)

var classes = [Classes]string{"none", "trap", "fuel", "deadline", "verdict", "export", "start", "busy", "open", "load", "unreadable"}

// String is the class's name in metrics, records and settings: "trap".
func (c Class) String() string {
	if c >= Classes {
		return "none"
	}
	return classes[c]
}

// Fault is what a plugin did wrong. It is for logs, metrics and the plugin's author: a client is told no more than that a
// policy failed.
type Fault struct {
	Class  Class
	Detail string
}

func (f *Fault) Error() string { return f.Class.String() + ": " + f.Detail }

// Faultf makes a Fault.
func Faultf(c Class, format string, args ...any) *Fault {
	return &Fault{Class: c, Detail: fmt.Sprintf(format, args...)}
}
