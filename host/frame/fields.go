package frame

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"weir/sdk/abi"
)

// maxExact is the largest integer that a float64 and every integer below it hold exactly.
const maxExact = 1 << 53

// fields reads the payload of one action from the front. The first thing that is wrong stays in why; what is read after
// that means nothing.
type fields struct {
	b   []byte
	why string
}

// bad says what is wrong, unless something was before.
func (r *fields) bad(format string, args ...any) {
	if r.why == "" {
		r.why = fmt.Sprintf(format, args...)
	}
	r.b = nil
}

// action reads the fields of a.Kind.
func (r *fields) action(a *Action) {
	switch a.Kind {
	case abi.ActionDeny:
		a.Status = r.status()
		a.Name, a.Text = r.kind(), r.text("message", abi.MaxMessage)
	case abi.ActionStop:
		a.Name, a.Text = r.kind(), r.text("message", abi.MaxMessage)
	case abi.ActionRoute:
		a.What = r.what(abi.ByName, abi.ByModel)
		a.Name = r.name("name")
	case abi.ActionExclude:
		a.What = r.what(abi.ByName, abi.ByClass)
		a.Name = r.name("name")
	case abi.ActionCost:
		a.Amount = r.amount("cost")
	case abi.ActionWeight:
		if a.Value = r.float("weight"); a.Value <= 0 {
			r.bad("the weight is %v and must be above 0", a.Value)
		}
	case abi.ActionFlow, abi.ActionClass, abi.ActionLane, abi.ActionPrefer, abi.ActionVariant, abi.ActionShadow:
		a.Name = r.name("name")
	case abi.ActionEdit, abi.ActionDeltaEdit:
		a.Index, a.Offset, a.Length = r.u32(), r.u32(), r.u32()
		a.Text = r.text("replacement", abi.MaxVerdict)
	case abi.ActionSetHeader:
		a.Name, a.Text = r.headerName(), r.headerValue()
	case abi.ActionScore:
		a.Value, a.Message = r.float("score"), int32(r.u32())
		if a.Message < -1 {
			r.bad("the message is %d; -1 is the request", a.Message)
		}
		a.Name = r.name("name")
	case abi.ActionTag:
		a.Name, a.Text = r.name("name"), r.text("value", abi.MaxValue)
	case abi.ActionHold:
		if a.Length = r.u32(); a.Length > abi.MaxHold {
			r.bad("%d bytes are to be held back and %d may be", a.Length, abi.MaxHold)
		}
	case abi.ActionStreamState:
		if a.Text, r.b = r.b, nil; len(a.Text) > abi.MaxState {
			r.bad("the state has %d bytes and may have %d", len(a.Text), abi.MaxState)
		}
	case abi.ActionWantText:
	case abi.ActionParam:
		r.param(a)
	case abi.ActionInsert:
		r.insert(a)
	case abi.ActionBudget:
		a.Name, a.Amount = r.name("name"), r.amount("amount")
	case abi.ActionEscalate:
		a.Name, a.Text = r.name("judge"), r.text("text", abi.MaxVerdict)
	default:
		r.bad("the host does not read it") // Next lets no other kind through, and a test holds the two together
	}
}

func (r *fields) param(a *Action) {
	a.What, a.Value = r.u32(), r.float("value")
	switch {
	case r.why != "":
	case a.What > abi.ParamTemperature:
		r.bad("there is no parameter %d", a.What)
	case a.What == abi.ParamMaxTokens && (a.Value < 1 || a.Value > maxExact || a.Value != math.Trunc(a.Value)):
		r.bad("max_tokens is %v and must be a whole number from 1 to 2^53", a.Value)
	case a.What == abi.ParamTemperature && a.Value < 0:
		r.bad("the temperature is %v and cannot be below 0", a.Value)
	}
}

func (r *fields) insert(a *Action) {
	a.Index = r.u32()
	role := r.u32()
	a.Text = r.text("text", abi.MaxVerdict)
	switch {
	case r.why != "":
	case role < abi.RoleSystem || role > abi.RoleAssistant:
		r.bad("messages of role %d (and padding) cannot be inserted: system, developer, user and assistant can, 1 to 4", role)
	default:
		a.Role = uint8(role)
	}
}

// take is the next n bytes; when there are fewer, n zero bytes would be read, and the action is bad.
func (r *fields) take(n int) []byte {
	if len(r.b) < n {
		r.bad("%d bytes are left of its payload where a field has %d", len(r.b), n)
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *fields) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *fields) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// status is u16 status, u16 padding.
func (r *fields) status() uint16 {
	s := r.u32()
	if s != 0 && (s < 400 || s > 499) && s != 503 {
		r.bad("the status (and padding) is %d; it may be 0, 400 to 499 or 503", s)
	}
	return uint16(s)
}

func (r *fields) what(a, b uint32) uint32 {
	w := r.u32()
	if w != a && w != b {
		r.bad("what it names is %d and may be %d or %d", w, a, b)
	}
	return w
}

func (r *fields) float(field string) float64 {
	f := math.Float64frombits(r.u64())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.bad("the %s is not finite", field)
	}
	return f
}

func (r *fields) amount(field string) int64 {
	n := int64(r.u64())
	if n < 0 {
		r.bad("the %s is %d and cannot be below 0", field, n)
	}
	return n
}

// text is a string of at most limit bytes of UTF-8.
func (r *fields) text(field string, limit int) []byte {
	n := r.u32()
	switch {
	case uint64(n) > uint64(len(r.b)):
		r.bad("the %s says %d bytes and %d are left", field, n, len(r.b))
	case int(n) > limit:
		r.bad("the %s has %d bytes and may have %d", field, n, limit)
	}
	s := r.take(int(n))
	if !utf8.Valid(s) {
		r.bad("the %s is not UTF-8", field)
	}
	return s
}

// name is a string of 1 to abi.MaxName bytes without control characters.
func (r *fields) name(field string) []byte {
	s := r.text(field, abi.MaxName)
	if len(s) == 0 {
		r.bad("the %s is empty", field)
	}
	if hasControl(s) {
		r.bad("the %s %q holds a control character", field, s)
	}
	return s
}

// kind is the type of an error: a word that goes into the client's answer, or nothing.
func (r *fields) kind() []byte {
	s := r.text("type", abi.MaxName)
	for _, c := range s {
		if !isToken(c) {
			r.bad("the type %q is not a word: letters, digits, _ - and .", s)
			break
		}
	}
	return s
}

// headerName is a token of RFC 9110, section 5.6.2.
func (r *fields) headerName() []byte {
	s := r.text("header's name", abi.MaxName)
	if len(s) == 0 {
		r.bad("the header's name is empty")
	}
	for _, c := range s {
		if !isToken(c) {
			r.bad("the header's name %q is not a token", s)
			break
		}
	}
	return s
}

// headerValue is a field value of RFC 9110, section 5.5: no control characters but tabs, no blanks at its ends.
func (r *fields) headerValue() []byte {
	s := r.text("header's value", abi.MaxValue)
	for _, c := range s {
		if c < ' ' && c != '\t' || c == 0x7f {
			r.bad("the header's value holds a control character")
			break
		}
	}
	if n := len(s); n > 0 && (isBlank(s[0]) || isBlank(s[n-1])) {
		r.bad("the header's value begins or ends with a blank")
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isToken(c byte) bool {
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

// hasControl tells whether s, which is UTF-8, holds a character of C0 or C1, or DEL.
func hasControl(s []byte) bool {
	for i, c := range s {
		if c < ' ' || c == 0x7f || c == 0xc2 && i+1 < len(s) && s[i+1] < 0xa0 {
			return true
		}
	}
	return false
}
