package dialect

// Request is what one strict pass over a request body found. The zero value is ready; a Request is
// reused by Parse, and after warm-up Parse allocates nothing. A Request is not safe for
// concurrent use.
//
// Model, Session and Body are slices of the body or of the Request's own storage: they live until the next
// Parse or Reset.
type Request struct {
	Endpoint Endpoint
	Body     []byte // the body as it came, kept by reference
	// Arena holds, unescaped and as valid UTF-8, every string that can reach the model; Parts
	// index it. Bytes outside every part do not occur.
	Arena []byte

	Model     []byte // unescaped; empty where the endpoint lets it be absent
	ModelSpan Span   // of the model's string token in Body, with its quotes; End is 0 when absent

	Stream       bool
	IncludeUsage bool    // the client itself asked for stream_options.include_usage
	MaxTokens    int64   // largest of the bounds the body states on output tokens; -1 when none
	Temperature  float64 // NaN when absent
	N            int64   // answers to generate: the larger of n and best_of; 1 when absent

	Messages []Message // in body order
	// Parts are in body order, except that the data of a source or block follows its siblings. The parts of
	// one message are neighbours.
	Parts       []Part
	Decoded     int    // how many of Parts are PartDecoded
	Tools       []Tool // in body order
	Uninspected Uninspected
	// Controls counts characters U+0000–U+001F except tab, LF and CR that inspected strings spell as
	// escapes: legal, and a sign of text that wants to look different from what it is.
	Controls int32
	// Session is the dialect's own id of a conversation or, failing that, of its user. OpenAI: conversation,
	// prompt_cache_key, safety_identifier, user, the first that is present. Anthropic: metadata.user_id. Nil
	// when there is none. It is the client's word and proves nothing.
	Session []byte

	scan   scanner
	frames [maxDepth + 1]frame // of the objects being read, by depth

	message     int32 // index of the message being read, -1 outside
	model       []byte
	session     []byte
	sessionRank uint8
	has         seen

	opened  int  // offset behind the body's opening brace
	empty   bool // the body has no members
	stream  Span // value of "stream"
	options Span // value of "stream_options"; Start is its brace unless it is null
	include Span // value of "stream_options.include_usage"
	bare    bool // stream_options has no members
	at      spots
}

// Text is the text of part i, a slice of Arena.
func (r *Request) Text(i int) []byte {
	p := &r.Parts[i]
	return r.Arena[p.Offset:][:p.Length]
}

// spots are where values stand that edits replace or add to; a Span is zero when there is no such member.
type spots struct {
	list        Span // messages or input
	system      Span // system (Anthropic) or instructions (Responses)
	temperature Span
	bounds      [3]Span // in the order of boundNames
}

// seen are the fields whose absence is an error somewhere.
type seen struct{ messages, input, prompt bool }

// Span is a range of bytes of the body.
type Span struct{ Start, End int }

// Role is who a message or part speaks as.
type Role uint8

// RoleNone is the role of what stands outside messages and of roles no provider documents.
const (
	RoleNone Role = iota
	RoleSystem
	RoleDeveloper
	RoleUser
	RoleAssistant
	RoleTool
)

// String gives the role as the providers spell it, "none" for RoleNone.
func (r Role) String() string {
	switch r {
	case RoleSystem:
		return "system"
	case RoleDeveloper:
		return "developer"
	case RoleUser:
		return "user"
	case RoleAssistant:
		return "assistant"
	case RoleTool:
		return "tool"
	default:
		return "none"
	}
}

// Channel is the way a text reaches the model, and so how far it should be trusted.
type Channel uint8

// The channels. Every part of a parsed request has one; ChannelNone does not occur there.
const (
	ChannelNone           Channel = iota
	ChannelInstruction            // system and developer text, instructions
	ChannelUser                   // what the user says; also messages of roles no provider documents
	ChannelAssistant              // earlier answers, reasoning, refusals
	ChannelToolResult             // what tools, searches and code returned
	ChannelToolDefinition         // names, descriptions and schemas of tools
	ChannelToolArguments          // what the model earlier passed to tools
	ChannelDocument               // documents and search results the client attached
	ChannelParameter              // everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields
)

// String gives the channel's name as plugins and records spell it.
func (c Channel) String() string {
	switch c {
	case ChannelInstruction:
		return "instruction"
	case ChannelUser:
		return "user"
	case ChannelAssistant:
		return "assistant"
	case ChannelToolResult:
		return "tool_result"
	case ChannelToolDefinition:
		return "tool_definition"
	case ChannelToolArguments:
		return "tool_arguments"
	case ChannelDocument:
		return "document"
	case ChannelParameter:
		return "parameter"
	default:
		return "none"
	}
}

// PartKind says how a part's arena text came from its bytes in the body.
type PartKind uint8

const (
	// PartString is one string token, unescaped. Its span can be replaced by another JSON string.
	PartString PartKind = iota
	// PartJoined is a JSON object or array: its keys and strings (in channels that carry content, its
	// numbers too), unescaped and joined by LF in body order.
	PartJoined
	// PartDecoded is the string token of the part just before it, unescaped a second time. Tool-call arguments
	// are JSON inside a JSON string, and some servers decode them before the model sees them:
	// what a second layer of escapes would hide stands here. It does not add tokens.
	PartDecoded
)

// Part is one text that can reach the model.
type Part struct {
	Role    Role
	Kind    PartKind
	Channel Channel
	Message int32 // index in Messages, -1 outside messages
	Offset  int32 // of the text in Arena
	Length  int32 // of the text in Arena, in bytes
	Start   int32 // of the JSON value in Body, with its quotes or brackets
	End     int32
}

// Message is one message, input item, prompt or embedding input.
type Message struct {
	Role  Role
	Index int32 // position in its array of the body; -1 for text that stands alone (system, instructions, a bare prompt or input)
	Part  int32 // index in Parts of the first part
	Parts int32 // number of parts
	Start int32 // of the JSON value in Body
	End   int32
}

// Tool is one tool definition; its fields are indices in Parts, -1 when absent.
type Tool struct {
	Name, Description, Schema int32
}

// Uninspected counts what the model will see and Weir cannot read.
type Uninspected struct {
	Images            int32
	Audio             int32
	Files             int32
	StoredPrompts     int32
	PreviousResponses int32 // earlier responses, conversations and items named by id
	Encrypted         int32 // reasoning, search results and signatures only the provider can read
	Tokens            int32 // prompts and inputs given as token arrays
	Other             int32 // remote tool servers, unknown content types
}

// Total is the sum of all counts.
func (u *Uninspected) Total() int {
	return int(u.Images) + int(u.Audio) + int(u.Files) + int(u.StoredPrompts) +
		int(u.PreviousResponses) + int(u.Encrypted) + int(u.Tokens) + int(u.Other)
}
