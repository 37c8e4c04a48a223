package frame

// RequestInfo is the section REQUEST: what is known of a request before a target is chosen.
type RequestInfo struct {
	Endpoint uint16 // abi.EndpointChat …
	Dialect  uint16 // abi.DialectOpenAI …
	Flags    uint32 // abi.RequestStream …

	MaxTokens   int64   // -1: the body states none
	Temperature float64 // NaN: the body states none
	InputTokens int64   // the host's estimate
	Wall        int64   // nanoseconds since 1970-01-01 UTC when the request came; -1: withheld
	Monotonic   int64   // the same moment on the host's monotonic clock, nanoseconds; -1: withheld

	BodyBytes uint64
	Messages  uint32
	Parts     uint32 // entries of MESSAGES
	Tools     uint32
	Answers   uint32 // how many the client asked for
	Controls  uint32 // control characters spelled as escapes in inspected strings

	// What the model will see and the host cannot read.
	Images, Audio, Files, StoredPrompts, PreviousResponses, Encrypted, Tokens, Other uint32

	TextBytes uint32 // of TEXT, all parts together
}

// SessionInfo is the section SESSION.
type SessionInfo struct {
	Turn     uint32 // 1 for a conversation's first request: 1 + messages of the assistant
	Messages uint32
	Key      []byte // the client's word for the conversation; empty when it says none
}

// Part is an entry of MESSAGES: one text that can reach the model.
type Part struct {
	Role    uint8  // abi.RoleSystem …
	Channel uint8  // abi.ChannelUser …
	Kind    uint8  // abi.PartString …
	Flags   uint8  // abi.PartContext
	Message uint32 // index of the message it belongs to; abi.None outside messages
	Offset  uint32 // of the text in TEXT
	Length  uint32 // of the text, in bytes
}

// Tool is an entry of TOOLS. Its fields are indices in MESSAGES, abi.None when absent.
type Tool struct {
	Name, Description, Schema uint32
}

// Header is an entry of HEADERS.
type Header struct {
	Name  string // lower case
	Value []byte
}

// Target is an entry of TARGETS: one candidate.
type Target struct {
	Name, Kind, Data string  // Data is the data class
	Weight           float64 // NaN: withheld
	Flags            uint32  // abi.TargetHealthy
	InFlight         int32   // requests; -1: withheld or unknown
	TTFT             int64   // estimated time to the first token, in nanoseconds; -1: withheld or unknown
	InputPrice       float64 // USD for a million tokens; NaN: withheld or unknown
	OutputPrice      float64
}

// Delta is an entry of DELTA: a piece of one string of the answer.
type Delta struct {
	Index   uint32 // of the choice, 0 where an answer has one
	Block   uint32 // of the content block, output item or tool call
	Offset  uint32 // of the text in TEXT
	Length  uint32 // of the text, in bytes
	Channel uint8  // abi.DeltaText …
}

// Batch is what DELTA begins with.
type Batch struct {
	Flags uint32 // abi.DeltaFinal, abi.DeltaComplete
	Bytes uint64 // of the answer's text that earlier batches showed, this plugin's edits not counted
}

// UsageInfo is the section USAGE: how a request ended. Durations are in nanoseconds. -1 says that a figure is not known.
type UsageInfo struct {
	Input, Cached, CacheWrite, Output, Reasoning int64 // tokens, as the model counted them

	Gateway int64 // spent in the host
	Queue   int64 // spent waiting for a pool
	TTFT    int64 // until the answer's first byte
	Total   int64 // until its last

	USD      float64 // NaN: no price is known
	Bytes    uint64  // of the answer's text
	Status   uint16  // sent to the client
	Outcome  uint8   // abi.OutcomeOK …
	Flags    uint8   // abi.UsageEstimated, abi.UsagePartial
	Attempts uint32  // at targets
	Finish   []byte  // the model's finish reason, as its dialect spells it
}

// Score is an entry of SCORES or MEMO.
type Score struct {
	Value   float64
	Message int32  // index of the message it is about; -1: the request
	Plugin  string // who gave it; "" in MEMO
	Name    []byte
}

// Tag is an entry of TAGS.
type Tag struct {
	Plugin      string // who gave it
	Name, Value []byte
}

// JudgeInfo is the section JUDGE: what a judge answered.
type JudgeInfo struct {
	Value float64 // NaN: the judge did not answer
	Name  []byte  // the judge, as ESCALATE named it
	Text  []byte
}

// FeedbackInfo is the section FEEDBACK.
type FeedbackInfo struct {
	Value  float64
	Signal []byte
}

// PrefixInfo is the section PREFIX.
type PrefixInfo struct {
	Bytes      uint64   // of text that was hashed
	Keys       []uint64 // in the order of the text; a key stands for the whole prompt up to its end
	Boundaries []int32  // indices in Keys, rising, of keys that end a message
}
