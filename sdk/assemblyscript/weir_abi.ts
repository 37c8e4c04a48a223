// Generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT. sdk/abi/README.md says what it means.

/** Of the ABI. */
export const VERSION: u32 = 1;
/** Opens every frame: WEIR in ASCII, read as a little-endian u32. */
export const MAGIC: u32 = 1380533591;
/** An index that says there is none. */
export const NONE: u32 = 4294967295;
/** Payloads of a frame lie at multiples of it, in bytes. */
export const ALIGN: u32 = 8;
/** Bytes of a frame. */
export const MAX_FRAME: u32 = 67108864;
/** Bytes of a verdict. */
export const MAX_VERDICT: u32 = 1048576;
/** Actions of a verdict. */
export const MAX_ACTIONS: u32 = 4096;
/** Bytes of STREAM_STATE. */
export const MAX_STATE: u32 = 4096;
/** Bytes of HOLD. */
export const MAX_HOLD: u32 = 65536;
/** Bytes of a name or type. */
export const MAX_NAME: u32 = 128;
/** Bytes of the value of a tag or header. */
export const MAX_VALUE: u32 = 4096;
/** Bytes of the message of DENY and STOP. */
export const MAX_MESSAGE: u32 = 1024;
/** Bytes of a key of state_*. */
export const MAX_STATE_KEY: u32 = 256;
/** Bytes of a value of state_set. */
export const MAX_STATE_DATA: u32 = 4096;
/** Milliseconds of a ttl_ms: 31 days. */
export const MAX_TTL: u32 = 2678400000;
/** Cap of pattern_scan. */
export const MAX_MATCHES: u32 = 65536;
/** State_get: there is no such key. */
export const STATE_MISSING: i32 = -1;
/** Host functions: a quota, a capability or an argument that cannot be right. */
export const STATE_REFUSED: i32 = -2;
/** State_add: refused. */
export const COUNTER_FAILED: i64 = i64.MIN_VALUE;

/** What a guest is called for. */
export namespace Hook {
  export const CONFIGURE: u32 = 1; // once per instance: CONFIG holds the settings; a DENY refuses them
  export const REQUEST: u32 = 2; // before a target is chosen
  export const DELTA: u32 = 3; // text of the answer, in batches
  export const END: u32 = 4; // once per request, whatever happened
  export const TICK: u32 = 5; // about once a second, on one instance
  export const JUDGE: u32 = 6; // the answer of a judge the plugin asked for with ESCALATE
  export const FEEDBACK: u32 = 7; // a signal about an earlier request
}

/** What a frame holds. */
export namespace Section {
  export const REQUEST: u32 = 1; // the request in numbers
  export const TENANT: u32 = 2; // whose request it is
  export const ROUTE: u32 = 3; // the route's name
  export const MODEL: u32 = 4; // the model, as the client named it
  export const REQUEST_ID: u32 = 5; // the request's id in records
  export const SESSION: u32 = 6; // the conversation it belongs to
  export const MESSAGES: u32 = 7; // every text that can reach the model, in the body's order
  export const TEXT: u32 = 8; // the texts that MESSAGES or DELTA point into
  export const SIGNALS: u32 = 9; // counts of what is notable in the texts, by SIGNAL_…
  export const PREFIX: u32 = 10; // keys of the prompt's beginnings: equal beginnings, equal keys; they steer and prove nothing
  export const TOOLS: u32 = 11; // definitions of tools
  export const HEADERS: u32 = 12; // the request's headers that the manifest names; never credentials
  export const TARGETS: u32 = 13; // the candidates
  export const CONFIG: u32 = 14; // the plugin's settings
  export const STREAM_STATE: u32 = 15; // what the plugin left by STREAM_STATE; empty when it left nothing
  export const USAGE: u32 = 16; // how the request ended
  export const DELTA: u32 = 17; // what came of the answer, behind what was held back
  export const RESPONSE_TEXT: u32 = 18; // the whole answer's text, for plugins that said WANT_TEXT
  export const JUDGE: u32 = 19; // what the judge answered
  export const FEEDBACK: u32 = 20; // the signal and its name
  export const BODY: u32 = 21; // the raw body
  export const SCORES: u32 = 22; // scores of earlier plugins
  export const TAGS: u32 = 23; // tags of earlier plugins
  export const MEMO: u32 = 24; // the plugin's own scores of messages it judged before
}

/** What a verdict says. */
export namespace Action {
  export const DENY: u32 = 1; // answers the request with an error, and later plugins do not run; from configure: refuses the settings
  export const ROUTE: u32 = 2; // chooses the target, or replaces the model; the last of a chain counts
  export const EXCLUDE: u32 = 3; // takes a target or a data class from the candidates; exclusions add up
  export const COST: u32 = 4; // estimates the input tokens that budgets reserve
  export const WEIGHT: u32 = 5; // sets the share of the request's flow
  export const FLOW: u32 = 6; // chooses the queue the request waits in
  export const EDIT: u32 = 7; // replaces a range of a text; ranges of one verdict do not overlap and cut no character
  export const SET_HEADER: u32 = 8; // sets a header of the request to the target, one the manifest's set_headers names
  export const SCORE: u32 = 9; // says how something is judged; later plugins see it, and records keep it
  export const TAG: u32 = 10; // says something about the request; later plugins see it, and records keep it
  export const DELTA_EDIT: u32 = 11; // replaces a range of a piece of the answer; ranges of one verdict do not overlap and cut no character
  export const HOLD: u32 = 12; // keeps the last bytes of each string of the batch back, and the next batch begins with them; not obeyed in a final batch
  export const STOP: u32 = 13; // ends the answer with an error
  export const STREAM_STATE: u32 = 14; // is what the plugin's later calls for this request see as STREAM_STATE
  export const WANT_TEXT: u32 = 15; // asks for RESPONSE_TEXT in on_end
  export const PARAM: u32 = 16; // sets a parameter of the body
  export const INSERT: u32 = 17; // puts a message into the request
  export const CLASS: u32 = 18; // says of what data class the request is: it stays within targets of that class
  export const LANE: u32 = 19; // chooses the priority lane
  export const BUDGET: u32 = 20; // charges a named budget
  export const PREFER: u32 = 21; // prefers a target where nothing speaks against it
  export const VARIANT: u32 = 22; // names the variant of an experiment, for records
  export const SHADOW: u32 = 23; // has a copy of the request sent to a target, whose answer is dropped
  export const ESCALATE: u32 = 24; // asks a judge of the operator's, whose answer comes by on_judge
}

/** Flags of a frame. */
export namespace Frame {
  export const OBSERVE: u32 = 1; // mode observe: the verdict is recorded and changes nothing
  export const REPLAY: u32 = 2; // replayed offline from a record
}

/** The operation of the provider's API. */
export namespace Endpoint {
  export const NONE: u32 = 0; // any other
  export const CHAT: u32 = 1; // POST /v1/chat/completions
  export const COMPLETIONS: u32 = 2; // POST /v1/completions
  export const RESPONSES: u32 = 3; // POST /v1/responses
  export const EMBEDDINGS: u32 = 4; // POST /v1/embeddings
  export const MODELS: u32 = 5; // GET /v1/models
  export const MESSAGES: u32 = 6; // POST /v1/messages
  export const COUNT_TOKENS: u32 = 7; // POST /v1/messages/count_tokens
}

/** The wire format. */
export namespace Dialect {
  export const UNKNOWN: u32 = 0;
  export const OPENAI: u32 = 1;
  export const ANTHROPIC: u32 = 2;
}

/** Flags of a request. */
export namespace Request {
  export const STREAM: u32 = 1; // the client wants a stream
  export const INCLUDE_USAGE: u32 = 2; // and its usage in it
}

/** Who a text speaks as. */
export namespace Role {
  export const NONE: u32 = 0; // outside messages, or a role no provider documents
  export const SYSTEM: u32 = 1;
  export const DEVELOPER: u32 = 2;
  export const USER: u32 = 3;
  export const ASSISTANT: u32 = 4;
  export const TOOL: u32 = 5;
}

/** The way a text reaches the model, and so how far it should be trusted. */
export namespace Channel {
  export const NONE: u32 = 0; // does not occur
  export const INSTRUCTION: u32 = 1; // system and developer text, instructions
  export const USER: u32 = 2; // what the user says; also messages of roles no provider documents
  export const ASSISTANT: u32 = 3; // earlier answers, reasoning, refusals
  export const TOOL_RESULT: u32 = 4; // what tools, searches and code returned
  export const TOOL_DEFINITION: u32 = 5; // names, descriptions and schemas of tools
  export const TOOL_ARGUMENTS: u32 = 6; // what the model earlier passed to tools
  export const DOCUMENT: u32 = 7; // documents and search results the client attached
  export const PARAMETER: u32 = 8; // everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields
}

/** How a text came from the body. */
export namespace Part {
  export const STRING: u32 = 0; // one JSON string, unescaped; EDIT may replace any range of it
  export const JOINED: u32 = 1; // an object or array: its keys and strings, joined by LF; EDIT is refused
  export const DECODED: u32 = 2; // the string of the part just before, unescaped a second time; EDIT is refused
}

/** Flags of a part. */
export namespace PartFlag {
  export const CONTEXT: u32 = 1; // shown as context of a message that is judged; it was judged before
}

/** Flags of a target. */
export namespace Target {
  export const HEALTHY: u32 = 1; // no breaker keeps requests from it
}

/** What a piece of an answer belongs to. */
export namespace Delta {
  export const TEXT: u32 = 0; // what a reader sees
  export const REASONING: u32 = 1; // what the model thought aloud
  export const TOOL: u32 = 2; // the arguments, or the name, of a tool call
  export const REFUSAL: u32 = 3; // a refusal
  export const NAME: u32 = 4; // name of a tool that is called
}

/** Flags of a batch. */
export namespace DeltaFlag {
  export const FINAL: u32 = 1; // the strings of this batch are complete: nothing of them can be held back
  export const COMPLETE: u32 = 2; // the answer was not streamed: the batch is all of it
}

/** How a request ended. */
export namespace Outcome {
  export const OK: u32 = 0; // answered, whatever the model's status below 400
  export const CLIENT_ERROR: u32 = 1; // refused because of what the client sent
  export const UNAUTHORIZED: u32 = 2; // no, unknown or expired credential
  export const NOT_FOUND: u32 = 3; // no such path, route or model
  export const SHED: u32 = 4; // refused for want of capacity
  export const CLIENT_LEFT: u32 = 5; // the client went away before the answer was complete
  export const UPSTREAM_ERROR: u32 = 6; // refused, reset, malformed answer, or 5xx
  export const UPSTREAM_TIMEOUT: u32 = 7; // connect, first-byte or idle deadline
  export const UPSTREAM_CUT: u32 = 8; // the answer broke off after its first byte
  export const INTERNAL: u32 = 9; // a fault of the host's own
  export const DENIED: u32 = 10; // refused by a policy
}

/** Flags of usage. */
export namespace Usage {
  export const ESTIMATED: u32 = 1; // the host's own count of tokens, for want of the model's
  export const PARTIAL: u32 = 2; // the answer was cut: output is what was stated until then
}

/** What ROUTE and EXCLUDE name. */
export namespace By {
  export const NAME: u32 = 0; // a target
  export const MODEL: u32 = 1; // a model; ROUTE alone
  export const CLASS: u32 = 2; // a data class; EXCLUDE alone
}

/** What PARAM sets. */
export namespace Param {
  export const MAX_TOKENS: u32 = 0; // a whole number, at least 1
  export const TEMPERATURE: u32 = 1; // at least 0
}

/** Levels of log. */
export namespace Log {
  export const DEBUG: u32 = 0;
  export const INFO: u32 = 1;
  export const WARN: u32 = 2;
  export const ERROR: u32 = 3;
}

/** Index of a counter in SIGNALS. */
export namespace Signal {
  export const BYTES: u32 = 0;
  export const CHARACTERS: u32 = 1;
  export const NON_ASCII: u32 = 2;
  export const LOWER: u32 = 3;
  export const UPPER: u32 = 4;
  export const DIGITS: u32 = 5;
  export const WHITE_SPACE: u32 = 6;
  export const LINES: u32 = 7;
  export const PUNCTUATION: u32 = 8;
  export const CONTROLS: u32 = 9;
  export const ZERO_WIDTH: u32 = 10;
  export const JOINERS: u32 = 11;
  export const TAGS: u32 = 12;
  export const SELECTORS: u32 = 13;
  export const SELECTOR_RUNS: u32 = 14;
  export const BIDI: u32 = 15;
  export const MARKS: u32 = 16;
  export const STACKED_MARKS: u32 = 17;
  export const UNICODE_SPACES: u32 = 18;
  export const COMPATIBILITY: u32 = 19;
  export const STYLED: u32 = 20;
  export const PRIVATE_USE: u32 = 21;
  export const MIXED_WORDS: u32 = 22;
  export const BASE64: u32 = 23;
  export const BASE64_BYTES: u32 = 24;
  export const HEX: u32 = 25;
  export const HEX_BYTES: u32 = 26;
  export const PERCENT_ESCAPES: u32 = 27;
  export const BACKSLASH_ESCAPES: u32 = 28;
  export const REFERENCES: u32 = 29;
  export const COMMENTS: u32 = 30;
  export const HIDDEN: u32 = 31;
  export const EMBEDS: u32 = 32;
  export const URLS: u32 = 33;
  export const LINKS: u32 = 34;
  export const IMAGES: u32 = 35;
  export const DATA_LINKS: u32 = 36;
  export const FENCES: u32 = 37;
  export const ROLE_MARKERS: u32 = 38;
  export const ROLE_TAGS: u32 = 39;
  export const SPECIAL_TOKENS: u32 = 40;
  export const LONGEST_TOKEN: u32 = 41;
  export const ENTROPY: u32 = 42;
}

/** Offsets of header: what a frame begins with. */
export namespace HeaderAt {
  export const SIZEOF: usize = 16;
  export const MAGIC: usize = 0; // u32 — MAGIC
  export const SIZE: usize = 4; // u32 — of the frame, in bytes
  export const HOOK: usize = 8; // u16 — HOOK_…
  export const SECTIONS: usize = 10; // u16 — entries of the directory, which follows
  export const FLAGS: usize = 12; // u32 — FRAME_…
}

/** Offsets of entry: an entry of the directory; kinds ascend. */
export namespace EntryAt {
  export const SIZEOF: usize = 12;
  export const KIND: usize = 0; // u16 — SECTION_…
  export const FLAGS: usize = 2; // u16 — none yet: zero
  export const OFFSET: usize = 4; // u32 — of the payload, from the frame's start; a multiple of 8
  export const LENGTH: usize = 8; // u32 — of the payload, in bytes, without what pads it
}

/** Offsets of request: the section REQUEST. */
export namespace RequestAt {
  export const SIZEOF: usize = 112;
  export const ENDPOINT: usize = 0; // u16 — ENDPOINT_…
  export const DIALECT: usize = 2; // u16 — DIALECT_…
  export const FLAGS: usize = 4; // u32 — REQUEST_…
  export const MAX_TOKENS: usize = 8; // i64 — the most output tokens the client asks for; -1: it does not say
  export const TEMPERATURE: usize = 16; // f64 — NaN: the client does not say
  export const INPUT_TOKENS: usize = 24; // i64 — the host's estimate
  export const WALL: usize = 32; // i64 — nanoseconds since 1970-01-01 UTC when the request came; -1: withheld
  export const MONOTONIC: usize = 40; // i64 — the same moment on a clock that does not step, in nanoseconds; -1: withheld
  export const BODY_BYTES: usize = 48; // u64 — of the body as it came, or as earlier plugins made it
  export const MESSAGES: usize = 56; // u32 — how many the request has
  export const PARTS: usize = 60; // u32 — how many texts the request has, in all
  export const TOOLS: usize = 64; // u32 — definitions of tools
  export const ANSWERS: usize = 68; // u32 — how many the client asks for; 1 unless it says
  export const CONTROLS: usize = 72; // u32 — control characters spelled as escapes in texts
  export const IMAGES: usize = 76; // u32 — uninspected: what the model sees and the host cannot read, by kind
  export const AUDIO: usize = 80; // u32 — uninspected
  export const FILES: usize = 84; // u32 — uninspected
  export const STORED_PROMPTS: usize = 88; // u32 — uninspected
  export const PREVIOUS_RESPONSES: usize = 92; // u32 — uninspected: earlier responses, conversations and items named by id
  export const ENCRYPTED: usize = 96; // u32 — uninspected: what the provider alone can read
  export const TOKENS: usize = 100; // u32 — uninspected: texts given as token numbers
  export const OTHER: usize = 104; // u32 — uninspected: remote tool servers, unknown content
  export const TEXT_BYTES: usize = 108; // u32 — of all texts together
}

/** Offsets of session: what SESSION begins with; the rest is the client's key of the conversation, if any. */
export namespace SessionAt {
  export const SIZEOF: usize = 8;
  export const TURN: usize = 0; // u32 — 1 for a conversation's first request: 1 + messages of the assistant
  export const MESSAGES: usize = 4; // u32 — how many the request has
}

/** Offsets of part: an entry of MESSAGES: one text that can reach the model. */
export namespace PartAt {
  export const SIZEOF: usize = 16;
  export const ROLE: usize = 0; // u8 — ROLE_…
  export const CHANNEL: usize = 1; // u8 — CHANNEL_…
  export const KIND: usize = 2; // u8 — PART_…
  export const FLAGS: usize = 3; // u8 — PART_FLAG_…
  export const MESSAGE: usize = 4; // u32 — index of its message in the request; NONE outside messages
  export const OFFSET: usize = 8; // u32 — of the text in TEXT
  export const LENGTH: usize = 12; // u32 — of the text, in bytes
}

/** Offsets of tool: an entry of TOOLS; the fields are indices in MESSAGES, NONE when absent. */
export namespace ToolAt {
  export const SIZEOF: usize = 12;
  export const NAME: usize = 0; // u32
  export const DESCRIPTION: usize = 4; // u32
  export const SCHEMA: usize = 8; // u32
}

/** Offsets of list: what HEADERS, TARGETS, SCORES, TAGS and MEMO begin with; entries follow, then their strings. */
export namespace ListAt {
  export const SIZEOF: usize = 8;
  export const COUNT: usize = 0; // u32 — of entries
}

/** Offsets of header_field: an entry of HEADERS; offsets count from the payload's start. */
export namespace HeaderFieldAt {
  export const SIZEOF: usize = 16;
  export const NAME_OFFSET: usize = 0; // u32
  export const NAME_LENGTH: usize = 4; // u32 — lower case
  export const VALUE_OFFSET: usize = 8; // u32
  export const VALUE_LENGTH: usize = 12; // u32
}

/** Offsets of target: an entry of TARGETS; offsets count from the payload's start. */
export namespace TargetAt {
  export const SIZEOF: usize = 64;
  export const NAME_OFFSET: usize = 0; // u32
  export const NAME_LENGTH: usize = 4; // u32
  export const KIND_OFFSET: usize = 8; // u32
  export const KIND_LENGTH: usize = 12; // u32 — of provider, as in the settings: vllm, openai …
  export const DATA_OFFSET: usize = 16; // u32
  export const DATA_LENGTH: usize = 20; // u32 — data class, as in the settings: local, cloud …
  export const WEIGHT: usize = 24; // f64 — share of requests; NaN: withheld
  export const FLAGS: usize = 32; // u32 — TARGET_…
  export const IN_FLIGHT: usize = 36; // i32 — requests; -1: unknown or withheld
  export const TTFT: usize = 40; // i64 — estimated time to the first token, in nanoseconds; -1: unknown or withheld
  export const INPUT_PRICE: usize = 48; // f64 — USD for a million tokens; NaN: unknown or withheld
  export const OUTPUT_PRICE: usize = 56; // f64 — as input_price
}

/** Offsets of batch: what DELTA begins with; entries follow. */
export namespace BatchAt {
  export const SIZEOF: usize = 16;
  export const COUNT: usize = 0; // u32 — of entries
  export const FLAGS: usize = 4; // u32 — DELTA_FLAG_…
  export const BYTES: usize = 8; // u64 — of the answer's text that earlier batches held
}

/** Offsets of delta: an entry of DELTA: a piece of one string of the answer. */
export namespace DeltaAt {
  export const SIZEOF: usize = 24;
  export const INDEX: usize = 0; // u32 — of the choice; 0 where an answer has one
  export const BLOCK: usize = 4; // u32 — of the content block, output item or tool call
  export const OFFSET: usize = 8; // u32 — of the text in TEXT
  export const LENGTH: usize = 12; // u32 — of the text, in bytes
  export const CHANNEL: usize = 16; // u8 — DELTA_…
}

/** Offsets of usage: what USAGE begins with: how a request ended; the rest is the model's finish reason; -1: not known. */
export namespace UsageAt {
  export const SIZEOF: usize = 96;
  export const INPUT: usize = 0; // i64 — tokens of the whole prompt
  export const CACHED: usize = 8; // i64 — of them read from the provider's cache
  export const CACHE_WRITE: usize = 16; // i64 — of them written to it
  export const OUTPUT: usize = 24; // i64 — tokens of the answer, reasoning included
  export const REASONING: usize = 32; // i64 — of them
  export const GATEWAY: usize = 40; // i64 — nanoseconds spent in the host
  export const QUEUE: usize = 48; // i64 — nanoseconds spent waiting
  export const TTFT: usize = 56; // i64 — nanoseconds until the answer's first byte
  export const TOTAL: usize = 64; // i64 — nanoseconds until its last
  export const USD: usize = 72; // f64 — what it cost; NaN: not known
  export const BYTES: usize = 80; // u64 — of the answer's text
  export const STATUS: usize = 88; // u16 — HTTP status the client got
  export const OUTCOME: usize = 90; // u8 — OUTCOME_…
  export const FLAGS: usize = 91; // u8 — USAGE_…
  export const ATTEMPTS: usize = 92; // u32 — at targets
}

/** Offsets of score: an entry of SCORES and MEMO; offsets count from the payload's start. */
export namespace ScoreAt {
  export const SIZEOF: usize = 24;
  export const VALUE: usize = 0; // f64
  export const MESSAGE: usize = 8; // i32 — index of the message it is about; -1: the request
  export const NAME_OFFSET: usize = 12; // u32
  export const NAME_LENGTH: usize = 16; // u16
  export const PLUGIN_LENGTH: usize = 18; // u16 — 0 in MEMO
  export const PLUGIN_OFFSET: usize = 20; // u32
}

/** Offsets of tag: an entry of TAGS; offsets count from the payload's start. */
export namespace TagAt {
  export const SIZEOF: usize = 24;
  export const NAME_OFFSET: usize = 0; // u32
  export const NAME_LENGTH: usize = 4; // u32
  export const VALUE_OFFSET: usize = 8; // u32
  export const VALUE_LENGTH: usize = 12; // u32
  export const PLUGIN_OFFSET: usize = 16; // u32
  export const PLUGIN_LENGTH: usize = 20; // u32
}

/** Offsets of prefix: what PREFIX begins with; keys (u64 each) follow, then boundaries (u32 each): indices of keys that end a message. */
export namespace PrefixAt {
  export const SIZEOF: usize = 16;
  export const KEYS: usize = 0; // u32 — how many
  export const BOUNDARIES: usize = 4; // u32 — how many
  export const BYTES: usize = 8; // u64 — of text that the keys cover
}

/** Offsets of judge: what JUDGE begins with; the judge's name follows, then its text. */
export namespace JudgeAt {
  export const SIZEOF: usize = 16;
  export const VALUE: usize = 0; // f64 — NaN: the judge gave none
  export const NAME_LENGTH: usize = 8; // u32
}

/** Offsets of feedback: what FEEDBACK begins with; the rest is the signal's name. */
export namespace FeedbackAt {
  export const SIZEOF: usize = 8;
  export const VALUE: usize = 0; // f64
}

/** Offsets of action: what an action of a verdict begins with; its payload follows. */
export namespace ActionAt {
  export const SIZEOF: usize = 8;
  export const KIND: usize = 0; // u16 — ACTION_…
  export const FLAGS: usize = 2; // u16 — none yet: zero
  export const LENGTH: usize = 4; // u32 — of the payload, in bytes
}

/** Offsets of match: what pattern_scan writes for a match. */
export namespace MatchAt {
  export const SIZEOF: usize = 12;
  export const PATTERN: usize = 0; // u32 — its line in the list, from 0; empty lines do not count
  export const START: usize = 4; // u32 — offset of its first byte
  export const END: usize = 8; // u32 — offset behind its last byte
}

// What the host offers.

/** Writes a line to the host's log. */
// @ts-ignore: decorator
@external("weir1", "log")
export declare function host_log(level: i32, text: usize, text_len: usize): void;

/** Adds to a counter and answers its new value; a delta of 0 reads. */
// @ts-ignore: decorator
@external("weir1", "state_add")
export declare function host_state_add(key: usize, key_len: usize, delta: i64, ttl_ms: i64): i64;

/** Answers the length of a value, and writes it to out where it fits. */
// @ts-ignore: decorator
@external("weir1", "state_get")
export declare function host_state_get(key: usize, key_len: usize, out: usize, cap: usize): i32;

/** Keeps a value. */
// @ts-ignore: decorator
@external("weir1", "state_set")
export declare function host_state_set(key: usize, key_len: usize, value: usize, value_len: usize, ttl_ms: i64): i32;

/** Answers 1 to the first caller and 0 to others until the key expires. */
// @ts-ignore: decorator
@external("weir1", "state_once")
export declare function host_state_once(key: usize, key_len: usize, ttl_ms: i64): i32;

/** Adds to a counter of the plugin's own in the host's metrics. */
// @ts-ignore: decorator
@external("weir1", "metric_add")
export declare function host_metric_add(name: usize, name_len: usize, value: i64): i32;

/** Compiles phrases, one a line, and answers a handle; only in _initialize and configure. */
// @ts-ignore: decorator
@external("weir1", "pattern_compile")
export declare function host_pattern_compile(list: usize, list_len: usize): i32;

/** Finds the phrases in text without regard to case, writes at most cap matches to out and answers how many. */
// @ts-ignore: decorator
@external("weir1", "pattern_scan")
export declare function host_pattern_scan(handle: i32, text: usize, text_len: usize, out: usize, cap: usize): i32;

/** Answers the wall clock in nanoseconds since 1970-01-01 UTC; capability clock. */
// @ts-ignore: decorator
@external("weir1", "now")
export declare function host_now(): i64;

/** Fills out with random bytes; capability random. */
// @ts-ignore: decorator
@external("weir1", "random")
export declare function host_random(out: usize, out_len: usize): i32;
