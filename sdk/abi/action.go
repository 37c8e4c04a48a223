package abi

// HookSet is a set of hooks.
type HookSet uint16

func hooksOf(list ...Hook) (s HookSet) {
	for _, h := range list {
		s |= 1 << h
	}
	return s
}

// Has tells whether h is in s.
func (s HookSet) Has(h Hook) bool { return s>>h&1 == 1 }

const (
	inRequest = HookSet(1 << HookRequest)
	inDelta   = HookSet(1 << HookDelta)
	noted     = HookSet(1<<HookRequest | 1<<HookDelta | 1<<HookEnd | 1<<HookJudge | 1<<HookFeedback)
)

// actionHooks are the hooks whose verdicts may hold each action.
var actionHooks = [Actions]HookSet{
	ActionDeny:        hooksOf(HookConfigure, HookRequest, HookJudge),
	ActionRoute:       hooksOf(HookRequest, HookJudge),
	ActionExclude:     hooksOf(HookRequest, HookJudge),
	ActionCost:        inRequest,
	ActionWeight:      inRequest,
	ActionFlow:        inRequest,
	ActionEdit:        inRequest,
	ActionSetHeader:   inRequest,
	ActionScore:       noted,
	ActionTag:         noted,
	ActionDeltaEdit:   inDelta,
	ActionHold:        inDelta,
	ActionStop:        inDelta,
	ActionStreamState: hooksOf(HookRequest, HookDelta),
	ActionWantText:    inRequest,
	ActionParam:       inRequest,
	ActionInsert:      inRequest,
	ActionClass:       hooksOf(HookRequest, HookJudge),
	ActionLane:        inRequest,
	ActionBudget:      inRequest,
	ActionPrefer:      hooksOf(HookRequest, HookJudge),
	ActionVariant:     inRequest,
	ActionShadow:      inRequest,
	ActionEscalate:    inRequest,
}

// Allowed tells whether a verdict of h may hold a.
func (a Action) Allowed(h Hook) bool { return a < Actions && actionHooks[a].Has(h) }

// ActionLayout is what an action holds and means.
type ActionLayout struct {
	Action Action
	Fields []Field // one after the other, packed
	Doc    string
	Tenant string // how it is bounded in verdicts of a tenant's own plugins; "": not more than in an operator's
}

// ActionLayouts are all actions, in order.
func ActionLayouts() []ActionLayout {
	kind := field("type", Str, "a word for the error's type; empty: the host's")
	message := field("message", Str, "for the client")
	str := func(name string) Field { return field(name, Str, "") }
	what := field("what", U32, "BY_…")
	offset := field("offset", U32, "in bytes, of the range to be replaced")
	length := field("length", U32, "in bytes, of that range")
	text := field("text", Str, "the replacement")
	const candidates = "among the candidates; another name is ignored"
	return []ActionLayout{
		{ActionDeny, []Field{field("status", U16, "400 to 499, or 503; 0: 403"), reserved(U16, 1), kind, message},
			"answers the request with an error, and later plugins do not run; from configure: refuses the settings", ""},
		{ActionRoute, []Field{what, str("name")}, "chooses the target, or replaces the model; the last of a chain counts", candidates},
		{ActionExclude, []Field{what, str("name")}, "takes a target or a data class from the candidates; exclusions add up", ""},
		{ActionCost, []Field{field("tokens", S64, "not negative")}, "estimates the input tokens that budgets reserve", "not below the host's estimate"},
		{ActionWeight, []Field{field("weight", F64, "above 0")}, "sets the share of the request's flow", "divides the tenant's own share"},
		{ActionFlow, []Field{str("key")}, "chooses the queue the request waits in", "divides the tenant's own share"},
		{ActionEdit, []Field{field("part", U32, "index in MESSAGES"), offset, length, text},
			"replaces a range of a text; ranges of one verdict do not overlap and cut no character", "operators' guards see the result"},
		{ActionSetHeader, []Field{str("name"), str("value")}, "sets a header of the request to the target, one the manifest's set_headers names",
			"not instead of what an operator's plugin set"},
		{ActionScore, []Field{field("value", F64, "finite"), field("message", S32, "index of a message; -1: the request"), str("name")},
			"says how something is judged; later plugins see it, and records keep it", ""},
		{ActionTag, []Field{str("name"), str("value")}, "says something about the request; later plugins see it, and records keep it", ""},
		{ActionDeltaEdit, []Field{field("entry", U32, "index in DELTA"), offset, length, text},
			"replaces a range of a piece of the answer; ranges of one verdict do not overlap and cut no character", ""},
		{ActionHold, []Field{field("bytes", U32, "at most MAX_HOLD")},
			"keeps the last bytes of each string of the batch back, and the next batch begins with them; not obeyed in a final batch", ""},
		{ActionStop, []Field{kind, message}, "ends the answer with an error", ""},
		{ActionStreamState, []Field{field("state", Rest, "at most MAX_STATE bytes")}, "is what the plugin's later calls for this request see as STREAM_STATE", ""},
		{ActionWantText, nil, "asks for RESPONSE_TEXT in on_end", ""},
		{ActionParam, []Field{field("what", U32, "PARAM_…"), field("value", F64, "")}, "sets a parameter of the body",
			"max_tokens not above, temperature not instead of, what an operator's plugin set"},
		{ActionInsert, []Field{field("before", U32, "index of a message; NONE: at the end"), field("role", U8, "system, developer, user or assistant"),
			reserved(U8, 3), field("text", Str, "")}, "puts a message into the request", "operators' guards see the result"},
		{ActionClass, []Field{str("class")}, "says of what data class the request is: it stays within targets of that class", "adds to what others said"},
		{ActionLane, []Field{str("lane")}, "chooses the priority lane", "within the tenant's own share"},
		{ActionBudget, []Field{str("name"), field("amount", S64, "not negative")}, "charges a named budget", "names are the tenant's own"},
		{ActionPrefer, []Field{str("target")}, "prefers a target where nothing speaks against it", candidates},
		{ActionVariant, []Field{str("variant")}, "names the variant of an experiment, for records", "not instead of what an operator's plugin set"},
		{ActionShadow, []Field{str("target")}, "has a copy of the request sent to a target, whose answer is dropped", candidates},
		{ActionEscalate, []Field{str("judge"), field("text", Str, "what is to be judged")}, "asks a judge of the operator's, whose answer comes by on_judge", ""},
	}
}
