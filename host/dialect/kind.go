package dialect

import "strings"

// Dialect is a provider's wire format: the shape of its requests, streams and errors.
type Dialect uint8

// The dialects Weir speaks.
const (
	Unknown Dialect = iota
	OpenAI
	Anthropic
)

// String gives the dialect's name as configuration, metrics and records spell it.
func (d Dialect) String() string {
	switch d {
	case OpenAI:
		return "openai"
	case Anthropic:
		return "anthropic"
	default:
		return "unknown"
	}
}

// Endpoint is one operation of a dialect's API.
type Endpoint uint8

// The endpoints Weir parses. None is every other path.
const (
	None        Endpoint = iota
	Chat                 // POST /v1/chat/completions
	Completions          // POST /v1/completions
	Responses            // POST /v1/responses
	Embeddings           // POST /v1/embeddings
	Models               // GET  /v1/models and /v1/models/{id}; both dialects have it
	Messages             // POST /v1/messages
	CountTokens          // POST /v1/messages/count_tokens
)

// String gives the endpoint's name as metrics and records spell it.
func (e Endpoint) String() string {
	switch e {
	case Chat:
		return "chat"
	case Completions:
		return "completions"
	case Responses:
		return "responses"
	case Embeddings:
		return "embeddings"
	case Models:
		return "models"
	case Messages:
		return "messages"
	case CountTokens:
		return "count_tokens"
	default:
		return "none"
	}
}

// Dialect gives the wire format the endpoint belongs to. Both providers serve the path of Models;
// it counts as OpenAI's here and the caller, who sees the headers, may decide otherwise.
func (e Endpoint) Dialect() Dialect {
	switch e {
	case Chat, Completions, Responses, Embeddings, Models:
		return OpenAI
	case Messages, CountTokens:
		return Anthropic
	default:
		return Unknown
	}
}

// EndpointOf maps a request path, without its query, to the endpoint it names. Paths are exact and
// case-sensitive: a spelling that an upstream might fold but Weir would not inspect is None.
// Model ids may hold slashes ("/v1/models/meta-llama/Llama-3.1-8B").
func EndpointOf(path string) Endpoint {
	switch path {
	case "/v1/chat/completions":
		return Chat
	case "/v1/completions":
		return Completions
	case "/v1/responses":
		return Responses
	case "/v1/embeddings":
		return Embeddings
	case "/v1/models":
		return Models
	case "/v1/messages":
		return Messages
	case "/v1/messages/count_tokens":
		return CountTokens
	}
	if id, ok := strings.CutPrefix(path, "/v1/models/"); ok && id != "" {
		return Models
	}
	return None
}
