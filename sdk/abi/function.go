package abi

// Type is the WebAssembly type of a parameter or result.
type Type uint8

// The types that signatures of the ABI use. Their values are those of the binary format.
const (
	I32 Type = 0x7f
	I64 Type = 0x7e
)

// String is the type in the text format: "i32".
func (t Type) String() string {
	if t == I64 {
		return "i64"
	}
	return "i32"
}

// Param is a parameter of a function.
type Param struct {
	Name string
	Type Type
}

// Function is a function that crosses the border between host and guest.
type Function struct {
	Name   string
	Params []Param
	Result Type // 0: none
	Doc    string
}

// Quotas of the host functions. Those "a call" are for one call of a hook; what goes beyond is refused.
const (
	LogLines      = 16       // of log, a call
	LogBytes      = 4 << 10  // of log, a call
	StateCalls    = 64       // of state_*, a call
	MetricCalls   = 64       // of metric_add, a call
	MetricNames   = 32       // of metric_add, a configured plugin
	RandomBytes   = 1 << 10  // of random, a call
	Patterns      = 8        // of pattern_compile, an instance
	PatternBytes  = 64 << 10 // of pattern_compile, an instance
	MatchSize     = 12       // what pattern_scan writes for a match: pattern u32, start u32, end u32
	MaxMatches    = 64 << 10 // of pattern_scan, at once
	MaxTTL        = 31 * 24 * 3600 * 1000
	CounterFailed = -1 << 63 // what state_add answers when it is refused
)

// Functions are what the host exports as Module.
func Functions() []Function {
	ptr := func(name string) []Param { return []Param{{name, I32}, {name + "_len", I32}} }
	join := func(lists ...[]Param) (all []Param) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	level, handle := []Param{{"level", I32}}, []Param{{"handle", I32}}
	ttl := []Param{{"ttl_ms", I64}}
	out := []Param{{"out", I32}, {"cap", I32}}
	return []Function{
		{"log", join(level, ptr("text")), 0,
			"writes a line to the host's log"},
		{"state_add", join(ptr("key"), []Param{{"delta", I64}}, ttl), I64,
			"adds to a counter and answers its new value; a delta of 0 reads"},
		{"state_get", join(ptr("key"), out), I32,
			"answers the length of a value, and writes it to out where it fits"},
		{"state_set", join(ptr("key"), ptr("value"), ttl), I32,
			"keeps a value"},
		{"state_once", join(ptr("key"), ttl), I32,
			"answers 1 to the first caller and 0 to others until the key expires"},
		{"metric_add", join(ptr("name"), []Param{{"value", I64}}), I32,
			"adds to a counter of the plugin's own in the host's metrics"},
		{"pattern_compile", ptr("list"), I32,
			"compiles phrases, one a line, and answers a handle; only in _initialize and configure"},
		{"pattern_scan", join(handle, ptr("text"), out), I32,
			"finds the phrases in text without regard to case, writes at most cap matches to out and answers how many"},
		{"now", nil, I64,
			"answers the wall clock in nanoseconds since 1970-01-01 UTC; capability clock"},
		{"random", ptr("out"), I32,
			"fills out with random bytes; capability random"},
	}
}

// Exports are the functions a guest exports, hooks included.
func Exports() []Function {
	frame := []Param{{"ptr", I32}, {"len", I32}}
	all := []Function{
		{ExportVersion, nil, 0, "marks the version; never called"},
		{ExportInitialize, nil, 0, "optional; called once per instance, before anything else"},
		{ExportAlloc, []Param{{"size", I32}}, I32, "answers where the host may write a frame of size bytes"},
		{ExportManifest, nil, I64, "optional; answers where the manifest is"},
	}
	for h := HookNone + 1; h < Hooks; h++ {
		all = append(all, Function{h.Export(), frame, I64, hookDocs[h]})
	}
	return all
}

var hookDocs = [Hooks]string{
	HookConfigure: "once per instance: CONFIG holds the settings; a DENY refuses them",
	HookRequest:   "before a target is chosen",
	HookDelta:     "text of the answer, in batches",
	HookEnd:       "once per request, whatever happened",
	HookTick:      "about once a second, on one instance",
	HookJudge:     "the answer of a judge the plugin asked for with ESCALATE",
	HookFeedback:  "a signal about an earlier request",
}
