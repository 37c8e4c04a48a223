package telemetry

import "time"

// Outcome is how a request ended. Exactly one is counted for each request.
type Outcome uint8

// Outcomes.
const (
	OK              Outcome = iota // answered, whatever the model's status below 400
	ClientError                    // refused because of what the client sent (4xx of Weir or of the upstream)
	Unauthorized                   // no, unknown or expired credential; act_for refused
	NotFound                       // no such path, route or model
	Shed                           // refused for want of capacity: connections, queue, budget
	ClientLeft                     // the client went away before the answer was complete
	UpstreamError                  // refused, reset, malformed answer, or 5xx
	UpstreamTimeout                // connect, first-byte or idle deadline
	UpstreamCut                    // the answer broke off after its first byte
	Internal                       // a fault of Weir's own
	Denied                         // refused by a policy: a plugin's verdict, or what it left no target for
	outcomes
)

// String returns the outcome as it stands in metrics and records.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case ClientError:
		return "client_error"
	case Unauthorized:
		return "unauthorized"
	case NotFound:
		return "not_found"
	case Shed:
		return "shed"
	case ClientLeft:
		return "client_left"
	case UpstreamError:
		return "upstream_error"
	case UpstreamTimeout:
		return "upstream_timeout"
	case UpstreamCut:
		return "upstream_cut"
	case Denied:
		return "denied"
	default:
		return "internal"
	}
}

// Attempt is one try at one target.
type Attempt struct {
	Target string
	Status int           // HTTP status of the upstream; 0 when there was none
	Reason string        // why the attempt failed, one short snake_case word ("refused", "reset", "timeout"); "" when it did not
	Took   time.Duration // until the answer's headers, or the failure
}

// TextMessage is one message of the prompt, kept only when content is recorded.
type TextMessage struct {
	Role string
	Text []byte
}

// Uninspected counts the parts of a request nobody could read. Its fields are those of the dialect package's type of the same name, so that one converts to the other.
type Uninspected struct {
	Images, Audio, Files, StoredPrompts, PreviousResponses, Encrypted, Tokens, Other int32
}

type uninspectedPart struct {
	kind  string
	count int32
}

func (u *Uninspected) kinds() [8]uninspectedPart {
	return [...]uninspectedPart{
		{"images", u.Images}, {"audio", u.Audio}, {"files", u.Files}, {"stored_prompts", u.StoredPrompts},
		{"previous_responses", u.PreviousResponses}, {"encrypted", u.Encrypted}, {"tokens", u.Tokens}, {"other", u.Other},
	}
}

// Count is how often something was found in the texts of a request.
type Count struct {
	Name string // a constant of the code or of the configuration
	N    uint32 // above zero
}

// Record is all that is told of one request. Strings and slices may alias the caller's pooled buffers: nothing but copies is kept after [Sink.Done] returns.
type Record struct {
	Time      time.Time // when the request was accepted
	RequestID string
	Tenant    string // "" when not authenticated
	Session   string
	Route     string // "" when none matched
	Dialect   string
	Endpoint  string // as dialect.Endpoint prints it
	Model     string // as the client named it

	ModelReturned string // as the upstream named it
	Target        string // the target that answered, or was tried last; "" when none was
	Provider      string // the kind of that target (gen_ai.provider.name)
	Attempts      []Attempt
	Stream        bool
	Status        int // sent to the client; 499 when it left before any was sent
	Outcome       Outcome

	Input      int64 // all input tokens, cached ones included
	Cached     int64 // input tokens read from the provider's cache
	CacheWrite int64 // input tokens written to it
	Output     int64 // all output tokens, reasoning included
	Reasoning  int64
	Estimated  bool // Weir's own count, for want of the upstream's

	Gateway time.Duration // spent in Weir itself
	Queue   time.Duration // spent waiting for a pool
	TTFT    time.Duration // accept to the answer's first byte; 0 = none came
	Total   time.Duration // accept to the last byte

	Finish      string // the model's finish or stop reason
	ErrorType   string // what went wrong, one short snake_case word; "" takes the outcome's name
	Uninspected Uninspected

	Signals []Count // what honest text seldom holds, by kind; each name once
	Phrases []Count // phrases found, by list; each name once

	Verdicts []Verdict // of plugins, in the order of their calls
	Tags     []Tag     // by plugins; of several of one name the first is written
	Variant  string    // of an experiment, as a plugin named it
	Action   string    // the gravest thing plugins did to the request or its answer ("deny", "edit"); "" for none

	Prefix      []uint64 // keys of the prompt's beginnings, the shortest first
	PromptBytes int64    // text of the prompt, looked up among those seen before; 0 = it was not
	PromptSeen  int64    // leading bytes of it that this process had seen before

	Messages []TextMessage // content: text only
	Answer   []byte        // content: text only

	done   bool   // counted already; cleared by Reset
	recent recent // kept by Reset
}

// Reset empties the record for the next request and keeps the capacity of its slices.
func (r *Record) Reset() {
	clear(r.Attempts)
	clear(r.Messages)
	clear(r.Signals)
	clear(r.Phrases)
	clear(r.Verdicts)
	clear(r.Tags)
	*r = Record{
		Attempts: r.Attempts[:0], Messages: r.Messages[:0], Signals: r.Signals[:0], Phrases: r.Phrases[:0], Prefix: r.Prefix[:0],
		Verdicts: r.Verdicts[:0], Tags: r.Tags[:0],
		recent: r.recent,
	}
}

// errorType returns what went wrong in one word, "" when nothing did.
func (r *Record) errorType() string {
	if r.ErrorType == "" && r.Outcome != OK {
		return r.Outcome.String()
	}
	return r.ErrorType
}

// promptSeen returns the prompt's bytes seen before, never more than there are.
func (r *Record) promptSeen() int64 { return min(max(r.PromptSeen, 0), r.PromptBytes) }
