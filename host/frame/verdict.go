package frame

import (
	"encoding/binary"
	"fmt"

	"weir/sdk/abi"
)

// Verdict walks the actions of a verdict and trusts nothing in it. It allocates nothing unless there is a fault.
//
//	v := frame.ReadVerdict(call.Verdict)
//	for a, ok := v.Next(); ok; a, ok = v.Next() {
//		…
//	}
//	if f := v.Err(); f != nil {
//		…
//	}
//
// What an action says is well formed: lengths, UTF-8, names, finite numbers, the bounds of sdk/abi. Whether its author may say so, in
// this hook and of these messages, is the chain's to decide. A fault may follow actions that are in order: use Check
// first where half a verdict must change nothing.
type Verdict struct {
	b     []byte
	at    int // in b, of the next action
	count int // of actions begun
	fault *Fault
}

// ReadVerdict begins at the first action of b, which may be empty.
func ReadVerdict(b []byte) Verdict {
	v := Verdict{b: b}
	if len(b) > abi.MaxVerdict {
		v.fault = Faultf(BadVerdict, "it has %d bytes and may have %d", len(b), abi.MaxVerdict)
	}
	return v
}

// Check walks a whole verdict and tells what is wrong with it, nil when nothing is.
func Check(b []byte) *Fault {
	v := ReadVerdict(b)
	for _, ok := v.Next(); ok; _, ok = v.Next() {
	}
	return v.fault
}

// Err is what ended the walk: nil at the verdict's end, else a Fault of class BadVerdict.
func (v *Verdict) Err() *Fault { return v.fault }

// Next is the next action; false at the end and at a fault.
func (v *Verdict) Next() (a Action, ok bool) {
	if v.fault != nil || v.at == len(v.b) {
		return Action{}, false
	}
	v.count++
	if v.count > abi.MaxActions {
		return v.fail(0, "there are more than %d actions", abi.MaxActions)
	}
	head := v.b[v.at:]
	if len(head) < abi.ActionSize {
		return v.fail(0, "%d bytes are left, and an action begins with %d", len(head), abi.ActionSize)
	}
	kind := abi.Action(binary.LittleEndian.Uint16(head))
	flags := binary.LittleEndian.Uint16(head[2:])
	length := binary.LittleEndian.Uint32(head[4:])
	if kind == abi.ActionNone || kind >= abi.Actions {
		return v.fail(0, "ABI version %d has no action %d; its last is %d", abi.Version, kind, abi.Actions-1)
	}
	if flags != 0 {
		return v.fail(kind, "flags are %#x; version %d has none", flags, abi.Version)
	}
	if uint64(length) > uint64(len(head)-abi.ActionSize) {
		return v.fail(kind, "it says %d bytes and %d are left", length, len(head)-abi.ActionSize)
	}
	a.Kind = kind
	r := fields{b: head[abi.ActionSize:][:length]}
	r.action(&a)
	if len(r.b) > 0 {
		r.bad("%d bytes follow its last field", len(r.b))
	}
	if r.why != "" {
		return v.fail(kind, "%s", r.why)
	}
	v.at += abi.ActionSize + int(length)
	return a, true
}

// fail ends the walk.
func (v *Verdict) fail(k abi.Action, why string, args ...any) (Action, bool) {
	name := ""
	if k != abi.ActionNone {
		name = " (" + k.String() + ")"
	}
	v.fault = Faultf(BadVerdict, "action %d at byte %d%s: %s", v.count, v.at, name, fmt.Sprintf(why, args...))
	return Action{}, false
}
