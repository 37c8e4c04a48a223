// Code generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT.
// sdk/abi/README.md says what it means.

package weir

// Bounds of the ABI.
const (
	Version       = 1          // of the ABI
	Magic         = 1380533591 // opens every frame: WEIR in ASCII, read as a little-endian u32
	None          = 4294967295 // an index that says there is none
	Align         = 8          // payloads of a frame lie at multiples of it, in bytes
	MaxFrame      = 67108864   // bytes of a frame
	MaxVerdict    = 1048576    // bytes of a verdict
	MaxActions    = 4096       // actions of a verdict
	MaxState      = 4096       // bytes of STREAM_STATE
	MaxHold       = 65536      // bytes of HOLD
	MaxName       = 128        // bytes of a name or type
	MaxValue      = 4096       // bytes of the value of a tag or header
	MaxMessage    = 1024       // bytes of the message of DENY and STOP
	MaxStateKey   = 256        // bytes of a key of state_*
	MaxStateData  = 4096       // bytes of a value of state_set
	MaxTTL        = 2678400000 // milliseconds of a ttl_ms: 31 days
	MaxMatches    = 65536      // cap of pattern_scan
	StateMissing  = -1         // state_get: there is no such key
	StateRefused  = -2         // host functions: a quota, a capability or an argument that cannot be right
	CounterFailed = -1 << 63   // state_add: refused
)

// HOOK: what a guest is called for.
const (
	HookConfigure = 1 // once per instance: CONFIG holds the settings; a DENY refuses them
	HookRequest   = 2 // before a target is chosen
	HookDelta     = 3 // text of the answer, in batches
	HookEnd       = 4 // once per request, whatever happened
	HookTick      = 5 // about once a second, on one instance
	HookJudge     = 6 // the answer of a judge the plugin asked for with ESCALATE
	HookFeedback  = 7 // a signal about an earlier request
)

// SECTION: what a frame holds.
const (
	SectionRequest      = 1  // the request in numbers
	SectionTenant       = 2  // whose request it is
	SectionRoute        = 3  // the route's name
	SectionModel        = 4  // the model, as the client named it
	SectionRequestID    = 5  // the request's id in records
	SectionSession      = 6  // the conversation it belongs to
	SectionMessages     = 7  // every text that can reach the model, in the body's order
	SectionText         = 8  // the texts that MESSAGES or DELTA point into
	SectionSignals      = 9  // counts of what is notable in the texts, by SIGNAL_…
	SectionPrefix       = 10 // keys of the prompt's beginnings: equal beginnings, equal keys; they steer and prove nothing
	SectionTools        = 11 // definitions of tools
	SectionHeaders      = 12 // the request's headers that the manifest names; never credentials
	SectionTargets      = 13 // the candidates
	SectionConfig       = 14 // the plugin's settings
	SectionStreamState  = 15 // what the plugin left by STREAM_STATE; empty when it left nothing
	SectionUsage        = 16 // how the request ended
	SectionDelta        = 17 // what came of the answer, behind what was held back
	SectionResponseText = 18 // the whole answer's text, for plugins that said WANT_TEXT
	SectionJudge        = 19 // what the judge answered
	SectionFeedback     = 20 // the signal and its name
	SectionBody         = 21 // the raw body
	SectionScores       = 22 // scores of earlier plugins
	SectionTags         = 23 // tags of earlier plugins
	SectionMemo         = 24 // the plugin's own scores of messages it judged before
)

// ACTION: what a verdict says.
const (
	ActionDeny        = 1  // answers the request with an error, and later plugins do not run; from configure: refuses the settings
	ActionRoute       = 2  // chooses the target, or replaces the model; the last of a chain counts
	ActionExclude     = 3  // takes a target or a data class from the candidates; exclusions add up
	ActionCost        = 4  // estimates the input tokens that budgets reserve
	ActionWeight      = 5  // sets the share of the request's flow
	ActionFlow        = 6  // chooses the queue the request waits in
	ActionEdit        = 7  // replaces a range of a text; ranges of one verdict do not overlap and cut no character
	ActionSetHeader   = 8  // sets a header of the request to the target, one the manifest's set_headers names
	ActionScore       = 9  // says how something is judged; later plugins see it, and records keep it
	ActionTag         = 10 // says something about the request; later plugins see it, and records keep it
	ActionDeltaEdit   = 11 // replaces a range of a piece of the answer; ranges of one verdict do not overlap and cut no character
	ActionHold        = 12 // keeps the last bytes of each string of the batch back, and the next batch begins with them; not obeyed in a final batch
	ActionStop        = 13 // ends the answer with an error
	ActionStreamState = 14 // is what the plugin's later calls for this request see as STREAM_STATE
	ActionWantText    = 15 // asks for RESPONSE_TEXT in on_end
	ActionParam       = 16 // sets a parameter of the body
	ActionInsert      = 17 // puts a message into the request
	ActionClass       = 18 // says of what data class the request is: it stays within targets of that class
	ActionLane        = 19 // chooses the priority lane
	ActionBudget      = 20 // charges a named budget
	ActionPrefer      = 21 // prefers a target where nothing speaks against it
	ActionVariant     = 22 // names the variant of an experiment, for records
	ActionShadow      = 23 // has a copy of the request sent to a target, whose answer is dropped
	ActionEscalate    = 24 // asks a judge of the operator's, whose answer comes by on_judge
)

// FRAME: flags of a frame.
const (
	FrameObserve = 1 // mode observe: the verdict is recorded and changes nothing
	FrameReplay  = 2 // replayed offline from a record
)

// ENDPOINT: the operation of the provider's API.
const (
	EndpointNone        = 0 // any other
	EndpointChat        = 1 // POST /v1/chat/completions
	EndpointCompletions = 2 // POST /v1/completions
	EndpointResponses   = 3 // POST /v1/responses
	EndpointEmbeddings  = 4 // POST /v1/embeddings
	EndpointModels      = 5 // GET /v1/models
	EndpointMessages    = 6 // POST /v1/messages
	EndpointCountTokens = 7 // POST /v1/messages/count_tokens
)

// DIALECT: the wire format.
const (
	DialectUnknown   = 0
	DialectOpenAI    = 1
	DialectAnthropic = 2
)

// REQUEST: flags of a request.
const (
	RequestStream       = 1 // the client wants a stream
	RequestIncludeUsage = 2 // and its usage in it
)

// ROLE: who a text speaks as.
const (
	RoleNone      = 0 // outside messages, or a role no provider documents
	RoleSystem    = 1
	RoleDeveloper = 2
	RoleUser      = 3
	RoleAssistant = 4
	RoleTool      = 5
)

// CHANNEL: the way a text reaches the model, and so how far it should be trusted.
const (
	ChannelNone           = 0 // does not occur
	ChannelInstruction    = 1 // system and developer text, instructions
	ChannelUser           = 2 // what the user says; also messages of roles no provider documents
	ChannelAssistant      = 3 // earlier answers, reasoning, refusals
	ChannelToolResult     = 4 // what tools, searches and code returned
	ChannelToolDefinition = 5 // names, descriptions and schemas of tools
	ChannelToolArguments  = 6 // what the model earlier passed to tools
	ChannelDocument       = 7 // documents and search results the client attached
	ChannelParameter      = 8 // everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields
)

// PART: how a text came from the body.
const (
	PartString  = 0 // one JSON string, unescaped; EDIT may replace any range of it
	PartJoined  = 1 // an object or array: its keys and strings, joined by LF; EDIT is refused
	PartDecoded = 2 // the string of the part just before, unescaped a second time; EDIT is refused
)

// PART_FLAG: flags of a part.
const (
	PartFlagContext = 1 // shown as context of a message that is judged; it was judged before
)

// TARGET: flags of a target.
const (
	TargetHealthy = 1 // no breaker keeps requests from it
)

// DELTA: what a piece of an answer belongs to.
const (
	DeltaText      = 0 // what a reader sees
	DeltaReasoning = 1 // what the model thought aloud
	DeltaTool      = 2 // the arguments, or the name, of a tool call
	DeltaRefusal   = 3 // a refusal
	DeltaName      = 4 // name of a tool that is called
)

// DELTA_FLAG: flags of a batch.
const (
	DeltaFlagFinal    = 1 // the strings of this batch are complete: nothing of them can be held back
	DeltaFlagComplete = 2 // the answer was not streamed: the batch is all of it
)

// OUTCOME: how a request ended.
const (
	OutcomeOK              = 0  // answered, whatever the model's status below 400
	OutcomeClientError     = 1  // refused because of what the client sent
	OutcomeUnauthorized    = 2  // no, unknown or expired credential
	OutcomeNotFound        = 3  // no such path, route or model
	OutcomeShed            = 4  // refused for want of capacity
	OutcomeClientLeft      = 5  // the client went away before the answer was complete
	OutcomeUpstreamError   = 6  // refused, reset, malformed answer, or 5xx
	OutcomeUpstreamTimeout = 7  // connect, first-byte or idle deadline
	OutcomeUpstreamCut     = 8  // the answer broke off after its first byte
	OutcomeInternal        = 9  // a fault of the host's own
	OutcomeDenied          = 10 // refused by a policy
)

// USAGE: flags of usage.
const (
	UsageEstimated = 1 // the host's own count of tokens, for want of the model's
	UsagePartial   = 2 // the answer was cut: output is what was stated until then
)

// BY: what ROUTE and EXCLUDE name.
const (
	ByName  = 0 // a target
	ByModel = 1 // a model; ROUTE alone
	ByClass = 2 // a data class; EXCLUDE alone
)

// PARAM: what PARAM sets.
const (
	ParamMaxTokens   = 0 // a whole number, at least 1
	ParamTemperature = 1 // at least 0
)

// LOG: levels of log.
const (
	LogDebug = 0
	LogInfo  = 1
	LogWarn  = 2
	LogError = 3
)

// SIGNAL: index of a counter in SIGNALS.
const (
	SignalBytes            = 0
	SignalCharacters       = 1
	SignalNonASCII         = 2
	SignalLower            = 3
	SignalUpper            = 4
	SignalDigits           = 5
	SignalWhiteSpace       = 6
	SignalLines            = 7
	SignalPunctuation      = 8
	SignalControls         = 9
	SignalZeroWidth        = 10
	SignalJoiners          = 11
	SignalTags             = 12
	SignalSelectors        = 13
	SignalSelectorRuns     = 14
	SignalBidi             = 15
	SignalMarks            = 16
	SignalStackedMarks     = 17
	SignalUnicodeSpaces    = 18
	SignalCompatibility    = 19
	SignalStyled           = 20
	SignalPrivateUse       = 21
	SignalMixedWords       = 22
	SignalBase64           = 23
	SignalBase64Bytes      = 24
	SignalHex              = 25
	SignalHexBytes         = 26
	SignalPercentEscapes   = 27
	SignalBackslashEscapes = 28
	SignalReferences       = 29
	SignalComments         = 30
	SignalHidden           = 31
	SignalEmbeds           = 32
	SignalURLs             = 33
	SignalLinks            = 34
	SignalImages           = 35
	SignalDataLinks        = 36
	SignalFences           = 37
	SignalRoleMarkers      = 38
	SignalRoleTags         = 39
	SignalSpecialTokens    = 40
	SignalLongestToken     = 41
	SignalEntropy          = 42
)

// Header is what a frame begins with.
type Header struct {
	Magic    uint32 // MAGIC
	Size     uint32 // of the frame, in bytes
	Hook     uint16 // HOOK_…
	Sections uint16 // entries of the directory, which follows
	Flags    uint32 // FRAME_…
}

// Entry is an entry of the directory; kinds ascend.
type Entry struct {
	Kind   uint16 // SECTION_…
	Flags  uint16 // none yet: zero
	Offset uint32 // of the payload, from the frame's start; a multiple of 8
	Length uint32 // of the payload, in bytes, without what pads it
}

// Request is the section REQUEST.
type Request struct {
	Endpoint          uint16  // ENDPOINT_…
	Dialect           uint16  // DIALECT_…
	Flags             uint32  // REQUEST_…
	MaxTokens         int64   // the most output tokens the client asks for; -1: it does not say
	Temperature       float64 // NaN: the client does not say
	InputTokens       int64   // the host's estimate
	Wall              int64   // nanoseconds since 1970-01-01 UTC when the request came; -1: withheld
	Monotonic         int64   // the same moment on a clock that does not step, in nanoseconds; -1: withheld
	BodyBytes         uint64  // of the body as it came, or as earlier plugins made it
	Messages          uint32  // how many the request has
	Parts             uint32  // how many texts the request has, in all
	Tools             uint32  // definitions of tools
	Answers           uint32  // how many the client asks for; 1 unless it says
	Controls          uint32  // control characters spelled as escapes in texts
	Images            uint32  // uninspected: what the model sees and the host cannot read, by kind
	Audio             uint32  // uninspected
	Files             uint32  // uninspected
	StoredPrompts     uint32  // uninspected
	PreviousResponses uint32  // uninspected: earlier responses, conversations and items named by id
	Encrypted         uint32  // uninspected: what the provider alone can read
	Tokens            uint32  // uninspected: texts given as token numbers
	Other             uint32  // uninspected: remote tool servers, unknown content
	TextBytes         uint32  // of all texts together
}

// Session is what SESSION begins with; the rest is the client's key of the conversation, if any.
type Session struct {
	Turn     uint32 // 1 for a conversation's first request: 1 + messages of the assistant
	Messages uint32 // how many the request has
}

// Part is an entry of MESSAGES: one text that can reach the model.
type Part struct {
	Role    uint8  // ROLE_…
	Channel uint8  // CHANNEL_…
	Kind    uint8  // PART_…
	Flags   uint8  // PART_FLAG_…
	Message uint32 // index of its message in the request; NONE outside messages
	Offset  uint32 // of the text in TEXT
	Length  uint32 // of the text, in bytes
}

// Tool is an entry of TOOLS; the fields are indices in MESSAGES, NONE when absent.
type Tool struct {
	Name        uint32
	Description uint32
	Schema      uint32
}

// List is what HEADERS, TARGETS, SCORES, TAGS and MEMO begin with; entries follow, then their strings.
type List struct {
	Count uint32 // of entries
	_     uint32
}

// HeaderField is an entry of HEADERS; offsets count from the payload's start.
type HeaderField struct {
	NameOffset  uint32
	NameLength  uint32 // lower case
	ValueOffset uint32
	ValueLength uint32
}

// Target is an entry of TARGETS; offsets count from the payload's start.
type Target struct {
	NameOffset  uint32
	NameLength  uint32
	KindOffset  uint32
	KindLength  uint32 // of provider, as in the settings: vllm, openai …
	DataOffset  uint32
	DataLength  uint32  // data class, as in the settings: local, cloud …
	Weight      float64 // share of requests; NaN: withheld
	Flags       uint32  // TARGET_…
	InFlight    int32   // requests; -1: unknown or withheld
	TTFT        int64   // estimated time to the first token, in nanoseconds; -1: unknown or withheld
	InputPrice  float64 // USD for a million tokens; NaN: unknown or withheld
	OutputPrice float64 // as input_price
}

// Batch is what DELTA begins with; entries follow.
type Batch struct {
	Count uint32 // of entries
	Flags uint32 // DELTA_FLAG_…
	Bytes uint64 // of the answer's text that earlier batches held
}

// Delta is an entry of DELTA: a piece of one string of the answer.
type Delta struct {
	Index   uint32 // of the choice; 0 where an answer has one
	Block   uint32 // of the content block, output item or tool call
	Offset  uint32 // of the text in TEXT
	Length  uint32 // of the text, in bytes
	Channel uint8  // DELTA_…
	_       [7]uint8
}

// Usage is what USAGE begins with: how a request ended; the rest is the model's finish reason; -1: not known.
type Usage struct {
	Input      int64   // tokens of the whole prompt
	Cached     int64   // of them read from the provider's cache
	CacheWrite int64   // of them written to it
	Output     int64   // tokens of the answer, reasoning included
	Reasoning  int64   // of them
	Gateway    int64   // nanoseconds spent in the host
	Queue      int64   // nanoseconds spent waiting
	TTFT       int64   // nanoseconds until the answer's first byte
	Total      int64   // nanoseconds until its last
	USD        float64 // what it cost; NaN: not known
	Bytes      uint64  // of the answer's text
	Status     uint16  // HTTP status the client got
	Outcome    uint8   // OUTCOME_…
	Flags      uint8   // USAGE_…
	Attempts   uint32  // at targets
}

// Score is an entry of SCORES and MEMO; offsets count from the payload's start.
type Score struct {
	Value        float64
	Message      int32 // index of the message it is about; -1: the request
	NameOffset   uint32
	NameLength   uint16
	PluginLength uint16 // 0 in MEMO
	PluginOffset uint32
}

// Tag is an entry of TAGS; offsets count from the payload's start.
type Tag struct {
	NameOffset   uint32
	NameLength   uint32
	ValueOffset  uint32
	ValueLength  uint32
	PluginOffset uint32
	PluginLength uint32
}

// Prefix is what PREFIX begins with; keys (u64 each) follow, then boundaries (u32 each): indices of keys that end a message.
type Prefix struct {
	Keys       uint32 // how many
	Boundaries uint32 // how many
	Bytes      uint64 // of text that the keys cover
}

// Judge is what JUDGE begins with; the judge's name follows, then its text.
type Judge struct {
	Value      float64 // NaN: the judge gave none
	NameLength uint32
	_          uint32
}

// Feedback is what FEEDBACK begins with; the rest is the signal's name.
type Feedback struct {
	Value float64
}

// Action is what an action of a verdict begins with; its payload follows.
type Action struct {
	Kind   uint16 // ACTION_…
	Flags  uint16 // none yet: zero
	Length uint32 // of the payload, in bytes
}

// Match is what pattern_scan writes for a match.
type Match struct {
	Pattern uint32 // its line in the list, from 0; empty lines do not count
	Start   uint32 // offset of its first byte
	End     uint32 // offset behind its last byte
}
