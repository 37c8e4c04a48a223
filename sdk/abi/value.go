package abi

// Endpoints, in REQUEST: the operation of the provider's API.
const (
	EndpointNone        = iota
	EndpointChat        // POST /v1/chat/completions
	EndpointCompletions // POST /v1/completions
	EndpointResponses   // POST /v1/responses
	EndpointEmbeddings  // POST /v1/embeddings
	EndpointModels      // GET /v1/models
	EndpointMessages    // POST /v1/messages
	EndpointCountTokens // POST /v1/messages/count_tokens
)

// Dialects, in REQUEST: the wire format.
const (
	DialectUnknown = iota
	DialectOpenAI
	DialectAnthropic
)

// Flags of REQUEST.
const (
	RequestStream       = 1 << iota // the client wants a stream
	RequestIncludeUsage             // and its usage in it
)

// Roles, in MESSAGES and INSERT: who a text speaks as.
const (
	RoleNone = iota // outside messages, or a role no provider documents
	RoleSystem
	RoleDeveloper
	RoleUser
	RoleAssistant
	RoleTool
)

// Channels, in MESSAGES: the way a text reaches the model, and so how far it should be trusted.
const (
	ChannelNone           = iota
	ChannelInstruction    // system and developer text, instructions
	ChannelUser           // what the user says; also messages of roles no provider documents
	ChannelAssistant      // earlier answers, reasoning, refusals
	ChannelToolResult     // what tools, searches and code returned
	ChannelToolDefinition // names, descriptions and schemas of tools
	ChannelToolArguments  // what the model earlier passed to tools
	ChannelDocument       // documents and search results the client attached
	ChannelParameter      // everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields
)

// Kinds of parts, in MESSAGES: how a text came from the body.
const (
	PartString  = iota // one JSON string, unescaped; EDIT may replace any range of it
	PartJoined         // an object or array: its keys and strings, joined by LF; EDIT is refused
	PartDecoded        // the string of the part just before, unescaped a second time; EDIT is refused
)

// Flags of an entry of TARGETS.
const (
	TargetHealthy = 1 << iota // no breaker keeps requests from it
)

// Outcomes, in USAGE: how a request ended.
const (
	OutcomeOK              = iota // answered, whatever the model's status below 400
	OutcomeClientError            // refused because of what the client sent
	OutcomeUnauthorized           // no, unknown or expired credential
	OutcomeNotFound               // no such path, route or model
	OutcomeShed                   // refused for want of capacity
	OutcomeClientLeft             // the client went away before the answer was complete
	OutcomeUpstreamError          // refused, reset, malformed answer, or 5xx
	OutcomeUpstreamTimeout        // connect, first-byte or idle deadline
	OutcomeUpstreamCut            // the answer broke off after its first byte
	OutcomeInternal               // a fault of the host's own
	OutcomeDenied                 // refused by a policy
)

// Flags of USAGE.
const (
	UsageEstimated = 1 << iota // the host's own count of tokens, for want of the model's
	UsagePartial               // the answer was cut: Output is what was stated until then
)
