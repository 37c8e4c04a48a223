package frame

import "weir/sdk/abi"

// Action is one entry of a verdict, decoded. Which fields an action has, and what they mean, stands beside each; the others
// are zero. Name and Text are slices of the verdict.
type Action struct {
	Kind abi.Action

	Status uint16 // DENY: of the answer; 0: the host's choice
	What   uint32 // ROUTE, EXCLUDE: abi.ByName, abi.ByModel, abi.ByClass. PARAM: abi.ParamMaxTokens …
	Role   uint8  // INSERT: abi.RoleSystem, RoleDeveloper, RoleUser or RoleAssistant
	// Index is an index in the frame's MESSAGES (EDIT) or DELTA (DELTA_EDIT), or the index of the message before
	// which INSERT puts another, abi.None for the end.
	Index  uint32
	Offset uint32 // EDIT, DELTA_EDIT: of the range that goes, in the entry's text
	Length uint32 // EDIT, DELTA_EDIT: of that range. HOLD: bytes to hold back

	Message int32   // SCORE: index of the message it is about, -1 the request
	Value   float64 // WEIGHT, SCORE, PARAM; finite
	Amount  int64   // COST, BUDGET; not negative

	// Name is the type (DENY, STOP), the target, model or class (ROUTE, EXCLUDE, CLASS, PREFER, SHADOW), the queue key (FLOW), the
	// header (SET_HEADER), or what a score, tag, lane, budget, variant or judge is called.
	Name []byte
	// Text is the message (DENY, STOP), the replacement (EDIT, DELTA_EDIT), the value (SET_HEADER, TAG), the text (INSERT,
	// ESCALATE) or the state (STREAM_STATE). All but the state are valid UTF-8.
	Text []byte
}
