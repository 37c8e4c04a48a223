package abi

// Version is the ABI version that weir_abi_1 marks.
const Version = 1

// Magic opens every frame: "WEIR" in memory order, read as a little-endian u32.
const Magic = 0x52494557

// Sizes of a frame's fixed parts, in bytes. Payloads are aligned to Align bytes from the frame's start.
const (
	HeaderSize   = 16 // magic u32, size u32, hook u16, sections u16, flags u32
	EntrySize    = 12 // kind u16, flags u16, offset u32 from the frame's start, length u32
	ActionSize   = 8  // kind u16, flags u16, length u32 of the payload that follows; actions are packed
	PartSize     = 16 // an entry of MESSAGES
	ToolSize     = 12 // an entry of TOOLS
	HeaderField  = 16 // an entry of HEADERS
	TargetSize   = 64 // an entry of TARGETS
	DeltaSize    = 24 // an entry of DELTA
	ScoreSize    = 24 // an entry of SCORES and of MEMO
	TagSize      = 24 // an entry of TAGS
	ListSize     = 8  // what HEADERS, TARGETS, SCORES, TAGS and MEMO begin with: count u32, reserved u32
	BatchSize    = 16 // what DELTA begins with: count u32, flags u32, bytes u64
	JudgeSize    = 16 // what JUDGE begins with: value f64, name length u32, reserved u32
	FeedbackSize = 8  // what FEEDBACK begins with: value f64
	RequestSize  = 112
	UsageSize    = 96
	SessionSize  = 8
	PrefixSize   = 16
	Align        = 8
	MaxFrame     = 64 << 20  // no frame is larger; what would be is a fault of the request's size, not of the plugin
	MaxVerdict   = 1 << 20   // a longer verdict is a fault
	MaxActions   = 4096      // more actions in one verdict are a fault
	MaxState     = 4 << 10   // STREAM_STATE, in bytes
	MaxName      = 128       // names of scores, tags, metrics, state keys' and flows' limits, in bytes
	MaxValue     = 4 << 10   // values of tags and headers, in bytes
	MaxMessage   = 1 << 10   // text of a DENY or STOP, in bytes
	MaxHold      = 64 << 10  // HOLD, in bytes
	MaxStateKey  = 256       // keys of state_*, in bytes
	MaxStateData = 4 << 10   // values of state_set, in bytes
	None         = 1<<32 - 1 // an index, an offset or a count that says "none"
)

// Hook is what a guest is called for.
type Hook uint16

// The hooks. Each is an export of its own; a guest that lacks one is not called for it.
const (
	HookNone      Hook = iota
	HookConfigure      // once per instance
	HookRequest        // before a target is chosen
	HookDelta          // text of the answer, in batches
	HookEnd            // once per request whose on_request ran, whatever happened
	HookTick           // about once a second, on one instance
	HookJudge          // the answer of a judge the plugin asked for
	HookFeedback       // a signal about an earlier request
	Hooks              // how many there are, HookNone included
)

// Section is a kind of payload of a frame.
type Section uint16

// The sections. README.md has their layouts.
const (
	SectionNone         Section = iota
	SectionRequest              // fixed struct
	SectionTenant               // name
	SectionRoute                // name
	SectionModel                // as the client named it
	SectionRequestID            //
	SectionSession              // turn u32, messages u32, key
	SectionMessages             // entries of PartSize
	SectionText                 // the arena that MESSAGES and DELTA point into
	SectionSignals              // u32 per kind, of all texts together
	SectionPrefix               // blocks u32, boundaries u32, bytes u64; keys u64 each; boundaries u32 each
	SectionTools                // entries of ToolSize
	SectionHeaders              // count u32, reserved u32; entries of HeaderField; the bytes
	SectionTargets              // count u32, reserved u32; entries of TargetSize; the names
	SectionConfig               // the plugin's settings, JSON
	SectionStreamState          // what the plugin left by STREAM_STATE
	SectionUsage                // fixed struct, then the finish reason
	SectionDelta                // count u32, flags u32, bytes u64; entries of DeltaSize
	SectionResponseText         // the whole answer's text, for plugins that said WANT_TEXT
	SectionJudge                // value f64, name length u32, reserved u32; name; text
	SectionFeedback             // value f64, then the signal's name
	SectionBody                 // the raw body
	SectionScores               // scores of earlier plugins: count u32, reserved u32; entries of ScoreSize; the names
	SectionTags                 // tags of earlier plugins: count u32, reserved u32; entries of TagSize; the strings
	SectionMemo                 // own scores of messages judged before, laid out as SCORES
	Sections                    // how many there are, SectionNone included
)

// Flags of an entry of MESSAGES.
const (
	PartContext = 1 << iota // shown as context of a message that is judged; it has been judged before
)

// Flags of DELTA.
const (
	DeltaFinal    = 1 << iota // the strings of this batch are complete: nothing of them can be held back
	DeltaComplete             // the answer was not streamed: the batch is all of it
)

// Channels of an entry of DELTA.
const (
	DeltaText      = iota // what a reader sees
	DeltaReasoning        // what the model thought aloud
	DeltaTool             // arguments of a tool call
	DeltaRefusal          // a refusal
	DeltaName             // name of a tool that is called
)

// Flags of a frame's header.
const (
	FrameObserve = 1 << iota // mode observe: the verdict is recorded and changes nothing
	FrameReplay              // replayed offline from a record
)

// Action is a kind of entry in a verdict.
type Action uint16

// The actions. A str is a u32 length and that many bytes of UTF-8.
const (
	ActionNone        Action = iota
	ActionDeny               // status u16, pad u16, str type, str message
	ActionRoute              // what u32 (ByName: a target, ByModel: a model), str
	ActionExclude            // what u32 (ByName: a target, ByClass: a data class), str
	ActionCost               // i64 input tokens
	ActionWeight             // f64
	ActionFlow               // str
	ActionEdit               // part u32, offset u32, length u32, str replacement
	ActionSetHeader          // str name, str value
	ActionScore              // f64 value, i32 message (-1: the request), str name
	ActionTag                // str name, str value
	ActionDeltaEdit          // entry u32, offset u32, length u32, str replacement
	ActionHold               // u32 bytes
	ActionStop               // str type, str message
	ActionStreamState        // the rest of the payload
	ActionWantText           //
	ActionParam              // what u32 (ParamMaxTokens, ParamTemperature), f64 value
	ActionInsert             // before u32 (index of a message; 0xffffffff: at the end), role u8, pad u8 ×3, str text
	ActionClass              // str data class
	ActionLane               // str
	ActionBudget             // str name, i64 amount
	ActionPrefer             // str target
	ActionVariant            // str
	ActionShadow             // str target
	ActionEscalate           // str judge, str text
	Actions                  // how many there are, ActionNone included
)

// What ROUTE and EXCLUDE name.
const (
	ByName = iota
	ByModel
	ByClass
)

// What PARAM sets.
const (
	ParamMaxTokens = iota
	ParamTemperature
)

// Levels of log.
const (
	LogDebug = iota
	LogInfo
	LogWarn
	LogError
)

// What host functions answer instead of a value.
const (
	StateMissing = -1 // state_get: no such key
	StateRefused = -2 // a quota, a capability or an argument that cannot be right
)

// Module is the name guests import the host's functions from.
const Module = "weir1"

// Names of a guest's exports.
const (
	ExportMemory     = "memory"
	ExportVersion    = "weir_abi_1"
	ExportInitialize = "_initialize"
	ExportAlloc      = "weir_alloc"
	ExportManifest   = "weir_manifest"
)
