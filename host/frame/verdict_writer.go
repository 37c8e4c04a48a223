package frame

import (
	"encoding/binary"
	"math"

	"weir/sdk/abi"
)

// VerdictWriter writes verdicts, for tests, replays and policies in native code. It checks nothing: a verdict that cannot be right can be
// written as well. The zero value is an empty verdict.
type VerdictWriter struct {
	b []byte
}

// Verdict is what was written; it lives until the next Reset.
func (w *VerdictWriter) Verdict() []byte { return w.b }

// Reset empties w and keeps its storage.
func (w *VerdictWriter) Reset() { w.b = w.b[:0] }

// Action appends an action with those bytes as its payload.
func (w *VerdictWriter) Action(k abi.Action, payload []byte) {
	at := w.begin(k)
	w.b = append(w.b, payload...)
	w.end(at)
}

// Deny appends DENY.
func (w *VerdictWriter) Deny(status uint16, kind, message string) {
	at := w.begin(abi.ActionDeny)
	w.u32(uint32(status))
	w.strings(kind, message)
	w.end(at)
}

// Stop appends STOP.
func (w *VerdictWriter) Stop(kind, message string) { w.named(abi.ActionStop, kind, message) }

// Route appends ROUTE; what is abi.ByName or abi.ByModel.
func (w *VerdictWriter) Route(what uint32, name string) { w.chosen(abi.ActionRoute, what, name) }

// Exclude appends EXCLUDE; what is abi.ByName or abi.ByClass.
func (w *VerdictWriter) Exclude(what uint32, name string) { w.chosen(abi.ActionExclude, what, name) }

// Cost appends COST.
func (w *VerdictWriter) Cost(tokens int64) { w.number(abi.ActionCost, uint64(tokens)) }

// Weight appends WEIGHT.
func (w *VerdictWriter) Weight(v float64) { w.number(abi.ActionWeight, math.Float64bits(v)) }

// Flow appends FLOW.
func (w *VerdictWriter) Flow(key string) { w.named(abi.ActionFlow, key) }

// Class appends CLASS.
func (w *VerdictWriter) Class(class string) { w.named(abi.ActionClass, class) }

// Lane appends LANE.
func (w *VerdictWriter) Lane(lane string) { w.named(abi.ActionLane, lane) }

// Prefer appends PREFER.
func (w *VerdictWriter) Prefer(target string) { w.named(abi.ActionPrefer, target) }

// Variant appends VARIANT.
func (w *VerdictWriter) Variant(name string) { w.named(abi.ActionVariant, name) }

// Shadow appends SHADOW.
func (w *VerdictWriter) Shadow(target string) { w.named(abi.ActionShadow, target) }

// Tag appends TAG.
func (w *VerdictWriter) Tag(name, value string) { w.named(abi.ActionTag, name, value) }

// SetHeader appends SET_HEADER.
func (w *VerdictWriter) SetHeader(name, value string) { w.named(abi.ActionSetHeader, name, value) }

// Escalate appends ESCALATE.
func (w *VerdictWriter) Escalate(judge, text string) { w.named(abi.ActionEscalate, judge, text) }

// Edit appends EDIT: part is an index in MESSAGES.
func (w *VerdictWriter) Edit(part, offset, length uint32, text string) {
	w.replace(abi.ActionEdit, part, offset, length, text)
}

// DeltaEdit appends DELTA_EDIT: entry is an index in DELTA.
func (w *VerdictWriter) DeltaEdit(entry, offset, length uint32, text string) {
	w.replace(abi.ActionDeltaEdit, entry, offset, length, text)
}

// Hold appends HOLD.
func (w *VerdictWriter) Hold(bytes uint32) {
	at := w.begin(abi.ActionHold)
	w.u32(bytes)
	w.end(at)
}

// Score appends SCORE; message is -1 for the request.
func (w *VerdictWriter) Score(value float64, message int32, name string) {
	at := w.begin(abi.ActionScore)
	w.u64(math.Float64bits(value))
	w.u32(uint32(message))
	w.strings(name)
	w.end(at)
}

// State appends STREAM_STATE.
func (w *VerdictWriter) State(state []byte) { w.Action(abi.ActionStreamState, state) }

// WantText appends WANT_TEXT.
func (w *VerdictWriter) WantText() { w.Action(abi.ActionWantText, nil) }

// Param appends PARAM; what is abi.ParamMaxTokens or abi.ParamTemperature.
func (w *VerdictWriter) Param(what uint32, value float64) {
	at := w.begin(abi.ActionParam)
	w.u32(what)
	w.u64(math.Float64bits(value))
	w.end(at)
}

// Insert appends INSERT: a message of the role (abi.RoleSystem …) before message number before, abi.None for the end.
func (w *VerdictWriter) Insert(before uint32, role uint8, text string) {
	at := w.begin(abi.ActionInsert)
	w.u32(before)
	w.u32(uint32(role))
	w.strings(text)
	w.end(at)
}

// Budget appends BUDGET.
func (w *VerdictWriter) Budget(name string, amount int64) {
	at := w.begin(abi.ActionBudget)
	w.strings(name)
	w.u64(uint64(amount))
	w.end(at)
}

// begin appends an action's header and gives where its payload begins; end fills in the length.
func (w *VerdictWriter) begin(k abi.Action) int {
	w.b = append(w.b, byte(k), byte(k>>8), 0, 0, 0, 0, 0, 0)
	return len(w.b)
}

func (w *VerdictWriter) end(at int) {
	binary.LittleEndian.PutUint32(w.b[at-4:], uint32(len(w.b)-at))
}

func (w *VerdictWriter) named(k abi.Action, strings ...string) {
	at := w.begin(k)
	w.strings(strings...)
	w.end(at)
}

func (w *VerdictWriter) chosen(k abi.Action, what uint32, name string) {
	at := w.begin(k)
	w.u32(what)
	w.strings(name)
	w.end(at)
}

func (w *VerdictWriter) number(k abi.Action, v uint64) {
	at := w.begin(k)
	w.u64(v)
	w.end(at)
}

func (w *VerdictWriter) replace(k abi.Action, index, offset, length uint32, text string) {
	at := w.begin(k)
	w.u32(index)
	w.u32(offset)
	w.u32(length)
	w.strings(text)
	w.end(at)
}

func (w *VerdictWriter) u32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *VerdictWriter) u64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }

func (w *VerdictWriter) strings(all ...string) {
	for _, s := range all {
		w.u32(uint32(len(s)))
		w.b = append(w.b, s...)
	}
}
