package abi

// Enum is a set of numbers that belong together.
type Enum struct {
	Name   string // snake_case: "channel"
	Type   Kind   // of the fields that hold them
	Flags  bool   // values are bits
	Doc    string
	Values []Value
}

// Value is one of an Enum.
type Value struct {
	Name  string // snake_case: "tool_result"
	Value uint32
	Doc   string
}

// Enums are all enumerations, those of hooks, sections and actions included.
func Enums() []Enum {
	all := []Enum{
		{"hook", U16, false, "what a guest is called for", nil},
		{"section", U16, false, "what a frame holds", nil},
		{"action", U16, false, "what a verdict says", nil},
	}
	for h := HookNone + 1; h < Hooks; h++ {
		all[0].Values = append(all[0].Values, Value{h.String(), uint32(h), hookDocs[h]})
	}
	for _, s := range SectionLayouts() {
		all[1].Values = append(all[1].Values, Value{s.Section.String(), uint32(s.Section), s.Doc})
	}
	for _, a := range ActionLayouts() {
		all[2].Values = append(all[2].Values, Value{a.Action.String(), uint32(a.Action), a.Doc})
	}
	all = append(all, plainEnums()...)
	signal := Enum{"signal", U32, false, "index of a counter in SIGNALS", nil}
	for i, name := range SignalNames() {
		signal.Values = append(signal.Values, Value{name, uint32(i), ""})
	}
	return append(all, signal)
}

func plainEnums() []Enum {
	return []Enum{
		{"frame", U32, true, "flags of a frame", []Value{
			{"observe", FrameObserve, "mode observe: the verdict is recorded and changes nothing"},
			{"replay", FrameReplay, "replayed offline from a record"}}},
		{"endpoint", U16, false, "the operation of the provider's API", []Value{
			{"none", EndpointNone, "any other"}, {"chat", EndpointChat, "POST /v1/chat/completions"},
			{"completions", EndpointCompletions, "POST /v1/completions"}, {"responses", EndpointResponses, "POST /v1/responses"},
			{"embeddings", EndpointEmbeddings, "POST /v1/embeddings"}, {"models", EndpointModels, "GET /v1/models"},
			{"messages", EndpointMessages, "POST /v1/messages"},
			{"count_tokens", EndpointCountTokens, "POST /v1/messages/count_tokens"}}},
		{"dialect", U16, false, "the wire format", []Value{
			{"unknown", DialectUnknown, ""}, {"openai", DialectOpenAI, ""}, {"anthropic", DialectAnthropic, ""}}},
		{"request", U32, true, "flags of a request", []Value{
			{"stream", RequestStream, "the client wants a stream"},
			{"include_usage", RequestIncludeUsage, "and its usage in it"}}},
		{"role", U8, false, "who a text speaks as", []Value{
			{"none", RoleNone, "outside messages, or a role no provider documents"}, {"system", RoleSystem, ""},
			{"developer", RoleDeveloper, ""}, {"user", RoleUser, ""}, {"assistant", RoleAssistant, ""}, {"tool", RoleTool, ""}}},
		{"channel", U8, false, "the way a text reaches the model, and so how far it should be trusted", []Value{
			{"none", ChannelNone, "does not occur"}, {"instruction", ChannelInstruction, "system and developer text, instructions"},
			{"user", ChannelUser, "what the user says; also messages of roles no provider documents"},
			{"assistant", ChannelAssistant, "earlier answers, reasoning, refusals"},
			{"tool_result", ChannelToolResult, "what tools, searches and code returned"},
			{"tool_definition", ChannelToolDefinition, "names, descriptions and schemas of tools"},
			{"tool_arguments", ChannelToolArguments, "what the model earlier passed to tools"},
			{"document", ChannelDocument, "documents and search results the client attached"},
			{"parameter", ChannelParameter, "everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields"}}},
		{"part", U8, false, "how a text came from the body", []Value{
			{"string", PartString, "one JSON string, unescaped; EDIT may replace any range of it"},
			{"joined", PartJoined, "an object or array: its keys and strings, joined by LF; EDIT is refused"},
			{"decoded", PartDecoded, "the string of the part just before, unescaped a second time; EDIT is refused"}}},
		{"part_flag", U8, true, "flags of a part", []Value{
			{"context", PartContext, "shown as context of a message that is judged; it was judged before"}}},
		{"target", U32, true, "flags of a target", []Value{
			{"healthy", TargetHealthy, "no breaker keeps requests from it"}}},
		{"delta", U8, false, "what a piece of an answer belongs to", []Value{
			{"text", DeltaText, "what a reader sees"}, {"reasoning", DeltaReasoning, "what the model thought aloud"},
			{"tool", DeltaTool, "the arguments, or the name, of a tool call"}, {"refusal", DeltaRefusal, "a refusal"},
			{"name", DeltaName, "name of a tool that is called"}}},
		{"delta_flag", U32, true, "flags of a batch", []Value{
			{"final", DeltaFinal, "the strings of this batch are complete: nothing of them can be held back"},
			{"complete", DeltaComplete, "the answer was not streamed: the batch is all of it"}}},
		{"outcome", U8, false, "how a request ended", []Value{
			{"ok", OutcomeOK, "answered, whatever the model's status below 400"},
			{"client_error", OutcomeClientError, "refused because of what the client sent"},
			{"unauthorized", OutcomeUnauthorized, "no, unknown or expired credential"},
			{"not_found", OutcomeNotFound, "no such path, route or model"},
			{"shed", OutcomeShed, "refused for want of capacity"},
			{"client_left", OutcomeClientLeft, "the client went away before the answer was complete"},
			{"upstream_error", OutcomeUpstreamError, "refused, reset, malformed answer, or 5xx"},
			{"upstream_timeout", OutcomeUpstreamTimeout, "connect, first-byte or idle deadline"},
			{"upstream_cut", OutcomeUpstreamCut, "the answer broke off after its first byte"},
			{"internal", OutcomeInternal, "a fault of the host's own"},
			{"denied", OutcomeDenied, "refused by a policy"}}},
		{"usage", U8, true, "flags of usage", []Value{
			{"estimated", UsageEstimated, "the host's own count of tokens, for want of the model's"},
			{"partial", UsagePartial, "the answer was cut: output is what was stated until then"}}},
		{"by", U32, false, "what ROUTE and EXCLUDE name", []Value{
			{"name", ByName, "a target"}, {"model", ByModel, "a model; ROUTE alone"}, {"class", ByClass, "a data class; EXCLUDE alone"}}},
		{"param", U32, false, "what PARAM sets", []Value{
			{"max_tokens", ParamMaxTokens, "a whole number, at least 1"}, {"temperature", ParamTemperature, "at least 0"}}},
		{"log", U32, false, "levels of log", []Value{
			{"debug", LogDebug, ""}, {"info", LogInfo, ""}, {"warn", LogWarn, ""}, {"error", LogError, ""}}},
	}
}

// SignalNames are the counters of SIGNALS in order, which is that of the package that counts.
func SignalNames() []string {
	return []string{
		"bytes", "characters", "non_ascii", "lower", "upper", "digits", "white_space", "lines", "punctuation", "controls",
		"zero_width", "joiners", "tags", "selectors", "selector_runs", "bidi", "marks", "stacked_marks", "unicode_spaces",
		"compatibility", "styled", "private_use", "mixed_words",
		"base64", "base64_bytes", "hex", "hex_bytes", "percent_escapes", "backslash_escapes", "references",
		"comments", "hidden", "embeds", "urls", "links", "images", "data_links", "fences", "role_markers", "role_tags",
		"special_tokens", "longest_token", "entropy",
	}
}

// Limit is a bound or a size that guests may want to know.
type Limit struct {
	Name  string // snake_case
	Value int64
	Doc   string
}

// Limits are the bounds of the ABI; what goes beyond is a fault of the plugin, or is refused where that is said.
func Limits() []Limit {
	return []Limit{
		{"version", Version, "of the ABI"},
		{"magic", Magic, "opens every frame: WEIR in ASCII, read as a little-endian u32"},
		{"none", None, "an index that says there is none"},
		{"align", Align, "payloads of a frame lie at multiples of it, in bytes"},
		{"max_frame", MaxFrame, "bytes of a frame"},
		{"max_verdict", MaxVerdict, "bytes of a verdict"},
		{"max_actions", MaxActions, "actions of a verdict"},
		{"max_state", MaxState, "bytes of STREAM_STATE"},
		{"max_hold", MaxHold, "bytes of HOLD"},
		{"max_name", MaxName, "bytes of a name or type"},
		{"max_value", MaxValue, "bytes of the value of a tag or header"},
		{"max_message", MaxMessage, "bytes of the message of DENY and STOP"},
		{"max_state_key", MaxStateKey, "bytes of a key of state_*"},
		{"max_state_data", MaxStateData, "bytes of a value of state_set"},
		{"max_ttl", MaxTTL, "milliseconds of a ttl_ms: 31 days"},
		{"max_matches", MaxMatches, "cap of pattern_scan"},
		{"state_missing", StateMissing, "state_get: there is no such key"},
		{"state_refused", StateRefused, "host functions: a quota, a capability or an argument that cannot be right"},
		{"counter_failed", CounterFailed, "state_add: refused"},
	}
}

// Quotas are what host functions grant.
func Quotas() []Limit {
	return []Limit{
		{"log_lines", LogLines, "calls of log, a call of a hook"},
		{"log_bytes", LogBytes, "bytes of log, a call of a hook"},
		{"state_calls", StateCalls, "calls of state_*, a call of a hook"},
		{"metric_calls", MetricCalls, "calls of metric_add, a call of a hook"},
		{"metric_names", MetricNames, "names of metric_add, a configured plugin"},
		{"random_bytes", RandomBytes, "bytes of random, a call of a hook"},
		{"patterns", Patterns, "handles of pattern_compile, an instance"},
		{"pattern_bytes", PatternBytes, "bytes of lists of pattern_compile, an instance"},
	}
}
