package abi

// hooks are the exports of the hooks, and what metrics, records and settings call them.
var hooks = [Hooks]struct{ export, name string }{
	HookConfigure: {"weir_on_configure", "configure"},
	HookRequest:   {"weir_on_request", "request"},
	HookDelta:     {"weir_on_delta", "delta"},
	HookEnd:       {"weir_on_end", "end"},
	HookTick:      {"weir_on_tick", "tick"},
	HookJudge:     {"weir_on_judge", "judge"},
	HookFeedback:  {"weir_on_feedback", "feedback"},
}

// Export is the name of the function that a guest exports for h; "" for HookNone.
func (h Hook) Export() string {
	if h >= Hooks {
		return ""
	}
	return hooks[h].export
}

// String is the hook's name in metrics and records: "request".
func (h Hook) String() string {
	if h == HookNone || h >= Hooks {
		return "none"
	}
	return hooks[h].name
}

// sections are the names that manifests use.
var sections = [Sections]string{
	SectionNone: "none", SectionRequest: "request", SectionTenant: "tenant", SectionRoute: "route", SectionModel: "model",
	SectionRequestID: "request_id", SectionSession: "session", SectionMessages: "messages", SectionText: "text",
	SectionSignals: "signals", SectionPrefix: "prefix", SectionTools: "tools", SectionHeaders: "headers",
	SectionTargets: "targets", SectionConfig: "config", SectionStreamState: "stream_state", SectionUsage: "usage",
	SectionDelta: "delta", SectionResponseText: "response_text", SectionJudge: "judge", SectionFeedback: "feedback",
	SectionBody: "body", SectionScores: "scores", SectionTags: "tags", SectionMemo: "memo",
}

// String is the section's name in manifests: "messages".
func (s Section) String() string {
	if s >= Sections {
		return "unknown"
	}
	return sections[s]
}

// SectionOf is the section a manifest names; SectionNone when there is none of that name.
func SectionOf(name string) Section {
	for s := SectionNone + 1; s < Sections; s++ {
		if sections[s] == name {
			return s
		}
	}
	return SectionNone
}

// Set is a set of sections.
type Set uint32

// With is s and those sections.
func (s Set) With(sections ...Section) Set {
	for _, k := range sections {
		s |= 1 << k
	}
	return s
}

// Has tells whether k is in s.
func (s Set) Has(k Section) bool { return s>>k&1 == 1 }

// actions are the names that errors and records use.
var actions = [Actions]string{
	ActionNone: "none", ActionDeny: "deny", ActionRoute: "route", ActionExclude: "exclude", ActionCost: "cost",
	ActionWeight: "weight", ActionFlow: "flow", ActionEdit: "edit", ActionSetHeader: "set_header", ActionScore: "score",
	ActionTag: "tag", ActionDeltaEdit: "delta_edit", ActionHold: "hold", ActionStop: "stop",
	ActionStreamState: "stream_state", ActionWantText: "want_text", ActionParam: "param", ActionInsert: "insert",
	ActionClass: "class", ActionLane: "lane", ActionBudget: "budget", ActionPrefer: "prefer", ActionVariant: "variant",
	ActionShadow: "shadow", ActionEscalate: "escalate",
}

// String is the action's name in errors and records: "deny".
func (a Action) String() string {
	if a >= Actions {
		return "unknown"
	}
	return actions[a]
}
